"""Requests that no browser of ours sends: headers, targets, bodies and redirects that try to get around a door."""

import pytest
from django.test import Client as Browser
from django.urls import reverse
from tests.clinic.people import PASSWORD
from tests.clinic.rights_steps import inside

from accord_clinic.exports.pdf import FOLDER

TRICKS = [
    {"X-Original-URL": "/health/"}, {"X-Rewrite-URL": "/health/"}, {"X-HTTP-Method-Override": "GET"},
    {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1;host=evil.example;proto=https"}, {"X-Forwarded-User": "ada@example.org"},
    {"Remote-User": "ada@example.org"}, {"Authorization": "Basic YWRhOmFkYQ=="}, {"Authorization": "Bearer "},
    {"X-CSRFToken": "x" * 64}, {"Range": "bytes=0-10"}, {"Accept-Language": "x" * 5000}, {"If-None-Match": "*"},
    {"Cookie": "sessionid=../../x; __Host-c-door=%00; __Secure-x=1"}, {"Expect": "200-maybe"},
]  # fmt: skip


@pytest.mark.parametrize("headers", TRICKS, ids=str)
def test_no_header_opens_a_door(people, as_member, headers):
    """For a stranger and for a colleague: the same answer as without it, and never a page about somebody."""
    page = f"/people/{people.dyad.uid}/"
    for browser in (Browser(), as_member(people.eve)):
        plain, tricked = browser.get(page), browser.get(page, headers=headers)
        if "Cookie" not in headers:
            assert (tricked.status_code, tricked.content) == (plain.status_code, plain.content)
        assert tricked.status_code in (302, 404)
        assert "evil.example" not in f"{tricked.headers} {tricked.content!r}"


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "127.0.0.1"}, {"Authorization": "Bearer "}, {}])
def test_numbers_for_machines_are_for_this_machine(db, headers, settings):
    settings.METRICS_TOKEN = ""
    assert Browser(REMOTE_ADDR="203.0.113.7").get("/metrics", headers=headers).status_code == 404


@pytest.mark.parametrize(
    "place",
    ["https://evil.example/", "//evil.example/", "/\\evil.example/", "https:evil.example", "javascript:alert(1)",
     "\t//evil.example", "https://testserver@evil.example/", "////evil.example"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(people, place):
    for where in ("/account/login/", "/account/logout/", "/account/reauthenticate/"):
        browser = Browser()
        if where != "/account/login/":
            browser.force_login(people.ben)
        posted = {"login": "ben@example.org", "password": PASSWORD, "next": place}
        for sent in (browser.post(where, posted), browser.post(f"{where}?next={place}", posted), browser.get(where)):
            led = sent.headers.get("Location", "")
            assert not led or led.startswith("/") and not led.startswith(("//", "/\\")), led
            assert "evil.example" not in led.split("?")[0]


BODIES = [
    ("application/json", b'{"what": "give"}'), ("text/plain", b"what=give"), ("application/xml", b"<!DOCTYPE x>"),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken"), ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=" + "b" * 3000, b"--" + b"b" * 3000),
    ("application/x-www-form-urlencoded; charset=utf-7", b"what=+ADw-script+AD4-"),
    ("application/x-www-form-urlencoded", b"what=%ff%fe&what=%00&=&&&%=%"),
    ("application/x-www-form-urlencoded", b"what=" + b"%" * 90_000),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="what"; filename="../../etc/x"'
     b"\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n--x--\r\n"),
]  # fmt: skip
POSTS = ["people", "new_person", "plan_session", "set_up", "terms", "hand_over", "end_course", "propose", "share"]


@pytest.mark.parametrize(("kind", "body"), BODIES, ids=[kind[:40] + str(n) for n, (kind, _) in enumerate(BODIES)])
def test_no_body_breaks_a_page(people, as_member, kind, body):
    browser = as_member(people.ben)
    for name in POSTS:
        where = reverse(name, args=[] if name in ("people", "new_person") else [people.dyad.uid])
        assert browser.post(where, data=body, content_type=kind).status_code < 500, name
    client = inside(people.ana)
    for name in ("my-consent", "my-messages", "my-contact", "my-corrections", "my-erasure", "my-copy", "my-pin"):
        assert client.post(reverse(name), data=body, content_type=kind).status_code < 500, name
    for where in ("/mine/in/", "/account/login/", "/account/password/reset/", "/c/x", "/stop/x", "/check-in/x/"):
        assert Browser().post(where, data=body, content_type=kind).status_code < 500, where


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "GET\t"])
def test_no_other_method_changes_or_reads(people, as_member, method):
    dyad = people.dyad.uid
    browser = as_member(people.ben)
    for where in (f"/people/{dyad}/end/", f"/people/{dyad}/hand-over/", f"/people/{dyad}/share/"):
        assert browser.generic(method, where).status_code in (400, 405)
    assert browser.generic(method, f"/people/{dyad}/").status_code in (400, 405)


@pytest.mark.parametrize("path", ["//people/", "/people/../people/", "/./people/", "/people//", "/PEOPLE/",
                                  "/static/../settings.py", "/static/%2e%2e/%2e%2e/settings.py", "/people/%00/",
                                  "/c/../metrics", "/people/..;/", "/%70eople/;x", "/people/\udcff/"])  # fmt: skip
def test_no_spelling_of_an_address_gets_around_signing_in(db, path):
    sent = Browser().get(path.encode("utf-8", "surrogateescape").decode("latin-1"))
    assert sent.status_code in (301, 302, 400, 404)
    if sent.status_code == 302:
        assert sent.headers["Location"].startswith("/account/login/")


def test_no_layout_of_a_print_compiles_words():
    """Words reach typst as data. A layout that evaluated, or read a file that words name, would run them."""
    layouts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.typ"))]
    assert len(layouts) >= 2
    for layout in layouts:
        for door in ("eval(", "read(", "plugin(", "include ", "import \"@"):
            assert door not in layout, door
