"""A whole practice in one file: every table with what it means, readable without Accord, and back into an empty one.

The file is a zip: `README.txt`, `tables.json` (of each table: what it holds, its columns, rows and digest), and a file
of JSON lines for each table. A new table or column is in it by itself.
"""

import base64
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

import accord
from accord.errors import BadInput
from accord_clinic.actions import audit
from accord_clinic.upkeep.moving import Held, held, tables

DATABASE, CHUNK = "default", 500
CONTENTS = "tables.json"
README = """A whole practice, taken out of Accord {version} on {day}.

tables.json says of each table what it holds, what each column means, what it refers to, and how many rows there are.
tables/NAME.jsonl has one row a line, as JSON: times are in UTC, `id` is the number by which other tables refer to it.

This file is not encrypted and holds everything, private lines too. Keep it as you keep the care records themselves.

Not in it: the keys, the words of licensed questionnaires, open sessions of browsers. What was encrypted with the
practice's signing key (addresses of calendars, second factors, study files that wait) needs that key to be read again.

accord_clinic import-practice FILE puts it into an empty practice of the same version.
"""


def export(file: Path) -> dict[str, int]:
    """Write the whole practice into a new file that its owner alone can read. Gives the rows by table.

    Interrupted, it leaves no half of a practice behind.
    """
    if file.exists():
        raise BadInput(f"{file} is there already. Name a new file.")
    partial = file.with_name(file.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with transaction.atomic():
            audit.record(None, "export_practice", "practice:1")
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
                counts = _pack(packed)
            os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
    return counts


def put_back(file: Path) -> dict[str, int]:
    """Read such a file into this database, which has to be empty, and compare. All or nothing."""
    if not zipfile.is_zipfile(file):
        raise BadInput(f"{file} is not a file that export-practice has written.")
    with zipfile.ZipFile(file) as packed, transaction.atomic():
        try:
            contents = json.loads(packed.read(CONTENTS))
        except (KeyError, ValueError) as error:
            raise BadInput(f"{file} is not a file that export-practice has written.") from error
        _check_version(contents)
        _check_empty()
        for model in tables():
            _fill(model, packed)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
                cursor.execute(statement)
        there = {model._meta.db_table: held(model, DATABASE) for model in tables()}
        _check_same(contents, there)
        audit.record(None, "import_practice", "practice:1")
    return {name: held_rows.rows for name, held_rows in there.items()}


def _pack(packed: zipfile.ZipFile) -> dict[str, int]:
    counts, described = {}, {}
    for model in tables():
        name, rows = model._meta.db_table, held(model, DATABASE)
        with packed.open(f"tables/{name}.jsonl", "w", force_zip64=True) as out:
            for row in _rows(model):
                out.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        described[name] = _described(model) | {"rows": rows.rows, "digest": rows.digest}
        counts[name] = rows.rows
    contents = {"accord": accord.__version__, "migrations": _migrations(), "tables": described}
    packed.writestr(CONTENTS, json.dumps(contents, indent=1, ensure_ascii=False))
    packed.writestr("README.txt", README.format(version=accord.__version__, day=timezone.localdate().isoformat()))
    return counts


def _described(model: type[models.Model]) -> dict[str, Any]:
    """What a table holds and what its columns mean, from the models themselves."""
    return {
        "holds": " ".join((model.__doc__ or "").split()),
        "columns": [_column(f) for f in model._meta.concrete_fields],
    }


def _column(field: models.Field) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": field.column, "type": field.get_internal_type(), "means": str(field.help_text)}
    if field.remote_field is not None:
        facts["refers_to"] = field.remote_field.model._meta.db_table
    if field.choices:
        facts["codes"] = {str(code): str(words) for code, words in field.flatchoices}
    return {name: value for name, value in facts.items() if value}


def _rows(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    fields = model._meta.concrete_fields
    rows = model._base_manager.order_by(model._meta.pk.attname).values_list(*(field.attname for field in fields))
    for row in rows.iterator(chunk_size=2000):
        yield {field.column: _as_json(value) for field, value in zip(fields, row, strict=True)}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value


def _from_json(field: models.Field, value: Any) -> Any:
    if value is None or isinstance(field, models.JSONField):
        return value
    return base64.b64decode(value) if isinstance(field, models.BinaryField) else field.to_python(value)


def _fill(model: type[models.Model], packed: zipfile.ZipFile) -> None:
    """Plain INSERTs: `auto_now_add` must not touch what was written years ago."""
    fields, quote = model._meta.concrete_fields, connection.ops.quote_name
    columns, gaps = ", ".join(quote(f.column) for f in fields), ", ".join("%s" for _field in fields)
    statement = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({gaps})"  # noqa: S608 - names of ours
    batch: list[list[Any]] = []
    with packed.open(f"tables/{model._meta.db_table}.jsonl") as lines, connection.cursor() as cursor:
        for line in lines:
            row = json.loads(line)
            batch.append([f.get_db_prep_save(_from_json(f, row[f.column]), connection) for f in fields])
            if len(batch) == CHUNK:
                cursor.executemany(statement, batch)
                batch.clear()
        if batch:
            cursor.executemany(statement, batch)


def _migrations() -> list[str]:
    rows = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in rows)


def _check_version(contents: dict[str, Any]) -> None:
    if contents["migrations"] != _migrations():
        raise BadInput(f"The file is of Accord {contents['accord']}. Install that version, import, then upgrade.")


def _check_empty() -> None:
    full = next((model._meta.db_table for model in tables() if held(model, DATABASE).rows), "")
    if full:
        raise BadInput(f"This practice is not empty ({full} has rows). Nothing was read.")


def _check_same(contents: dict[str, Any], there: dict[str, Held]) -> None:
    for name, described in contents["tables"].items():
        if there[name] != Held(described["rows"], described["digest"]):
            raise BadInput(
                f"{name}: {described['rows']} rows in the file, {there[name].rows} here, or not the same ones."
            )
