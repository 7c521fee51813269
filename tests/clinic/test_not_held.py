"""The client says that a session did not take place: it is planned again, the therapist is asked; and attacks."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, reveal, schedule
from accord_clinic.models import Invitation, Practice, Response, SessionChange
from accord_clinic.pages.today import today
from accord_clinic.rules.sessions import why_fixed

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(dyad):
    return a_held_session(dyad, timezone.now() - timedelta(hours=3))


@pytest.fixture
def phone(session):
    """Ana's phone with a link that was sent to her."""
    phone = Phone(session)
    Invitation.objects.update(mailed=True)
    return phone


def deny(phone, url: str = ""):
    return phone.browser.post(url or f"{phone.url}not-held/", follow=True)


def on_the_links_page(phone):
    """The same on the page that the link opens, before any answer: there is no cookie yet."""
    return Browser().post(f"/c/{phone.token}/not-held/")


def asked(ben) -> list[str]:
    page = today(ben)
    return [e.line for e in (*page.sessions, *page.to_settle) if "did not take place" in e.line]


def test_it_is_planned_again_with_a_row_of_history_by_the_client_and_the_link_is_shut(phone, session, ben):
    assert "This session did not take place" in phone.open().content.decode()
    assert "Thank you. It is noted." in deny(phone).content.decode()
    session.refresh_from_db()
    assert session.state == "planned"
    change = SessionChange.objects.latest("id")
    assert (change.field, change.before, change.after) == ("state", "held", "planned")
    assert (change.side, change.by) == ("client", None)
    assert Browser().get(f"/c/{phone.token}").status_code == 410
    assert asked(ben) == ["Ana says that this session did not take place. What happened?"]


def test_it_can_be_said_on_the_first_page_of_the_link(phone, session, ben):
    page = Browser().get(f"/c/{phone.token}").content.decode()
    assert f"/c/{phone.token}/not-held/" in page
    assert "Thank you. It is noted." in on_the_links_page(phone).content.decode()
    assert "Thank you. It is noted." in on_the_links_page(phone).content.decode(), "said twice"
    assert len(asked(ben)) == 1
    assert SessionChange.objects.filter(side="client").count() == 1


@pytest.mark.parametrize("state", ["held", "cancelled", "missed_by_client", "missed_by_therapist"])
def test_the_therapist_says_what_became_of_it_and_the_question_goes(phone, session, ben, as_member, state):
    deny(phone)
    session.refresh_from_db()
    assert why_fixed(session) == ""
    as_member(ben).post(reverse("mark_session", args=[session.uid]), {"state": state, "from": "today"})
    session.refresh_from_db()
    assert session.state == state
    assert asked(ben) == []


def test_moved_to_another_day_it_is_not_asked_about_any_more(phone, session, ben):
    deny(phone)
    session.refresh_from_db()
    care.move_session(session, timezone.now() + timedelta(days=1), by=ben)
    assert asked(ben) == []


def test_the_question_stays_on_today_however_long_ago_the_session_was(dyad, ben):
    old = a_held_session(dyad, timezone.now() - timedelta(days=20))
    care.deny_session(old, by=dyad.client)
    assert len(asked(ben)) == 1


def test_it_is_neither_rated_nor_counted_nor_reminded_of(phone, session, dyad, ben):
    Practice.objects.update(quiet_from=0, quiet_until=0)
    deny(phone)
    assert schedule.due(timezone.now() + timedelta(hours=48)) == 0
    assert reveal.sweep(timezone.now() + timedelta(days=30)) == 0


def test_in_the_own_space(session, ana, dyad, ben):
    browser = inside(ana)
    course = reverse("my-course", args=[dyad.uid])
    assert "This session did not take place" in browser.get(course).content.decode()
    page = browser.post(reverse("my-not-held", args=[session.uid])).content.decode()
    assert "Thank you. It is noted." in page
    assert len(asked(ben)) == 1
    assert "This session did not take place" not in browser.get(course).content.decode()


def test_a_session_whose_link_was_made_before_anybody_marked_it(dyad, ana, ben):
    session = care.plan_session(dyad, timezone.now() - timedelta(hours=2), by=ben)
    checkin.invite(session, by=ben)
    care.deny_session(session, by=ana)
    assert len(asked(ben)) == 1


