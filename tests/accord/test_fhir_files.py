"""What FHIR comes in: folders, packed files, bundles in bundles, histories, pages, other releases, broken resources."""

import gzip
import json

import pytest
from tests.accord.fhir_given import a_bundle, a_response, an_encounter

from accord.cli import main
from accord.errors import BadTable
from accord.tables.fhir_reading import read_responses

FIVE = "http://hl7.org/fhir/5.0/StructureDefinition"
SERVER = "http://example.org/fhir"


def reasons(table):
    return [(one.resource, one.reason) for one in table.refused]


class TestFiles:
    def test_a_folder_of_packed_files_one_for_each_type_as_bulk_exports_write_them(self, file, tmp_path):
        file([a_response(id="1", encounter={"reference": "Encounter/e"})], "out/QuestionnaireResponse.000.ndjson.gz")
        file([an_encounter("e", "2026-11-02")], "out/Encounter.000.ndjson")
        file("", "out/Condition.000.ndjson")
        file([{"resourceType": "Patient", "id": "7"}], "out/deeper/Patient.000.json")
        (row,) = read_responses(tmp_path / "out").rows.to_dicts()
        assert (row["date"], row["session"]) == ("2026-11-02", "1")

    def test_what_in_a_folder_is_no_fhir_is_named(self, file, tmp_path):
        file(a_response(id="1"), "out/a.json")
        file({"name": "a package"}, "out/package.json")
        file("<xml/>", "out/a.xml")
        file({"name": "hidden"}, "out/.index.json")
        found = read_responses(tmp_path / "out")
        assert reasons(found) == [("package.json, line 1", "it is JSON, but no FHIR resource")]
        assert found.rows.height == 1

    def test_a_folder_without_any_such_file_gets_a_sentence(self, tmp_path):
        with pytest.raises(BadTable, match="no file in this folder ends in .json"):
            read_responses(tmp_path)

    def test_a_packed_file_that_was_cut_off_is_not_half_read(self, file):
        path = file([a_response(id=str(n), text={"div": "x" * n}) for n in range(50)], "in.ndjson.gz")
        path.write_bytes(path.read_bytes()[:-40])
        with pytest.raises(BadTable, match="cannot be read to its end"):
            read_responses(path)

    def test_what_is_called_packed_and_is_not_gets_a_sentence(self, file):
        path = file(a_response())
        with pytest.raises(BadTable, match="cannot be read to its end"):
            read_responses(path.rename(path.with_suffix(".gz")))

    def test_a_byte_order_mark_and_empty_lines_are_passed_over(self, tmp_path):
        path = tmp_path / "in.ndjson"
        line = json.dumps(a_response())
        path.write_bytes(b"\xef\xbb\xbf\n" + line.encode() + b"\n\n" + line.encode() + b"\n")
        assert read_responses(path).rows.height == 2

    @pytest.mark.parametrize("levels", [400, 3400, 200_000])
    def test_however_deep_a_file_is_nested_there_is_a_table_or_a_sentence(self, file, levels):
        deep = '{"linkId": "q", "item": [' * levels + "]}" * levels
        whole = json.dumps(a_response(item="ITEMS")).replace('"ITEMS"', f"[{deep}]")
        try:
            outcome = str(read_responses(file(whole)).rows.height)
        except BadTable as error:
            outcome = str(error)
        assert outcome == "1" or "nested more deeply" in outcome

    def test_one_line_that_is_nested_too_deeply_is_named_and_the_others_are_read(self, file):
        deep = '{"resourceType": "Patient", "name": ' + "[" * 100_000 + "]" * 100_000 + "}"
        found = read_responses(file(f"{deep}\n{json.dumps(a_response())}\n{deep}", "in.ndjson"))
        assert found.rows.height == 1
        assert [one.place for one in found.refused] == ["in.ndjson, line 1", "in.ndjson, line 3"]
        assert "nested more deeply" in found.refused[0].reason


