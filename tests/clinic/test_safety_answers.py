"""A safety answer as a clinician meets it: first on every page, one step away, until somebody records what was done."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from tests.clinic.people import a_course, a_dyad, a_held_session, a_part, a_session, answers, today

from accord_clinic.actions import care, checkin
from accord_clinic.models import AuditEntry, Notice, ReadLog, SafetyLook, Suggestion

READ = "Read Ana&#x27;s safety answer now and follow your procedure."


def better_off_dead(level=2, **more):
    """A check-in with a PHQ-9 whose ninth question was answered at this level."""
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 0 for i in range(1, 9)} | {"phq9": level})
    said = answers("client", **more)
    return replace(said, parts=(*said.parts, phq))


@pytest.fixture
def answered(people, dyad):
    """Four usual sessions; after the fifth Ana answers the question, and Ben rates, too."""
    a_course(dyad, 4)
    return a_held_session(dyad, client=better_off_dead(), therapist=answers("therapist"))


@pytest.fixture
def page(as_member):
    """The text of a page as somebody who works here gets it."""
    return lambda member, name, *args: as_member(member).get(reverse(name, args=args)).content.decode()


def recorded(as_member, member, session, **posted):
    return as_member(member).post(reverse("look_after", args=[session.uid]), posted)


def pages_of(dyad, session):
    """Every page on which a therapist may meet the answer."""
    return [("dyad", dyad.uid), ("prepare", session.uid), ("today",), ("people",)]


def test_it_comes_first_on_every_page_and_the_answer_is_one_step_away(people, dyad, ben, answered, page):
    a_session(dyad, timezone.now() + timedelta(minutes=1))
    for name, *args in pages_of(dyad, answered):
        html = page(ben, name, *args)
        main = html[html.index("<main") :]
        assert READ in main, name
        assert "Nothing to follow up" not in main, name
        assert "unusual" not in main, name
        assert reverse("safety_answer", args=[answered.uid]) in main, name
        assert main.index(READ) < main.index("<h2") if "<h2" in main else True, name


def test_a_supervisor_with_whom_the_course_is_shared_meets_it_too(people, dyad, ben, cy, answered, page):
    care.share(dyad, cy, by=ben)
    for name, *args in (("supervision",), ("dyad", dyad.uid)):
        html = page(cy, name, *args)
        assert READ in html
        assert "Nothing to follow up" not in html
        assert reverse("safety_answer", args=[answered.uid]) in html


def test_the_answer_is_shown_in_its_words_and_the_reading_is_noted(people, dyad, ben, answered, page):
    html = page(ben, "safety_answer", answered.uid)
    assert "Thoughts that you would be better off dead or of hurting yourself in some way" in html
    assert "More than half the days" in html
    assert "A risk assessment belongs in the care record." in html
    read = ReadLog.objects.latest("id")
    assert (read.member, read.what, read.sessions) == (ben, "safety_answer", [answered.uid])


def test_it_can_be_read_before_the_reveal_and_nothing_else_can(people, dyad, ben, as_member, page):
    session = a_held_session(dyad, client=better_off_dead(t1=2, words="For Ben"))
    html = page(ben, "safety_answer", session.uid)
    assert "More than half the days" in html
    assert "For Ben" not in html
    assert "Little interest" not in html


def test_a_corrected_answer_stands_beside_the_first(people, dyad, ben, page):
    session = a_held_session(dyad, client=better_off_dead(3))
    checkin.send(session, "client", better_off_dead(0), by=people.ana)
    html = page(ben, "safety_answer", session.uid)
    assert html.index("Not at all") < html.index("Nearly every day")


def test_it_stays_for_weeks_until_somebody_records_what_was_done(
    people, dyad, ben, answered, as_member, page, monkeypatch
):
    later = timezone.now() + timedelta(days=60)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert READ in page(ben, "people")
    recorded(as_member, ben, answered, done="looked")
    recorded(as_member, ben, answered, done="")
    recorded(as_member, ben, answered, done="all well")
    assert not SafetyLook.objects.exists()
    assert READ in page(ben, "people")
    recorded(as_member, ben, answered, done="assessment")
    for name, *args in pages_of(dyad, answered):
        assert READ not in page(ben, name, *args)
    assert "Ben wrote an assessment in the care record" in page(ben, "safety_answer", answered.uid)
    assert AuditEntry.objects.filter(act="look_after_safety").get().fields == ["done", "to"]


def test_it_can_be_passed_on_to_somebody_by_name(people, ben, cy, answered, as_member, page):
    recorded(as_member, cy, answered, done="passed_on", to="Dr Lind, on call")
    assert "Cy passed it on to Dr Lind, on call" in page(ben, "safety_answer", answered.uid)
    assert SafetyLook.objects.get().member == cy


def test_all_that_was_done_is_recorded_at_once(people, ben, answered, as_member, page):
    recorded(as_member, ben, answered, done=["passed_on", "spoke"], to="Dr Lind")
    assert [*SafetyLook.objects.values_list("done", "to")] == [("spoke", ""), ("passed_on", "Dr Lind")]
    html = page(ben, "safety_answer", answered.uid)
    assert html.index("Ben spoke with the client") < html.index("Ben passed it on to Dr Lind")


@pytest.mark.parametrize(
    "posted", [{}, {"done": ["spoke", "watched"]}, {"done": "looked"}, {"done": "spoke", "to": "Dr Lind"}]
)
def test_what_says_too_little_or_too_much_records_nothing(people, ben, answered, as_member, posted):
    recorded(as_member, ben, answered, **posted)
    assert not SafetyLook.objects.exists()


def test_that_somebody_spoke_with_the_client_ends_the_notice(people, ben, answered, as_member, page):
    recorded(as_member, ben, answered, done="spoke")
    assert "Ben spoke with the client" in page(ben, "safety_answer", answered.uid)
    assert READ not in page(ben, "people")


def test_today_says_since_when_an_answer_has_been_waiting(people, ben, answered, page, monkeypatch):
    assert "It has been waiting since" not in page(ben, "today")
    since, later = date_format(today(), "j F"), timezone.now() + timedelta(days=7)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    assert f"It has been waiting since {since}." in page(ben, "today")


def test_it_returns_with_each_new_answer(people, dyad, ben, answered, as_member, page):
    recorded(as_member, ben, answered, done="assessment")
    new = a_held_session(dyad, client=better_off_dead(1))
    html = page(ben, "dyad", dyad.uid)
    assert READ in html
    assert reverse("safety_answer", args=[new.uid]) in html
    assert reverse("safety_answer", args=[answered.uid]) not in html


def test_it_returns_when_the_answer_to_the_same_session_is_given_anew(people, dyad, ben, as_member, page):
    session = a_held_session(dyad, client=better_off_dead(1))
    recorded(as_member, ben, session, done="assessment")
    checkin.send(session, "client", better_off_dead(0), by=people.ana)
    assert READ not in page(ben, "people")
    checkin.send(session, "client", better_off_dead(3), by=people.ana)
    assert READ in page(ben, "people")
    assert Notice.objects.filter(kind="safety", member=ben).count() == 2


def test_the_card_cannot_be_set_aside(people, dyad, ben, answered, as_member, page):
    assert "You cannot set this aside" in page(ben, "prepare", answered.uid)
    card = Suggestion.objects.get(signal_kind="safety")
    browser = as_member(ben)
    browser.post(reverse("answer_card", args=[card.uid]), {"used": "no", "why": "Not for us"})
    browser.post(reverse("answer_card", args=[card.uid]), {"used": "yes"})
    card.refresh_from_db()
    assert card.used is None
    Suggestion.objects.filter(pk=card.pk).update(used=False, why="Set aside before this was refused")
    again = a_held_session(dyad, client=better_off_dead(), therapist=answers("therapist"))
    assert "Follow your own safety procedure" in page(ben, "prepare", again.uid)


def test_a_course_that_has_ended_or_is_new_says_it_as_well(people, dyad, ben, page):
    session = a_held_session(dyad, client=better_off_dead())
    assert "There is no check-in yet" not in page(ben, "dyad", dyad.uid)
    care.end_course(dyad, "agreement", timezone.localdate(), "", by=ben)
    html = page(ben, "dyad", dyad.uid)
    assert READ in html
    assert reverse("safety_answer", args=[session.uid]) in html
    assert READ in page(ben, "today")


@pytest.mark.parametrize("who", ["eve", "dee", "mo", "ada"])
def test_nobody_else_reads_it_or_records_anything(who, people, answered, as_member):
    browser = as_member(getattr(people, who))
    assert browser.get(reverse("safety_answer", args=[answered.uid])).status_code == 404
    assert recorded(as_member, getattr(people, who), answered, done="assessment").status_code == 404
    assert not SafetyLook.objects.exists()


def test_today_says_that_an_answer_waits(people, ben, answered, page):
    html = page(ben, "today")
    assert "A safety answer is waiting." in html
    assert "Nothing else waits" not in html
    assert "Nothing to do today" not in html


def test_only_the_course_it_is_about_shows_it(people, dyad, ben, answered, page):
    other = a_dyad(ben, "Bo")
    a_course(other, 4)
    assert "safety answer" not in page(ben, "dyad", other.uid)
    people_page = page(ben, "people")
    assert len(re.findall("safety answer now", people_page)) == 1
