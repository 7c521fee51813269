"""Which session each response is about: encounters that are sessions, answers without one, days, and people."""

import pytest
from tests.accord.fhir_given import a_bundle, a_response, an_encounter

from accord.cli import main
from accord.tables.fhir_reading import read_responses

SERVER = "http://example.org/fhir"
THERAPY = {"type": [{"coding": [{"system": "http://snomed.info/sct", "code": "75516001"}]}]}
DENTIST = {"type": [{"coding": [{"system": "http://snomed.info/sct", "code": "34043003"}]}]}
THERAPIST = {"reference": "Practitioner/1"}


def about(identity, **facts):
    return a_response(encounter={"reference": f"Encounter/{identity}"}, **facts)


def at(moment, **facts):
    return a_response(authored=moment, **facts)


def columns(path, *names, **options):
    return read_responses(path, **options).rows.select(names).rows()


class TestEncounters:
    """The patient has a hospital's whole record; one of its encounters is the first session."""

    RECORD = (
        an_encounter("0", "2026-10-01", **{"class": {"code": "EMER"}}),
        an_encounter("1", "2026-10-02", **{"class": {"code": "IMP"}}),
        an_encounter("2", "2026-10-03", **DENTIST),
        an_encounter("3", "2026-10-04", status="cancelled", **THERAPY),
        an_encounter("4", "2026-10-05", status="planned", **THERAPY),
        an_encounter("5", "2026-10-06", **THERAPY),
        an_encounter("6", "2026-10-07", **{"class": {"code": "VR"}, **THERAPY}),
        an_encounter("7", "2026-10-08", **THERAPY),
    )

    @pytest.mark.parametrize(("counting", "number"), [("alike", "3"), ("answered", "1"), ("all", "6")])
    def test_class_type_and_status_decide_which_are_sessions(self, file, counting, number):
        path = file([*self.RECORD, about("7")])
        assert columns(path, "session", encounters=counting) == [(number,)]

    def test_what_was_not_counted_is_told_with_its_reason(self, file):
        notes = read_responses(file([*self.RECORD, about("7")])).notes
        assert notes == (
            "1 encounters were not counted as sessions: its class is EMER.",
            "1 encounters were not counted as sessions: its class is IMP.",
            "1 encounters were not counted as sessions: it is of another type.",
            "2 encounters were not counted as sessions: it did not take place.",
        )

    def test_the_command_has_an_option_for_it(self, file, capsys):
        assert main(["fhir", str(file([*self.RECORD, about("7")])), "--encounters", "all"]) == 0
        assert ",6,2026-10-08,client," in capsys.readouterr().out

    def test_on_a_ward_stays_are_the_sessions(self, file):
        """Where people answer about encounters of a class, that class counts."""
        ward = [an_encounter(str(n), f"2026-10-0{n}", **{"class": {"code": "IMP"}}) for n in (1, 2, 3)]
        assert columns(file([*ward, about("3")]), "session") == [("3",)]

    def test_what_somebody_answered_about_is_a_session_whatever_its_state(self, file):
        """A server that never sets `finished`."""
        path = file([an_encounter("1", "2026-10-01", status="planned"), about("1")])
        assert columns(path, "session", "date") == [("1", "2026-10-01")]

    def test_encounters_of_other_people_are_nobodys_business(self, file):
        other = an_encounter("1", "2026-10-01", subject={"reference": "Patient/8"}, status="cancelled")
        assert read_responses(file([other, a_response()])).notes == ()


class TestWithoutEncounter:
    def test_two_sides_twenty_minutes_apart_are_one_session(self, file):
        path = file([at("2026-11-03T10:00:00+01:00"), at("2026-11-03T10:20:00+01:00", source=THERAPIST)])
        assert columns(path, "session", "date", "rater") == [
            ("1", "2026-11-03", "client"), ("1", "2026-11-03", "therapist")
        ]  # fmt: skip

    def test_also_across_midnight_and_then_the_session_has_one_date(self, file):
        path = file([at("2026-11-03T23:50:00+01:00"), at("2026-11-04T00:10:00+01:00", source=THERAPIST)])
        assert columns(path, "session", "date") == [("1", "2026-11-03")] * 2

    @pytest.mark.parametrize("second", ["2026-11-05T10:00:00+01:00", "2026-11-04"])
    def test_on_another_day_they_are_two(self, file, second):
        path = file([at("2026-11-03T10:00:00+01:00"), at(second, source=THERAPIST)])
        assert columns(path, "session") == [("1",), ("2",)]

    def test_one_side_twice_on_a_day_is_two_sessions(self, file):
        """Whoever answers the same questionnaire again says something about another session."""
        path = file([at("2026-11-03"), at("2026-11-03"), at("2026-11-03", source=THERAPIST)])
        assert columns(path, "session") == [("1",), ("2",), ("1",)]

    def test_an_answer_of_the_day_belongs_to_the_encounter_of_that_day(self, file):
        """In the waiting room before it, or at home after it."""
        visits = [an_encounter(str(n), f"2026-11-0{n}") for n in (1, 3)]
        answers = [at("2026-11-03T08:50:00+01:00"), at("2026-11-03T20:00:00+01:00", source=THERAPIST)]
        assert columns(file([*visits, *answers]), "session", "date") == [("2", "2026-11-03")] * 2

    def test_what_has_no_date_at_all_is_not_made_one_session(self, file):
        response = a_response()
        del response["authored"]
        assert columns(file([response, response]), "session", "date") == [("1", ""), ("2", "")]


