"""A therapist who wants to read the client's answers without rating and without saying why."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session, answers

from accord_clinic.actions import care, checkin, cover_and_emergency, reveal, schedule
from accord_clinic.models import Dyad, Practice, Session
from accord_clinic.rules.practice import local

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def session(dyad, ben, ana):
    """Held an hour ago and answered by the client; Ben has not rated."""
    session = a_session(dyad, timezone.now() - HOUR, "held")
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client", t1=3, words="You were late."), by=ana)
    return session


@pytest.fixture
def browser(ben, as_member):
    return as_member(ben)


def is_closed(session, browser) -> bool:
    """Whether the answers are closed, now and after a sweep of any hour of the next day less a minute."""
    reveal.sweep(timezone.now() + DAY - timedelta(minutes=1))
    pages = [reverse("dyad", args=[session.dyad.uid]), reverse("talk", args=[session.uid]), reverse("today")]
    read = "".join(browser.get(page).content.decode() for page in pages)
    return Session.objects.get(pk=session.pk).revealed_at is None and "You were late." not in read


def typed(moment) -> dict[str, str]:
    there = local(moment)
    return {"day": f"{there:%Y-%m-%d}", "time": f"{there:%H:%M}", "modality": "room"}


@pytest.mark.parametrize("hours", [-2000, -100, -24, -0.5, 0.1, 1, 5])
def test_planning_another_session_at_any_time_opens_nothing(session, browser, hours):
    browser.post(reverse("plan_session", args=[session.dyad.uid]), typed(timezone.now() + timedelta(hours=hours)))
    assert is_closed(session, browser)


def test_planning_many_opens_nothing(session, browser):
    for hours in (-300, -200, -100, 1, 2, 3):
        browser.post(reverse("plan_session", args=[session.dyad.uid]), typed(timezone.now() + timedelta(hours=hours)))
    assert is_closed(session, browser)


@pytest.mark.parametrize("hours", [-2000, -100, -1, 1])
def test_moving_it_or_the_next_one_opens_nothing(session, browser, ben, hours):
    following = a_session(session.dyad, timezone.now() + 3 * DAY)
    for moved in (session, following):
        browser.post(reverse("move_session", args=[moved.uid]), typed(timezone.now() + timedelta(hours=hours)))
    assert is_closed(session, browser)
    assert Session.objects.get(pk=following.pk).start != following.start, "while the empty one did move"


STATES = ["planned", "cancelled", "missed_by_client", "missed_by_therapist", "held"]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("hours", [-100, 1])
def test_no_mark_of_another_session_opens_it(session, browser, hours, state):
    """Marks change which sessions count, and so the number of the one that was answered."""
    other = a_session(session.dyad, timezone.now() + timedelta(hours=hours))
    before = Session.objects.get(pk=session.pk).number
    for mark in (state, "held"):
        browser.post(reverse("mark_session", args=[other.uid]), {"state": mark})
        assert is_closed(session, browser)
    assert Session.objects.get(pk=session.pk).number == before + (hours < 0)


@pytest.mark.parametrize("state", STATES)
def test_no_mark_opens_it_or_buries_it(session, browser, state):
    browser.post(reverse("mark_session", args=[session.uid]), {"state": state})
    browser.post(reverse("mark_session", args=[session.uid]), {"state": "held"})
    assert is_closed(session, browser)
    session.refresh_from_db()
    assert session.state == "held"
    reveal.sweep(timezone.now() + 30 * DAY)
    session.refresh_from_db()
    assert session.revealed_by == "time"


def test_marking_and_asking_late_opens_nothing(dyad, ben, ana, browser):
    session = a_session(dyad, timezone.now() - 20 * DAY)
    Session.objects.update(reveal_due=timezone.now() - 16 * DAY)  # it was planned three weeks ago
    care.mark_session(session, "held", by=ben)
    reveal.sweep()
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client", words="You were late."), by=ana)
    assert is_closed(session, browser)


def test_asking_after_it_opened_empty_opens_nothing(dyad, ben, ana, browser):
    session = a_session(dyad, timezone.now() - 5 * DAY, "held")
    Session.objects.update(reveal_due=timezone.now() - DAY)
    assert reveal.sweep() == 1
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client", words="You were late."), by=ana)
    assert is_closed(session, browser)


def test_ending_handing_over_and_cover_open_nothing(session, browser, ben, eve, as_member):
    now = timezone.now()
    cover_and_emergency.cover(session.dyad, eve, timezone.localdate(), timezone.localdate() + DAY, by=ben)
    stands_in = as_member(eve)
    stands_in.post(reverse("plan_session", args=[session.dyad.uid]), typed(now - 30 * DAY))
    assert is_closed(session, stands_in)
    care.hand_over(session.dyad, eve, now.date(), by=ben)
    assert is_closed(session, browser)


def test_the_next_session_that_a_hand_over_or_a_cover_brings_opens_nothing(session, browser, ben, eve, as_member):
    now = timezone.now()
    following = a_session(session.dyad, now + 3 * DAY)
    cover_and_emergency.cover(session.dyad, eve, timezone.localdate(), timezone.localdate() + DAY, by=ben)
    stands_in = as_member(eve)
    for hours in (2, -200):
        stands_in.post(reverse("move_session", args=[following.uid]), typed(now + timedelta(hours=hours)))
        assert is_closed(session, stands_in)
    after = care.hand_over(session.dyad, eve, now.date(), by=ben)
    for hours in (1, -1):
        care.plan_session(after, now + timedelta(hours=hours), by=eve)
    browser.post(reverse("move_session", args=[following.uid]), typed(now + HOUR))
    assert is_closed(session, stands_in)
    assert is_closed(session, browser)


def test_an_emergency_opens_nothing_of_it(session, browser, ada, as_member):
    cover_and_emergency.break_glass(session.dyad, "Nobody answers the door.", by=ada)
    assert is_closed(session, as_member(ada))
    assert is_closed(session, browser)


def test_the_practices_clock_in_another_zone_opens_nothing(session, browser):
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        Practice.objects.update(time_zone=zone)
        care.plan_session(session.dyad, timezone.now() + 30 * HOUR, by=session.dyad.therapist)
        assert is_closed(session, browser)


def test_a_client_who_says_that_it_did_not_take_place_leaves_a_day_once_it_did(dyad, ben, ana, browser):
    session = a_session(dyad, timezone.now() - 20 * DAY, "held")
    Session.objects.update(reveal_due=timezone.now() - 16 * DAY)
    checkin.invite(session, by=ben)
    care.deny_session(session, by=ana)
    reveal.sweep()
    browser.post(reverse("mark_session", args=[session.uid]), {"state": "held"})
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client", words="You were late."), by=ana)
    assert is_closed(session, browser)


FILE = """
source = "Paper"
[columns]
person = "who"
session = "nr"
therapist = "with"
date = "day"
rater = "side"
[raters]
T = "therapist"
[[questionnaires]]
instrument = "accord-check-in"
form = "minimum"
[questionnaires.items]
d1 = "direction"
m1 = "method"
b2 = "understood"
"""


def test_a_file_that_has_a_rating_for_its_number_opens_nothing(people, ben, browser, tmp_path):
    """Once, rows of a file were matched to sessions by their number, so a file could bring the missing rating."""
    lines = ["who,nr,with,day,side,direction,method,understood", f"Ina,1,{ben.email},2024-01-08,T,2,2,2"]
    (tmp_path / "map.toml").write_text(FILE, encoding="utf-8")

    def bring():
        (tmp_path / "file.csv").write_text("\n".join(lines), encoding="utf-8")
        call_command("import_ratings", tmp_path / "file.csv", mapping=tmp_path / "map.toml", verbosity=0)

    bring()
    dyad = Dyad.objects.get(client__name="Ina")
    session = a_session(dyad, timezone.now() - HOUR, "held")
    checkin.invite(session, by=ben)
    checkin.send(session, "client", answers("client", words="You were late."), by=dyad.client)
    lines.append(f"Ina,{session.number},{ben.email},{timezone.localdate():%Y-%m-%d},T,2,2,2")
    bring()
    assert dyad.sessions.count() == 3
    assert not session.responses.filter(side="therapist").exists()
    assert is_closed(session, browser)


def test_the_admins_settings_leave_hours_to_rate(session, browser, ada, as_member):
    page = as_member(ada).get(reverse("practice"))
    least = page.context["form"].fields["reveal_notice_hours"].min_value
    assert least >= 6
    Practice.objects.update(reveal_notice_hours=least, reveal_after_hours=0, reveal_not_before_hours=0)
    care.plan_session(session.dyad, timezone.now() - DAY, by=session.dyad.therapist)
    assert reveal.sweep(timezone.now() + (least - 1) * HOUR) == 0


def test_no_page_tells_by_refusing_whether_the_client_has_answered(dyad, ben, ana, browser):
    """A session that may be cancelled until there is an answer would tell by the refusal that there is one."""
    silent, answered = (a_session(a_dyad(ben, name), timezone.now() - HOUR, "held") for name in ("Bo", "Bo"))
    for session in (silent, answered):
        checkin.invite(session, by=ben)
    checkin.send(answered, "client", answers("client"), by=answered.dyad.client)
    refusals = []
    for session in (silent, answered):
        browser.post(reverse("mark_session", args=[session.uid]), {"state": "cancelled"})
        page = browser.get(reverse("move_session", args=[session.uid])).content.decode()
        refusals.append(page.replace(session.uid, "UID").replace(session.dyad.uid, "UID"))
    assert _plain(refusals[0]) == _plain(refusals[1])


def _plain(page: str) -> str:
    return "".join(line for line in page.splitlines() if "csrfmiddlewaretoken" not in line)


def test_a_message_that_is_due_changes_nothing(session, browser):
    schedule.due(timezone.now() + 2 * HOUR)
    assert is_closed(session, browser)
