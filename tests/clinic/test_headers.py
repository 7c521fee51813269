"""What every answer carries: nothing stored, no address sent to others, nothing guessed, no script but our own."""

import pytest
from django.test import Client as Browser
from django.test import override_settings
from tests.clinic.test_every_url import ROWS, routes, world  # noqa: F401

pytestmark = pytest.mark.same_on_postgresql(reason="headers come from the settings and the middleware")

CARRIED = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
}
POLICY = {
    "default-src 'self'", "img-src 'self' data:", "object-src 'none'", "base-uri 'none'", "form-action 'self'",
    "frame-ancestors 'none'",
}  # fmt: skip


OPENED = "form-action 'self' https://app.example.org"
"""On the page of one person's programs, whose buttons lead to them."""


def check(response, where):
    for header, value in CARRIED.items():
        assert value in response.headers.get(header, ""), f"{where} ({response.status_code}): {header}"
    policy = {part.strip() for part in response.headers.get("Content-Security-Policy", "").split(";")}
    if "/programs/ as" in where and OPENED in policy:
        policy = policy - {OPENED} | {"form-action 'self'"}
    assert policy == POLICY, f"{where} ({response.status_code})"


def test_every_answer_to_everybody_carries_them(world):  # noqa: F811
    for route in sorted(set(routes()) & set(ROWS)):
        for method in ("get", "post"):
            for who in ("ben", "cy", "mo", "ana", "phone", "stranger"):
                check(world.ask(who, method, route), f"{method} /{route} as {who}")


def test_so_do_pages_for_what_goes_wrong(as_member, mo, monkeypatch):
    strict = Browser(enforce_csrf_checks=True)
    check(strict.get("/nothing/of/the/kind"), "not found")
    check(strict.post("/account/login/", {"login": "a", "password": "b"}), "without a token")
    check(strict.get("/today/", headers={"host": "evil.example"}), "another host")
    manager = as_member(mo)
    manager.raise_request_exception = False
    monkeypatch.setattr("accord_clinic.pages.service.service", lambda member: 1 / 0)
    broken = manager.get("/service/")
    assert broken.status_code == 500
    check(broken, "broken")


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/account/login/", 403)])
def test_pages_for_what_goes_wrong_are_plain_and_name_nothing(path, status, db):
    strict = Browser(enforce_csrf_checks=True)
    response = strict.post(path) if status == 403 else strict.get(path)
    assert response.status_code == status
    page = response.content.decode()
    assert "<title>" in page
    assert not [word for word in ("Accord", "therap", "client", path) if word in page.replace("accord.css", "")]


def test_no_page_holds_a_style_attribute_or_a_script_in_its_text(world):  # noqa: F811
    for route in sorted(set(routes()) & set(ROWS)):
        for who in ("ben", "cy", "mo", "ana", "phone", "stranger"):
            page = world.ask(who, "get", route)
            if not page.headers.get("Content-Type", "").startswith("text/html"):
                continue
            html = page.content.decode()
            assert " style=" not in html, f"/{route} as {who}"
            assert "<style" not in html, f"/{route} as {who}"
            assert "<script>" not in html, f"/{route} as {who}"
            assert " onclick=" not in html, f"/{route} as {who}"


def test_cookies_are_for_this_host_alone_out_of_reach_of_scripts_and_of_other_sites(people):
    from tests.clinic.people import PASSWORD

    browser = Browser()
    browser.post("/account/login/", {"login": people.ben.email, "password": PASSWORD})
    cookie = browser.cookies["__Host-accord"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


@override_settings(SECURE_SSL_REDIRECT=True)
def test_without_tls_there_is_only_the_way_to_tls(db):
    response = Browser().get("/today/")
    assert response.status_code == 301
    assert response["Location"].startswith("https://")
    assert "max-age=63072000" in Browser().get("/away", secure=True).headers["Strict-Transport-Security"]
