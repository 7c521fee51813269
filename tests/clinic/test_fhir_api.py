"""What a program of others reads by FHIR: only what clients agreed to, of whom they agreed, and how it is asked."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Grant
from tests.clinic.people import a_dyad, a_held_session, a_part, answers
from tests.clinic.program import (
    BASE,
    KINDS,
    Key,
    a_code,
    a_served,
    a_service,
    agree,
    an_app,
    an_open_app,
    swap,
)

from accord_clinic.actions import agreements, consent, erasure, programs
from accord_clinic.models import Erasure, ReadLog, Session
from accord_clinic.records.shared_record import fhir_id

pytestmark = pytest.mark.django_db
PHQ = {f"phq{number}": 1 for number in range(1, 10)}


def an_outcome(**changed):
    """A PHQ-9 beside the check-in."""
    return (a_part("phq-9", "client", "full", PHQ | changed),)


@pytest.fixture
def course(ana, ben, dyad):
    """Two sessions that are long over, one of yesterday that both have answered, one that is not open."""
    a_held_session(
        dyad,
        client=answers("client", parts=an_outcome(), words="Slower, please", b1=2, t1=0),
        therapist=answers("therapist"),
    )
    a_held_session(dyad, client=answers("client", t1=3, t2=1, t3=("quiet",)), therapist=answers("therapist", g2=3))
    yesterday = timezone.now() - timedelta(days=1)
    a_held_session(dyad, yesterday, client=answers("client", words="Just now"), therapist=answers("therapist"))
    a_held_session(dyad, yesterday + timedelta(hours=3), client=answers("client", words="Not open yet"))
    for kind, words, sealed in (("goal", "Sleep through", True), ("goal", "Only proposed", False)):
        goal = agreements.propose(dyad, kind, words, "client", by=ana)
        seal(goal, ana, ben, sealed)
    opened_by_time(dyad)
    goal = dyad.agreements.get(wordings__words="Sleep through")
    seal(agreements.propose(dyad, "task", "Shoes by the door", "therapist", by=ben, goal=goal), ana, ben)
    seal(agreements.propose(dyad, "problem", "We both rush", "client", by=ana), ana, ben)
    return dyad


def opened_by_time(dyad):
    """As if each session had been planned before it took place: it would have opened four days after."""
    past = dyad.sessions.filter(start__lt=timezone.now() - timedelta(days=10))
    past.update(reveal_due=F("start") + timedelta(hours=96))


def seal(row, ana, ben, both=True):
    agreements.seal(row, "client", seen=row.wordings.get().pk, by=ana)
    if both:
        agreements.seal(row, "therapist", seen=row.wordings.get().pk, by=ben)


@pytest.fixture
def app(ada):
    return an_app(ada, asks_answers=True)


@pytest.fixture
def reading(course, app, ana, ben, as_member):
    """Ben has opened the app with Ana's record; she has agreed to the first question alone."""
    agree(ana, app)
    return an_open_app(as_member(ben), app, ana)


