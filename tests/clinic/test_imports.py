"""Past ratings come in by one door: every row that does not fit is named, all or nothing, and twice is once."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from tests.clinic.people import a_practice

from accord.errors import AccordError, BadTable
from accord_clinic.actions.audit import first_break
from accord_clinic.imports import ratings
from accord_clinic.imports.column_map import BadMapping, read_map
from accord_clinic.imports.spreadsheet import read_sheet
from accord_clinic.models import AuditEntry, Calibration, Client, Dyad, ImportRow, Member, Response, Session
from accord_clinic.queries.courses import course_of
from accord_clinic.questionnaires.shelf import shelf

DATA = Path(ratings.__file__).parents[1] / "data"
REAL, REAL_MAP = DATA / "implement_wai_bai_57x15.csv", DATA / "implement_wai_bai_57x15.toml"

MAPPING = """
source = "Paper forms, 2024"
note = "Typed in by hand."

[columns]
person = "who"
session = "nr"
therapist = "with"
date = "day"
rater = "side"

[raters]
C = "client"
T = "therapist"

[[questionnaires]]
instrument = "accord-check-in"
form = "minimum"

[questionnaires.items]
d1 = "direction"
m1 = { column = "method", shift = 2 }
b2 = "understood"
"""
HEADER = "who,nr,with,day,side,direction,method,understood"
GOOD = [
    "Ina,1,Therapist A,2024-01-08,C,3,1,0",
    "Ina,1,Therapist A,2024-01-08,T,2,0,1",
    "Ina,2,Therapist A,2024-01-15,C,4,2,NA",
]


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


@pytest.fixture
def csv(tmp_path):
    """Writes lines (or bytes) under the usual header."""

    def write(*lines: str, header: str = HEADER, encoding: str = "utf-8", name: str = "past.csv") -> Path:
        path = tmp_path / name
        path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
        return path

    return write


def sheet(file: Path, mapping: Path):
    columns = read_map(mapping, shelf().instruments)
    return ratings.fit(read_sheet(file, columns), columns)[0]


def bring(file: Path, mapping: Path, *options: str) -> None:
    call_command("import_ratings", str(file), "--mapping", str(mapping), *options)


def reasons(file: Path, mapping: Path) -> dict[int, str]:
    """The line and reason of every row that could not be taken."""
    return {fault.line: fault.reason for fault in sheet(file, mapping).faults}


# What comes in


def test_rows_become_people_courses_sessions_and_answers(people, csv, mapping, capsys):
    bring(csv(*GOOD), mapping)
    dyad = Dyad.objects.get(client__name="Ina")
    assert dyad.therapist.name == "Therapist A"
    assert not dyad.therapist.has_usable_password()
    assert dyad.started.isoformat() == "2024-01-08"
    sessions = list(dyad.sessions.ranked().order_by("number"))
    assert [(s.number, s.state, s.revealed_by) for s in sessions] == [(1, "held", "import"), (2, "held", "import")]
    first = {r.side: r.answers for r in sessions[0].responses.all()}
    assert first == {"client": {"d1": 3, "m1": 3, "b2": 0}, "therapist": {"d1": 2, "m1": 2, "b2": 1}}
    assert "Imported 3 rows: 1 new people, 1 new courses, 2 new sessions" in capsys.readouterr().out


def test_a_missing_answer_stays_missing(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    assert Response.objects.get(session__number_in_file=2).answers == {"d1": 4, "m1": 4, "b2": None}


def test_a_row_without_any_answer_is_a_session_without_an_answer(people, csv, mapping):
    bring(csv("Ina,1,Therapist A,2024-01-08,C,NA,,NA"), mapping)
    assert Session.objects.get().state == "held"
    assert not Response.objects.exists()


def test_the_page_says_where_the_ratings_come_from_and_what_was_done(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    note = Dyad.objects.get(client__name="Ina").note
    assert note.startswith("Imported from: Paper forms, 2024. Typed in by hand.")
    assert "Accord Check-in" in note
    assert "shifted by a constant onto the range" in note


def test_the_whole_import_is_one_act_in_the_audit_log_with_its_row_count(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    entry = AuditEntry.objects.get(act="import")
    assert entry.fields == ["rows=3"]
    assert first_break() is None


def test_an_e_mail_address_names_a_therapist_who_works_here(people, ben, csv, mapping):
    bring(csv("Ina,1,BEN@example.org,2024-01-08,C,3,1,0"), mapping)
    assert Dyad.objects.get(client__name="Ina").therapist == ben


def test_one_therapist_for_the_whole_file(people, ben, csv, mapping):
    without = MAPPING.replace('therapist = "with"\n', "")
    mapping.write_text(without.replace("[raters]", '[names]\nwith = "ben@example.org"\n[raters]'))
    bring(csv("Ina,1,,2024-01-08,C,3,1,0"), mapping)
    assert Dyad.objects.get(client__name="Ina").therapist == ben


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_separate(people, csv, mapping, separator):
    rows = [line.replace(",", separator) for line in GOOD]
    assert len(sheet(csv(*rows, header=HEADER.replace(",", separator)), mapping).rows) == 3


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(people, csv, mapping):
    file = csv(*GOOD, encoding="utf-8-sig")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert len(sheet(file, mapping).rows) == 3


def test_a_decimal_comma_is_read_where_semicolons_separate(people, csv, mapping):
    lines = ["Ina;1;Therapist A;2024-01-08;C;3,0;1;0"]
    assert sheet(csv(*lines, header=HEADER.replace(",", ";")), mapping).rows[0].answers["accord-check-in"]["d1"] == 3


def test_quoted_cells_may_hold_separators_and_line_ends(people, csv, mapping):
    row = sheet(csv('"Ina, the\nsecond",1,Therapist A,2024-01-08,C,3,1,0', GOOD[0]), mapping).rows
    assert [(r.person, r.line) for r in row] == [("Ina, the\nsecond", 2), ("Ina", 4)]


# Twice is once


def test_importing_the_same_file_again_adds_nothing(people, csv, mapping, capsys):
    file = csv(*GOOD)
    bring(file, mapping)
    before = [t.objects.count() for t in (Client, Member, Dyad, Session, Response, ImportRow, Calibration)]
    bring(file, mapping)
    assert [t.objects.count() for t in (Client, Member, Dyad, Session, Response, ImportRow, Calibration)] == before
    assert "3 rows were imported before and are left as they are." in capsys.readouterr().out


def test_a_longer_file_adds_only_what_is_new_to_the_same_course(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    bring(csv(*GOOD, "Ina,3,Therapist A,2024-01-22,C,1,0,2", name="later.csv"), mapping)
    assert Dyad.objects.get(client__name="Ina").sessions.count() == 3
    assert Client.objects.filter(name="Ina").count() == 1


def test_a_row_that_contradicts_what_was_imported_before_is_refused(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    changed = csv("Ina,1,Therapist A,2024-01-08,C,1,1,0", name="changed.csv")
    assert reasons(changed, mapping) == {2: "session 1 of 'Ina' was imported before, with other answers"}


def test_the_same_name_from_another_source_is_another_person(people, csv, mapping):
    bring(csv(*GOOD), mapping)
    mapping.write_text(MAPPING.replace("Paper forms, 2024", "Paper forms of the other house"))
    bring(csv(*GOOD), mapping)
    assert Client.objects.filter(name="Ina").count() == 2


# Rows that do not fit


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Ina,1,Therapist A,2024-01-08,C,7,1,0", "column 'direction': 7 is not one of 0, 1, 2, 3, 4"),
        ("Ina,1,Therapist A,2024-01-08,C,2.5,1,0", "column 'direction': 2.5 is not one of"),
        ("Ina,1,Therapist A,2024-01-08,C,3,3,0", "column 'method': 3 (that is 5 after the shift of 2) is not one of"),
        ("Ina,1,Therapist A,2024-01-08,C,often,1,0", "column 'direction': 'often' is not a number"),
        ("Ina,1,Therapist A,2024-01-08,C,nan,1,0", "column 'direction': 'nan' is not a number"),
        ("Ina,1,Therapist A,2024-01-08,C,inf,1,0", "column 'direction': 'inf' is not a number"),
        (",1,Therapist A,2024-01-08,C,3,1,0", "column 'who' is empty"),
        ("Ina,1,,2024-01-08,C,3,1,0", "column 'with' is empty"),
        ("Ina,zero,Therapist A,2024-01-08,C,3,1,0", "'zero' is not a session number"),
        ("Ina,0,Therapist A,2024-01-08,C,3,1,0", "'0' is not a session number"),
        ("Ina,1,Therapist A,8.1.2024,C,3,1,0", "'8.1.2024' is not a day such as 2024-01-08"),
        ("Ina,1,Therapist A,2024-01-08,X,3,1,0", "'X' is no rater; [raters] in the mapping has C, T"),
        ("Ina,1,nobody@example.org,2024-01-08,C,3,1,0", "no therapist of this practice has the e-mail address"),
        ("Ina,1,mo@example.org,2024-01-08,C,3,1,0", "no therapist of this practice has the e-mail address"),
        ("Ina,1,Therapist A,2024-01-08,C,3,1", "it has 7 cells, the header 8"),
        ("Ina,1,Therapist A,2024-01-08,C,3,1,0,9", "it has 9 cells, the header 8"),
    ],
)
def test_a_row_that_does_not_fit_is_told_with_its_line_and_reason(people, csv, mapping, line, reason):
    found = reasons(csv("Ben O.,1,Therapist A,2024-01-08,C,3,1,0", line), mapping)
    assert list(found) == [3]
    assert found[3].startswith(reason)


def test_duplicate_rows_are_told_apart_from_contradictions(people, csv, mapping):
    found = reasons(csv(GOOD[0], GOOD[0], GOOD[0].replace(",3,1,0", ",2,1,0")), mapping)
    assert found == {
        3: "session 1 of 'Ina' was in line 2 already; this one says the same as that",
        4: "session 1 of 'Ina' was in line 2 already; this one says something else than that",
    }


def test_a_later_session_cannot_come_before_an_earlier_one(people, csv, mapping):
    assert reasons(csv(*GOOD, "Ina,3,Therapist A,2024-01-01,C,3,1,0"), mapping) == {
        5: "session 3 is dated before session 2 in line 4"
    }


def test_all_or_nothing_unless_told_otherwise(people, csv, mapping, capsys):
    file = csv(*GOOD, "Ina,3,Therapist A,2024-01-22,C,9,1,0")
    with pytest.raises(AccordError, match="1 rows do not fit, so nothing was imported"):
        bring(file, mapping)
    assert not Session.objects.exists()
    assert "line 5: column 'direction': 9 is not one of" in capsys.readouterr().err
    bring(file, mapping, "--take-what-fits")
    assert Session.objects.count() == 2


def test_a_dry_run_keeps_nothing(people, csv, mapping, capsys):
    bring(csv(*GOOD), mapping, "--dry-run")
    assert not Session.objects.exists()
    assert "3 rows would be imported" in capsys.readouterr().out


# Files that are no table, mappings that are no mapping


def test_a_missing_column_is_named_with_those_that_are_there(people, csv, mapping):
    file = csv(*GOOD, header=HEADER.replace("direction", "Direction"))
    with pytest.raises(BadTable, match="column 'direction' is missing; the file has who, nr, with"):
        sheet(file, mapping)


def test_a_column_that_is_there_twice_is_refused(people, csv, mapping):
    with pytest.raises(BadTable, match="column 'nr' is there twice"):
        sheet(csv(*GOOD, header=HEADER.replace("who", "nr") + ",who"), mapping)


def test_a_wrong_encoding_is_told_with_its_line_and_can_be_named(people, csv, mapping):
    file = csv(GOOD[0], "Jörg,1,Therapist A,2024-01-08,C,3,1,0", encoding="latin-1")
    with pytest.raises(BadTable, match="line 3 is not utf-8-sig"):
        sheet(file, mapping)
    mapping.write_text(MAPPING.replace("[columns]", '[file]\nencoding = "latin-1"\n[columns]'))
    assert sheet(file, mapping).rows[1].person == "Jörg"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfew\x00h\x00o\x00", "is not utf-8-sig"),
        (b"PK\x03\x04\x00\x00\x00\x00", "not a text file"),
        (HEADER.encode() + b'\nIna,1,"Therapist A,2024-01-08,C,3,1,0\n', "Check the quotation marks"),
    ],
)
def test_what_is_not_a_table_gets_a_sentence(people, tmp_path, mapping, content, message):
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    with pytest.raises(BadTable, match=message):
        sheet(file, mapping)


def test_a_file_that_is_not_there_gets_a_sentence(people, tmp_path, mapping):
    with pytest.raises(BadTable, match="Check the path"):
        sheet(tmp_path / "none.csv", mapping)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('person = "who"', "", r"\[columns\] names no person column"),
        ('date = "day"', "", "does not say when sessions were"),
        ('therapist = "with"', "", "does not say who the therapist is"),
        ('"accord-check-in"', '"accord-chekin"', "this practice has no questionnaire 'accord-chekin'"),
        ('form = "minimum"', 'form = "short"', "has no form 'short'. It has full, minimum"),
        ('d1 = "direction"', 'd9 = "direction"', "has no item 'd9'. Its items are t1"),
        ('d1 = "direction"', 'o2 = "direction"', "'o2' is not answered with a number"),
        ("shift = 2", 'shift = "2"', "item m1: 'shift' is '2'. Write a number"),
        ('source = "Paper forms, 2024"', "", "where the ratings come from takes 3 to 200"),
        ('note = "Typed in by hand."', 'notes = "x"', "'notes' means nothing here. Did you mean 'note'"),
        ('C = "client"', 'C = "patient"', r"\[raters\]: C is 'patient'. Write one of 'client', 'therapist'"),
        ("[columns]", "[columns", "this is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be_used_says_what_to_mend(people, mapping, old, new, message):
    assert old in MAPPING
    mapping.write_text(MAPPING.replace(old, new, 1))
    with pytest.raises(BadMapping, match=message):
        read_map(mapping, shelf().instruments)


# A full disk


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="sets a limit of the embedded file")
@pytest.mark.django_db(transaction=True)
def test_a_full_disk_leaves_nothing_half_written(csv, mapping):
    a_practice()
    rows = [f"Person {p},{n},Therapist A,2024-01-{n:02d},C,3,1,0" for p in range(40) for n in range(1, 26)]
    audited = AuditEntry.objects.count()
    with connection.cursor() as cursor:
        used = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {used + 8}")
    try:
        with pytest.raises(ratings.NotTaken, match=r"disk is full.*Nothing was imported"):
            bring(csv(*rows), mapping)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert not Session.objects.exists()
    assert not ImportRow.objects.exists()
    assert not Client.objects.filter(name__startswith="Person").exists()
    assert AuditEntry.objects.count() == audited
    bring(csv(*rows), mapping)
    assert Session.objects.count() == 1000


# The real courses that ship with Accord


@pytest.fixture(scope="module")
def real(django_db_setup, django_db_blocker):
    """Brought in once for this file and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        a_practice()
        bring(REAL, REAL_MAP)
        yield Dyad.objects.filter(note__startswith="Imported from: IMPLEMENT")
        transaction.set_rollback(True)


