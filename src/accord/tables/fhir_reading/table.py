"""The chosen responses as rows: whom they are about, which session, who answered, and a column for each item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import chain
from pathlib import Path

import polars as pl

from accord.errors import BadTable
from accord.tables.fhir_reading.answers import NoAnswer, Value
from accord.tables.fhir_reading.collecting import Collected
from accord.tables.fhir_reading.kinds import Kind
from accord.tables.fhir_reading.moments import day, is_utc
from accord.tables.fhir_reading.questionnaires import Questionnaire
from accord.tables.fhir_reading.references import Reference, ShortNames
from accord.tables.fhir_reading.responses import FhirResponse
from accord.tables.fhir_reading.sessions import Answered, Counting, sessions

FACTS = ("subject", "therapist", "session", "date", "rater", "questionnaire", "version")
THERAPISTS = ("Practitioner", "PractitionerRole")


class Table:
    """Puts the responses to one questionnaire together with people, encounters and what the questionnaire asks."""

    def __init__(
        self, path: Path, collected: Collected, of_kind: Mapping[str, Kind], chosen: Sequence[FhirResponse],
        counting: Counting, zone: tzinfo | None,
    ) -> None:  # fmt: skip
        self._path, self._collected, self._of_kind, self._chosen, self._zone = path, collected, of_kind, chosen, zone
        visits = collected.visits
        self._names = ShortNames(collected.short_names, _references(collected))
        self._raters = [self._rater(response) for response in chosen]
        of_subject = {name: (self._names.of(name, visit.subject), visit) for name, visit in visits.items()}
        given = [
            Answered(self._subject(about), self._about(about), about.authored, (rater, of_kind[about.name].name))
            for about, rater in zip(chosen, self._raters, strict=True)
        ]
        self._subjects = [answered.subject for answered in given]
        self._meetings, self._not_counted = sessions(given, of_subject, counting, zone)
        self._met = {name: self._therapist(name) for name in {meeting.visit for meeting in self._meetings}}
        self._without = 0

    def rows(self) -> pl.DataFrame:
        """One row a response, in the order of the file."""
        columns: dict[str, list[str]] = {
            "subject": self._subjects,
            "therapist": [self._met[meeting.visit] for meeting in self._meetings],
            "session": [str(meeting.number) for meeting in self._meetings],
            "date": [day(meeting.moment, self._zone) for meeting in self._meetings],
            "rater": self._raters,
            "questionnaire": [self._of_kind[response.name].name for response in self._chosen],
            "version": [self._of_kind[response.name].version for response in self._chosen],
        }
        return pl.DataFrame(columns | self._items(), schema_overrides=dict.fromkeys(FACTS, pl.String))

    def notes(self) -> Iterator[str]:
        """What a person should know before using the rows."""
        missing = self._collected.pages.missing()
        if missing:
            yield f"There is more than this: the file names another page of the search ({missing[0]}). Fetch it, too."
        for reason, count in self._not_counted.items():
            yield f"{count} encounters were not counted as sessions: {reason}."
        if self._without:
            yield f"{self._without} answers say that there is none (declined, unknown ...): their cells are empty."
        if self._zone is None and any(is_utc(meeting.moment) for meeting in self._meetings):
            yield "Some times are by UTC, where an evening may stand on the next day. Say where it was: --time-zone."

    def _items(self) -> dict[str, list[str]]:
        """What the questionnaires ask, in their order, then whatever else was answered."""
        kinds = [self._of_kind[response.name] for response in self._chosen]
        forms = list({id(kind.form): kind.form for kind in kinds if kind.form}.values())
        asked = chain.from_iterable(form.asked for form in forms)
        shapes = dict.fromkeys(response.links for response in self._chosen)
        links = dict.fromkeys(chain(asked, chain.from_iterable(shapes)))
        clash = [link for link in links if link in FACTS]
        if clash:
            raise BadTable(
                f"{self._path}: an item is called {clash[0]!r}, as a column of this table is. Rename it in the file."
            )
        columns = {link: [""] * len(self._chosen) for link in links}
        for row, response in enumerate(self._chosen):
            form = self._of_kind[response.name].form
            for link, values in zip(response.links, response.values, strict=True):
                columns[link][row] = self._cell(link, values, form)
        return columns

    def _cell(self, link: str, values: tuple[Value, ...], form: Questionnaire | None) -> str:
        return " ".join(filter(None, [self._text(link, value, form) for value in values]))

    def _text(self, link: str, value: Value, form: Questionnaire | None) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, NoAnswer):
            self._without += 1
            return ""
        asked = form.asked.get(link) if form else None
        return (asked.number(value) if asked else "") or value.code or value.display

    def _subject(self, response: FhirResponse) -> str:
        """Two responses that do not say whom they are about are not about one person."""
        return self._names.of(response.name, response.subject) or f"{response.name}#subject"

    def _about(self, response: FhirResponse) -> str:
        return self._names.of(response.name, response.encounter)

    def _rater(self, response: FhirResponse) -> str:
        """Who answered. Where a file does not say it, FHIR allows no guess."""
        source = self._names.of(response.name, response.source)
        if source and source == self._names.of(response.name, response.subject):
            return "client"
        return "therapist" if self._kind(response.name, response.source) in THERAPISTS else ""

    def _kind(self, owner: str, ref: Reference) -> str:
        """The type of resource that a reference points at, as far as the file says it."""
        return self._collected.kinds.get(self._names.of(owner, ref), ref.kind)

    def _therapist(self, name: str) -> str:
        """By name the first practitioner who took part in an encounter."""
        visit = self._collected.visits.get(name)
        for ref in visit.met if visit else ():
            if self._kind(name, ref) in THERAPISTS:
                who = self._names.of(name, ref)
                return self._collected.people.get(who) or ref.display or who
        return ""


def _references(collected: Collected) -> Iterator[tuple[str, Reference]]:
    for response in collected.responses.values():
        for ref in (response.subject, response.source, response.encounter):
            yield response.name, ref
    for name, visit in collected.visits.items():
        for ref in (visit.subject, *visit.met):
            yield name, ref
