"""A study file: those who agree, from ten on, under numbers; what both sides may see, and no name, word or date."""

import csv
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from django.conf import settings
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_course, a_dyad, a_held_session, a_part, a_session, answers, keeping

import accord
from accord.errors import BadInput
from accord_clinic import links
from accord_clinic.actions import agreements, checkin, consent, erasure, private_lines, reveal, strains, study
from accord_clinic.actions.audit import first_break
from accord_clinic.exports import study_file
from accord_clinic.exports.csv_safe import csv_safe
from accord_clinic.exports.study import FEWEST, TABLES, courses
from accord_clinic.models import AuditEntry, Client, Comment, Dyad, PrivateLine, ReadLog, Response, Signal, StudyFile
from accord_clinic.queries.courses import course_of

pytestmark = pytest.mark.django_db

NAMES = [f"Client{letter}" for letter in "ABCDEFGHIJ"]
KEPT, SHOWN = "kept for myself alone", "please be slower"


def begin(people):
    """Ten clients of Ben's who agree, each with a course of two open sessions."""
    dyads = [a_dyad(people.ben, name) for name in NAMES]
    for dyad in dyads:
        a_course(dyad, 2)
        consent.give(dyad.client, "research", by=dyad.client)
    return dyads


@pytest.fixture
def ten(given):
    return given


@pytest.fixture
def full(ten, ben, dee):
    """The first of the ten has said and done all kinds of things besides."""
    first = ten[0]
    own = replace(answers("therapist"), reaction="tired")
    session = a_held_session(first, client=keeping(SHOWN, KEPT), therapist=own)
    goal = agreements.propose(first, "goal", "Sleep through the night", "client", by=first.client)
    agreements.seal(goal, "client", seen=goal.wordings.get().pk, by=first.client)
    agreements.propose(first, "task", "No screen in bed", "therapist", by=ben, goal=goal)
    strain = strains.open_strain(session, "withdrawal", "client", by=first.client)
    strains.move(strain, "try_repair", "therapist", by=ben, step="named it")
    said = replace(answers("client", t1=3), progress={goal.uid: 4}, picked=(goal.uid,), picked_words=("my sister",))
    a_held_session(first, client=said, therapist=answers("therapist"))
    said = replace(answers("client", d1=0, words="not open yet"), progress={goal.uid: 9}, picked_words=("my sister",))
    a_held_session(first, client=said)
    return ten


def made_file(by) -> bytes:
    """A file of now, opened before anybody has released it."""
    return links.unseal_file(study.SEALED, bytes(study.make(by=by).contents), settings.SECRET_KEY)


def tables(by) -> dict[str, list[dict[str, str]]]:
    return read(made_file(by))


def read(packed: bytes) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(packed)) as folder:
        return {
            name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(folder.read(name).decode())))
            for name in folder.namelist()
            if name.endswith(".csv")
        }


def whole(packed: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(packed)) as folder:
        return {name: folder.read(name).decode() for name in folder.namelist()}


class TestWhoIsInIt:
    def test_who_did_not_agree_or_has_withdrawn_is_not(self, ten, ben, dee):
        for name in ("Never", "Withdrew", "Erased", "Young"):
            dyad = a_dyad(ben, name)
            a_course(dyad, 5)
            if name != "Never":
                consent.give(dyad.client, "research", by=dyad.client)
            if name == "Young":  # no guardian has agreed
                Client.objects.filter(pk=dyad.client_id).update(born=timezone.now().year - 14)
            if name == "Withdrew":
                consent.withdraw(dyad.client, "research", by=dyad.client)
            if name == "Erased":
                erasure.ask(dyad.client, by=dyad.client)
        found = tables(dee)
        assert len(found["dyads"]) == 10
        assert {row["session"] for row in found["sessions"]} == {"1", "2"}

    def test_below_ten_there_is_none_and_nothing_is_noted(self, ten, dee, as_member):
        consent.withdraw(ten[0].client, "research", by=ten[0].client)
        browser = as_member(dee)
        assert "Not enough people agree yet" in browser.get("/research/").content.decode()
        answer = browser.post("/research/", follow=True)
        assert f"needs at least {FEWEST} clients" in answer.content.decode()
        assert not ReadLog.objects.filter(what="study_file").exists()
        assert not AuditEntry.objects.filter(act="make_study_file").exists()

    def test_ten_courses_of_nine_clients_are_too_few(self, ten, ben, dee):
        consent.withdraw(ten[0].client, "research", by=ten[0].client)
        a_course(a_dyad(ben, ten[1].client), 1)
        with pytest.raises(BadInput, match="at least 10 clients"):
            study.make(by=dee)

    def test_who_has_no_open_session_does_not_count(self, ten, ben, dee):
        consent.withdraw(ten[0].client, "research", by=ten[0].client)
        waiting = a_dyad(ben, "Waiting")
        a_held_session(waiting, client=answers("client"))
        consent.give(waiting.client, "research", by=waiting.client)
        with pytest.raises(BadInput):
            study.make(by=dee)


