"""A practice of 0.1, filled by its own demo and its own import, is upgraded: what it showed before and shows after.

Its rows and what its pages, copies, signals and study file showed were kept by the program of that time
(`upgraded/fill.py`). Every difference after the upgrade is named here with its reason; a new one fails.
"""

import gzip
import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from tests.clinic.people import a_dyad, a_held_session, answers
from tests.clinic.test_database import at_once
from tests.clinic.upgraded.show import shown

from accord_clinic.actions.audit import first_break
from accord_clinic.database import engine
from accord_clinic.demo.clock import story_time
from accord_clinic.models import Calibration, Dyad, Response, Session, SessionChange, Strain
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.rules import practice

OLDER = "0002_tables_of_0_1"
KEPT = Path(__file__).parent / "upgraded" / "practice-0.1.json.gz"


def upgrade() -> None:
    call_command("upgrade", role=connection.settings_dict["USER"])


def columns() -> dict[tuple[str, str], list]:
    """What stands in each column of each table of the clinic, by the order of the rows."""
    found = {}
    with connection.cursor() as cursor:
        tables = [t for t in connection.introspection.table_names(cursor) if t.startswith("accord_clinic_")]
        for table in tables:
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(f'SELECT "{column.name}" FROM "{table}" ORDER BY id')
                found[table, column.name] = [value for (value,) in cursor.fetchall()]
    return found


class Upgraded:
    """Both practices, as plain facts: rows by column, what they show, and the number of each session by its uid."""

    def __init__(self) -> None:
        kept = json.loads(gzip.decompress(KEPT.read_bytes()))
        self.old = kept["shown"]
        self.tables = {label: [dict(zip(names, row, strict=True)) for row in rows]
                       for label, (names, *rows) in kept["rows"].items()}  # fmt: skip
        with story_time(datetime.fromisoformat(kept["now"])):
            _take(kept["rows"])
            practice.forget()  # that of the tests before
            self.rows_before = columns()
            at_once([upgrade, upgrade])  # two containers may start together, and one of them does it
            self.complete = not engine.lacks_migrations()
            self.rows_after = columns()
            self.unbroken = first_break() is None
            self.marked = set(Calibration.objects.values_list("make_anew", flat=True))
            self.changes = list(SessionChange.objects.values_list("session__uid", "before", "after", "side"))
            self.sessions = list(Session.objects.order_by("start", "pk").values("uid", "pk", "dyad", "state"))
            self.answered = set(Response.objects.values_list("session__uid", flat=True))
            self.new = shown()
        self._number()

    def _number(self) -> None:
        """The courses and the numbers of their sessions, before and after; those after counted by hand."""
        held: dict[int, list[str]] = defaultdict(list)
        for session in self.sessions:
            if session["state"] == "held":
                held[session["dyad"]].append(session["uid"])
        number = {uid: n for uids in held.values() for n, uid in enumerate(uids, 1)}
        dyads = {row["id"]: row["uid"] for row in self.tables["accord_clinic.dyad"]}
        sessions, strains = self.tables["accord_clinic.session"], self.tables["accord_clinic.strain"]
        self.ended = {row["uid"] for row in self.tables["accord_clinic.dyad"] if row["ended"]}
        self.held = {uid: len(held[pk]) for pk, uid in dyads.items()}
        self.course_of = {row["uid"]: dyads[row["dyad_id"]] for row in (*sessions, *strains)} | {
            uid: uid for uid in dyads.values()
        }
        self.number_before = {row["uid"]: row["number"] for row in sessions}
        uid_of = {row["id"]: row["uid"] for row in sessions}
        self.strained: dict[str, set[int]] = defaultdict(set)
        for strain in strains:
            self.strained[dyads[strain["dyad_id"]]].add(number[uid_of[strain["session_id"]]])
        self.number_after = {(dyads[row["dyad_id"]], row["number"]): number.get(row["uid"]) for row in sessions}

    def new_number(self, course: str, number: int) -> int | None:
        """Which number a session has that had this one; none where it did not take place."""
        return self.number_after.get((course, number))

    def dyad_of(self, address: str) -> str | None:
        """Which course of care a page is about."""
        about = re.search(r"[\w-]{22}", address.partition(" /")[2])
        return about and self.course_of.get(about[0])


