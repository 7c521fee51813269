"""Which questionnaire was answered, and what it tells about its answers; declined answers; formulas in cells."""

import csv

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.accord.fhir_given import a_bundle, a_question, a_response

from accord.cli import main
from accord.errors import BadTable
from accord.tables import fhir
from accord.tables.fhir_reading import read_responses
from accord.tables.study import for_spreadsheets

URL = "http://example.org/fhir/Questionnaire/phq-9"
LOINC = "http://loinc.org"
CODES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
TERMS = "http://terminology.hl7.org/CodeSystem"


def said(link, **answer):
    return {"linkId": link, "text": f"Question {link}", "answer": [answer]}


def coded(code, system=LOINC, **facts):
    return {"valueCoding": {"system": system, "code": code, **facts}}


def contained(asked, **facts):
    """A response that holds its own questionnaire, called `#form`."""
    form = {"resourceType": "Questionnaire", "id": "form", "item": [a_question("q", asked)], **facts}
    item = [{"linkId": "q", "answer": [{"valueInteger": 1}]}]
    return a_response(questionnaire="#form", contained=[form], item=item)


def phq(where="answerOption", **facts):
    """A questionnaire whose choices have numbers: at the choice, at its code, or in a value set."""
    numbers = [[{"url": fhir.ORDINAL, "valueDecimal": n}] for n in range(4)]
    pairs = list(zip(CODES, numbers, strict=True))
    if where == "answerOption":
        options = [{"valueCoding": {"system": LOINC, "code": code}, "extension": number} for code, number in pairs]
    else:
        options = [{"valueCoding": {"system": LOINC, "code": code, "extension": number}} for code, number in pairs]
    items = [a_question("/44250-9", answerOption=options), a_question("/44255-8", answerOption=options)]
    if where.startswith("valueset"):
        items = [a_question(one["linkId"], answerValueSet="#often") for one in items]
        concepts = [{"code": code, "extension": number} for code, number in pairs]
        content = {"compose": {"include": [{"system": LOINC, "concept": concepts}]}}
        if where == "valueset expansion":
            content = {"expansion": {"contains": [{"system": LOINC, **one} for one in concepts]}}
        facts["contained"] = [{"resourceType": "ValueSet", "id": "often", **content}]
    group = {"linkId": "group", "type": "group", "item": [*items, {"linkId": "thanks", "type": "display"}]}
    return {"resourceType": "Questionnaire", "id": "phq", "url": URL, "version": "2.1", "item": [group], **facts}


class TestNames:
    def test_two_different_contained_questionnaires_of_one_name_are_two(self, file):
        path = file([contained("How are you?"), contained("How is the weather?"), contained("How are you?")])
        with pytest.raises(BadTable, match=r"it has answers to #form \(1\), #form \(2\)\. Choose one"):
            read_responses(path)
        assert read_responses(path, "#form (1)").rows.height == 2
        assert read_responses(path, "#form (2)").rows.height == 1

    def test_the_same_one_contained_in_each_response_is_one(self, file):
        assert read_responses(file([contained("How are you?")] * 3)).rows["questionnaire"].to_list() == ["#form"] * 3

    def test_a_contained_one_goes_by_its_address_and_by_what_it_was_made_from(self, file):
        """Adaptive forms hold what was asked this time alone: a part of one questionnaire."""
        first = contained("How are you?", url=URL, version="2.1")
        second = contained("", derivedFrom=[f"{URL}|2.0"], item=[a_question("r", "And now?")])
        rows = read_responses(file([first, second])).rows
        assert rows.select("questionnaire", "version").rows() == [(URL, "2.1"), (URL, "")]

    def test_two_that_ask_different_things_under_one_address_are_two(self, file):
        path = file([contained("How are you?", url=URL), contained("How is the weather?", url=URL)])
        with pytest.raises(BadTable, match=r"phq-9 \(1\), http.*phq-9 \(2\)"):
            read_responses(path)

    def test_unnamed_ones_are_not_merged(self, file):
        sleep = a_response(questionnaire=None, item=[said("1", valueInteger=1), said("2", valueInteger=2)])
        other = [{"linkId": "1", "text": "Another question", "answer": [{"valueInteger": 9}]}]
        path = file([sleep, a_response(questionnaire=None, item=other), sleep])
        with pytest.raises(BadTable, match=r"unnamed \(1\) \(with items 1, 2\), unnamed \(2\) \(with items 1\)"):
            read_responses(path)
        assert read_responses(path, "unnamed (1)").rows.select("1", "2").rows() == [("1", "2")] * 2
        assert read_responses(path, "unnamed (2)").rows["1"].to_list() == ["9"]

    def test_a_skipped_question_does_not_make_another_questionnaire(self, file):
        items = [[said(one, valueInteger=1) for one in ids] for ids in ("12", "23")]
        path = file([a_response(questionnaire=None, item=one) for one in items])
        assert read_responses(path).rows.select("1", "2", "3").rows() == [("1", "1", ""), ("", "1", "1")]

    def test_ids_without_words_prove_nothing(self, file):
        """Many questionnaires begin with 1, 2, 3."""
        items = [[{"linkId": one, "answer": [{"valueInteger": 1}]} for one in ids] for ids in ("12", "123")]
        path = file([a_response(questionnaire=None, item=one) for one in items])
        with pytest.raises(BadTable, match=r"unnamed \(1\)"):
            read_responses(path)