class TestWhatIsNotInIt:
    def test_no_name_word_address_or_date_is_anywhere(self, full, dee):
        for name, text in whole(made_file(dee)).items():
            said = (KEPT, SHOWN, "Sleep", "screen", "named it", "tired", "sister")
            for secret in (*NAMES, "Ben", "Dee", "example.org", *said):
                assert secret not in text, f"{secret} in {name}"
            if name.endswith(".csv"):
                assert not re.search(r"\d{4}-\d{2}|\d{2}:\d{2}|1990", text), name
            for row in (*full, *(dyad.client for dyad in full), *Comment.objects.all()):
                assert row.uid not in text, name

    def test_an_answer_that_was_kept_was_not_asked(self, full, dee):
        third = [row for row in tables(dee)["answers"] if row["session"] == "3" and row["rater"] == "client"]
        assert {row["item"] for row in third} >= {"d1", "b1"}
        assert "t1" not in {row["item"] for row in third}

    def test_kept_and_skipped_look_alike(self, ten, dee):
        """Else a gap would tell that something was kept: on no page can anybody see that either."""
        for dyad, said in ((ten[0], {"t1": 3, "sharing": {"t1": "raise"}}), (ten[1], {"t1": None})):
            client, therapist = answers("client", b1=None, d1=None, **said), answers("therapist", t1=None)
            a_held_session(dyad, client=client, therapist=therapist)
        rows = defaultdict(list)
        for row in tables(dee)["answers"]:
            if row["session"] == "3":
                rows[row["dyad"]].append((row["rater"], row["item"], row["answer"]))
        one, other = rows.values()
        assert one == other
        absent = {("client", "d1"), ("client", "t1"), ("client", "b1"), ("therapist", "t1")}
        assert not absent & {row[:2] for row in one}

    def test_what_was_shown_later_stands_as_if_it_had_been_shown_at_once(self, ten, dee):
        kept_it = answers("client", t1=2, sharing={"t1": "not_yet"})
        session = a_held_session(ten[0], client=kept_it, therapist=answers("therapist"))
        Response.objects.filter(session=session).update(sent_at=session.start + timedelta(hours=2))
        private_lines.show(PrivateLine.objects.get(), by=ten[0].client)
        found = tables(dee)
        third = [row for row in found["answers"] if (row["session"], row["rater"]) == ("3", "client")]
        assert [row["item"] for row in third] == ["t1", "d1", "d2", "m1", "m2", "b2", "b3", "b4", "v1", "b1"]
        assert {row["hours_after"] for row in found["responses"] if row["session"] == "3"} == {"2"}

    def test_a_session_that_is_not_open_to_both_leaves_no_trace(self, full, dee):
        found = tables(dee)
        for name, rows in found.items():
            if rows and "session" in rows[0]:
                assert "5" not in {row["session"] for row in rows}, name

    def test_nor_does_one_that_opens_while_the_file_is_made(self, full, ben, dee):
        begun = courses()
        checkin.send(full[0].sessions.ranked().get(number=5), "therapist", answers("therapist"), by=ben)
        for name, rows in read(study_file.pack(begun, timezone.now())).items():
            assert "5" not in {row.get("session") for row in rows} | {row.get("at_session") for row in rows}, name

    def test_the_safety_notice_is_not_in_it(self, ten, ben, dee):
        """It stands even where the answer was changed before the reveal."""
        said = answers("client", parts=(a_part("phq-9", "client", "full", {"phq9": 1}),))
        session = a_held_session(ten[0], client=said)
        checkin.send(session, "client", answers("client"), by=ten[0].client)
        checkin.send(session, "therapist", answers("therapist"), by=ben)
        assert Signal.objects.filter(kind="safety").exists()
        assert "safety" not in {row["kind"] for row in tables(dee)["signals"]}

    def test_the_order_of_rows_does_not_tell_who_was_first(self, ten, dee):
        for dyad, first, second in ((ten[0], "client", "therapist"), (ten[1], "therapist", "client")):
            session = a_session(dyad, state="held")
            for side in (first, second):
                by = dyad.client if side == "client" else dyad.therapist
                checkin.send(session, side, answers(side), by=by)
        rows = [row for row in tables(dee)["responses"] if row["session"] == "3"]
        assert [row["rater"] for row in rows] == ["client", "therapist"] * 2

    def test_who_the_therapist_is_cannot_be_told(self, ten, eve, dee):
        """Courses of two therapists look alike: no column says whose they are."""
        other = a_dyad(eve, "Elsewhere")
        a_course(other, 2)
        consent.give(other.client, "research", by=other.client)
        assert not [c.name for t in TABLES for c in t.columns if "therapist" in c.name and "sealed" not in c.name]
        shapes = defaultdict(list)
        for row in tables(dee)["responses"]:
            shapes[row["dyad"]].append((row["session"], row["rater"], row["form"]))
        assert len(set(map(tuple, shapes.values()))) == 1

    def test_facts_that_few_share_are_left_empty(self, ten, dee):
        Dyad.objects.filter(pk=ten[0].pk).update(modality="phone")
        Client.objects.filter(pk=ten[1].client_id).update(born=1940)
        rows = tables(dee)["dyads"]
        assert {row["modality"] for row in rows} == {""}
        assert {row["age"] for row in rows} == {""}
        assert {row["approach"] for row in rows} == {"integrative"}

    def test_how_one_therapist_alone_works_is_left_empty(self, ten, eve, dee):
        """With an approach for each, a table by approach would be one by therapist."""
        for name in NAMES:
            dyad = a_dyad(eve, f"{name} of Eve's", approach="systemic")
            a_course(dyad, 1)
            consent.give(dyad.client, "research", by=dyad.client)
        assert {row["approach"] for row in tables(dee)["dyads"]} == {""}
        Dyad.objects.update(approach="cbt")
        assert {row["approach"] for row in tables(dee)["dyads"]} == {"cbt"}

    def test_the_numbers_of_the_courses_are_drawn_anew(self, full, dee):
        """The one course with four sessions has another number in some of twenty files."""
        long = {next(row["dyad"] for row in tables(dee)["sessions"] if row["session"] == "3") for _ in range(20)}
        assert len(long) > 1

    def test_no_cell_is_a_formula(self, full, dee):
        for rows in tables(dee).values():
            for row in rows:
                for cell in row.values():
                    assert csv_safe(cell) == cell


