"""What an attacker tries from outside: odd values, forged forms, guessed tokens and codes, bodies without end.

Who may reach which address is in test_every_url, what every answer carries in test_headers, signing in in
test_accounts, links in test_checkin_links. Files are attacked in test_attacks_files, two real workers in
test_attacks_served, a real browser in tests/journeys/test_attacks_browser.
"""

import io
import logging
import re
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from allauth.account.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp_auth
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client as Browser
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.clinic.people import PASSWORD, a_session
from tests.clinic.phone import Phone
from tests.clinic.test_every_url import ROWS, WRITE, address, routes, world  # noqa: F401

from accord_clinic import links
from accord_clinic.actions import own_space, step_in
from accord_clinic.middleware import NoPersonalData
from accord_clinic.models import Code, Notice
from accord_clinic.views.own_space import DOOR

SOURCE = Path(settings.PACKAGE)
ODD = [
    "²", "-1", "9" * 5000, "0x10", "\0", "' OR 1=1 --", "../../../../etc/passwd", "{{ 7|add:7 }}", "NaN",
    "\u202e\ufeff",
]  # fmt: skip
"""Each has broken a program somewhere: digits that are no number, bytes no database takes, other people's syntax."""
FITTING = {"what": "reword", "kind": "goal", "for": "copy", "move": "try_repair", "how": "reached", "state": "held"}
"""What leads further into a view than an odd value does."""
NEED_NO_TOKEN = {"^c/(?P<token>.*)$", "^before/(?P<token>.*)$", "^stop/(?P<token>.*)$", "fhir/token/"}
"""The address itself is the secret there, and mail programs post to it; a program of others proves who it is itself."""


def posts():
    """Every address that takes a post, and somebody who may make it."""
    for route in sorted(set(routes()) & set(ROWS)):
        if ROWS[route].post:
            yield route, ROWS[route].post.split()[0]


def send(world, who, route, posted: str, *, strict=False):  # noqa: F811
    """Post a form as somebody, written as a browser writes it; whatever is changed is undone."""
    browser = Browser(raise_request_exception=False, enforce_csrf_checks=True) if strict else world.asking
    browser.cookies = world.browsers[who].cookies.copy()
    undo = transaction.savepoint()
    where, form = address(route, world.things.get(ROWS[route].at, "")), "application/x-www-form-urlencoded"
    response = browser.post(where, posted, form)
    transaction.savepoint_rollback(undo)
    return response


def every_field(world) -> list[str]:  # noqa: F811
    """Every name that a view or a form of ours reads, found in the source and on the pages."""
    source = "".join(path.read_text() for path in SOURCE.rglob("*.py"))
    names = set(re.findall(r'POST(?:\.get\(|\[)"([\w-]+)"', source))
    for route in sorted(set(routes()) & set(ROWS)):
        for who in (ROWS[route].get or "").split()[:1]:
            page = world.ask(who, "get", route)
            if page.headers.get("Content-Type", "").startswith("text/html"):
                names |= set(re.findall(r' name="([^"]+)"', page.content.decode()))
    return sorted(names - {"csrfmiddlewaretoken", "viewport", "color-scheme"})


class TestForms:
    def test_odd_values_in_every_field_of_every_form_break_nothing(self, world):  # noqa: F811
        names = every_field(world)
        assert {"words", "seen", "0-t1", "email"} <= set(names)
        forms = [(value, urlencode(dict.fromkeys(names, value) | fit)) for value in ODD for fit in ({}, FITTING)]
        broken = []
        for route, who in posts():
            for value, form in forms:
                if send(world, who, route, form).status_code >= 500:
                    broken.append(f"/{route} as {who}: {value[:20]!r}")
        assert not broken, "\n".join(broken)

    def test_a_form_of_another_site_changes_nothing_anywhere(self, world):  # noqa: F811
        forged = urlencode({"what": "leave", "words": "forged", "sure": "1"})
        for route, who in posts():
            if route in NEED_NO_TOKEN:
                continue
            with CaptureQueriesContext(connection) as asked:
                response = send(world, who, route, forged, strict=True)
            shown_again = route == "check-in/<str:uid>/"
            assert response.status_code == (200 if shown_again else 403), f"/{route} as {who}"
            writes = {found[1] for query in asked if (found := WRITE.match(query["sql"]))}
            assert not writes, f"a forged form at /{route} as {who} writes {writes}"


