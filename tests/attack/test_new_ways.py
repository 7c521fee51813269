"""The newer ways to plan, and what they could open to a therapist who has not rated."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from tests.attack.test_past import DAY, HOUR, browser, is_closed, session, typed  # noqa: F401

from accord_clinic.actions import care, planning, reveal
from accord_clinic.imports.calendar import changing, job
from accord_clinic.imports.calendar.reading import Appointment, CalendarReading
from accord_clinic.models import CalendarChange, Session


def feed(calendar, *starts: datetime) -> None:
    """What the calendar says now, read with everything that it does about it."""
    calendar.refresh_from_db()
    rows = tuple(Appointment("ana", f"{n}", start, 50, "Ana") for n, start in enumerate(starts))
    first, last = job.span(timezone.now())
    changing.apply(calendar, CalendarReading(rows, ()), first, last, believe=True)


class TestThatNothingOpensSooner:
    """Ben wants to read Ana's answers without rating and without saying why."""

    @pytest.mark.parametrize("days", [-31, -1, 0, 1, 2])
    @pytest.mark.parametrize("every", [1, 4])
    def test_a_rhythm_from_any_day(self, session, browser, days, every):  # noqa: F811
        first = typed(timezone.now() + timedelta(days=days)) | {"every": str(every), "minutes": "50"}
        browser.post(reverse("plan_session", args=[session.dyad.uid]), first)
        planning.plan_rhythms()
        assert session.dyad.sessions.count() > 1, "it is planned at all"
        assert is_closed(session, browser)
        browser.post(reverse("end_rhythm", args=[session.dyad.uid]))
        browser.post(reverse("plan_session", args=[session.dyad.uid]), first)
        planning.plan_rhythms(timezone.now() + 3 * DAY)
        assert is_closed(session, browser)

    @pytest.mark.parametrize("reason", ["ill", "died"])
    def test_a_pause_and_its_end(self, session, browser, reason):  # noqa: F811
        where = reverse("pause", args=[session.dyad.uid])
        weekly = typed(timezone.now() + HOUR) | {"every": "1", "minutes": "50"}
        browser.post(reverse("plan_session", args=[session.dyad.uid]), weekly)
        for what in (reason, "still", "resume", reason, "resume"):
            browser.post(where, {"what": what})
            planning.assume_held()
            assert is_closed(session, browser), what

    def test_a_calendar_that_moves_adds_and_takes_away(self, session, browser, ben):  # noqa: F811
        calendar, now = job.connect(ben, ""), timezone.now()
        changing.match(calendar, "ana", session.dyad)
        for starts in (
            [now + HOUR], [now + timedelta(minutes=1)], [now + 2 * DAY], [], [now + HOUR, now + DAY], [now + 9 * DAY],
        ):  # fmt: skip
            feed(calendar, *starts)
            assert is_closed(session, browser), starts
        for change in CalendarChange.objects.all():
            browser.post(reverse("put_back", args=[change.uid]))
            assert is_closed(session, browser), change.kind

    @pytest.mark.parametrize("often", [1, 2, 4, 6])
    def test_another_frequency(self, session, browser, often):  # noqa: F811
        form = {"often": str(often), "modality": "room", "form": "full", "approach": "", "setting": ""}
        browser.post(reverse("set_up", args=[session.dyad.uid]), form)
        type(session.dyad).objects.filter(pk=session.dyad.pk).update(often=often)
        care.plan_session(session.dyad, timezone.now() + HOUR, by=session.dyad.therapist)
        assert is_closed(session, browser)

    def test_closed_days_and_their_end(self, session, browser, ada):  # noqa: F811
        planning.set_rhythm(session.dyad, timezone.localdate(), timezone.localtime().time(), by=session.dyad.therapist)
        planning.close("Holiday", timezone.localdate(), timezone.localdate() + 20 * DAY, by=ada)
        assert is_closed(session, browser)

    def test_that_the_two_work_together_already(self, session, browser):  # noqa: F811
        type(session.dyad).objects.filter(pk=session.dyad.pk).update(under_way=True)
        browser.post(reverse("new_course", args=[session.dyad.uid]), {"started": str(timezone.localdate())})
        assert is_closed(session, browser)

    def test_sweeps_and_their_command(self, session, browser):  # noqa: F811
        for _time in range(3):
            call_command("sweep")
        assert is_closed(session, browser)

    def test_a_session_denied_and_believed_again(self, session, browser, ana):  # noqa: F811
        for what in ("planned", "held", "cancelled", "held"):
            browser.post(reverse("mark_session", args=[session.uid]), {"state": what})
            assert is_closed(session, browser), what

    def test_a_paper_form_and_a_tablet(self, session, browser):  # noqa: F811
        for what in ("paper", "tablet"):
            browser.post(reverse("make_link", args=[session.uid]), {what: ""})
        reveal.sweep(timezone.now() + DAY - timedelta(minutes=1))
        assert Session.objects.get(pk=session.pk).revealed_at is None
