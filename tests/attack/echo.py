"""A server behind the clinic's own worker that answers at once with what it got: what is slow is the visitor."""


def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = b"" if length > 1_000_000 else environ["wsgi.input"].read(length)
    if environ["PATH_INFO"] == "/long":
        body = b"x" * 200_000
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