class TestBodies:
    @pytest.mark.parametrize("path", ["/account/login/", "/c/unknown", "/mine/in/", "/nothing/here"])
    def test_more_than_any_page_sends_is_refused_before_it_is_read(self, path, db):
        refused = Browser().post(path, {"login": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
        assert refused.status_code == 400
        assert "xxx" not in refused.content.decode()

    def test_so_is_a_file(self, db, monkeypatch):
        """Django would write it to the disk, whatever its length and whoever sends it."""
        parse = "django.http.multipartparser.MultiPartParser.parse"
        monkeypatch.setattr(parse, lambda parser: pytest.fail("it was read"))
        big = SimpleUploadedFile("big", b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        assert Browser().post("/account/login/", {"login": "a", "file": big}).status_code == 400

    def test_too_many_fields_are_refused(self, db):
        fields = {f"f{n}": "1" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
        assert Browser().post("/account/login/", fields).status_code == 400

    def test_the_examples_of_a_proxy_bound_length_and_time(self):
        nginx, caddy = (Path("deploy", name).read_text() for name in ("nginx.conf", "Caddyfile"))
        for limit in ("client_max_body_size", "client_body_timeout", "client_header_timeout"):
            assert limit in nginx
        for limit in ("max_size", "read_body", "read_header", "request_buffers"):
            assert limit in caddy
        assert "$proxy_add_x_forwarded_for" not in nginx, "what a visitor claims must not count"


class TestGuessing:
    @given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
    @hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
    def test_every_guessed_token_is_answered_alike_and_costs_alike(self, people, guess):
        Browser().get("/c/warm")
        due = {way: self.asked(way, links.new_token()) for way in ("/c/", "/stop/")}
        for way, expected in due.items():
            assert self.asked(way, quote(guess, safe="")) == expected

    def asked(self, way, token):
        with CaptureQueriesContext(connection) as asked:
            answer = Browser().get(way + token)
        return answer.status_code, answer.content, sorted(answer.headers), len(asked)

    def test_a_guessed_door_is_a_closed_door(self, people):
        for guess in ("", "x", links.new_token(), "0" * 64):
            browser = Browser()
            browser.cookies[DOOR] = guess
            assert browser.get("/mine/")["Location"] == "/mine/in/"

    def test_a_token_holds_128_bits_and_the_database_only_its_hash(self, people):
        phone = Phone(a_session(people.dyad, state="held"))
        assert len(phone.token) == 22
        assert phone.invitation.token_hash == links.digest(phone.token)
        assert phone.token not in str(vars(phone.invitation))

    def test_five_tries_at_each_of_many_codes_do_not_open_the_space(self, ana):
        """Codes are sent again and again, so the tries of a day are counted over all of them."""
        for _code in range(4):
            token, right = self.a_code(ana)
            for guess in ("111111", "222222", "333333", "444444", "555555"):
                assert not step_in.prove(token, guess if guess != right else "666666")
        assert not step_in.prove(*self.a_code(ana))

    def a_code(self, client):
        token = step_in.ask(client.email, "192.0.2.1")
        step_in.send_codes()
        return token, Notice.objects.filter(kind="code").latest("id").about

    def test_wrong_pins_count_among_the_tries_of_a_day(self, ana):
        own_space.set_pin(ana, "271828", by=ana)
        for _try in range(25):
            own_space.right_pin(ana, "000000")
            Code.objects.filter(purpose=own_space.PIN).update(made_at=timezone.now() - timedelta(hours=1))
        assert not own_space.right_pin(ana, "271828")

    def test_what_a_visitor_claims_to_be_does_not_count(self):
        """Limits go by the address that the proxy saw; without a proxy, by the one that the machine saw."""
        request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="1.2.3.4, 203.0.113.9")
        assert get_adapter().get_client_ip(request) == "192.0.2.7"
        with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
            assert get_adapter().get_client_ip(request) == "203.0.113.9"

    def test_codes_of_the_app_cannot_be_tried_one_after_the_other(self, ben):
        """Whoever has the password has five tries at the six digits in five minutes."""
        cache.clear()
        secret = totp_auth.generate_totp_secret()
        TOTP.activate(ben, secret)
        browser = Browser()
        browser.post("/account/login/", {"login": ben.email, "password": PASSWORD})
        for guess in range(6):
            browser.post("/account/2fa/authenticate/", {"code": f"00000{guess}"})
        right = totp_auth.format_hotp_value(totp_auth.hotp_value(secret, int(time.time()) // 30))
        browser.post("/account/2fa/authenticate/", {"code": right})
        assert browser.get("/today/").status_code == 302
        cache.clear()


class TestWhatGoesWrong:
    def test_a_fault_of_ours_tells_neither_the_page_nor_the_log_what_was_written(self, ben, as_member, monkeypatch):
        """Even when the error itself quotes somebody's words, a link and a name."""
        said = "Ana wrote kolibri at /c/0123456789abcdefghijkl"
        written = io.StringIO()
        assert settings.LOGGING["root"]["handlers"] == ["console"]
        assert settings.LOGGING["handlers"]["console"]["filters"] == ["quiet"]
        handler = logging.StreamHandler(written)
        handler.addFilter(NoPersonalData())
        monkeypatch.setattr("accord_clinic.pages.today.today", lambda *_args, **_named: _raise(ValueError(said)))
        browser = as_member(ben)
        browser.raise_request_exception = False
        logging.getLogger().addHandler(handler)
        try:
            broken = browser.get("/today/?words=kolibri")
        finally:
            logging.getLogger().removeHandler(handler)
        assert broken.status_code == 500
        assert "ValueError" in written.getvalue(), "nothing was logged, so nothing was tested"
        for word in ("kolibri", "Ana", "0123456789", "Traceback", "today.py"):
            assert word not in broken.content.decode()
            assert word not in written.getvalue()

    @pytest.mark.parametrize("setting", ["DEBUG", "ADMINS", "MANAGERS"])
    def test_nothing_sends_or_shows_a_report_with_what_was_posted(self, setting):
        assert not getattr(settings, setting)


def _raise(error):
    raise error