class TestWhatIsInIt:
    def test_every_table_is_as_its_description_says(self, full, dee):
        packed = made_file(dee)
        package, found = json.loads(whole(packed)["datapackage.json"]), read(packed)
        assert [one["name"] for one in package["resources"]] == [table.name for table in TABLES] == list(found)
        allowed = {"integer": r"-?\d*", "number": r"(-?\d+(\.\d+)?(e-?\d+)?)?", "boolean": "true|false", "string": ".*"}
        for one in package["resources"]:
            for row in found[one["name"]]:
                assert list(row) == [field["name"] for field in one["schema"]["fields"]]
                for field in one["schema"]["fields"]:
                    assert re.fullmatch(allowed[field["type"]], row[field["name"]]), (one["name"], field["name"], row)
        assert all(found.values()), "the fixture has no row of one of the tables"

    def test_scores_are_those_that_pages_show(self, full, dee):
        theirs = Counter()
        for dyad in full:
            for (rater, instrument, scale), series in course_of(dyad).scores.items():
                theirs.update((rater, f"{instrument}/{scale}", one.value) for one in series if one)
        mine = Counter(
            (row["rater"], row["scale"], float(row["score"]) if row["score"] else None) for row in tables(dee)["scores"]
        )
        assert mine == theirs

    def test_the_last_word_of_a_response_counts(self, ten, dee):
        session = a_held_session(ten[0], client=answers("client", d1=0))
        checkin.send(session, "client", answers("client", d1=4), by=ten[0].client)
        checkin.send(session, "therapist", answers("therapist"), by=ten[0].therapist)
        rows = [row for row in tables(dee)["answers"] if (row["session"], row["rater"]) == ("3", "client")]
        assert [row["answer"] for row in rows if row["item"] == "d1"] == ["4"]

    def test_who_answered_when_the_session_was_open_already_was_not_blind(self, ten, ben, dee):
        session = a_held_session(ten[0], client=answers("client"))
        reveal.waive(session, "in a hurry", by=ben)
        checkin.send(session, "therapist", answers("therapist"), by=ben)
        late = {row["rater"]: row["late"] for row in tables(dee)["responses"] if row["session"] == "3"}
        assert late == {"client": "false", "therapist": "true"}

    def test_what_mattered_most_and_how_far_a_goal_was(self, full, dee):
        found = tables(dee)
        assert [(row["session"], row["rater"], row["value"]) for row in found["progress"]] == [("4", "client", "4")]
        assert sorted((row["session"], row["agreement"]) for row in found["picks"]) == [("4", ""), ("4", "1")]

    def test_goals_strains_and_their_moves_are_there_without_words(self, full, dee):
        found = tables(dee)
        goal, task = found["agreements"]
        assert (goal["kind"], goal["proposed_by"], goal["of_goal"]) == ("goal", "client", "")
        assert (goal["client_sealed"], goal["therapist_sealed"]) == ("true", "false")
        assert (task["kind"], task["of_goal"], task["proposed_by"]) == ("task", goal["agreement"], "therapist")
        moves = [(row["session"], row["strain"], row["move"]) for row in found["strains"]]
        assert moves[:2] == [("3", "1", "open"), ("3", "1", "try_repair")]

    def test_the_signals_of_the_core_read_the_scores(self, full, dee, tmp_path):
        """`accord signals scores.csv --scale ...`, without a change to the file."""
        with zipfile.ZipFile(io.BytesIO(made_file(dee))) as folder:
            folder.extract("scores.csv", tmp_path)
        found = accord.find_strains(tmp_path / "scores.csv", scale=f"{CHECK_IN}/collaboration")
        assert found.rows.height == 22 * 2
        assert np.isfinite(found.rows.filter(pl.col("rater") == "client")["expected"].to_numpy()).all()

    def test_a_researcher_finds_out_how_to_read_it(self, full, dee):
        text = whole(made_file(dee))["README.md"]
        assert text.startswith("# 10 courses of care of 10 clients")
        for table in TABLES:
            for column in table.columns:
                assert f"| `{column.name}` | {column.type} | {column.says} |" in text

    def test_the_reference_page_is_current(self):
        page = (Path(__file__).parents[2] / "docs/reference/study-file.md").read_text()
        assert page.endswith(f"\n\n{study_file.tables()}"), "put this under the introduction:\n" + study_file.tables()

    def test_missed_sessions_are_told_and_coming_ones_are_not(self, ten, dee):
        for dyad in ten:
            a_session(dyad, state="missed_by_client")
            a_session(dyad, timezone.now() + timedelta(days=7))
        last = [row for row in tables(dee)["sessions"] if row["session"] not in ("1", "2")]
        assert [(row["session"], row["block"], row["state"], row["revealed_by"]) for row in last] == [
            ("", "1", "missed_by_client", "")
        ] * 10

    def test_when_something_was_is_told_only_where_ten_courses_went_alike_until_then(self, ten, dee):
        """The first four weeks of all ten, and no more of any: one of them alone went on for longer."""
        for dyad in ten:
            for _n in range(2):
                a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        a_held_session(ten[0], client=answers("client"), therapist=answers("therapist"))
        rows = tables(dee)["sessions"]
        assert {row["block"] for row in rows if int(row["session"]) <= 4} == {"1"}
        assert [row["block"] for row in rows if row["session"] == "5"] == [""]

    def test_one_missed_session_hides_the_weeks_of_all(self, ten, dee):
        """Were they told of the nine others, its gap would tell of the one."""
        a_session(ten[0], state="missed_by_client")
        assert {row["block"] for row in tables(dee)["sessions"]} == {""}

    def test_a_code_names_the_same_session_in_each_table_and_another_one_in_the_next_file(self, full, dee):
        a_session(full[0], state="missed_by_client")
        files = [tables(dee) for _twice in range(2)]
        for found in files:
            codes = {row["session_code"]: (row["dyad"], row["session"]) for row in found["sessions"]}
            assert len(codes) == len(found["sessions"])
            for name in ("responses", "answers", "scores", "signals", "strains", "progress", "picks"):
                assert found[name], name
                for row in found[name]:
                    assert codes[row["session_code"]] == (row["dyad"], row["session"]), name
        first, second = ([row["session_code"] for row in found["sessions"]] for found in files)
        assert first != second


