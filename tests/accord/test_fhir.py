"""FHIR R4 resources, read by a library that was made from the specification (SMART Health IT's fhirclient)."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from fhirclient.models.fhirabstractbase import FHIRValidationError

from accord import fhir
from accord.instruments import catalogue
from accord.records import Response, Score
from accord.scoring import score

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
ANA, BEN, SESSION = fhir.urn("Patient", "ana"), fhir.urn("Practitioner", "ben"), fhir.urn("Encounter", "1")
NAMES = {"client": "Ana", "therapist": "Ben", "session": "the session on Tuesday"}


@pytest.fixture(scope="module")
def check_in():
    return catalogue().get("accord-check-in")


def valid(resource):
    """The resource as the library reads it: unknown, missing and wrong elements are refused there."""
    kind = resource["resourceType"]
    return getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)(resource, strict=True)


def answered(instrument, answers, rater="client", form="full", words=None, wording="en"):
    said = Response(1, rater, instrument.id, instrument.version, form, answers)
    whose = ANA if rater == "client" else BEN
    return fhir.questionnaire_response(
        said, instrument, instrument.wordings.get(wording), names=NAMES, words=words or {},
        patient=ANA, source=whose, about=SESSION, authored=AT,
    )  # fmt: skip


def test_the_library_refuses_what_is_wrong():
    for wrong in ({"status": None}, {"colour": "red"}, {"authored": 3}):
        with pytest.raises(FHIRValidationError):
            valid({"resourceType": "QuestionnaireResponse", "status": "completed"} | wrong)


def test_an_answer_has_its_question_its_label_and_its_number(check_in):
    made = answered(check_in, {"d1": 3})
    (item,) = valid(made).item
    assert item.linkId == "d1"
    assert "the session on Tuesday" in item.text
    coding = item.answer[0].valueCoding
    assert (coding.code, coding.extension[0].valueDecimal) == ("3", 3)
    assert coding.display == check_in.wordings["en"].labels("d1", "client")[3]


def test_a_skipped_item_has_no_answer_and_one_that_was_not_asked_is_absent(check_in):
    made = answered(check_in, {"d1": None, "d2": 2})
    assert [(item["linkId"], "answer" in item) for item in made["item"]] == [("d1", False), ("d2", True)]


def test_free_lines_stand_under_their_item(check_in):
    made = answered(check_in, {"d1": 3}, words={"o2": "Slower, please"})
    assert valid(made).item[-1].answer[0].valueString == "Slower, please"


@pytest.mark.parametrize("identity", sorted(catalogue().instruments))
def test_no_answer_of_any_questionnaire_is_changed_on_the_way(identity):
    """The worked examples of each, and every possible answer to each item."""
    instrument = catalogue().get(identity)
    for form in instrument.forms:
        for rater in instrument.raters:
            for nth in range(5):
                answers = {item.id: _possible(instrument, item, nth) for item in instrument.asked(form, rater)}
                valid(made := answered(instrument, answers, rater, form))
                assert {item["linkId"]: _read(instrument, item) for item in made["item"]} == answers


def _possible(instrument, item, nth):
    of = instrument.answer_set(item.id)
    if of.kind == "choice":
        return of.values[nth % len(of.values)]
    if of.kind == "many":
        return of.codes[: nth + 1]
    return "words" if of.kind == "text" else of.low + nth * (of.high - of.low) / 4


def _read(instrument, item):
    kind = instrument.answer_set(item["linkId"]).kind
    values = [one.get("valueString", one.get("valueDecimal", one.get("valueCoding"))) for one in item["answer"]]
    if kind == "many":
        return tuple(value["code"] for value in values)
    return int(values[0]["code"]) if kind == "choice" else values[0]


def test_where_there_is_no_wording_the_ids_stand_alone():
    instrument = catalogue().get("wai-sr")
    assert not instrument.wordings
    item = instrument.items[0].id
    made = answered(instrument, {item: 4})
    assert "text" not in made["item"][0]
    assert "display" not in made["item"][0]["answer"][0]["valueCoding"]


def test_a_questionnaire_that_is_here_no_more_loses_no_answer():
    said = Response(1, "client", "gone", "1", "full", {"q1": 3, "q2": ("a", "b"), "q3": None, "q4": "yes"})
    made = fhir.questionnaire_response(
        said, None, None, names={}, words={}, patient=ANA, source=ANA, about=SESSION, authored=AT
    )
    valid(made)
    assert [item.get("answer") for item in made["item"]] == [
        [{"valueDecimal": 3}], [{"valueString": "a"}, {"valueString": "b"}], None, [{"valueString": "yes"}]
    ]  # fmt: skip


def test_an_item_that_only_the_other_is_asked_is_kept_without_words(check_in):
    """A version before may have asked it of both."""
    only = next(item.id for item in check_in.items if item.raters == ("therapist",))
    made = answered(check_in, {only: 2})
    assert made["item"] == [{"linkId": only, "answer": [{"valueDecimal": 2}]}]


def test_a_score_says_of_how_many_answers_it_was_made(check_in):
    answers = {"d1": 4, "d2": 3, "m1": 4, "m2": 3, "b1": 0, "b2": 4}
    said = Response(1, "client", check_in.id, check_in.version, "full", answers)
    whole, short, *_ = score(answers, check_in)
    facts = {"patient": ANA, "source": ANA, "about": SESSION, "on": AT, "of": fhir.urn("QuestionnaireResponse", "1")}
    made = valid(fhir.observation(whole, said, check_in, **facts))
    assert (made.valueQuantity.value, made.valueQuantity.unit) == (87.5, "points, 0 to 100")
    assert made.code.text == "accord-check-in/collaboration, by the client"
    assert made.note[0].text == "answered 4 of 4"
    none = valid(fhir.observation(short, said, check_in, **facts))
    assert none.valueQuantity is None
    assert none.dataAbsentReason.coding[0].code == "unknown"
    assert isinstance(short, Score)
    assert short.value is None


@pytest.mark.parametrize(
    ("agreed", "end", "status"),
    [
        (None, "", "proposed"),
        (date(2026, 11, 3), "", "active"),
        (date(2026, 11, 3), "reached", "completed"),
        (date(2026, 11, 3), "dropped", "cancelled"),
        (None, "replaced", "cancelled"),
    ],
)
def test_a_goal_is_active_once_both_have_sealed_it(agreed, end, status):
    ended = date(2026, 12, 1) if end else None
    made = fhir.goal("Sleep", patient=ANA, proposed_by=ANA, agreed_on=agreed, end=end, ended_on=ended)
    assert valid(made).lifecycleStatus == status
    assert ("achievementStatus" in made) == (end == "reached")


def test_a_plan_holds_the_view_the_goals_and_the_tasks():
    goal = fhir.urn("Goal", "1")
    tasks = [("Shoes by the door", True, "", goal), ("Walk", False, "", ""), ("Run", True, "dropped", goal)]
    made = fhir.care_plan(
        "We rush", tasks, patient=ANA, therapist=BEN, goals=[goal], started=date(2026, 9, 1), ended=None
    )
    plan = valid(made)
    assert (plan.status, plan.description) == ("active", "We rush")
    assert [one.detail.status for one in plan.activity] == ["in-progress", "not-started", "cancelled"]
    empty = fhir.care_plan("", [], patient=ANA, therapist=BEN, goals=[], started=date(2026, 9, 1), ended=AT.date())
    assert valid(empty).status == "completed"


@pytest.mark.parametrize(
    ("state", "status"), [("planned", "planned"), ("held", "finished"), ("missed_by_client", "cancelled")]
)
def test_a_session_is_an_encounter(state, status):
    assert valid(fhir.encounter(ANA, BEN, AT, state, "room")).status == status
    assert fhir.encounter(ANA, BEN, AT, state, "video")["class"]["code"] == "VR"


def test_the_same_row_has_the_same_name_in_every_bundle():
    patient = fhir.person("Patient", "Ana", birthDate="1990")
    made = fhir.bundle([(ANA, patient)], AT)
    assert valid(made).entry[0].fullUrl == ANA == fhir.urn("Patient", "ana")
    assert "birthDate" not in fhir.person("Patient", "Ana", birthDate="")