@transaction.atomic
def _take(tables) -> None:
    """Put rows of 0.1 into the tables of 0.1."""
    executor = MigrationExecutor(connection)
    others = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] != "accord_clinic"]
    older = executor.loader.project_state([*others, ("accord_clinic", OLDER)]).apps
    models = [older.get_model(label) for label in tables]
    for model, (names, *rows) in zip(models, tables.values(), strict=True):
        fields = {field.attname: field for field in model._meta.concrete_fields}
        for field in fields.values():
            field.auto_now_add = False  # the moments are those that were kept
        made = [{name: fields[name].to_python(cell) for name, cell in zip(names, row, strict=True)} for row in rows]
        model.objects.bulk_create([model(**row) for row in made], 100)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


@pytest.fixture(scope="module")
def upgraded(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        call_command("migrate", "accord_clinic", "0001_member", verbosity=0)
        executor = MigrationExecutor(connection)
        executor.loader = MigrationLoader(connection, replace_migrations=False)
        executor.migrate([("accord_clinic", OLDER)])
        try:
            yield Upgraded()
        finally:
            call_command("flush", interactive=False, verbosity=0)
            call_command("migrate", verbosity=0)


# Rows

ROWS = {
    ("practice", "reveal_before_next_hours"): "answers open on the evening before the next session",
    ("session", "number"): "it is computed",
    ("session", "state"): "0.1 let a session with answers be cancelled; what has answers took place",
    ("readlog", "sessions"): "the log names sessions by uid",
    ("talktick", "topic"): "so does a tick of what felt off",
    ("signal", "evidence"): "so does evidence about another session",
    ("strain", "state"): "partly stays partly, and what was open when a course ended says so",
    ("strainmove", "move"): "likewise",
    **{("strainmove", name): "an ended course has a move that says what was open"
       for name in ("id", "at", "session_id", "side", "step", "strain_id")},
}  # fmt: skip
"""Columns that are not as they were, and why."""


def test_every_row_is_as_it_was(upgraded):
    before, after = upgraded.rows_before, upgraded.rows_after
    differ = {place for place, values in before.items() if after.get(place, []) != values}
    assert differ == {(f"accord_clinic_{table}", column) for table, column in ROWS}
    assert upgraded.unbroken, "the log's chain"
    assert upgraded.complete
    assert upgraded.marked == {True}, "every calibration is made anew"


def test_only_what_has_an_answer_took_place_after_all(upgraded):
    states = {row["uid"]: row["state"] for row in upgraded.tables["accord_clinic.session"]}
    put_right = {row["uid"] for row in upgraded.sessions if row["state"] != states[row["uid"]]}
    assert put_right == {uid for uid in upgraded.answered if states[uid] not in ("planned", "held")}
    assert sorted(upgraded.changes) == sorted((uid, "cancelled", "held", "clock") for uid in put_right)


# Signals


def test_every_signal_is_as_it_was_and_names_the_session_that_it_is_about(upgraded):
    assert len(upgraded.old["signals"]) == len(upgraded.new["signals"])
    kinds = set()
    for old, new in zip(upgraded.old["signals"], upgraded.new["signals"], strict=True):
        dyad, _session, kind, *_facts, evidence, _rule, _calibration, _withheld = old
        kinds.add(kind)
        if kind == "not_talked_about":
            about = new[6]["about_session"]
            assert upgraded.number_before[about] == evidence["about_session"]
            assert [*new[:6], evidence, *new[7:]] == old
        else:
            assert new == old
    assert {"drop", "slide", "gap", "quiet", "silence", "strain_reported", "not_talked_about"} <= kinds


# Copies

NAMED_ANEW = {
    "dyad__uid": "course", "session__dyad__uid": "course", "strain__dyad__uid": "course", "session__number": "session",
    "strain__session__number": "session", "number": "session", "agreement__uid": "agreement", "strain__uid": "strain",
    "strain__kind": "kind", "strain__opened_by": "opened_by", "strain__opened_at": "opened_at",
}  # fmt: skip
"""Columns of a copy that only have a name that people can read."""
COPIES = {
    ("sessions", "state"): "0.1 let a session with answers be cancelled; what has answers took place",
    ("signals", "evidence"): "evidence about another session names its uid",
    ("signals", "how_sure"): "the calibration is of an older method, so nothing is known of false alarms",
    ("talked_about", "topic"): "a tick of what felt off names the session's uid",
    ("strains", "move"): "partly stays partly",
}
"""Columns of a copy that say something else, and why. What 0.1 had no column for is no difference."""


def test_a_copy_says_what_it_said(upgraded):
    differ = set()
    for client, old_tables in upgraded.old["copies"].items():
        for table, old_rows in old_tables.items():
            old, new = copied(table, old_rows), copied(table, upgraded.new["copies"][client][table])
            if table == "strains":
                new = [row for row in new if row["move"] != "end_course"]  # what was open when treatment ended
            assert len(old) == len(new), table
            for was, row in zip(old, new, strict=True):
                check_numbers(upgraded, table, was, row)
                differ |= {(table, name) for name in was if was[name] != row.get(name)}
    assert differ == set(COPIES)


def copied(table, rows) -> list[dict]:
    """The rows of a table by present names; answers in an order of their own, since a database keeps none."""
    rows = [{NAMED_ANEW.get(name, name): cell for name, cell in row.items()} for row in rows]
    order = ("day", "session", "side", "instrument", "sent_at", "item")
    return sorted(rows, key=lambda row: [str(row[name]) for name in order]) if table == "answers" else rows


def check_numbers(upgraded, table, was, row) -> None:
    """Each number of a session is its new one, or none where it did not take place; then both are taken away."""
    for name in ("session", "at_session"):
        old, new = was.pop(name, None), row.pop(name, None)
        if old is not None and table != "sessions":
            assert new == upgraded.new_number(was["course"], old), (table, was)
    if table == "reads":
        old, new = was.pop("sessions").split(), row.pop("sessions").split()
        numbers = [upgraded.new_number(was["course"], int(number)) for number in old]
        assert list(map(int, new)) == [number for number in numbers if number]


# The study file

STUDY = {
    ("sessions", "state"): "0.1 let a session with answers be cancelled; what has answers took place",
    ("sessions", "week"): "times are told in blocks of four weeks, as far as ten clients went alike",
    ("agreements", "week"): "likewise",
    ("agreements", "end_week"): "likewise",
    ("strains", "rows"): "an ended course says what was open",
    ("answers", "rows"): "what was skipped has no row, as what was kept",
    ("scores", "rows"): "Connection of 0.1 has other questions than Connection has now",
}
"""Columns of a study file that say something else, and why. What 0.1 had no column for is no difference."""


def test_a_study_file_says_what_it_said(upgraded):
    old_tables, new_tables = upgraded.old["study"], upgraded.new["study"]
    number = {
        (was["dyad"], was["session"]): row["session"]
        for was, row in zip(old_tables["sessions"], new_tables["sessions"], strict=True)
    }
    differ = set()
    for table, old in old_tables.items():
        new = new_tables[table]
        was = [{**row, "session": number[row["dyad"], row["session"]]} if "session" in row else row for row in old]
        if len(old) != len(new):
            differ.add((table, "rows"))
            continue
        for before, row in zip(was, new, strict=True):
            differ |= {(table, name) for name in before if before[name] != row.get(name)}
    assert differ == set(STUDY)


# Pages

GONE = {
    ("sessions/UID/talk/", "words"): "a legend names only those of whom there is a mark: no client who did not answer",
    ("sessions/UID/talk/", "rows"): "what was open when a course ended is not asked about again",
}
"""What a kind of page named and names no more, and why. Of numbers: see `test_pages_show_the_new_numbers`."""
NEW = {
    ("mine/UID/goals/", "rows"): "that a goal has ended can be taken back",
    ("people/UID/goals/", "rows"): "that a goal has ended can be taken back",
    ("sessions/UID/prepare/", "rows"): "a mark can be put aside",
    ("mine/UID/", "rows"): "a client can say that a session did not take place",
    ("people/UID/", "rows"): "a session without an answer can be moved and marked anew",
    ("sessions/UID/prepare/", "words"): "the answers of both stand on it",
    ("today/", "rows"): "sessions of the last days that wait for a mark or a link",
}
"""What it names since then, and why."""
SHEETS = ("sessions/UID/talk/", "mine/sheet/UID/")


def kind(address: str) -> str:
    """A page without who looks and which row it is about."""
    return re.sub(r"[\w-]{22}", "UID", address.partition(" /")[2])


def test_every_page_opens_and_names_what_it_named(upgraded):
    old, new = upgraded.old["pages"], upgraded.new["pages"]
    assert old.keys() == new.keys()
    assert {address: page["status"] for address, page in old.items()} == {a: page["status"] for a, page in new.items()}
    gone, more = set(), set()
    for address, page in old.items():
        for fact in ("rows", "words"):
            was, names = set(page[fact]), set(new[address][fact])
            gone |= {(kind(address), fact)} if was - names else set()
            more |= {(kind(address), fact)} if names - was else set()
    assert gone <= set(GONE)
    assert more <= set(NEW)


def test_pages_show_the_new_numbers(upgraded):
    """Of what took place; a session that was missed or cancelled has none.

    Beside them stand the number that the next session will have, and on the prepare sheet what is new on it.
    """
    wrong = []
    for address, page in upgraded.old["pages"].items():
        dyad = upgraded.dyad_of(address)
        if dyad is None:
            continue
        expected = {upgraded.new_number(dyad, number) for number in page["numbers"]} - {None}
        held = upgraded.held[dyad]
        others = {"people/UID/": {held + 1}, "sessions/UID/prepare/": {5, *range(held + 1)}}
        beside = others.get(kind(address), set())
        shows = set(upgraded.new["pages"][address]["numbers"]) - (beside - expected)
        if kind(address) in SHEETS and dyad in upgraded.ended:
            expected -= upgraded.strained[dyad] - shows  # what was open when treatment ended is asked about no more
        if shows != expected:
            wrong.append((address, page["numbers"], sorted(expected), sorted(shows)))
    assert not wrong


# Strains


def a_partly_kept_as_still_there(dyad) -> tuple[Strain, Strain]:
    """What was partly settled, and what was open after it, as 0.1 had kept them."""
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    partly = Strain.objects.get(dyad=dyad)
    again = replace(answers("client"), again=(AskedAgain(partly.uid, True, "partly"),))
    a_held_session(dyad, client=again, therapist=answers("therapist"))
    a_held_session(dyad, client=answers("client", t1=1, t2=2), therapist=answers("therapist"))
    partly.moves.filter(move="partly").update(move="still_there")
    Strain.objects.filter(pk=partly.pk).update(state="still_there")
    return partly, Strain.objects.filter(dyad=dyad).order_by("id").last()


@pytest.mark.same_on_postgresql(reason="every row is compared there")
def test_a_partly_that_was_kept_as_still_there_is_put_right_and_an_ended_course_says_what_was_open(people, dyad):
    other = a_dyad(people.ben, "Bea")
    partly, last = a_partly_kept_as_still_there(dyad)
    _, open_at_ending = a_partly_kept_as_still_there(other)
    Dyad.objects.filter(pk=other.pk).update(ended=date(2026, 9, 30), ending="planned")
    step = import_module("accord_clinic.migrations.0004_rows_since_0_1")
    for rows_follow in (step.partly_stays_partly, step.open_at_ending):
        rows_follow(apps, connection.schema_editor())
    assert Strain.objects.get(pk=partly.pk).state == "partly"
    assert partly.moves.order_by("id").last().move == "partly"
    assert Strain.objects.get(pk=last.pk).state == "still_there"
    assert set(Strain.objects.filter(dyad=other).values_list("state", flat=True)) == {"open_at_ending"}
    assert open_at_ending.moves.order_by("id").last().move == "end_course"