class TestWhoIsRead:
    def test_nothing_before_the_client_agrees_and_nothing_after(self, course, app, ana, ben, as_member, people):
        key = Key()
        service = a_service(people.ada, key)
        assert a_served(service, key).all("Patient") == []
        agree(ana, service)
        program = a_served(service, key)
        assert [patient["id"] for patient in program.all("Patient")] == [fhir_id(ana.uid)]
        consent.withdraw(ana, "record", by=ana, recipient=service)
        assert program.all("Patient") == []
        assert program.ask(f"Patient/{fhir_id(ana.uid)}").status_code == 404

    def test_a_token_about_a_client_dies_with_the_withdrawal(self, reading, app, ana):
        assert len(reading.all("Goal")) == 1
        consent.withdraw(ana, "record", by=ana, recipient=app)
        assert reading.ask("Goal").status_code == 401

    def test_withdrawing_the_first_yes_takes_the_second_with_it(self, app, ana):
        agree(ana, app, answers=True)
        consent.withdraw(ana, "record", by=ana, recipient=app)
        agree(ana, app)
        assert not ana.consents.filter(purpose="record_answers", withdrawn_at=None).exists()

    def test_a_guardian_has_to_agree_too_where_one_has_to(self, course, ana, ben, ada):
        key = Key()
        service = a_service(ada, key)
        ana.born = timezone.localdate().year - 14
        ana.save()
        agree(ana, service)
        program = a_served(service, key)
        assert program.all("Patient") == []
        consent.note_guardian(course, "record", by=ben, recipient=service)
        assert len(program.all("Patient")) == 1
        consent.withdraw(ana, "record", by=ben, voice="guardian", recipient=service)
        assert program.all("Patient") == []

    def test_one_program_is_not_another(self, course, ana, ada):
        first, second = Key(), Key()
        agreed, other = a_service(ada, first), a_service(ada, second, name="Another")
        agree(ana, agreed)
        assert len(a_served(agreed, first).all("Patient")) == 1
        assert a_served(other, second).all("Patient") == []

    def test_a_clinicians_token_ends_where_the_clinician_does(self, reading, people, course):
        course.therapist = people.eve
        course.save()
        assert reading.all("Goal") == []
        assert reading.all("Patient") == []

    def test_nor_does_a_member_who_has_left_read(self, reading, ben):
        ben.is_active = False
        ben.save()
        assert reading.all("Patient") == []

    def test_who_asked_for_erasure_has_no_token_and_no_code(self, reading, app, ana, ben, as_member):
        code = a_code(as_member(ben), app, ana)
        erasure.ask(ana, by=ana)
        assert reading.ask("Goal").status_code == 401
        assert swap(app, code).json()["error"] == "invalid_grant"

    def test_token_of_all_own_clients_reads_nobody_who_asked_for_erasure(self, course, app, ana, ben, as_member):
        agree(ana, app)
        program = an_open_app(as_member(ben), app, None, scope="user/Patient.rs")
        assert len(program.all("Patient")) == 1
        erasure.ask(ana, by=ana)
        assert program.all("Patient") == []

    def test_nothing_left_over_from_an_erased_client_opens_anything(self, dyad, app, ana, ben, ada, as_member):
        """As after a copy was put back: the rows of codes and tokens are there again, of whoever was erased."""
        a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        lee = a_dyad(ben, "Lee").client
        for client in (ana, lee):
            agree(client, app)
        both = "launch/patient patient/*.rs user/Patient.rs user/Goal.rs user/Encounter.rs"
        program, code = an_open_app(as_member(ben), app, ana, scope=both), a_code(as_member(ben), app, ana, scope=both)
        rows = list(AccessToken.objects.all()), list(Grant.objects.all())
        erasure.ask(ana, by=ana)
        erasure.decide(Erasure.objects.get(client=ana.pk), (), (), by=ada)
        for row in (*rows[0], *rows[1]):
            row.save(force_insert=True)
        assert swap(app, code).json()["error"] == "invalid_grant"
        for kind in KINDS[:1] + KINDS[2:]:
            assert program.get(kind)["total"] == 0, kind
        assert program.ask(f"Patient/{fhir_id(lee.uid)}").status_code == 404

    def test_a_closed_program_is_shut_out_for_good(self, reading, app, ada, ana):
        programs.close(app, by=ada)
        assert reading.ask("Goal").status_code == 401
        assert not ana.consents.filter(recipient=app, withdrawn_at=None).exists()

    def test_a_foreign_patient_is_an_empty_bundle_and_a_404(self, reading, people, app):
        kim = a_dyad(people.eve, "Kim").client
        agree(kim, app)
        for kind in KINDS[2:]:
            assert reading.all(kind, patient=fhir_id(kim.uid)) == []
        theirs, made_up = (reading.ask(f"Patient/{identity}") for identity in (fhir_id(kim.uid), fhir_id("nobody")))
        assert theirs.status_code == made_up.status_code == 404
        assert theirs.content == made_up.content

    def test_user_scopes_read_of_all_own_clients_and_of_no_other(self, course, app, ana, ben, people, as_member):
        kim, lee = a_dyad(people.eve, "Kim").client, a_dyad(ben, "Lee").client
        for client in (ana, kim, lee):
            agree(client, app)
        program = an_open_app(as_member(ben), app, None, scope="user/Patient.rs user/Goal.rs")
        assert {patient["id"] for patient in program.all("Patient")} == {fhir_id(ana.uid), fhir_id(lee.uid)}
        assert [goal["description"]["text"] for goal in program.all("Goal", patient=fhir_id(ana.uid))] == [
            "Sleep through"
        ]
        assert program.ask("Goal").status_code == 400