class TestBeside:
    @pytest.mark.parametrize("where", ["answerOption", "coding", "valueset", "valueset expansion"])
    def test_the_questionnaire_gives_the_numbers_and_the_order_of_its_items(self, file, where):
        answer = a_response(item=[{"linkId": "/44255-8", "answer": [coded("LA6571-9")]}])
        rows = read_responses(file(a_bundle(answer, phq(where)))).rows
        assert rows.columns[7:] == ["/44250-9", "/44255-8"]
        assert rows.row(0)[7:] == ("", "3")

    def test_a_value_set_that_stands_in_another_file(self, file, tmp_path):
        form = phq("valueset")
        (values,) = form.pop("contained")
        file(values | {"url": "http://example.org/often"}, "out/ValueSet.json")
        for item in form["item"][0]["item"][:2]:
            item["answerValueSet"] = "http://example.org/often|1.0"
        file(form, "out/Questionnaire.json")
        file(a_response(item=[{"linkId": "/44255-8", "answer": [coded("LA6569-3")]}]), "out/a.json")
        assert read_responses(tmp_path / "out").rows["/44255-8"].to_list() == ["1"]

    def test_weights_as_later_guides_write_them_found_by_the_words_of_the_answer(self, file):
        """As in HL7's own example of SDC 4.0, where code and value set do not agree in the case of letters."""
        weight = [{"url": "code", "valueCode": "itemWeight"}, {"url": "value[x]", "valueDecimal": 2}]
        url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.expansion.contains.property"
        concept = {"code": "often", "display": "Often", "extension": [{"url": url, "extension": weight}]}
        values = {"resourceType": "ValueSet", "id": "often", "expansion": {"contains": [concept]}}
        form = phq("valueset") | {"contained": [values]}
        answer = a_response(item=[{"linkId": "/44250-9", "answer": [coded("Often", display="Often")]}])
        assert read_responses(file(a_bundle(form, answer))).rows["/44250-9"].to_list() == ["2"]

    def test_what_the_response_says_itself_counts_before_it(self, file):
        own = coded("LA6571-9", extension=[{"url": fhir.ORDINAL, "valueDecimal": 7}])
        answer = a_response(item=[{"linkId": "/44250-9", "answer": [own]}])
        assert read_responses(file(a_bundle(phq(), answer))).rows["/44250-9"].to_list() == ["7"]

    @pytest.mark.parametrize(
        ("name", "read"),
        [(f"{URL}|2.1", "3"), (URL, "3"), ("Questionnaire/phq", "3"), (f"{URL}|3", "LA6571-9"), ("b", "LA6571-9")],
    )
    def test_it_is_the_one_that_the_response_names(self, file, name, read):
        """Another version may give other numbers."""
        answer = a_response(questionnaire=name, item=[{"linkId": "/44250-9", "answer": [coded("LA6571-9")]}])
        assert read_responses(file(a_bundle(phq(), answer))).rows["/44250-9"].to_list() == [read]

    def test_of_two_versions_none_is_guessed(self, file):
        answer = a_response(questionnaire=URL, item=[{"linkId": "/44250-9", "answer": [coded("LA6571-9")]}])
        both = phq(), phq(id="old", version="1.0")
        assert read_responses(file(a_bundle(*both, answer))).rows["/44250-9"].to_list() == ["LA6571-9"]


class TestNoAnswer:
    @pytest.mark.parametrize(
        "answer",
        [
            coded("asked-declined", f"{TERMS}/data-absent-reason"),
            coded("ASKU", f"{TERMS}/v3-NullFlavor"),
            coded("ASKU", "http://hl7.org/fhir/v3/NullFlavor"),
            coded("NASK", "urn:oid:2.16.840.1.113883.5.1008"),
            coded("UNK", f"{TERMS}/v2-0532"),
            {"extension": [{"url": ABSENT, "valueCode": "unknown"}]},
            coded("x", extension=[{"url": ABSENT}]),
        ],
    )  # fmt: skip
    def test_a_declined_answer_is_an_empty_cell_and_is_counted(self, file, answer):
        found = read_responses(file(a_response(item=[{"linkId": "q", "answer": [answer]}])))
        assert found.rows["q"].to_list() == [""]
        assert found.notes == ("1 answers say that there is none (declined, unknown ...): their cells are empty.",)

    def test_yes_and_no_are_answers(self, file):
        answers = [{"linkId": one, "answer": [coded(one, f"{TERMS}/v2-0532")]} for one in "YN"]
        assert read_responses(file(a_response(item=answers))).rows.select("Y", "N").row(0) == ("Y", "N")


class TestFormulas:
    def test_a_cell_that_a_spreadsheet_program_would_run_begins_with_an_apostrophe(self, file, tmp_path, capsys):
        attack = '=HYPERLINK("http://evil.example","Open")'
        items = [said("q", valueString=attack), said("-1", valueString="-1.5"), said("@x", valueString="x;=1+1")]
        path = file(a_response(item=items, subject={"display": "@Ana"}))
        assert main(["fhir", str(path), "--out", str(tmp_path / "out.csv")]) == 0
        with (tmp_path / "out.csv").open(newline="") as out:
            (row,) = csv.DictReader(out)
        assert (row["subject"], row["q"], row["'-1"], row["'@x"]) == ("'@Ana", f"'{attack}", "-1.5", "x;'=1+1")
        assert main(["fhir", str(path)]) == 0
        assert "'=HYPERLINK" in capsys.readouterr().out

    def test_parquet_which_no_such_program_opens_keeps_the_words(self, file, tmp_path):
        path = file(a_response(item=[said("q", valueString="=1+1")]))
        assert main(["fhir", str(path), "--out", str(tmp_path / "out.parquet")]) == 0
        assert pl.read_parquet(tmp_path / "out.parquet")["q"].to_list() == ["=1+1"]

    @given(st.text())
    def test_no_text_is_taken_for_a_formula(self, words):
        (safe,) = for_spreadsheets(pl.DataFrame({"q": [words]}))["q"].to_list()
        assert safe.replace("'", "") == words.replace("'", "")
        try:
            float(safe)
        except ValueError:
            assert safe.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
