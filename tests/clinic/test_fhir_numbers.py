"""What a program that a manager lets in reads of the practice as a whole: what the manager's page shows, less what is
about strains, and nothing about any person.
"""

import json
import re
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.clinic.people import a_held_session, answers
from tests.clinic.program import KINDS, NUMBERS, Key, a_served, a_service, agree, assert_itself, for_numbers
from tests.clinic.test_service import a_closed, counts, year_of

from accord.errors import BadInput
from accord_clinic.actions import consent, programs
from accord_clinic.models import AuditEntry, Consent, ReadLog, ServiceMonth
from accord_clinic.queries.programs import of_client
from accord_clinic.rules.practice import local
from accord_clinic.rules.programs import asked_of

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
ENOUGH = {"held": 150, "client": 120, "therapist": 130, "yes": 20, "no": 20, "rule": 2, "therapists": 5}


@pytest.fixture
def key():
    return Key()


@pytest.fixture
def office(people, key):
    """A data office that the manager lets read."""
    return for_numbers(people.ada, key, people.mo)


@pytest.fixture
def reading(office, key):
    return a_served(office, key)


def counted(report):
    """Its numbers: part and whole of each share, by its code."""
    return {
        group["code"]["coding"][0]["code"]: tuple(
            {of["code"]["coding"][0]["code"]: of["count"] for of in group.get("population", ())}.get(name)
            for name in ("numerator", "denominator")
        )
        for group in report["group"]
    }


class TestWhoReads:
    def test_nothing_before_a_manager_allows_it_and_nothing_after(self, people, key, as_member):
        a_closed(MARCH, **ENOUGH)
        recipient = for_numbers(people.ada, key)
        assert assert_itself(recipient, key).json()["error"] == "invalid_client"
        assert people.mo.roles == ["manager"]
        page = as_member(people.mo)
        page.post(f"/service/programs/{recipient.uid}/", {"allow": "yes"})
        program = a_served(recipient, key)
        assert len(program.all("MeasureReport")) == 1
        page.post(f"/service/programs/{recipient.uid}/")
        assert program.ask("MeasureReport").status_code == 401
        assert assert_itself(recipient, key).json()["error"] == "invalid_client"
        page.post(f"/service/programs/{recipient.uid}/", {"allow": "yes"})
        assert program.ask("MeasureReport").status_code == 401, "the old token has ended for good"
        acts = AuditEntry.objects.filter(row=f"recipient:{recipient.pk}").order_by("id").values_list("act", "actor")
        mo = f"member:{people.mo.pk}"
        said = [("let_read_numbers", mo), ("stop_reading_numbers", mo), ("let_read_numbers", mo)]
        assert list(acts) == [("add_program", f"member:{people.ada.pk}"), *said]

    def test_who_adds_programs_cannot_allow_it(self, people, key, as_member):
        recipient = for_numbers(people.ada, key)
        for member in (people.ada, people.ben, people.cy):
            with pytest.raises(PermissionDenied):
                programs.let_read_numbers(recipient, by=member)
            address = f"/service/programs/{recipient.uid}/"
            assert as_member(member).post(address, {"allow": "yes"}).status_code == 404
        recipient.refresh_from_db()
        assert not recipient.is_let_in

    def test_a_manager_allows_no_other_kind_of_program(self, people, key, as_member):
        service = a_service(people.ada, key)
        assert as_member(people.mo).post(f"/service/programs/{service.uid}/", {"allow": "yes"}).status_code == 404
        programs.let_read_numbers(service, by=people.mo)
        service.refresh_from_db()
        assert service.numbers_since is None

    def test_a_closed_one_is_shut_out_for_good(self, people, key, office, reading):
        programs.close(office, by=people.ada)
        assert reading.ask("MeasureReport").status_code == 401
        programs.let_read_numbers(office, by=people.mo)
        assert assert_itself(office, key).json()["error"] == "invalid_client"

    def test_it_reads_of_no_person_and_no_client_is_asked(self, people, office, reading):
        for kind in KINDS:
            assert reading.ask(kind).status_code == 403
            assert reading.ask(f"{kind}/x").status_code == 403
        with pytest.raises(BadInput):
            consent.give(people.ana, "record", by=people.ana, recipient=office)
        assert asked_of(people.ana, []) == []
        assert of_client(people.ben, people.dyad) == []
        # Not even by a row that nothing here makes.
        Consent.objects.create(
            client=people.ana, purpose="record", by="client", recipient=office, version="1", language="en",
            given_at=timezone.now(),
        )  # fmt: skip
        assert reading.ask("Patient").status_code == 403
        assert not ReadLog.objects.exists()

    def test_who_reads_of_people_reads_no_numbers(self, people, key):
        a_closed(MARCH, **ENOUGH)
        service = a_service(people.ada, key)
        agree(people.ana, service)
        program = a_served(service, key)
        for kind in NUMBERS:
            assert program.ask(kind).status_code == 403
        assert assert_itself(service, key, "system/MeasureReport.rs").json()["error"] == "invalid_scope"

    def test_such_a_program_needs_a_key_and_asks_clients_for_nothing(self, people, key):
        words = {"name": "x", "keeper": "x", "purpose": "x", "use": "numbers"}
        with pytest.raises(BadInput):
            programs.add(by=people.ada, **words)
        with pytest.raises(BadInput):
            programs.add(by=people.ada, **words, keys=key.public, asks_answers=True)


