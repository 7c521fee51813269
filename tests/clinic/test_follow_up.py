"""A check some time after the end: asked once, at a time both chose, answered or not, and a way back."""

from datetime import date, timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from django.utils.formats import date_format
from tests.clinic.people import a_dyad, today

from accord_clinic.actions import care, follow_up, own_space
from accord_clinic.messages import notices
from accord_clinic.models import FollowUp, Notice
from accord_clinic.views.own_space import DOOR

TODAY = date(2026, 11, 30)


@pytest.fixture
def ended(people):
    people.ana.email = "ana@example.org"
    people.ana.save()
    care.end_course(people.dyad, "planned", timezone.localdate(), "", by=people.ben)
    return people.dyad


@pytest.fixture
def due(ended):
    return ended.follow_ups.create(due_on=timezone.localdate())


def ana_opens(people):
    browser = Browser()
    browser.cookies[DOOR] = own_space.open_door(people.ana)
    return browser


def test_both_choose_at_the_end_when_to_ask(people, as_member):
    ben, path = as_member(people.ben), f"/people/{people.dyad.uid}"
    assert "after 3 and 6 months" in ben.get(f"{path}/arrange/").content.decode()
    sent = {"end-how": "planned", "end-on": timezone.localdate().isoformat(), "end-follow_up": "3 6"}
    ben.post(f"{path}/end/", sent)
    today = timezone.localdate()
    days = list(people.dyad.follow_ups.order_by("due_on").values_list("due_on", flat=True))
    assert days == [follow_up.months_after(today, 3), follow_up.months_after(today, 6)]


def test_nothing_is_asked_that_nobody_chose(people, as_member):
    sent = {"end-how": "planned", "end-on": timezone.localdate().isoformat(), "end-follow_up": ""}
    as_member(people.ben).post(f"/people/{people.dyad.uid}/end/", sent)
    assert not FollowUp.objects.exists()


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (TODAY, 3, date(2027, 2, 28)),
        (date(2026, 12, 31), 6, date(2027, 6, 30)),
        (date(2026, 1, 15), 12, date(2027, 1, 15)),
    ],
)
def test_so_many_months_later(day, count, then):
    assert follow_up.months_after(day, count) == then


def test_it_is_asked_once_and_neutrally(due, mailoutbox):
    assert follow_up.ask_due() == 1
    assert follow_up.ask_due() == 0
    notices.deliver()
    [mail] = mailoutbox
    assert "You need not answer" in mail.body
    assert "/stop/" in mail.body
    assert "List-Unsubscribe" in mail.extra_headers
    assert not any(word in mail.subject + mail.body for word in ("Ana", "Ben", "therap", "course"))


def test_it_is_not_asked_before_its_time_or_long_after(ended):
    ended.follow_ups.create(due_on=timezone.localdate() + timedelta(days=1))
    ended.follow_ups.create(due_on=timezone.localdate() - follow_up.ASKED_WITHIN)
    assert follow_up.ask_due() == 0


def test_who_said_stop_or_works_here_again_is_not_asked(people, due):
    people.ana.messages_stopped_at = timezone.now()
    people.ana.save()
    assert follow_up.ask_due() == 0
    people.ana.messages_stopped_at = None
    people.ana.save()
    a_dyad(people.eve, people.ana)
    assert follow_up.ask_due() == 0


def test_the_client_says_how_things_are_and_the_therapist_reads_it(people, due, as_member):
    follow_up.ask_due()
    ana, path = ana_opens(people), f"/mine/{people.dyad.uid}/looking-back/"
    assert "How are things now?" in ana.get(path).content.decode()
    ana.post(f"/mine/follow-up/{due.uid}/", {"now": "0", "words": "The nights are back", "contact": "yes"})
    page = as_member(people.ben).get(f"/people/{people.dyad.uid}/looking-back/").content.decode()
    for text in ("Worse than at the end", "The nights are back", "Would like a call or a session."):
        assert text in page
    assert Notice.objects.filter(kind="follow_up_answered", member=people.ben).exists()
    assert "How are things now?" not in ana.get(path).content.decode()
    assert ana.post(f"/mine/follow-up/{due.uid}/", {"now": "2"}).status_code == 409
    due.refresh_from_db()
    assert due.now == 0


def test_an_empty_answer_is_not_taken_for_one(people, due):
    follow_up.ask_due()
    ana, path = ana_opens(people), f"/mine/follow-up/{due.uid}/"
    assert ana.post(path, {"words": "  "}).status_code == 409
    assert not Notice.objects.filter(kind="follow_up_answered").exists()
    assert ana.post(path, {"now": "0"}).status_code == 302


def test_it_says_on_which_day_it_was_asked(people, due, as_member):
    follow_up.ask_due()
    FollowUp.objects.update(due_on=timezone.localdate() - timedelta(days=9))
    due.refresh_from_db()
    follow_up.answer(due, 2, "", False, by=people.ana)
    page = as_member(people.ben).get(f"/people/{people.dyad.uid}/looking-back/").content.decode()
    assert f"Asked on {date_format(today(), 'DATE_FORMAT')}" in page


def test_one_that_was_not_asked_yet_is_not_there(people, due):
    assert ana_opens(people).post(f"/mine/follow-up/{due.uid}/", {"now": "1"}).status_code == 404


def test_the_therapist_is_told_by_a_neutral_message(people, due, mailoutbox):
    follow_up.ask_due()
    due.refresh_from_db()
    follow_up.answer(due, 2, "All is well", False, by=people.ana)
    notices.deliver()
    to_ben = [mail for mail in mailoutbox if people.ben.email in mail.to]
    assert len(to_ben) == 1
    assert "All is well" not in to_ben[0].body
