"""An OpenID Connect provider on loopback: `oidc-provider-mock`, which is Authlib's server with accounts to choose.

What it says in a token is what a test tells it (`says`), also what is wrong; what reaches it is kept (`heard`).
"""

import io
import json
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import requests
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response


class Quiet(WSGIRequestHandler):
    def log(self, *_what):
        """The tests look at what is kept instead."""


class Provider:
    """The running provider and one client of it."""

    def __init__(self):
        self.app = oidc_provider_mock.app(require_client_registration=True, require_nonce=True)
        self.app.debug = False
        self.server = make_server("localhost", 0, self._serve, threaded=True, request_handler=Quiet)
        self.issuer = f"http://localhost:{self.server.server_port}"
        self.heard, self.instead = [], {}

    def register(self, back: str) -> dict:
        said = {"redirect_uris": [back]}
        answer = requests.post(f"{self.issuer}/oauth2/clients", json=said, timeout=5)
        return answer.json()

    def says(self, subject: str, **claims) -> None:
        """What tokens about this subject hold from now on."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def sign_in(self, address: str, subject: str) -> str:
        """Somebody presses the button at the provider; where the browser is sent."""
        return requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5).headers["Location"]

    def answers(self, path: str, said: object, status: int = 200) -> None:
        """Something else than the provider's own answer at this address."""
        self.instead[path] = (said, status)

    def posted(self, path: str) -> dict[str, str]:
        """What was sent there last."""
        return [said for where, said in self.heard if where == path][-1]

    def _serve(self, environ, start):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = Request({**environ, "wsgi.input": io.BytesIO(body)})
        environ["wsgi.input"] = io.BytesIO(body)
        if request.method == "POST":
            self.heard.append((request.path, request.form.to_dict()))
        if request.path in self.instead:
            said, status = self.instead[request.path]
            answer = Response(json.dumps(said), status=status, mimetype="application/json")
            return answer(environ, start)
        return self.app(environ, start)


@contextmanager
def running():
    provider = Provider()
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        thread.join()
        provider.server.server_close()


def asked(address: str) -> dict[str, str]:
    """The query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