class TestDays:
    EVENING = "2026-11-04T01:30:00Z"

    def test_an_evening_by_utc_is_on_the_day_of_the_place_that_is_named(self, file, capsys):
        path = file(at(self.EVENING))
        assert main(["fhir", str(path), "--time-zone", "America/New_York"]) == 0
        out, err = capsys.readouterr()
        assert ",2026-11-03," in out
        assert err == ""

    def test_without_a_place_the_day_stays_as_written_and_that_is_told(self, file, capsys):
        assert main(["fhir", str(file(at(self.EVENING)))]) == 0
        out, err = capsys.readouterr()
        assert ",2026-11-04," in out
        assert "an evening may stand on the next day. Say where it was: --time-zone." in err

    @pytest.mark.parametrize("moment", ["2026-11-03T20:30:00-05:00", "2026-11-03"])
    def test_where_the_file_says_the_place_or_no_hour_nothing_is_asked(self, file, moment):
        found = read_responses(file(at(moment)))
        assert (found.rows["date"].to_list(), found.notes) == (["2026-11-03"], ())

    @pytest.mark.parametrize("zone", ["Atlantis", "../etc/passwd", "/etc/passwd", "\0"])
    def test_a_place_that_is_none_gets_a_sentence(self, file, capsys, zone):
        assert main(["fhir", str(file(a_response())), "--time-zone", zone]) == 2
        assert "is no time zone. Give one such as Europe/Berlin." in capsys.readouterr().err


class TestPeople:
    def person(self, reference, **facts):
        return a_response(subject={"reference": reference}, source={"reference": reference}, **facts)

    @pytest.mark.parametrize("name", ["", "Patient/7", f"{SERVER}/Patient/7"])
    def test_relative_and_absolute_references_are_one_person(self, file, name):
        """Whether the person is in the file or not, and however the file calls the person."""
        patient = {"fullUrl": name, "resource": {"resourceType": "Patient", "id": "7"}}
        entries = [patient] if name else []
        answers = [self.person("Patient/7"), self.person(f"{SERVER}/Patient/7", authored="2026-11-10T10:00:00+01:00")]
        rows = columns(file(a_bundle(*entries, *answers)), "subject", "session", "rater")
        assert [row[1:] for row in rows] == [("1", "client"), ("2", "client")]
        assert len({row[0] for row in rows}) == 1

    def test_who_answered_is_the_same_person_under_both(self, file):
        one = a_response(subject={"reference": "Patient/7"}, source={"reference": f"{SERVER}/Patient/7"})
        assert columns(file(one), "rater") == [("client",)]

    def test_the_same_number_on_two_servers_is_two_people(self, file):
        answers = [self.person(f"http://{server}.example.org/Patient/7") for server in "ab"]
        assert len({row[0] for row in columns(file(answers), "subject")}) == 2

    def test_and_a_relative_one_is_looked_for_on_the_server_that_uses_it(self, file):
        entries = [
            {"fullUrl": f"http://{server}/QuestionnaireResponse/1", "resource": self.person(reference)}
            for server, reference in (("a", "Patient/7"), ("b", "Patient/7"), ("b", "http://a/Patient/7"))
        ]
        entries[2]["fullUrl"] = "http://b/QuestionnaireResponse/2"
        rows = columns(file(a_bundle(*entries)), "subject")
        assert rows == [("http://a/Patient/7",), ("http://b/Patient/7",), ("http://a/Patient/7",)]

    def test_two_responses_about_nobody_are_not_about_one_person(self, file):
        rows = columns(file([a_response(subject=None, id=one) for one in "ab"]), "subject", "session")
        assert rows == [("QuestionnaireResponse/a#subject", "1"), ("QuestionnaireResponse/b#subject", "1")]