class TestWhatIsRead:
    def test_what_the_managers_page_shows(self, people, reading, as_member):
        for month in (MARCH, APRIL):
            a_closed(month, **ENOUGH, modality="video")
        january = a_closed(date(2026, 1, 1), **ENOUGH | {"held": 320, "client": 290})
        reports = reading.all("MeasureReport")
        assert [report["id"] for report in reports] == [
            "sessions-2026-01-2026-01", "sessions-2026-03-2026-03", "sessions-2026-04-2026-04",
        ]  # fmt: skip
        first = {"clients-answered": (290, 320), "therapists-answered": (130, 320), "in-person": (320, 320)}
        assert counted(reports[0]) == first
        assert counted(reports[1])["in-person"] == (0, 150)
        assert reports[1]["period"] == {"start": "2026-03-01", "end": "2026-03-31"}
        assert reports[0]["date"] == str(local(january.closed_at).date())
        page = re.sub(r"<[^>]+>|\s+", " ", as_member(people.mo).get("/service/").content.decode())
        for report in reports:
            for name in ("clients-answered", "therapists-answered"):
                part, whole = counted(report)[name]
                assert f"{part} of {whole}" in page

    def test_endings_of_a_whole_year(self, reading):
        endings = {"planned": 2, "by_client": 1}
        months = year_of(held=150, client=75, therapist=75, rule=2, endings=endings)
        for month, numbers in months:
            ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=numbers)
        (ended,) = reading.all("MeasureReport", measure="https://accord.example/fhir/Measure/endings")
        assert ended["period"] == {"start": "2026-01-01", "end": "2026-12-31"}
        assert counted(ended) == {
            "planned": (24, 36), "agreement": (0, 36), "by_client": (12, 36), "by_therapist": (0, 36),
            "moved_on": (0, 36),
        }  # fmt: skip

    def test_nothing_about_strains_or_comments(self, people, reading, as_member):
        a_closed(MARCH, **ENOUGH | {"yes": 77, "no": 66, "partly": 55}, still_open={"2": 44, "more": 33})
        ServiceMonth.objects.update(counts=ServiceMonth.objects.get().counts | {"counted": 22})
        page = as_member(people.mo).get("/service/").content.decode()
        assert all(f">{number}<" in page or f" {number} " in page for number in (77, 44, 33, 22))
        (report,) = reading.all("MeasureReport")
        numbers = {number for pair in counted(report).values() for number in pair}
        assert numbers == {120, 130, 150}
        written = json.dumps([report, *reading.all("Measure")]).lower()
        assert not [word for word in ("strain", "comment", "talked", "repair", "signal") if word in written]

    @pytest.mark.parametrize("changed", [{"therapists": 2}, {"rule": 1}, {"held": 99}])
    def test_a_practice_with_too_little_to_publish_answers_nothing(self, reading, changed):
        a_closed(MARCH, **ENOUGH | changed)
        for program_asks in ({}, {"_count": "0"}):
            bundle = reading.get("MeasureReport", **program_asks)
            assert (bundle["total"], "entry" in bundle) == (0, False)
        assert len(reading.all("Measure")) == 2

    def test_before_any_month_is_closed_there_is_nothing(self, reading):
        assert reading.get("MeasureReport")["total"] == 0

    def test_where_nearly_all_or_nearly_none_answered_it_does_not_say_so(self, reading):
        """The page tells the manager of ratings that lack, and where everybody answered; it stays inside."""
        a_closed(MARCH, **ENOUGH)
        for answered, shown in ((150, None), (145, None), (141, None), (140, 140), (10, 10), (9, None), (0, None)):
            changed = ENOUGH | {"client": answered, "therapist": answered}
            ServiceMonth.objects.update(counts=counts(**changed))
            (report,) = reading.all("MeasureReport")
            assert counted(report)["clients-answered"] == counted(report)["therapists-answered"] == (shown, 150)

    def test_each_share_is_defined_in_words(self, reading):
        a_closed(MARCH, **ENOUGH)
        measures = {f"{made['url']}|{made['version']}": made for made in reading.all("Measure")}
        (report,) = reading.all("MeasureReport")
        defined = {group["code"]["coding"][0]["code"]: group for group in measures[report["measure"]]["group"]}
        assert set(defined) == set(counted(report))
        assert all("Numerator: " in group["description"] for group in defined.values())

    def test_nothing_moves_when_somebody_answers(self, people, reading):
        """Body and headers stay as they were, byte for byte, until the next month is closed."""
        a_closed(MARCH, **ENOUGH)
        before = [everything(reading, kind) for kind in NUMBERS]
        for ago in (2, 20, 200):
            at = timezone.now() - timedelta(days=ago)
            a_held_session(people.dyad, at, client=answers("client", t1=3), therapist=answers("therapist"))
        a_held_session(people.dyad, timezone.now() - timedelta(hours=5), client=answers("client"))
        assert [everything(reading, kind) for kind in NUMBERS] == before
        for headers, body in before:
            assert not {"ETag", "Last-Modified", "Retry-After"} & set(headers)
            assert b"lastUpdated" not in body

    def test_several_months_are_dated_by_the_day_on_which_the_last_was_closed(self, reading):
        for month, day in ((MARCH, "2026-04-08"), (APRIL, "2026-05-08")):
            numbers = counts(**ENOUGH | {"held": 90, "client": 60, "therapist": 60})
            ServiceMonth.objects.create(month=month, closed_at=f"{day} 02:00Z", counts=numbers)
        (report,) = reading.all("MeasureReport")
        assert report["date"] == "2026-05-08"
        assert report["period"] == {"start": "2026-03-01", "end": "2026-04-30"}
        assert counted(report)["clients-answered"] == (120, 180)

    def test_what_was_published_never_changes(self, reading):
        a_closed(MARCH, **ENOUGH)
        (march,) = reading.all("MeasureReport")
        a_closed(APRIL, **ENOUGH | {"held": 500, "therapists": 9})
        assert reading.get(f"MeasureReport/{march['id']}") == reading.all("MeasureReport")[0] == march


