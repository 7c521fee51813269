"""Every resource and every parameter of the FHIR API is asked as every program: its own, Eve's, one without a yes, one
for the numbers of the practice.

What is not a program's is as if it did not exist, and no planted word of the canary is in any answer of any.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from tests.clinic.people import a_dyad
from tests.clinic.program import (
    KINDS,
    NUMBERS,
    Key,
    Program,
    a_served,
    a_service,
    agree,
    an_app,
    an_open_app,
    for_numbers,
)
from tests.clinic.test_canary import KEPT, NOT_YET_OPEN, PRIVATE, THERAPIST_KEPT, planted  # noqa: F401
from tests.clinic.test_every_url import world  # noqa: F401
from tests.clinic.test_service import year_of

from accord.tables.fhir_search import PARAMETERS
from accord_clinic.actions import agreements
from accord_clinic.exports.fhir_reference import AGREED, ELEMENTS, LEFT_OUT, reference
from accord_clinic.models import Agreement, Member, ReadLog, ServiceMonth, Session
from accord_clinic.records.shared_record import fhir_id

pytestmark = pytest.mark.same_on_postgresql(reason="test_fhir_api asks the same addresses there")

PEOPLE = [kind for kind in KINDS if kind != "Questionnaire"]
USER = " ".join(f"user/{kind}.rs" for kind in KINDS)


@pytest.fixture
def programs_of(world, as_member) -> dict[str, Program]:  # noqa: F811
    """Ana lets two of them read everything that she can; the others are Eve's, another client's, or without her yes."""
    people, key = world.people, Key()
    goal = Agreement.objects.get(uid=world.things["goal"])
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    past = Session.objects.filter(start__lt=timezone.now() - timedelta(days=10))
    past.update(reveal_due=F("start") + timedelta(hours=96))
    app, other = an_app(people.ada, asks_answers=True), an_app(people.ada, asks_answers=True)
    service, foreign = (a_service(people.ada, key, asks_answers=True) for _time in range(2))
    kim = a_dyad(people.eve, "Kim the second").client
    for recipient in (app, service):
        agree(people.ana, recipient, answers=True)
    for recipient in (app, other, foreign):
        agree(kim, recipient, answers=True)
    flo = Member.objects.get(name="Flo")
    return {
        "ben": an_open_app(as_member(people.ben), app, people.ana),
        "ben, user": an_open_app(as_member(people.ben), app, None, scope=USER),
        "flo, covering": an_open_app(as_member(flo), app, people.ana),
        "service": a_served(service, key),
        "eve": an_open_app(as_member(people.eve), app, None, scope=USER),
        "kim": an_open_app(as_member(people.eve), app, kim),
        "ben, without a yes": an_open_app(as_member(people.ben), other, None, scope=USER),
        "service, without a yes": a_served(foreign, key),
        "numbers": a_served(for_numbers(people.ada, key, people.mo), key),
    }


READ = ("ben", "ben, user", "flo, covering", "service")
FOREIGN = ("eve", "kim", "ben, without a yes", "service, without a yes")


def values(resource: dict, parameter: str, sort: str, place: str) -> Iterator[str]:
    """Each value by which this resource would be found."""
    value = resource.get(place)
    if value is None:
        return
    if sort == "reference":
        yield value if isinstance(value, str) else value["reference"]
    elif sort == "date":
        day = (value["start"] if isinstance(value, dict) else value)[:10]
        yield from (f"ge{day}", f"le{day}")
    elif isinstance(value, str):
        yield value
    else:
        for part in value if isinstance(value, list) else [value]:
            for code in part.get("coding", [part]):
                yield f"{code.get('system', '')}|{code.get('code', code.get('value'))}"


def everything(program: Program, about: str, resources: dict[str, list[dict]]) -> Iterator[tuple[str, object]]:
    """Every resource by its id, and each kind by each of its parameters, with values that fit Ana's record."""
    for kind, found_before in resources.items():
        of_all = kind in ("Patient", *NUMBERS)
        yield f"{kind}, all", program.ask(kind) if of_all else program.ask(kind, patient=about)
        for resource in found_before:
            yield f"{kind} by id", program.ask(f"{kind}/{resource['id']}")
        for name, (sort, place, _definition) in PARAMETERS[kind].items():
            for value in {value for resource in found_before for value in values(resource, name, sort, place)}:
                who = {} if of_all or name in ("patient", "subject") else {"patient": about}
                yield f"{kind} by {name}={value}", program.ask(kind, **who, **{name: value})


@pytest.fixture
def anas(programs_of, world) -> dict[str, list[dict]]:  # noqa: F811
    """All of Ana that there is to read."""
    return {kind: programs_of["ben"].all(kind) for kind in PEOPLE}