class TestBundles:
    def test_bundles_within_bundles_and_what_an_operation_gave_back(self, file):
        inner = a_bundle(a_response(id="1"), type="searchset")
        answer = {"resourceType": "Parameters", "parameter": [{"name": "response", "resource": a_response(id="2")}]}
        parts = {"resourceType": "Parameters", "parameter": [{"part": [{"resource": a_response(id="3")}]}]}
        found = read_responses(file(a_bundle(inner, a_bundle(a_bundle(answer)), parts, type="batch-response")))
        assert found.rows.height == 3

    def test_a_deleted_response_does_not_come_back_from_a_history(self, file):
        """The newest stands first, and a deletion has no resource."""
        name = f"{SERVER}/QuestionnaireResponse/1"
        gone = {"fullUrl": name, "request": {"method": "DELETE", "url": "QuestionnaireResponse/1"}}
        before = {"fullUrl": name, "resource": a_response(id="1"), "request": {"method": "PUT", "url": name}}
        kept = {"fullUrl": f"{SERVER}/QuestionnaireResponse/2", "resource": a_response(id="2")}
        found = read_responses(file(a_bundle(gone, kept, before, type="history")))
        assert found.rows.height == 1
        assert reasons(found) == [(name, "it was deleted")]

    @pytest.mark.parametrize(("deleted", "rows"), [("2026-11-05T10:00:00Z", 1), ("2026-11-03T10:00:00Z", 2)])
    def test_what_was_put_back_after_its_deletion_is_there_again(self, file, deleted, rows):
        back = a_response(id="1", meta={"lastUpdated": "2026-11-04T10:00:00Z"})
        request = {"method": "DELETE", "url": "QuestionnaireResponse/1"}
        gone = {"request": request, "response": {"lastModified": deleted}}
        entries = [gone, {"resource": back}, {"resource": a_response(id="2")}]
        assert read_responses(file(a_bundle(*entries, type="history"))).rows.height == rows

    def test_what_a_bulk_export_says_is_deleted_is_left_out(self, file, tmp_path):
        file([a_response(id="1"), a_response(id="2")], "out/QuestionnaireResponse.ndjson")
        gone = {"request": {"method": "DELETE", "url": "QuestionnaireResponse/2"}}
        file([a_bundle(gone, type="transaction")], "out/deleted/1.ndjson")
        found = read_responses(tmp_path / "out")
        assert (found.rows.height, reasons(found)) == (1, [("QuestionnaireResponse/2", "it was deleted")])

    def test_an_older_version_is_named(self, file):
        versions = [a_response(id="1", meta={"lastUpdated": f"2026-11-0{day}T10:00:00Z"}) for day in (4, 3, 5)]
        found = read_responses(file(versions))
        assert found.rows.height == 1
        assert reasons(found) == [("QuestionnaireResponse/1", "there is a newer version of it")] * 2

    def test_that_a_search_has_more_pages_is_told(self, file, tmp_path):
        first = [{"relation": "self", "url": f"{SERVER}?page=1"}, {"relation": "next", "url": f"{SERVER}?page=2"}]
        (note,) = read_responses(file(a_bundle(a_response(), type="searchset", link=first), "out/1.json")).notes
        assert f"the file names another page of the search ({SERVER}?page=2)" in note
        file(a_bundle(a_response(), link=[{"relation": "self", "url": f"{SERVER}?page=2"}]), "out/2.json")
        assert read_responses(tmp_path / "out").notes == ()

    def test_a_response_inside_another_resource_is_named(self, file):
        carrier = {"resourceType": "Observation", "id": "o", "contained": [a_response(id="in")]}
        assert reasons(read_responses(file([carrier, a_response(id="1")]))) == [
            ("Observation/o#in", "it stands inside another resource")
        ]


class TestReleases:
    @pytest.mark.parametrize(
        ("other", "release"),
        [
            (a_response(questionnaire={"reference": "Questionnaire/1"}), "STU3 (3.0)"),
            (a_response(context={"reference": "Encounter/1"}), "STU3 (3.0)"),
            (a_response(group={"question": []}), "DSTU2 (1.0)"),
            (a_response(meta={"profile": [f"{FIVE}/QuestionnaireResponse"]}), "R5 (5.0)"),
            (an_encounter("1", "2026-11-02", **{"class": "ambulatory"}), "DSTU2 (1.0)"),
            (an_encounter("1", "2026-11-02", patient={"reference": "Patient/7"}), "DSTU2 (1.0)"),
            (an_encounter("1", "2026-11-02", **{"class": [{"coding": [{"code": "AMB"}]}]}), "R5 (5.0)"),
            (an_encounter("1", "2026-11-02", actualPeriod={"start": "2026-11-02"}), "R5 (5.0)"),
            (an_encounter("1", "2026-11-02", participant=[{"actor": {"reference": "Practitioner/1"}}]), "R5 (5.0)"),
            (an_encounter("1", "2026-11-02", reason=[{"text": "x"}]), "STU3 (3.0)"),
            (an_encounter("1", "2026-11-02", **{"class": [{}], "reason": [{"use": []}]}), "R5 (5.0)"),
            ({"resourceType": "Questionnaire", "id": "q", "item": [{"item": [{"option": []}]}]}, "STU3 (3.0)"),
            ({"resourceType": "CapabilityStatement", "kind": "instance", "fhirVersion": "5.0.0"}, "R5 (5.0)"),
            ({"resourceType": "Conformance", "kind": "instance", "fhirVersion": "1.0.2"}, "DSTU2 (1.0)"),
            ({"resourceType": "Questionnaire", "id": "q", "item": [{"answerConstraint": "optionsOnly"}]}, "R5 (5.0)"),
        ],
    )  # fmt: skip
    def test_another_release_is_refused_by_name_and_number_and_nothing_is_read(self, file, other, release):
        with pytest.raises(BadTable) as caught:
            read_responses(file([a_response(id="good"), other]))
        assert f"is written in FHIR {release}, as its element" in str(caught.value)
        assert "This program reads R4 (4.0)" in str(caught.value)

    @pytest.mark.parametrize(("kind", "number"), [("instance", "4.0.1"), ("requirements", "1.0.0"), ("instance", None)])
    def test_a_server_of_r4_and_the_demands_of_a_guide_are_no_reason_to_refuse(self, file, kind, number):
        """HL7's guide for SDC says 1.0.0 of its demands on servers, and means itself."""
        statement = {"resourceType": "CapabilityStatement", "kind": kind, "fhirVersion": number}
        assert read_responses(file([statement, a_response()])).rows.height == 1


