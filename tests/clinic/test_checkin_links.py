"""Links in tiers: one opens one check-in, an unknown one nothing; one that was valid offers a new one, and no more."""

import re
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session, answers
from tests.clinic.phone import USUAL, Phone, text

from accord_clinic import links
from accord_clinic.actions import checkin, reveal
from accord_clinic.models import Invitation, Notice, Response

MALFORMED = ["x", "a/b/c", "%00", "." * 300, "<script>", "ü" * 22, "Toi0uNKezfpxWPHY6G0PJw/"]


@pytest.fixture
def session(dyad):
    return a_session(dyad, state="held")


@pytest.fixture
def phone(session):
    return Phone(session)


def expire(invitation):
    Invitation.objects.filter(pk=invitation.pk).update(expires_at=timezone.now() - timedelta(minutes=1))


@pytest.mark.parametrize("token", MALFORMED)
def test_a_malformed_token_is_told_apart_from_an_unknown_one_by_nothing(db, people, token):
    unknown, malformed = Browser().get(f"/c/{links.new_token()}"), Browser().get(f"/c/{token}")
    assert (
        (malformed.status_code, malformed.content) == (unknown.status_code, unknown.content) == (404, unknown.content)
    )
    assert malformed.headers.keys() == unknown.headers.keys()


@pytest.mark.parametrize("token", ["x", "Toi0uNKezfpxWPHY6G0PJw"])
def test_a_malformed_token_costs_as_many_queries_as_an_unknown_one(people, django_assert_num_queries, token):
    Browser().get("/c/warm")
    with django_assert_num_queries(1):
        Browser().get(f"/c/{token}")


def test_the_address_of_a_check_in_finds_nothing_without_the_cookie_of_its_link(phone, people):
    unknown = Browser().get(f"/c/{links.new_token()}")
    for url in (phone.url, f"/check-in/{links.new_token()}/", phone.url + "received/"):
        page = Browser().get(url)
        assert (page.status_code, page.content) == (404, unknown.content)


def test_one_links_cookie_does_not_open_another_check_in(phone, people):
    other = Phone(a_session(a_dyad(people.eve, "Zoe"), state="held"))
    for name, cookie in other.browser.cookies.items():
        phone.browser.cookies[name] = cookie.value
    phone.browser.cookies[f"__Host-c-{phone.invitation.uid[:8]}"] = other.token
    assert phone.browser.get(phone.url).status_code == 404


@pytest.mark.parametrize("how", ["expired", "revoked", "used"])
def test_a_link_that_was_valid_offers_a_new_one_and_says_nothing_else(session, people, how):
    phone = Phone(session)
    if how == "expired":
        expire(phone.invitation)
    if how == "revoked":
        checkin.revoke(session, by=people.ben)
    if how == "used":
        phone.send(USUAL)
        checkin.send(session, "therapist", answers("therapist"), by=people.ben)
    page = Browser().get(f"/c/{phone.token}")
    assert page.status_code == 410
    assert "Send a new link" in text(page)
    assert "116 123" in text(page), "whom to call in need"
    assert not re.search(r"Ana|Ben|session on", text(page))


def test_the_new_link_goes_to_the_known_contact_and_opens_the_same_check_in(phone, session):
    expire(phone.invitation)
    answer = Browser().post(f"/c/{phone.token}")
    notice = Notice.objects.get(kind="link")
    assert answer["Location"] == "/new-link-sent/"
    assert notice.client == session.dyad.client
    token = notice.about.rpartition("/c/")[2]
    assert "Ben reads what you show" in text(Browser().get(f"/c/{token}"))
    assert phone.token not in notice.about


def test_asking_again_and_again_for_a_new_link_sends_one(phone):
    expire(phone.invitation)
    for _ in range(3):
        Browser().post(f"/c/{phone.token}")
    assert Notice.objects.filter(kind="link").count() == 1


def test_after_a_check_in_is_done_the_new_link_is_for_the_last_session_without_an_answer(dyad, people):
    done = Phone(a_session(dyad, state="held"))
    done.send(USUAL)
    checkin.send(done.invitation.session, "therapist", answers("therapist"), by=people.ben)
    later = a_session(dyad, state="held")
    Browser().post(f"/c/{done.token}")
    assert Invitation.objects.latest("id").session == later


def test_a_sent_check_in_is_received_and_can_be_changed_until_the_reveal(phone):
    phone.send({**USUAL, "0-d1": "1", "0-o2": "Less homework", "read.0-o2": "raise", "share.0-b1": "not_yet"})
    received = text(phone.browser.get(f"/c/{phone.token}"))
    assert "Your answers have arrived" in received
    assert "Less homework" not in received
    page = phone.open().content.decode()
    assert re.search(r'name="0-d1" value="1" checked', page)
    assert re.search(r'name="read.0-o2" value="raise" checked', page)
    assert re.search(r'name="share.0-b1" value="raise"', page)
    assert "Less homework" in page


def test_a_late_first_answer_is_taken(phone, session, people):
    reveal.waive(session, "The next session begins", by=people.ben)
    assert phone.send(USUAL).status_code == 302
    assert Response.objects.get(session=session, instrument="accord-check-in").context["late"] == "waived"


def test_what_was_begun_before_the_link_expired_may_still_be_sent(phone):
    phone.open()
    expire(phone.invitation)
    Invitation.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
    assert phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL}).status_code == 302


def test_an_answer_on_a_revoked_link_is_refused_and_shown_again(phone, people):
    phone.open()
    checkin.revoke(phone.invitation.session, by=people.ben)
    page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL, "0-o2": "My long words"})
    assert page.status_code == 409
    assert "My long words" in text(page)
    assert Response.objects.count() == 0
