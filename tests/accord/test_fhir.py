"""FHIR R4 resources, read by a library that was made from the specification (SMART Health IT's fhirclient)."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from fhirclient.models.fhirabstractbase import FHIRValidationError
from tests.accord.fhir_given import possible_answer

from accord.cli import main
from accord.errors import BadInput
from accord.instruments import catalogue
from accord.records import Response, Score
from accord.scoring import score
from accord.tables import fhir
from accord.tables.fhir_names import RECORDS, codes, form_name, identifier, questionnaire_name
from accord.tables.fhir_questionnaire import questionnaire, questionnaires
from accord.tables.fhir_reading import read_responses

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
    assert item.text == "How much of the session was about what matters most to you?"
    coding = item.answer[0].valueCoding
    assert (coding.code, coding.extension[0].valueDecimal) == ("3", 3)
    assert coding.display == check_in.wordings["en"].labels("d1", "client")[3]


@pytest.mark.parametrize("rater", ["client", "therapist"])
def test_a_skipped_item_looks_like_one_that_was_kept_or_not_asked(check_in, rater):
    """Whatever the question."""
    for item in check_in.asked("full", rater):
        beside = {"v1": 3} if item.id != "v1" else {"d1": 3}
        assert answered(check_in, {**beside, item.id: None}, rater=rater) == answered(check_in, beside, rater=rater)


def test_what_is_about_strains_never_goes_in():
    """Neither the answers nor the therapist's guess about them, and nothing of whether they were asked."""
    left_out = {one.id: sorted(fhir.about_strains(one)) for one in catalogue().instruments.values()}
    assert {name: items for name, items in left_out.items() if items} == {
        "accord-check-in": ["g2", "t1", "t2", "t3"], "accord-asking-again": ["a1", "a2"]
    }  # fmt: skip


@pytest.mark.parametrize("rater", ["client", "therapist"])
def test_a_response_with_a_strain_looks_as_one_without(check_in, rater):
    told = answered(
        check_in, {"d1": 3, "t1": 2, "t2": 1, "t3": ("quiet",), "g2": 2}, rater, words={"t1": "It was cold"}
    )
    assert told == answered(check_in, {"d1": 3}, rater)


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
                answers = {item.id: possible_answer(instrument, item, nth) for item in instrument.asked(form, rater)}
                valid(made := answered(instrument, answers, rater, form))
                told = {item: one for item, one in answers.items() if item not in fhir.about_strains(instrument)}
                assert {item["linkId"]: _read(instrument, item) for item in made.get("item", ())} == told


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
    answers = {"d1": 4, "d2": 3, "m1": 4, "m2": 3, "b4": 0, "b2": 4}
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
    coding = valid(fhir.observation(total, said, phq, **facts)).code.coding
    assert [(one.system, one.code) for one in coding] == [
        (codes("score"), "phq-9.total.client"), ("http://loinc.org", "44261-6")
    ]  # fmt: skip


def test_each_voice_has_a_code_of_its_own(check_in):
    """A search for one finds nothing of the other."""
    facts = {"patient": ANA, "source": ANA, "about": SESSION, "on": AT, "of": fhir.urn("QuestionnaireResponse", "1")}
    names = []
    for rater in ("client", "therapist"):
        said = Response(1, rater, check_in.id, check_in.version, "full", {"d1": 4, "d2": 3, "m1": 4, "m2": 3})
        collaboration, *_rest = score(said.answers, check_in)
        (coding,) = fhir.observation(collaboration, said, check_in, **facts)["code"]["coding"]
        names.append(coding["code"])
    assert names == ["accord-check-in.collaboration.client", "accord-check-in.collaboration.therapist"]


def test_a_public_code_for_what_a_patient_said_stands_by_no_therapists_score():
    phq = catalogue().get("phq-9")
    said = Response(1, "therapist", phq.id, phq.version, "full", dict.fromkeys(phq.form("full"), 1))
    (total, *_rest) = score(said.answers, phq)
    facts = {"patient": ANA, "source": BEN, "about": SESSION, "on": AT, "of": fhir.urn("QuestionnaireResponse", "1")}
    assert "loinc" not in str(fhir.observation(total, said, phq, **facts))


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


def test_how_far_a_goal_is_stands_by_the_goal():
    goal, name = fhir.urn("Goal", "1"), fhir.urn("Observation", "1")
    facts = {"patient": ANA, "source": ANA, "about": SESSION, "on": AT, "of": goal}
    made = valid(fhir.progress(7, rater="client", **facts))
    assert (made.valueQuantity.value, made.focus[0].reference) == (7, goal)
    assert made.code.coding[0].code == "goal.client"
    aim = fhir.goal("Sleep", patient=ANA, proposed_by=ANA, agreed_on=None, end="", ended_on=None, progress=[name])
    assert valid(aim).outcomeReference[0].reference == name


class TestUpload:
    def test_the_same_row_has_the_same_name_and_identifier_in_every_bundle(self):
        (entry,) = fhir.bundle([(ANA, fhir.person("Patient", "Ana", birthDate="1990"))], AT)["entry"]
        assert entry["fullUrl"] == ANA == fhir.urn("Patient", "ana")
        assert valid(entry["resource"]).identifier[0].as_json() == {"system": RECORDS, "value": identifier(ANA)}
        assert "birthDate" not in fhir.person("Patient", "Ana", birthDate="")

    def test_a_server_looks_for_each_by_its_identifier_before_it_adds_it(self, check_in):
        name = fhir.urn("QuestionnaireResponse", "1")
        made = fhir.bundle([(name, answered(check_in, {"d1": 3}))], AT)
        (entry,) = valid(made).entry
        assert entry.request.as_json() == {
            "method": "PUT", "url": f"QuestionnaireResponse?identifier={RECORDS}%7C{identifier(name)}"
        }  # fmt: skip
        assert entry.resource.identifier.value == identifier(name)

    def test_a_person_whom_another_clinic_knows_already_is_not_written_over(self):
        (entry,) = fhir.bundle([(BEN, fhir.person("Practitioner", "Ben"))], AT)["entry"]
        assert entry["request"]["method"] == "POST"
        assert entry["request"]["ifNoneExist"] == f"identifier={RECORDS}%7C{identifier(BEN)}"