def test_each_kind_is_there_for_who_may_read_it(programs_of, anas, world):  # noqa: F811
    assert all(anas.values()), {kind: len(there) for kind, there in anas.items()}
    about = fhir_id(world.people.ana.uid)
    for who in READ:
        for where, response in everything(programs_of[who], about, anas):
            body = response.json()
            assert response.status_code == 200, f"{where} as {who}"
            assert body["resourceType"] != "Bundle" or body["total"] > 0, f"{where} as {who}"


def test_for_everybody_else_it_does_not_exist(programs_of, anas, world):  # noqa: F811
    about, before = fhir_id(world.people.ana.uid), ReadLog.objects.count()
    ids = {resource["id"] for there in anas.values() for resource in there}
    for who in FOREIGN:
        for where, response in everything(programs_of[who], about, anas):
            body = response.json()
            if body["resourceType"] == "Bundle":
                assert not ids & {entry["resource"]["id"] for entry in body.get("entry", [])}, f"{where} as {who}"
                assert not body["total"] or where == "Patient, all", f"{where} as {who}"
            else:
                assert response.status_code == 404, f"{where} as {who}"
    rows = ReadLog.objects.all()[before:]
    assert all(row.dyad.client != world.people.ana for row in rows)


@pytest.fixture
def published(programs_of) -> dict[str, list[dict]]:
    """What the practice has published of a year: four periods, and endings."""
    for month, numbers in year_of(date(2025, 1, 1), held=40, client=20, therapist=20, rule=2, endings={"planned": 2}):
        ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=numbers)
    return {kind: programs_of["numbers"].all(kind) for kind in NUMBERS}


def test_the_numbers_are_there_for_their_program_alone_and_nothing_else_is(programs_of, anas, published, world):  # noqa: F811
    assert [len(published[kind]) for kind in NUMBERS] == [2, 5]
    about = fhir_id(world.people.ana.uid)
    for where, response in everything(programs_of["numbers"], about, published):
        body = response.json()
        assert response.status_code == 200, where
        assert body["resourceType"] != "Bundle" or body["total"] > 0, where
    for who, program in programs_of.items():
        for kind, there in (anas if who == "numbers" else published).items():
            for response in (program.ask(kind), program.ask(f"{kind}/{there[0]['id']}")):
                assert response.status_code == 403, f"{kind} as {who}"
                assert response.json()["resourceType"] == "OperationOutcome", f"{kind} as {who}"


def test_theirs_and_made_up_get_the_same_answer(programs_of, anas):
    for who in FOREIGN:
        for kind, there in anas.items():
            for made_up in (fhir_id("nobody-at-all"), "x", "Z" * 64, "0" * 44):
                theirs, nothing = (programs_of[who].ask(f"{kind}/{identity}") for identity in (there[0]["id"], made_up))
                assert theirs.content == nothing.content
                assert theirs.headers.items() == nothing.headers.items()


def test_no_answer_holds_a_planted_word(planted, programs_of, anas, published, world):  # noqa: F811
    about = fhir_id(world.people.ana.uid)
    for who, program in programs_of.items():
        for where, response in everything(program, about, published if who == "numbers" else anas):
            text = f"{dict(response.headers)} {response.content.decode()}"
            for word in (*PRIVATE, NOT_YET_OPEN, THERAPIST_KEPT, KEPT):
                assert word not in text, f"{where} as {who}"


def test_what_a_program_got_is_in_the_log_of_the_client(programs_of, anas, world):  # noqa: F811
    before = ReadLog.objects.filter(dyad__client=world.people.ana).count()
    for kind in PEOPLE:
        assert programs_of["service"].all(
            kind, **({} if kind == "Patient" else {"patient": fhir_id(world.people.ana.uid)})
        )
    assert ReadLog.objects.filter(dyad__client=world.people.ana).count() == before + len(PEOPLE)


def test_the_reference_is_made_from_the_code():
    text = (Path(__file__).parents[2] / "docs" / "reference" / "fhir.md").read_text(encoding="utf-8")
    assert reference() in text, "Put what accord_clinic.exports.fhir_reference.reference() gives between the two marks."
    assert set(PARAMETERS) == set(ELEMENTS) == set(AGREED) == set(LEFT_OUT)


def test_it_names_every_element_and_no_other(programs_of, anas, published):
    """But for what a resource has only at times: a goal that was reached or has ended."""
    sent = anas | published | {"Questionnaire": programs_of["ben"].all("Questionnaire")}
    for kind, resources in sent.items():
        there = {name for resource in resources for name in resource} - {"resourceType"}
        named = {name for names in ELEMENTS[kind] for name in names.split(", ")}
        at_times = {"achievementStatus", "statusDate", "activity"}
        assert there <= named, kind
        assert named - there <= at_times, kind