class TestWhatIsRead:
    def test_by_the_first_yes_totals_goals_and_tasks(self, reading):
        (total,) = reading.all("Observation")
        assert (total["code"]["coding"][0]["code"], total["valueQuantity"]["value"]) == ("phq-9.total.client", 9)
        assert "derivedFrom" not in total
        assert reading.all("QuestionnaireResponse") == []
        (goal,) = reading.all("Goal")
        assert (goal["description"]["text"], goal["lifecycleStatus"]) == ("Sleep through", "active")
        assert not {"startDate", "expressedBy"} & set(goal)
        (plan,) = reading.all("CarePlan")
        assert [step["detail"]["description"] for step in plan["activity"]] == ["Shoes by the door"]
        encounters = reading.all("Encounter")
        assert len(encounters) == 2
        days = [total["effectiveDateTime"], *(encounter["period"]["start"] for encounter in encounters)]
        assert {len(day) for day in days} == {len("2026-11-02")}, "clients agree to days, not to hours"

    def test_by_the_second_yes_what_was_shown_in_check_ins(self, reading, ana, app):
        agree(ana, app, answers=True)
        responses = reading.all("QuestionnaireResponse")
        assert len(responses) == 2
        items = {item["linkId"] for response in responses for item in response["item"]}
        assert {"d1", "b2", "o2"} <= items
        assert not {"t1", "t2", "t3", "b1", "g1", "g2"} & items
        scores = {score["code"]["coding"][0]["code"].split(".")[1] for score in reading.all("Observation")}
        assert scores == {"collaboration", "connection", "voice", "total"}
        assert not any("authored" in response for response in responses)

    def test_nobody_reads_what_never_leaves(self, reading, ana, app):
        agree(ana, app, answers=True)
        text = json.dumps([reading.all(kind) for kind in KINDS if kind != "Questionnaire"])
        for secret in (
            "Just now",
            "Not open yet",
            "Only proposed",
            "We both rush",
            ".therapist",
            '"t1"',
            "strain",
            '"b1"',
        ):
            assert secret not in text, secret
        assert "Slower, please" in text

    def test_a_check_in_of_which_nothing_is_shown_is_as_one_that_was_not_sent(self, reading, ana, ben, app, dyad):
        agree(ana, app, answers=True)
        before = reading.all("QuestionnaireResponse"), reading.all("Observation")
        sharing = dict.fromkeys(("d1", "d2", "m1", "m2", "b1", "b2", "b3", "b4", "t1", "v1"), "raise")
        last = dyad.sessions.order_by("start")[1]
        start = last.start + timedelta(days=3)
        session = a_held_session(dyad, start, client=answers("client", sharing=sharing), therapist=answers("therapist"))
        assert session.revealed_at is not None
        assert len(reading.all("Encounter")) == 2
        opened_by_time(dyad)
        assert len(reading.all("Encounter")) == 3
        assert (reading.all("QuestionnaireResponse"), reading.all("Observation")) == before

    def test_total_without_enough_answers_is_not_there(self, reading, dyad):
        few = answers("client", parts=(a_part("phq-9", "client", "full", {"phq1": 1}),))
        a_held_session(dyad, timezone.now() - timedelta(days=30), client=few, therapist=answers("therapist"))
        opened_by_time(dyad)
        assert len(reading.all("Observation")) == 1


class TestWhetherSomebodyAnswered:
    def test_no_session_is_there_before_all_would_be(self, reading, course):
        """Both have answered that of yesterday, and it is open: only time opens it to programs."""
        assert len(reading.all("Encounter")) == 2
        Session.objects.filter(revealed_at=None).update(revealed_at=timezone.now(), revealed_by="time")
        assert len(reading.all("Encounter")) == 2

    def test_no_answer_tells_of_a_session_that_is_not_there(self, reading, ana, app, course, ben):
        """Body and headers are the same, byte for byte, with and without what is not open."""
        agree(ana, app, answers=True)
        before = [answer_of(reading, kind) for kind in KINDS]
        a_held_session(course, timezone.now() - timedelta(hours=5), client=answers("client", parts=an_outcome()))
        a_held_session(
            course, timezone.now() - timedelta(hours=9), client=answers("client"), therapist=answers("therapist")
        )
        assert [answer_of(reading, kind) for kind in KINDS] == before
        for headers, body in before:
            assert not {"ETag", "Last-Modified", "Retry-After"} & set(headers)
            assert "lastUpdated" not in body


