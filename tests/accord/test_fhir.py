"""FHIR R4 resources, read by a library that was made from the specification (SMART Health IT's fhirclient)."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from fhirclient.models.fhirabstractbase import FHIRValidationError

from accord.instruments import catalogue
from accord.records import Response, Score
from accord.scoring import score
from accord.tables import fhir

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


def answered(instrument, answers, rater="client", form="full", words=None, wording="en", authored=AT):
    said = Response(1, rater, instrument.id, instrument.version, form, answers)
    whose = ANA if rater == "client" else BEN
    return fhir.questionnaire_response(
        said, instrument, instrument.wordings.get(wording), names=NAMES, words=words or {},
        patient=ANA, source=whose, about=SESSION, authored=authored,
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


def test_where_a_client_may_keep_the_answer_a_skipped_one_looks_as_one_that_was_kept(check_in):
    """A strain (t1) or something held back (b1) that was not shown, and what hangs on it."""
    skipped, kept = answered(check_in, {"d1": 3, "b1": None, "t1": None}), answered(check_in, {"d1": 3})
    assert skipped == kept
    assert answered(check_in, {"t1": 2, "t2": None}) == answered(check_in, {"t1": 2})
    therapist = answered(check_in, {"t1": None}, rater="therapist")
    assert [item["linkId"] for item in therapist["item"]] == ["t1"]


def test_of_a_questionnaire_that_is_here_no_more_no_gap_is_told():
    said = Response(1, "client", "gone", "1", "full", {"q1": None})
    made = fhir.questionnaire_response(
        said, None, None, names={}, words={}, patient=ANA, source=ANA, about=SESSION, authored=AT
    )
    assert "item" not in made
    valid(made)


def test_free_lines_stand_under_their_item_in_the_order_of_the_questionnaire(check_in):
    made = answered(check_in, {"v1": 3, "d1": 3}, words={"o2": "Slower, please", "o1": "The walk"})
    assert [item["linkId"] for item in made["item"]] == ["d1", "v1", "o1", "o2"]
    assert valid(made).item[-1].answer[0].valueString == "Slower, please"


def test_the_language_is_that_of_the_words(check_in):
    assert valid(answered(check_in, {"d1": 3}, wording="de")).language == "de"
    assert "language" not in answered(check_in, {"d1": 3}, wording="none")


def test_an_hour_that_nobody_knows_is_not_told(check_in):
    assert "authored" not in answered(check_in, {"d1": 3}, authored=None)
    met = fhir.encounter(ANA, BEN, date(2026, 11, 3), "held", "room")
    assert valid(met).as_json()["period"] == {"start": "2026-11-03"}


@pytest.mark.parametrize("answer", ["often", ("gone",)])
def test_only_a_number_is_told_as_the_number_of_an_answer(check_in, answer):
    """Where a practice has changed an item from words, or from a choice of many, to a choice of one."""
    (item,) = valid(answered(check_in, {"d1": answer})).as_json()["item"]
    assert "extension" not in item["answer"][0]["valueCoding"]


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
        [{"valueDecimal": 3}], [{"valueString": "a"}, {"valueString": "b"}], [{"valueString": "yes"}]
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
    assert "loinc" not in str(made.as_json())
    assert isinstance(short, Score)
    assert short.value is None


def test_a_score_that_has_a_public_code_bears_it():
    phq = catalogue().get("phq-9")
    said = Response(1, "client", phq.id, phq.version, "full", dict.fromkeys(phq.form("full"), 1))
    (total, *_rest) = score(said.answers, phq)
    facts = {"patient": ANA, "source": ANA, "about": SESSION, "on": AT, "of": fhir.urn("QuestionnaireResponse", "1")}
    codes = valid(fhir.observation(total, said, phq, **facts)).code.coding
    assert [(one.system, one.code) for one in codes] == [
        ("urn:accord:scale", "phq-9/total"), ("http://loinc.org", "44261-6")
    ]  # fmt: skip


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


def a_plan(**facts):
    return fhir.care_plan(
        **{"view": "", "tasks": [], "agreed": True, "patient": ANA, "therapist": BEN, "goals": [],
           "started": date(2026, 9, 1), "ended": None} | facts
    )  # fmt: skip


def test_a_plan_holds_the_view_the_goals_and_the_tasks():
    goal = fhir.urn("Goal", "1")
    plan = valid(
        a_plan(view="We rush", tasks=[("Shoes by the door", "", goal), ("Run", "dropped", "")], goals=[goal], note="So")
    )
    assert (plan.status, plan.intent, plan.description, plan.note[0].text) == ("active", "plan", "We rush", "So")
    assert [one.detail.status for one in plan.activity] == ["in-progress", "cancelled"]


def test_what_only_one_of_the_two_has_sealed_is_a_proposal():
    plan = valid(a_plan(view="We rush", tasks=[("Walk", "", "")], agreed=False))
    assert (plan.status, plan.intent, plan.activity[0].detail.status) == ("draft", "proposal", "not-started")
    assert plan.author is None


@pytest.mark.parametrize(
    ("agreed", "ending", "status"),
    [(True, "planned", "completed"), (True, "agreement", "completed"), (True, "by_client", "revoked"),
     (True, "moved_on", "revoked"), (False, "planned", "revoked")],
)  # fmt: skip
def test_a_plan_is_completed_when_both_ended_it(agreed, ending, status):
    assert valid(a_plan(agreed=agreed, ended=date(2026, 12, 1), ending=ending)).status == status


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
