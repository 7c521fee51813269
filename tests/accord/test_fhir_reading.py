"""FHIR files in, a table out: from Accord, from other programs, and what is no such file."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.accord.fhir_given import a_response

from accord.cli import main
from accord.errors import BadTable
from accord.instruments import catalogue
from accord.records import Response
from accord.tables import fhir
from accord.tables.fhir_reading import read_responses
from accord.tables.scores import score_file

ELEMENTS = (
    "resourceType", "entry", "resource", "item", "answer", "linkId", "subject", "reference", "questionnaire", "status",
    "authored", "encounter", "source", "extension", "valueCoding", "valueQuantity", "code", "id", "fullUrl",
)  # fmt: skip
EXTENSIONS = "http://hl7.org/fhir/StructureDefinition"
ANA, BEN = fhir.urn("Patient", "ana"), fhir.urn("Practitioner", "ben")


def test_what_another_program_wrote(file):
    (row,) = read_responses(file(a_response())).rows.to_dicts()
    assert row == {
        "subject": "Patient/7", "therapist": "", "session": "1", "date": "2026-11-03", "rater": "client",
        "questionnaire": "http://example.org/fhir/Questionnaire/phq-9", "version": "2.1",
        "/44250-9": "2", "/44255-8": "3", "/44259-0": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([{"valueDecimal": 2.5}], "2.5"),
        ([{"valueInteger": 4}], "4"),
        ([{"valueBoolean": True}], "true"),
        ([{"valueString": "Slower, please"}], "Slower, please"),
        ([{"valueDate": "2026-01-02"}], "2026-01-02"),
        ([{"valueQuantity": {"value": 7, "unit": "h"}}], "7"),
        ([{"valueCoding": {"code": "a"}}, {"valueCoding": {"code": "b"}}], "a b"),
        ([{"valueCoding": {"display": "Often"}}], "Often"),
        ([{"valueCoding": {"code": "x"}, "extension": [{"url": fhir.ORDINAL, "valueDecimal": 1}]}], "1"),
        ([{"valueInteger": 0}], "0"),
        ([{"valueReference": {"reference": "Organization/2", "display": "The park"}}], "The park"),
        ([{"valueAttachment": {"contentType": "text/plain", "title": "Diary"}}], "Diary"),
    ],
)
def test_every_kind_of_answer(file, answer, said):
    path = file(a_response(item=[{"linkId": "q", "answer": answer}]))
    assert read_responses(path).rows["q"].to_list() == [said]


@pytest.mark.parametrize(
    "name",
    ["ordinalValue", "questionnaire-ordinalValue", "itemWeight", "iso21090-CO-value", "iso21090-ordinal-value"],
)
def test_the_number_of_an_answer_under_every_name_that_it_has_had(file, name):
    """The last is that of HL7's own example, the Glasgow Coma Scale."""
    coding = {"code": "LA6560-2", "extension": [{"url": f"{EXTENSIONS}/{name}", "valueDecimal": 4}]}
    path = file(a_response(item=[{"linkId": "1.1", "answer": [{"valueCoding": coding}]}]))
    assert read_responses(path).rows["1.1"].to_list() == ["4"]


def test_items_under_an_answer_stand_beside_it(file):
    inner = {"linkId": "why", "answer": [{"valueString": "noise"}]}
    path = file(a_response(item=[{"linkId": "q", "answer": [{"valueInteger": 1, "item": [inner]}]}]))
    assert read_responses(path).rows.select("q", "why").row(0) == ("1", "noise")


def test_sessions_are_numbered_by_time_for_each_subject(file):
    days = ("2026-11-10", "2026-11-03", "2026-11-17")
    lines = [a_response(authored=f"{day}T10:00:00Z") for day in days]
    lines.append(a_response(authored="2026-11-05T10:00:00Z", subject={"reference": "Patient/8"}))
    rows = read_responses(file("\n".join(map(json.dumps, lines)), "in.ndjson")).rows
    assert rows["session"].to_list() == ["2", "1", "3", "1"]


def test_moments_of_several_time_zones_are_put_in_order(file):
    """08:30 in London is before 10:00 in Berlin; a month alone begins on its first day."""
    days = ("2026-11-03T10:00:00+01:00", "2026-11-03T08:30:00Z", "2026-11", "2026-11-04")
    lines = "\n".join(json.dumps(a_response(authored=day)) for day in days)
    assert read_responses(file(lines)).rows["session"].to_list() == ["3", "2", "1", "4"]