def answer_of(program, kind):
    response = program.ask(kind, _count="1")
    body = response.content.decode()
    onward = body.find("_page=")
    return sorted(response.headers.items()), body[:onward] if onward > 0 else body


class TestHowItIsAsked:
    def test_every_answer_without_a_token_says_so(self, course):
        for path in ("Goal", "Patient/x", "Questionnaire"):
            response = Browser().get(f"/fhir/r4/{path}")
            assert response.status_code == 401
            assert response.json()["resourceType"] == "OperationOutcome"
            assert response["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(
        ("path", "parameters", "status"),
        [
            ("Goal", {"_lastUpdated": "gt2020"}, 400),
            ("Goal", {"_total": "accurate"}, 400),
            ("Goal", {"patient.name": "Ana"}, 400),
            ("Goal", {"patient:Patient": "x"}, 400),
            ("Goal", {"_count": "-1"}, 400),
            ("Goal", {"_count": "many"}, 400),
            ("Goal", {"_page": "made-up"}, 400),
            ("Goal", {"_format": "xml"}, 406),
            ("Encounter", {"date": "yesterday"}, 400),
            ("Encounter", {"date": "ge9999-12-31"}, 400),
            ("Encounter", {"date": "ge9999"}, 400),
            ("Encounter", {"date": "le2999-12"}, 200),
            ("Media", {}, 404),
            ("Goal/x/_history", {}, 404),
            ("$export", {}, 404),
            ("", {}, 404),
        ],
    )
    def test_what_is_not_understood_is_refused_and_never_left_out(self, reading, path, parameters, status):
        response = reading.ask(path, **parameters)
        assert response.status_code == status, response.content
        expected = "Bundle" if status == 200 else "OperationOutcome"
        assert response.json()["resourceType"] == expected
        assert response["Content-Type"].startswith("application/fhir+json")

    def test_nor_is_anything_that_would_lead_to_other_resources(self, reading):
        """Inclusions, chains, modifiers, results of another shape, and more parameters than any search has."""
        names = (
            "_include", "_include:iterate", "_revinclude", "_has:Observation:patient:code", "_elements", "_summary",
            "_sort", "_filter", "_query", "_list", "_text", "_content", "_contained", "_tag", "_security", "_source",
            "_type", "_since", "_at", "_pretty", "subject.identifier", "patient.name:exact", "_id:not", "_id:missing",
            "identifier:of-type", "subject:Patient.name", "%00",
        )  # fmt: skip
        asked = [{name: "x"} for name in names]
        asked += [{"_count": "9" * 5000}, {"_count": "٣"}, {"_count": ["1", "2"]}, {"_page": "A" * 20_000}]
        asked.append({str(number): "x" for number in range(1100)})
        for parameters in asked:
            response = reading.ask("Goal", **parameters)
            assert response.status_code == 400, parameters
            assert response.json()["resourceType"] == "OperationOutcome"

    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_nothing_is_written(self, reading, method):
        ask = getattr(Browser(), method)
        response = ask("/fhir/r4/Goal", "{}", "application/json", headers={"Authorization": f"Bearer {reading.token}"})
        assert response.status_code == 405
        assert response.json()["resourceType"] == "OperationOutcome"

    def test_pages_are_capped_and_their_links_say_nothing(self, reading, ben, as_member, app, ana):
        first = reading.get("Encounter", _count="1")
        assert first["total"] == 2
        (onward,) = (link["url"] for link in first["link"] if link["relation"] == "next")
        assert onward.startswith(f"{BASE}/Encounter?_page=")
        assert len(onward.split("=")) == 2 or "=" in onward
        assert len(reading.all("Encounter", _count="1")) == 2
        assert reading.get("Encounter", _count="1000")["total"] == 2
        assert "entry" not in reading.get("Encounter", _count="0")
        another = an_open_app(as_member(ben), app, ana)
        sealed = onward.partition("_page=")[2]
        assert another.ask("Encounter", _page=sealed).status_code == 400
        for kind, more in (("Goal", {}), ("Encounter", {"patient": fhir_id(ana.uid)}), ("Encounter", {"_count": "9"})):
            assert reading.ask(kind, _page=sealed, **more).status_code == 400
        consent.withdraw(ana, "record", by=ana, recipient=app)
        agree(ana, app)
        assert reading.ask("Encounter", _page=sealed).status_code == 401

    def test_a_token_without_the_scope_is_refused(self, course, app, ana, ben, as_member):
        agree(ana, app)
        program = an_open_app(as_member(ben), app, ana, scope="launch/patient patient/Goal.s patient/Patient.r")
        assert program.ask("Goal").status_code == 200
        goal = program.all("Goal")[0]["id"]
        assert program.ask(f"Goal/{goal}").status_code == 403
        assert program.ask("Patient").status_code == 403
        assert program.ask("Encounter").status_code == 403

    def test_searches_find_what_fits(self, reading, ana):
        (total,) = reading.all("Observation")
        assert len(reading.all("Observation", code="http://loinc.org|44261-6")) == 1
        assert reading.all("Observation", code="http://loinc.org|1-1") == []
        assert len(reading.all("Observation", category="survey", date="ge2020-01-01")) == 1
        assert reading.all("Observation", date="lt2020-01-01") == []
        assert len(reading.all("Observation", encounter=total["encounter"]["reference"])) == 1
        name = total["identifier"][0]
        assert len(reading.all("Observation", identifier=f"{name['system']}|{name['value']}")) == 1
        assert reading.get(f"Observation/{total['id']}") == total
        assert len(reading.all("Goal", patient=f"{BASE}/Patient/{fhir_id(ana.uid)}")) == 1
        assert (
            len(reading.all("Questionnaire", url="https://accord.example/fhir/Questionnaire/phq-9.full.client.en")) == 1
        )

    def test_a_program_that_asks_too_often_waits(self, reading, monkeypatch):
        monkeypatch.setattr("accord_clinic.views.fhir.A_MINUTE", 2)
        statuses = [reading.ask("Goal").status_code for _time in range(4)]
        assert statuses[-1] == 429
        assert reading.ask("Goal").json()["resourceType"] == "OperationOutcome"

    def test_a_browser_of_a_known_origin_may_read_and_no_other(self, ada):
        an_app(ada, origins="https://app.example.org/start")
        for asked, allowed in (("https://app.example.org", "https://app.example.org"), ("https://evil.example", None)):
            response = Browser().options("/fhir/r4/Goal", headers={"Origin": asked})
            assert response.headers.get("Access-Control-Allow-Origin") == allowed

    def test_an_error_of_ours_is_an_outcome(self, reading, monkeypatch):
        monkeypatch.setattr("accord_clinic.exports.fhir_records.pieces", lambda *_all: 1 / 0)
        response = reading.ask("Goal")
        assert response.status_code == 500
        assert response.json()["resourceType"] == "OperationOutcome"


