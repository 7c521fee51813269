"""Read questionnaire responses from FHIR R4 as a table: one row a response, one column an item.

The modules of this package go from the file inwards: `files` (documents), `bundles` (resources), `releases` (which
FHIR), `collecting` (what is kept: `responses`, `answers`, `questionnaires`, `references`, `moments`), `kinds`
(which questionnaire), `sessions`, `table`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

import polars as pl

from accord.errors import BadTable
from accord.tables.fhir_reading.collecting import Collected, Refusal, collect
from accord.tables.fhir_reading.kinds import Kind, kinds
from accord.tables.fhir_reading.responses import FhirResponse
from accord.tables.fhir_reading.sessions import Counting
from accord.tables.fhir_reading.table import Table

__all__ = ["FhirTable", "Refusal", "read_responses"]
NAMED = 10  # resources that a sentence names; the rest is counted
DONE = ("completed", "amended")


@dataclass(frozen=True, slots=True)
class FhirTable:
    """`rows`: `subject`, `therapist` (who met the subject in that session, where the file says so), `session` (1, 2 ...
    of the subject, by time), `date`, `rater` (client, therapist, or nothing where the file does not say who answered),
    `questionnaire`, `version`, and a column for each item; all as text, a skipped item empty. `refused`: resources that
    give no row, each with its reason. `notes`: what a person should know before using the table.
    """

    rows: pl.DataFrame
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]


def read_responses(
    path: str | Path,
    questionnaire: str | None = None,
    *,
    encounters: Counting = "alike",
    zone: tzinfo | None = None,
    strict: bool = False,
) -> FhirTable:
    """Read a file (a Bundle, one resource, or a resource a line; also gzipped) or a folder of such files.

    questionnaire: which one, by its whole name or a part of it; needed where there are answers to several.
    encounters: which encounters that nobody answered about are sessions (see `sessions.sessions`).
    zone: where the day of a session is taken; without it, as the file writes it.
    strict: refuse all where one resource cannot be read, instead of leaving that one out.
    A choice is given by its number (`ordinalValue`, from the response or its questionnaire), else by its code;
    several are joined by spaces. Raises `BadTable` for what is not FHIR R4, holds no finished response, or answers
    several questionnaires.

    >>> import json, tempfile
    >>> response = {"resourceType": "QuestionnaireResponse", "id": "r", "status": "completed", "questionnaire": "urn:q",
    ...     "subject": {"reference": "Patient/1"}, "authored": "2026-03-02T09:00:00Z",
    ...     "item": [{"linkId": "n1", "answer": [{"valueInteger": 2}]}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     size = (Path(folder) / "r.json").write_text(json.dumps(response))
    ...     read_responses(Path(folder) / "r.json").rows.select("session", "n1").row(0)
    ('1', '2')
    """
    path = Path(path)
    collected = collect(path)
    wrong = [refusal for refusal in collected.refused if refusal.is_wrong]
    if strict and wrong:
        raise BadTable(f"{path}: {wrong[0].resource} ({wrong[0].place}): {wrong[0].reason}.")
    of_kind = kinds(collected)
    chosen = _chosen(path, collected, of_kind, questionnaire)
    done = [response for response in chosen if response.status in DONE]
    of_others = collected.responses.keys() - {response.name for response in chosen}
    refused = [refusal for refusal in collected.refused if refusal.resource not in of_others]
    unfinished = [
        Refusal(response.name, response.place, f"its status is {response.status or 'missing'}")
        for response in chosen
        if response.status not in DONE
    ]
    table = Table(path, collected, of_kind, done, encounters, zone)
    rows = table.rows()
    return FhirTable(rows, (*unfinished, *refused), tuple(table.notes()))


def _chosen(path: Path, collected: Collected, of_kind: Mapping[str, Kind], wanted: str | None) -> list[FhirResponse]:
    """The responses to one questionnaire, finished or not. Raises `BadTable` where there are none, or several."""
    every = list(collected.responses.values())
    finished = sorted({of_kind[response.name].label for response in every if response.status in DONE})
    begun = sorted({of_kind[response.name].label for response in every} - set(finished))
    if not finished:
        what = "no finished QuestionnaireResponse" if every else "no QuestionnaireResponse"
        raise BadTable(f"{path}: there is {what} in it{_why(every, collected)}. Give a file with answers.")
    chosen = [response for response in every if wanted is None or of_kind[response.name].is_called(wanted)]
    names = sorted({of_kind[response.name].label for response in chosen if response.status in DONE})
    if not names:
        why = _why(chosen, None) if chosen else ""
        raise BadTable(f"{path}: nobody answered {wanted!r} in it{why}; there is {', '.join(finished)}.")
    if len(names) > 1:
        more = f" Nobody finished {', '.join(begun)}." if begun and wanted is None else ""
        raise BadTable(f"{path}: it has answers to {', '.join(names)}. Choose one with --questionnaire.{more}")
    return chosen


def _why(unfinished: Sequence[FhirResponse], collected: Collected | None) -> str:
    """What there is instead of a finished response, by name."""
    refused = collected.refused if collected else []
    wrong = [f"{refusal.resource} ({refusal.place}): {refusal.reason}" for refusal in refused]
    names = [f"{response.name} is {response.status or 'without a status'}" for response in unfinished]
    reasons = [*names, *wrong]
    more = f" and {len(reasons) - NAMED} more" if len(reasons) > NAMED else ""
    return f"; {', '.join(reasons[:NAMED])}{more}" if reasons else ""