def test_a_line_ends_where_the_line_ends(file):
    """Some signs that end a line elsewhere may stand in words."""
    words = a_response(item=[{"linkId": "q", "answer": [{"valueString": "one\u2028two\x85three"}]}])
    lines = "\n".join(json.dumps(one, ensure_ascii=False) for one in (words, words))
    assert read_responses(file(lines)).rows["q"].to_list() == ["one\u2028two\x85three"] * 2


SERVER = "http://example.org/fhir"
CARD = {"system": "urn:cards", "value": "A 7"}


@pytest.mark.parametrize(
    ("full_url", "reference"),
    [
        (f"{SERVER}/Encounter/1", "Encounter/1"),
        (f"{SERVER}/Encounter/1", f"{SERVER}/Encounter/1"),
        (f"{SERVER}/Encounter/1", "Encounter/1/_history/2"),
        (f"{SERVER}/Encounter/1/_history/2", "Encounter/1"),
        ("urn:uuid:0b1f1c0e-7f4c-4d7b-9c0b-5f1f6a1c0001", "Encounter/1"),
        (None, f"{SERVER}/Encounter/1"),
    ],
)
def test_a_reference_finds_what_it_means(file, full_url, reference):
    visit = {
        "resourceType": "Encounter", "id": "1", "subject": {"reference": "Patient/7"},
        "period": {"start": "2026-11-02T09:00:00Z"}, "participant": [{"individual": {"reference": "Practitioner/1"}}],
    }  # fmt: skip
    ben = {"resourceType": "Practitioner", "id": "1", "name": [{"given": ["Ben"], "family": "Berg"}]}
    entries = [
        {"resource": visit} | ({"fullUrl": full_url} if full_url else {}),
        {"resource": ben, "fullUrl": f"{SERVER}/Practitioner/1"},
        {"resource": a_response(encounter={"reference": reference}), "fullUrl": f"{SERVER}/QuestionnaireResponse/1"},
    ]
    (row,) = read_responses(file({"resourceType": "Bundle", "entry": entries})).rows.to_dicts()
    assert (row["date"], row["session"], row["therapist"], row["rater"]) == ("2026-11-02", "1", "Ben Berg", "client")


@pytest.mark.parametrize(
    "facts",
    [
        {"subject": {"identifier": CARD}},
        {"subject": {"reference": "#me"}, "contained": [{"resourceType": "Patient", "id": "me", "identifier": [CARD]}]},
    ],
)
def test_who_has_no_address_goes_by_an_identifier(file, facts):
    rows = read_responses(file(a_response(**facts, source=facts["subject"]))).rows
    assert rows.select("subject", "rater").row(0) == ("urn:cards|A 7", "client")


def test_two_people_without_any_name_are_not_made_one(file):
    me = {"subject": {"reference": "#me"}, "contained": [{"resourceType": "Patient", "id": "me"}]}
    lines = "\n".join(json.dumps(a_response(id=one, **me)) for one in "ab")
    rows = read_responses(file(lines)).rows
    assert rows["subject"].to_list() == ["QuestionnaireResponse/a#me", "QuestionnaireResponse/b#me"]


def test_of_several_versions_the_newest_counts(file):
    def entry(day, answer):
        item = [{"linkId": "q", "answer": [{"valueInteger": answer}]}]
        return {"resource": a_response(id="1", item=item, meta={"lastUpdated": f"{day}T10:00:00Z"})}

    history = {"resourceType": "Bundle", "type": "history", "entry": [entry("2026-11-04", 2), entry("2026-11-03", 1)]}
    assert read_responses(file(history)).rows["q"].to_list() == ["2"]


def test_a_visit_that_was_entered_in_error_is_no_session(file):
    wrong = {
        "resourceType": "Encounter", "id": "1", "status": "entered-in-error", "subject": {"reference": "Patient/7"},
        "period": {"start": "2026-11-01"},
    }  # fmt: skip
    lines = "\n".join(map(json.dumps, (wrong, a_response())))
    assert read_responses(file(lines)).rows["session"].to_list() == ["1"]


def test_an_encounter_says_the_day_and_counts_though_nobody_answered(file):
    visits = [
        {"resourceType": "Encounter", "id": str(n), "subject": {"reference": "Patient/7"}, "period": {"start": day}}
        for n, day in enumerate(("2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z"))
    ]
    late = a_response(encounter={"reference": "Encounter/1"}, authored="2026-11-09T09:00:00Z")
    entries = [{"resource": one} for one in (*visits, late)]
    (row,) = read_responses(file({"resourceType": "Bundle", "entry": entries})).rows.to_dicts()
    assert (row["session"], row["date"]) == ("2", "2026-11-02")