class TestAttacks:
    def test_said_twice_it_is_kept_once(self, phone, ben):
        deny(phone)
        assert deny(phone).status_code == 200
        assert SessionChange.objects.filter(side="client").count() == 1

    def test_the_link_cannot_say_it_again_once_the_therapist_has_answered(self, phone, session, ben):
        deny(phone)
        session.refresh_from_db()
        care.mark_session(session, "held", by=ben)
        assert deny(phone).status_code == 410
        assert on_the_links_page(phone).status_code == 302
        session.refresh_from_db()
        assert session.state == "held"

    def test_an_asked_for_link_does_not_reopen_it(self, phone, session, mailoutbox):
        deny(phone)
        Browser().post(f"/c/{phone.token}")
        assert not Invitation.objects.filter(revoked_at=None).exists()

    def test_with_anothers_cookie_or_none_there_is_nothing(self, phone, ben, session):
        other = Phone(a_held_session(a_dyad(ben, "Kim"), timezone.now() - timedelta(hours=3)))
        Invitation.objects.update(mailed=True)
        assert deny(other, f"{phone.url}not-held/").status_code == 404
        assert Browser().post(f"{phone.url}not-held/").status_code == 404
        unknown, none = Browser().post("/c/nobodys/not-held/"), Browser().get("/c/nobodys")
        assert (unknown.status_code, unknown.content) == (none.status_code, none.content)
        assert inside(other.invitation.session.dyad.client).post(
            reverse("my-not-held", args=[session.uid])
        ).status_code == 404  # fmt: skip
        session.refresh_from_db()
        assert session.state == "held"

    def test_another_client_cannot_by_the_action_either(self, session, ben):
        with pytest.raises(Exception, match="for the client alone"):
            care.deny_session(session, by=a_dyad(ben, "Kim").client)

    @pytest.mark.parametrize("side", ["client", "therapist"])
    def test_after_either_has_answered_it_is_refused_and_nothing_is_lost(self, phone, session, dyad, side):
        checkin.send(session, side, answers(side), by=dyad.client if side == "client" else dyad.therapist)
        page = deny(phone)
        assert page.status_code == 409
        assert "please tell Ben" in page.content.decode()
        session.refresh_from_db()
        assert session.state == "held"
        assert Response.objects.count() == 1

    def test_who_made_the_link_learns_nothing_with_it(self, session, dyad, ben, as_member):
        """What a link that a member has seen can say must not depend on whether the client has answered."""
        pages = []
        for answered in (False, True):
            if answered:
                checkin.send(session, "client", answers("client"), by=dyad.client)
            phone = Phone(session)
            pages.append(
                (
                    deny(phone).status_code,
                    on_the_links_page(phone).status_code,
                    "did not take place" in phone.open().content.decode(),
                )
            )
        assert pages == [(404, 404, False), (404, 404, False)]

    def test_nor_where_a_member_is_signed_in(self, phone, ben, as_member):
        browser = as_member(ben)
        browser.cookies.update(phone.browser.cookies)
        assert browser.post(f"{phone.url}not-held/").status_code == 404

    def test_answers_that_were_written_meanwhile_are_shown_and_not_sent(self, phone, session):
        phone.open()
        deny(phone)
        page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL})
        assert page.status_code == 409
        assert "What you have just written" in page.content.decode()
        assert not Response.objects.exists()

    def test_a_rating_that_was_written_meanwhile_is_shown_again(self, phone, session, ben, as_member):
        browser = as_member(ben)
        browser.get(reverse("rate", args=[session.uid]))
        deny(phone)
        page = browser.post(reverse("rate", args=[session.uid]), {"reaction": "I was too quick."})
        assert page.status_code == 422
        assert "I was too quick." in page.content.decode()
        assert "not marked as held" in page.content.decode()

    def test_a_session_that_is_to_come_cannot_be_denied(self, dyad, ana, ben):
        session = care.plan_session(dyad, timezone.now() + timedelta(hours=2), by=ben)
        with pytest.raises(BadInput):
            care.deny_session(session, by=ana)

    def test_an_empty_session_that_has_opened_is_closed_again(self, phone, session):
        reveal.sweep(timezone.now() + timedelta(days=9))
        deny(phone)
        session.refresh_from_db()
        assert (session.state, session.revealed_at, session.passed_over) == ("planned", None, False)