def everything(program, kind):
    response = program.ask(kind)
    return dict(response.headers), response.content


class TestHowItIsAsked:
    def test_searches_find_what_fits_page_by_page(self, reading):
        for month in (MARCH, APRIL):
            a_closed(month, **ENOUGH)
        first, second = reading.all("MeasureReport", _count="1")
        assert reading.all("MeasureReport", period="ge2026-04-15") == [second]
        assert reading.all("MeasureReport", _id=f"{first['id']},x") == [first]
        assert len(reading.all("MeasureReport", measure=first["measure"], status="complete")) == 2
        assert reading.all("MeasureReport", measure="https://accord.example/fhir/Measure/endings") == []
        assert reading.all("MeasureReport", date="lt2020") == []
        name = first["identifier"][0]
        assert reading.all("MeasureReport", identifier=f"{name['system']}|{name['value']}") == [first]
        assert len(reading.all("Measure", url="https://accord.example/fhir/Measure/sessions")) == 1

    def test_what_is_not_offered_is_refused(self, reading):
        for name in ("patient", "subject", "_lastUpdated", "reporter", "_include", "evaluated-resource"):
            response = reading.ask("MeasureReport", **{name: "x"})
            assert response.status_code == 400, name
            assert response.json()["resourceType"] == "OperationOutcome"

    def test_what_is_not_there_is_a_404(self, reading):
        for path in ("MeasureReport/sessions-2026-03-2026-03", "Measure/x"):
            assert reading.ask(path).status_code == 404

    def test_the_number_of_queries_does_not_grow(self, reading):
        def cost():
            with CaptureQueriesContext(connection) as asked:
                reading.all("MeasureReport")
            return len(asked)

        a_closed(MARCH, **ENOUGH)
        reading.all("MeasureReport")
        before = cost()
        for month, numbers in year_of(date(2026, 4, 1), **ENOUGH):
            ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=numbers)
        assert cost() == before <= 8


def test_both_pages_say_who_may_read(people, office, key, as_member):
    waiting = for_numbers(people.ada, key)
    of_manager = as_member(people.mo).get("/service/").content.decode()
    assert "Allowed since" in of_manager
    assert "Not allowed. It reads nothing." in of_manager
    of_admin = as_member(people.ada).get("/practice/programs/").content.decode()
    assert "allowed by a manager" in of_admin
    assert "not allowed by a manager yet" in of_admin
    assert waiting.application.client_id in of_admin
    posted = {"name": "y", "keeper": "y", "purpose": "y", "use": "numbers", "keys": json.dumps(key.public)}
    page = as_member(people.ada).post("/practice/programs/", posted, follow=True).content.decode()
    assert "It reads nothing until a manager allows it on the page “Service”." in page