class TestReadLog:
    def test_each_read_is_in_the_clients_log(self, reading, app, ben):
        (goal,) = reading.all("Goal")
        reading.get(f"Goal/{goal['id']}")
        rows = ReadLog.objects.filter(recipient=app)
        assert [(row.member, row.what) for row in rows] == [(ben, "record")] * 2
        encounters = reading.all("Encounter")
        assert len(rows.last().sessions) == len(encounters) == 2

    def test_the_client_reads_who_it_was(self, reading, ana, course):
        from tests.clinic.rights_steps import inside

        reading.all("Goal")
        page = inside(ana).get(f"/mine/{course.uid}/readers/").content.decode()
        assert "City record, opened by Ben" in page
        assert "what you let this program read" in page

    def test_who_asks_for_the_number_alone_is_in_it(self, reading, app):
        assert reading.get("Encounter", _count="0", date="gt2000")["total"] == 2
        assert len(ReadLog.objects.get(recipient=app).sessions) == 2

    def test_what_found_nothing_is_not_in_it(self, reading, app):
        reading.all("Goal", patient="123")
        assert not ReadLog.objects.filter(recipient=app).exists()


def test_the_number_of_queries_does_not_grow_with_the_record(reading, course, ana, app):
    agree(ana, app, answers=True)
    before = {kind: queries(reading, kind) for kind in KINDS}
    for _time in range(3):
        start = course.sessions.order_by("start").first().start - timedelta(days=7)
        said = answers("client", parts=an_outcome(), words="More")
        a_held_session(course, start, client=said, therapist=answers("therapist"))
    opened_by_time(course)
    assert {kind: queries(reading, kind) for kind in KINDS} == before
    assert max(before.values()) <= 18, before


def queries(program, kind):
    program.get(kind)  # what a process remembers is read
    with CaptureQueriesContext(connection) as asked:
        assert program.all(kind)
    return len(asked)
