"""The newer ways to plan, and what they could open; a tablet that was handed over; marks that are put aside."""

import threading
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from tests.attack.test_past import DAY, HOUR, browser, is_closed, session, typed  # noqa: F401
from tests.clinic.people import a_course, a_held_session, answers
from tests.clinic.phone import past_the_first_time
from tests.clinic.rights_steps import inside
from tests.clinic.test_handed_over import tablet  # noqa: F401

from accord_clinic.actions import care, checkin, planning, put_aside, reveal
from accord_clinic.imports.calendar import changing, job
from accord_clinic.imports.calendar.reading import Appointment, CalendarReading
from accord_clinic.models import CalendarChange, PutAside, Session, Signal


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
        browser.post(
            reverse("plan_session", args=[session.dyad.uid]), typed(timezone.now() + HOUR) | {"every": "1", "minutes": "50"}
        )
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


class TestATabletThatWasHandedOver:
    """The client, alone with Ben's tablet, tries what a curious person would."""

    PAGES = [
        "/account/password/change/", "/account/2fa/", "/account/2fa/totp/activate/", "/account/2fa/totp/deactivate/",
        "/account/2fa/recovery-codes/", "/account/2fa/recovery-codes/download/", "/account/2fa/recovery-codes/generate/",
        "/account/2fa/webauthn/", "/account/2fa/webauthn/add/", "/account/sessions/", "/learn/", "/guide/", "/practice/",
        "/c/../today/", "/check-in/../people/", "/away/../today/", "//today/", "/C/", "/today/?in=de",
    ]  # fmt: skip

    @pytest.fixture
    def session(self, dyad):
        a_course(dyad, 1)
        session = a_held_session(dyad)
        past_the_first_time(session)
        return session

    def test_no_page_names_a_client(self, tablet, people):  # noqa: F811
        people.ana.name = "Kolibri"
        people.ana.save()
        told = [page for page in self.PAGES if "Kolibri" in tablet.get(page).content.decode(errors="replace")]
        assert told == []

    def test_no_form_changes_how_the_member_signs_in(self, tablet, people):  # noqa: F811
        before = people.ben.password, list(people.ben.authenticator_set.values_list("pk", flat=True))
        new = {"oldpassword": "", "password1": "a whole new password", "password2": "a whole new password"}
        for page in self.PAGES:
            tablet.post(page, new | {"code": "000000", "name": "mine", "credential": "{}"})
        people.ben.refresh_from_db()
        assert (people.ben.password, list(people.ben.authenticator_set.values_list("pk", flat=True))) == before

    def test_nothing_of_the_course_is_written(self, tablet, dyad):  # noqa: F811
        for name, form in (("put_aside", {"mark": "x"}), ("pause", {"what": "ill"}), ("plan_session", {})):
            answer = tablet.post(reverse(name, args=[dyad.uid]), form)
            assert "/account/2fa/" in answer["Location"], name


class TestMarksPutAside:
    @pytest.fixture
    def mark(self, dyad):
        a_course(dyad, 4)
        a_held_session(dyad, client=answers("client", b1=4), therapist=answers("therapist"))
        return "not_said_yet:5:"

    def test_no_name_of_another_course_reaches_its_mark(self, people, mark, as_member):
        other = reverse("put_aside", args=[people.dyad.uid])
        for member in (people.eve, people.mo, people.dee, people.ada, people.cy):
            assert as_member(member).post(other, {"mark": mark}).status_code == 404
        for name in ("not_said_yet:5", "not_said_yet:5:x", "1", "x" * 5000, "not_said_yet:٥:", mark.upper()):
            as_member(people.ben).post(other, {"mark": name})
        assert not PutAside.objects.exists()

    @pytest.mark.parametrize("sheet", ["../../../evil", "//evil.example/", "https://evil.example", "x/y"])
    def test_leads_to_no_other_place(self, people, mark, as_member, sheet):
        answer = as_member(people.ben).post(reverse("put_aside", args=[people.dyad.uid]), {"mark": mark, "sheet": sheet})
        assert answer["Location"] == reverse("dyad", args=[people.dyad.uid])

    def test_a_mark_of_a_session_that_is_closed_is_not_there(self, people, mark):
        closed = a_held_session(people.dyad, client=answers("client", t1=3, b1=4))
        assert not Signal.objects.filter(session=closed).exists()
        put_aside.put_aside(people.dyad, mark, True, by=people.ben)
        checkin.send(closed, "client", answers("client", t1=0, b1=4), by=people.ana)
        assert PutAside.objects.count() == 1

    def test_the_client_sees_and_takes_nothing_of_it(self, people, mark):
        pages = [f"/mine/{people.dyad.uid}/", f"/mine/{people.dyad.uid}/readers/", "/mine/rights/"]
        phone = inside(people.ana)
        before = [phone.get(page).status_code for page in pages]
        put_aside.put_aside(people.dyad, mark, True, by=people.ben)
        assert [phone.get(page).status_code for page in pages] == before
        assert "aside" not in "".join(phone.get(page).content.decode() for page in pages)

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_are_one(self, people, mark):
        faults = []

        def put():
            try:
                put_aside.put_aside(people.dyad, mark, True, by=people.ben)
            except Exception as error:  # whatever goes wrong is what is looked for
                faults.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=put) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert PutAside.objects.count() == 1
