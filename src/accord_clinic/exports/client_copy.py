"""Everything that the practice knows of one client, for that client, as files: JSON, CSV, FHIR and a page, in one zip.

The tables are those of `client_tables`.
"""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from accord_clinic.exports.client_tables import NOT_IN_A_COPY, NOT_IN_A_ROW, Row
from accord_clinic.exports.csv_safe import csv_safe
from accord_clinic.exports.fhir import as_fhir
from accord_clinic.models import Client

STYLE = settings.PACKAGE / "static" / "copy.css"


def as_json(client: Client, tables: Mapping[str, Sequence[Row]]) -> str:
    """One object, with the day it was made and what is left out and why."""
    left_out = {model.__name__: why for model, why in NOT_IN_A_COPY.items()}
    left_out |= {f"{model.__name__}.{column}": why for (model, column), why in NOT_IN_A_ROW.items()}
    copy = {"made_at": timezone.now(), "about": client.name, "left_out": left_out, **tables}
    return json.dumps(copy, indent=1, ensure_ascii=False, default=str)


def as_csv(rows: Sequence[Row]) -> str:
    """One table for a spreadsheet program; what has parts of its own is JSON in its cell."""
    out = io.StringIO()
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: csv_safe(_flat(value)) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value


def archive(client: Client, tables: Mapping[str, Sequence[Row]], readable: str) -> bytes:
    """The zip: the page to read, everything as JSON, each table as CSV, and what both may see as FHIR."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("copy.html", readable)
        packed.write(STYLE, "copy.css")
        packed.writestr("copy.json", as_json(client, tables))
        packed.writestr("fhir.json", json.dumps(as_fhir(client), indent=1, ensure_ascii=False))
        for name, rows in tables.items():
            packed.writestr(f"tables/{name}.csv", as_csv(rows))
    return out.getvalue()