class TestQuestionnaires:
    @pytest.mark.parametrize("identity", sorted(catalogue().instruments))
    def test_one_for_each_form_side_and_language_that_the_licence_allows(self, identity):
        instrument = catalogue().get(identity)
        made = list(questionnaires(instrument))
        names = {one["url"] for one in made}
        assert len(names) == len(made)
        allowed = instrument.licence.redistribution_allowed and instrument.wordings
        count = len(instrument.forms) * len(instrument.raters) * len(instrument.wordings)
        assert len(made) == (count if allowed else 0)
        for one in made:
            assert valid(one).copyright
            assert "{" not in "".join(_texts(one))

    def test_one_that_may_not_be_handed_on_is_refused(self, check_in):
        with pytest.raises(BadInput, match="wai-sr: its licence does not allow its wording to be handed on"):
            questionnaire(catalogue().get("wai-sr"), "full", "client", check_in.wordings["en"])

    @pytest.mark.parametrize("identity", sorted(catalogue().instruments))
    def test_every_answer_of_a_response_is_one_of_its_choices_to_the_letter(self, identity):
        """Labels too: a form that shows a response finds its choices by them."""
        instrument = catalogue().get(identity)
        for made in questionnaires(instrument):
            form, rater, language = made["url"].split(".")[-3:]
            options = {
                item["linkId"]: [o["valueCoding"] for o in item.get("answerOption", ())] for item in made["item"]
            }
            for nth in range(5):
                answers = {item.id: possible_answer(instrument, item, nth) for item in instrument.asked(form, rater)}
                said = answered(instrument, answers, rater, form, wording=language)
                assert said["questionnaire"] == f"{made['url']}|{made['version']}"
                for item in said.get("item", ()):
                    for one in item["answer"]:
                        assert "valueCoding" not in one or one["valueCoding"] in options[item["linkId"]]

    def test_no_label_holds_a_name(self):
        """A label is the code's, and the same for everybody; in the question the name stands as it was asked."""
        look = catalogue().get("accord-wider-look")
        (item,) = (one.id for one in look.items if "{client}" in str(look.wordings["de"].labels(one.id, "therapist")))
        (made,) = answered(look, {item: 4}, "therapist", wording="de")["item"]
        assert made["answer"][0]["valueCoding"]["display"] == "So viel … möchte"
        assert "Ana" not in str(made["answer"])

    def test_a_question_that_hangs_on_another_says_so(self, check_in):
        made = questionnaire(check_in, "full", "client", check_in.wordings["en"])
        follow_up = next(item for item in made["item"] if item["linkId"] == "t2")
        assert {one["question"] for one in follow_up["enableWhen"]} == {"t1"}
        assert follow_up["enableBehavior"] == "any"
        assert "0" not in {one["answerCoding"]["code"] for one in follow_up["enableWhen"]}

    def test_words_that_may_not_be_handed_on_are_in_no_response_either(self, check_in):
        """A practice may show them to its clients; another clinic has to have them itself."""
        wai = replace(catalogue().get("wai-sr"), wordings={"en": check_in.wordings["en"]})
        made = answered(wai, {wai.items[0].id: 4})
        assert "text" not in made["item"][0]
        assert made["questionnaire"].startswith(questionnaire_name("wai-sr", "full", "client") + "|")

    def test_both_sides_in_every_language_are_one_form_for_who_reads(self):
        names = [
            questionnaire_name("phq-9", "full", *side) for side in (("client", "en"), ("therapist", "de"), ("client",))
        ]
        assert {form_name(name) for name in names} == {"https://accord.example/fhir/Questionnaire/phq-9.full"}
        assert form_name("http://example.org/Questionnaire/a.b.client") == "http://example.org/Questionnaire/a.b.client"


def _texts(value):
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def test_the_command_writes_what_the_licences_allow(tmp_path, capsys):
    assert main(["instruments", "gad-7", "--fhir", str(tmp_path / "out")]) == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "gad-7.full.client.en.json"
    assert valid(json.loads(path.read_text())).version == catalogue().get("gad-7").version
    assert "1 questionnaires are in" in capsys.readouterr().out
    assert main(["instruments", "wai-sr", "--fhir", str(tmp_path)]) == 2
    assert "wai-sr: there is no wording here whose licence allows it" in capsys.readouterr().err
    assert main(["instruments", "gad-7", "--fhir", str(path)]) == 2
    assert "nothing can be written there" in capsys.readouterr().err


def test_a_response_beside_its_questionnaire_reads_back_with_every_item(tmp_path):
    """What Accord writes it reads: the other half of `accord fhir`."""
    gad = catalogue().get("gad-7")
    resources = [(fhir.urn("Questionnaire", "1"), one) for one in questionnaires(gad)]
    resources.append((fhir.urn("QuestionnaireResponse", "1"), answered(gad, {"gad1": 3})))
    path = tmp_path / "fhir.json"
    path.write_text(json.dumps(fhir.bundle(resources, AT)))
    (row,) = read_responses(path, "gad-7").rows.to_dicts()
    assert (row["questionnaire"], row["rater"], row["gad1"], row["gad7"]) == (
        "https://accord.example/fhir/Questionnaire/gad-7.full", "client", "3", ""
    )  # fmt: skip