class TestThatItWasMade:
    def test_each_client_in_it_can_see_so(self, full, dee, ana):
        at = study.make(by=dee).made_at
        rows = ReadLog.objects.filter(what="study_file", at=at)
        assert {row.dyad.client.name for row in rows} == set(NAMES)
        assert sorted(len(row.sessions) for row in rows) == [2] * 9 + [4]
        assert not ReadLog.objects.filter(dyad__client=ana).exists()

    def test_the_audit_says_how_many_and_by_whom(self, full, dee):
        study.make(by=dee)
        entry = AuditEntry.objects.get(act="make_study_file")
        assert (entry.actor, entry.row) == (f"member:{dee.pk}", "courses:10")
        assert first_break() is None

    def test_the_page_tells_of_it(self, full, dee, as_member):
        browser = as_member(dee)
        page = browser.post("/research/", follow=True).content.decode()
        assert "10 clients agree" in page
        assert "Dee" in page

    def test_the_page_tells_when_by_the_practices_clock(self, full, dee, as_member):
        study.make(by=dee)
        StudyFile.objects.update(made_at=datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
        assert "2 Jul 2026, 00:30" in as_member(dee).get("/research/").content.decode()

    def test_a_larger_practice_needs_no_more_queries(self, full, dee, django_assert_max_num_queries):
        with django_assert_max_num_queries(60):
            study.make(by=dee)