class TestBrokenResources:
    def test_a_bad_date_of_another_patient_is_named_and_left_out(self, file):
        """Whoever asked about one patient is not kept waiting by another's record."""
        bad = a_response(id="bad", subject={"reference": "Patient/8"}, authored="03.11.2026")
        found = read_responses(file([a_response(id="good"), bad]))
        assert found.rows["subject"].to_list() == ["Patient/7"]
        (refused,) = found.refused
        assert (refused.resource, refused.place) == ("QuestionnaireResponse/bad", "in.json, line 2")
        assert "'03.11.2026'" in refused.reason

    @pytest.mark.parametrize(
        "bad",
        [
            an_encounter("bad", "yesterday"),
            {"resourceType": "Patient", "id": "bad", "meta": {"lastUpdated": "never"}},
            {"resourceType": "Practitioner", "id": "bad", "name": "Ben"},
            {"resourceType": "Questionnaire", "id": "bad", "item": [{"linkId": "1", "answerOption": 3}]},
            {"resourceType": "Bundle", "id": "bad", "entry": 3},
            {"resourceType": "Parameters", "id": "bad", "parameter": [3]},
        ],
    )
    def test_so_is_whatever_else_is_broken(self, file, bad):
        found = read_responses(file(a_bundle(bad, a_response(id="good"))))
        assert found.rows.height == 1
        (refused,) = found.refused
        assert refused.is_wrong
        assert "not shaped as FHIR R4 says" in refused.reason

    def test_a_newer_version_that_cannot_be_read_does_not_bring_the_older_one_back(self, file):
        old = a_response(id="1", meta={"lastUpdated": "2026-11-03T10:00:00Z"})
        bad = a_response(id="1", meta={"lastUpdated": "2026-11-04T10:00:00Z"}, authored="soon")
        found = read_responses(file([old, bad, a_response(id="2")]))
        assert found.rows.height == 1

    def test_one_is_enough_to_refuse_all_when_that_is_asked_for(self, file, capsys):
        path = file([a_response(id="good"), a_response(id="bad", authored="soon")])
        assert main(["fhir", str(path), "--strict"]) == 2
        error = capsys.readouterr().err
        assert "QuestionnaireResponse/bad (in.json, line 2): it is not shaped as FHIR R4 says" in error

    def test_the_command_names_the_first_ten_for_each_reason_and_counts_the_rest(self, file, capsys):
        lines = [a_response(id="good")] + [a_response(id=f"r{n}", status="in-progress") for n in range(12)]
        assert main(["fhir", str(file(lines))]) == 0
        told = capsys.readouterr().err
        assert told.startswith("12 left out, its status is in-progress: QuestionnaireResponse/r0 (in.json, line 2), ")
        assert "r9 (in.json, line 11) and 2 more\n" in told

    def test_where_nothing_can_be_read_the_first_reason_is_given(self, file):
        with pytest.raises(
            BadTable, match=r"no QuestionnaireResponse in it; QuestionnaireResponse/1 \(in.json, line 1\): it is not"
        ):
            read_responses(file(a_response(id="1", authored="soon")))


def test_what_is_only_begun_is_named_where_there_is_nothing_else(file):
    begun = a_response(id="1", status="in-progress")
    other = a_response(id="2", status="in-progress", questionnaire="http://example.org/gad-7")
    with pytest.raises(BadTable, match="no finished QuestionnaireResponse in it; QuestionnaireResponse/1 is in-pro"):
        read_responses(file(begun))
    with pytest.raises(BadTable, match="nobody answered 'gad-7' in it; QuestionnaireResponse/2 is in-progress"):
        read_responses(file([a_response(), other]), "gad-7")
    third = a_response(questionnaire="http://example.org/who-5")
    with pytest.raises(BadTable, match=r"Choose one with --questionnaire\. Nobody finished http://example.org/gad-7\."):
        read_responses(file([a_response(), other, third]))


def test_a_packed_file_reads_as_the_same_one_unpacked(file):
    path = file([a_response(id="1")], "in.ndjson.gz")
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    assert read_responses(path).rows.equals(read_responses(plain).rows)
