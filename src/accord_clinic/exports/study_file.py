"""A study's tables as one zip: each table as CSV, and what every column says, for programs and for people.

`datapackage.json` is a Frictionless Data Package, so that programs read the tables with their types.
"""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

from accord.tables import vocabulary
from accord_clinic.exports import study as export
from accord_clinic.exports.csv_safe import csv_safe
from accord_clinic.exports.study_rows import Courses
from accord_clinic.models import Study
from accord_clinic.words.wordings import consent

WHAT = """\
Courses of care of clients who agreed to it, under numbers. No name, no contact, no words, no date, and nothing that a
client kept is in these files{therapist}. Answers are in it only of sessions that were open
to both when it was made. The tables belong together by `dyad`, and within it by `session` and `agreement`.

This is pseudonymous, not anonymous: whoever knows how many sessions somebody had, or which were missed, could recognise
a course. In a simulated practice of 62 courses, 36 could be found by the number of sessions and the facts in `dyads`.
Times are blocks of four weeks, and are given only as far as ten clients and three therapists went alike. Keep the files
as you would keep the record, publish results and never rows, and do not try to find out who somebody is. Who withdraws
is in no new file; make a new one when you begin a new analysis.

{numbers}"""

NO_CODES = """\
The numbers of the courses are new in each file. A client may be in it with more than one course, and courses of
one therapist may resemble each other; which they are, is not in it, so standard errors come out somewhat too small."""
CODES = """\
All numbers are drawn again for each file. `client` and `therapist` say which courses belong together; therapists with
fewer than three of these clients are left out, and so are later courses of which fewer than ten clients have as many.
Never print a result of one therapist or in an order of therapists."""


def pack(courses: Courses, at: datetime, study: Study | None = None) -> bytes:
    """The zip; for a `study`, with its variables alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("README.md", readable(courses, at, study))
        packed.writestr("datapackage.json", json.dumps(package(courses, at, study), indent=1))
        for table in export.tables(study):
            with packed.open(f"{table.name}.csv", "w") as file:
                text = io.TextIOWrapper(file, "utf-8", newline="")
                writer = csv.writer(text, lineterminator="\n")
                writer.writerow([column.name for column in table.columns])
                writer.writerows([_cell(value) for value in row] for row in table.rows(courses))
                text.flush()
    return out.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files of a report as one zip; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in sorted(files):
            packed.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def package(courses: Courses, at: datetime, study: Study | None = None) -> dict[str, Any]:
    """What programs read: every table with its columns and their types, and what everybody in it agreed to."""
    purpose = export.purpose_of(study)
    return {
        "name": "accord-study",
        "title": _title(courses),
        "description": _what(study),
        "created": f"{at:%Y-%m-%d}",
        "accord": version("accord"),
        "consent": {"purpose": purpose, "version": consent(purpose, "en").version},
        **({"study": {"code": study.uid, "title": study.title, "until": f"{study.until}"}} if study else {}),
        "resources": [_resource(table) for table in export.tables(study)],
    }


def readable(courses: Courses, at: datetime, study: Study | None = None) -> str:
    """The same for people, in Markdown."""
    head = f"# {_title(courses)}\n\nMade on {at:%Y-%m-%d} with Accord {version('accord')}.\n\n{_what(study)}\n\n"
    if study:
        head = f"{head}The study: {study.title}, until {study.until}. What it is for: {study.purpose}\n\n"
    return head + "\n".join(map(_described, export.tables(study)))


def _what(study: Study | None) -> str:
    if study:
        return WHAT.format(therapist="; therapists and clients can have codes", numbers=CODES)
    return WHAT.format(therapist="; nor is it said who the therapist was", numbers=NO_CODES)


def tables() -> str:
    """Every table and column, in Markdown; also `docs/reference/study-file.md`."""
    return "\n".join(map(_described, vocabulary.TABLES))


def _described(table: export.StudyTable | vocabulary.ColumnTable) -> str:
    rows = "\n".join(f"| `{c.name}` | {c.type} | {c.says} |" for c in table.columns)
    return f"## {table.name}.csv\n\n{table.says}\n\n| column | type | says |\n|---|---|---|\n{rows}\n"


def _resource(table: export.StudyTable) -> dict[str, Any]:
    fields = [
        {"name": c.name, "type": c.type, "description": c.says}
        | ({"constraints": {"enum": list(c.codes)}} if c.codes else {})
        for c in table.columns
    ]
    return {
        "name": table.name,
        "path": f"{table.name}.csv",
        "description": table.says,
        "format": "csv",
        "encoding": "utf-8",
        "schema": {"fields": fields, "missingValues": [""]},
    }


def _title(courses: Courses) -> str:
    return f"{len(courses.number)} courses of care of {courses.clients} clients"


def _cell(value: Any) -> Any:
    """No spreadsheet program takes a cell for a formula; yes and no as Table Schema writes them."""
    return str(value).lower() if isinstance(value, bool) else csv_safe(value)