@pytest.mark.parametrize(
    ("source", "rater"),
    [("Patient/7", "client"), ("Practitioner/1", "therapist"), ("PractitionerRole/1", "therapist"),
     ("RelatedPerson/3", ""), ("Patient/8", ""), ("http://example.org/fhir/Practitioner/1", "therapist")],
)  # fmt: skip
def test_who_answered(file, source, rater):
    assert read_responses(file(a_response(source={"reference": source}))).rows["rater"].to_list() == [rater]


def test_where_the_file_does_not_say_who_answered_nobody_is_named(file):
    """FHIR R4: if not specified, no inference can be made about who provided the data."""
    response = a_response()
    del response["source"]
    assert read_responses(file(response)).rows["rater"].to_list() == [""]


def test_what_nobody_finished_is_left_out_and_counted(file):
    lines = [a_response(), a_response(status="in-progress"), a_response(status="entered-in-error")]
    found = read_responses(file("\n".join(map(json.dumps, lines))))
    assert (found.rows.height, len(found.refused)) == (1, 2)


def test_one_of_several_questionnaires_is_chosen(file, capsys):
    other = a_response(questionnaire="http://example.org/fhir/Questionnaire/gad-7")
    path = file("\n".join(map(json.dumps, [a_response(), other])))
    assert main(["fhir", str(path)]) == 2
    assert "it has answers to http://example.org/fhir/Questionnaire/gad-7, http" in capsys.readouterr().err
    assert main(["fhir", str(path), "--questionnaire", "gad-7"]) == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert main(["fhir", str(path), "--questionnaire", "phq-2"]) == 2
    assert "nobody answered 'phq-2' in it; there is" in capsys.readouterr().err


def test_what_is_left_out_is_counted_of_the_chosen_questionnaire_alone(file):
    unfinished = a_response(status="in-progress")
    other = a_response(questionnaire="http://example.org/fhir/Questionnaire/gad-7")
    path = file("\n".join(map(json.dumps, [unfinished, other])))
    assert read_responses(path, "gad-7").refused == ()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "line 1: this is not JSON"),
        ("{", "line 1: this is not JSON"),
        ('{"resourceType": "Patient"}\n{', "line 2: this is not JSON"),
        ("[1, 2]", "no FHIR resource"),
        ('{"a": 1}', "no FHIR resource"),
        ('{"resourceType": "Bundle"}', "no QuestionnaireResponse in it"),
        (json.dumps(a_response(status="stopped")), "no finished QuestionnaireResponse"),
        (json.dumps(a_response(item=[{"linkId": "date"}])), "an item is called 'date'"),
    ],
)
def test_what_is_no_such_file_gets_a_sentence(file, content, sentence):
    with pytest.raises(BadTable, match=sentence):
        read_responses(file(content))


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ELEMENTS), inner, max_size=4),
)


@given(st.sampled_from(ELEMENTS), SHAPES)
def test_whatever_shape_a_file_has_there_is_a_table_or_a_sentence(tmp_path_factory, element, value):
    path = tmp_path_factory.mktemp("shape") / "in.json"
    whole = {"resourceType": "Bundle", "entry": [{"resource": a_response(**{element: value})}]}
    for content in (a_response(**{element: value}), whole, value):
        path.write_text(json.dumps(content))
        try:
            fine = read_responses(path).rows.height == 1
        except BadTable as error:
            fine = str(error).startswith(str(path))
        assert fine


def test_a_file_that_is_not_text_or_not_there(file, tmp_path):
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    for name, sentence in (("b.json", "not UTF-8"), ("c.json", "no such file")):
        with pytest.raises(BadTable, match=sentence):
            read_responses(tmp_path / name)


def test_what_accord_writes_it_reads_and_scores_alike(file, tmp_path, capsys):
    """Worked examples of the catalogue through FHIR, the command, and `accord score`."""
    phq = catalogue().get("phq-9")
    resources = []
    for number, example in enumerate(phq.examples):
        said = Response(1, "client", phq.id, phq.version, example.form, example.answers)
        made = fhir.questionnaire_response(
            said, phq, phq.wordings["en"], names={}, words={}, patient=ANA, source=ANA,
            about=fhir.urn("Encounter", str(number)), authored=datetime(2026, 1, 1 + number, tzinfo=UTC),
        )  # fmt: skip
        resources.append((fhir.urn("QuestionnaireResponse", str(number)), made))
    path, out = file(fhir.bundle(resources, datetime(2026, 2, 1, tzinfo=UTC))), tmp_path / "out.csv"
    assert main(["fhir", str(path), "--out", str(out)]) == 0
    scored = score_file(out, phq, "full")
    for example, value in zip(phq.examples, scored["total"].to_list(), strict=True):
        assert value == example.scores["total"]