def test_the_real_courses_come_in_with_one_command(real):
    assert real.count() == 57
    assert real.values("therapist").distinct().count() == 13
    assert Session.objects.filter(dyad__in=real).count() == 855


def test_their_shifted_answers_lie_on_the_range_and_missing_ones_stay_missing(real):
    rows = Response.objects.filter(instrument="implement-wai-9").values_list("answers", flat=True)
    given = [a for answers in rows for a in answers.values() if a is not None]
    assert set(given) == {1, 2, 3, 4, 5}
    assert len(given) == 6401
    complete = sum(all(a is not None for a in answers.values()) for answers in rows)
    assert complete == 642


def test_their_page_says_all_three_things(real):
    note = real.first().note
    assert "Flückiger et al. 2016" in note
    assert "MIT" in note
    for said in ("shifted by a constant", "WAI, 9 items", "sessions were put 7 days apart"):
        assert said in note


def test_they_get_a_calibration_of_their_own_and_an_expected_course(real):
    calibration = Calibration.objects.get(scale="implement-wai-9/total")
    assert calibration.dyads >= 50
    assert calibration.body["budget"]["drop"] == 0.05  # its only scale has the whole of it
    followed = course_of(real.first()).trajectories["implement-wai-9", "total"]
    assert followed.calibration == calibration.version


def test_nothing_is_inferred_from_questions_that_nobody_asked_them(real):
    signals = [signal for dyad in real for signal in dyad.signals.select_related("session")]
    assert {signal.kind for signal in signals} <= {"drop", "slide", "silence"}
    for signal in signals:
        if signal.kind == "silence":
            last = signal.session.number
            silent = signal.dyad.sessions.ranked().filter(number__in=(last - 1, last)).values("pk")
            assert not Response.objects.filter(session__in=list(silent.values_list("pk", flat=True))).exists()
