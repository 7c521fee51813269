"""The talk sheet: what both may see of one revealed session, sorted for two people and one screen. No suggestions.

A new kind of row is a field of `Sheet` and a function that gives its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.instruments import Instrument, Item
from accord.signals import CHECK_IN, HELD_BACK, STRAIN
from accord_clinic.queries.agreements import Shown
from accord_clinic.queries.strains import is_open
from accord_clinic.queries.talk_sheet import sheet_rows
from accord_clinic.questionnaires.answer_words import phrase, wording
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.words.sentences import strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Comment, Response, Session, Strain

APART = 2
"""Steps of a five-step answer between the two voices from which a line says *seen differently*."""
MOST_ALIKE = 4


@dataclass(frozen=True)
class Line:
    """One row of the sheet: what both say, or each voice for itself. `own` lines are a person's own words."""

    name: str
    both: str = ""
    client: tuple[str, ...] = ()
    therapist: tuple[str, ...] = ()
    client_own: tuple[str, ...] = ()
    therapist_own: tuple[str, ...] = ()
    topic: str = ""
    ticked: bool = False


@dataclass(frozen=True)
class Sheet:
    """A talk sheet, ready for screen, print and PDF. `number` is the session it looks back on."""

    uid: str
    dyad_uid: str
    client: str
    therapist: str
    number: int
    start: object
    how: str
    language: str = "en"
    alike: tuple[str, ...] = ()
    apart: tuple[Line, ...] = ()
    felt: tuple[Line, ...] = ()
    words: tuple[Line, ...] = ()
    earlier: tuple[Line, ...] = ()
    goals: tuple[Shown, ...] = ()
    picks: Line | None = None
    starting: tuple[Line, ...] = ()
    sides: frozenset[str] = field(default_factory=frozenset)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All rows in the order of the sheet."""
        picks = (self.picks,) if self.picks else ()
        return (*self.apart, *self.felt, *self.words, *self.earlier, *picks, *self.starting)

    @property
    def empty(self) -> bool:
        return not (self.alike or self.lines or self.goals)


def sheet(session: Session) -> Sheet:
    """The sheet of a session that was revealed; ask `queries.talk_sheet.revealed_session` first.

    It is in the client's language, whoever opens it: two people look at it together.
    """
    with override(session.dyad.client.language):
        return _sheet(session)


def _sheet(session: Session) -> Sheet:
    dyad, rows = session.dyad, sheet_rows(session)
    names = {"client": dyad.client.called, "therapist": dyad.therapist.name}
    voices = _Voices(names, rows.responses)
    alike, apart = voices.compared(rows.ticks)
    return Sheet(
        uid=session.uid,
        dyad_uid=dyad.uid,
        client=names["client"],
        therapist=names["therapist"],
        number=session.number,
        start=session.start,
        how=session.revealed_by,
        language=dyad.client.language,
        alike=alike,
        apart=apart,
        felt=(*_felt(voices, session, rows.strains, rows.ticks), *_held_back(voices, rows.ticks)),
        words=_words(voices, rows.comments, rows.ticks),
        earlier=_earlier(session, rows.strains, rows.ticks),
        goals=tuple(rows.goals),
        picks=_picks(rows.picks),
        starting=voices.starting(rows.comments),
        sides=frozenset(side for side, name in rows.responses if name == CHECK_IN),
    )


def _as_answered(row: Response) -> Instrument | None:
    return shelf().answered(row.instrument, row.version)


class _Voices:
    """Both sides' latest answers on one session, and how to say them."""

    def __init__(self, names: dict[str, str], latest: dict[tuple[str, str], Response]) -> None:
        self.names, self.latest = names, latest

    def compared(self, ticks: frozenset[str]) -> tuple[tuple[str, ...], tuple[Line, ...]]:
        """What both see alike, in one sentence each, and what they see differently, widest first."""
        alike, apart = [], []
        for instrument, item, ours, theirs in self._pairs():
            steps = abs(ours - theirs)
            text = self.say(instrument, item, "client", ours)
            # A phrase that each side says in its own way (what was held back) is no common view.
            if steps == 0 and text == self.say(instrument, item, "therapist", theirs):
                alike.append(text)
            elif steps >= APART:
                topic = f"apart:{instrument.id}:{item.id}"
                line = Line(
                    wording(instrument).shared_item(item.id),
                    client=(text,),
                    therapist=(self.say(instrument, item, "therapist", theirs),),
                    topic=topic,
                    ticked=topic in ticks,
                )
                apart.append((steps, line))
        apart.sort(key=lambda pair: -pair[0])
        return tuple(alike[:MOST_ALIKE]), tuple(line for _steps, line in apart)

    def _pairs(self) -> Iterable[tuple[Instrument, Item, int, int]]:
        """The commensurate questions that both answered in one version; the strain question has a row of its own."""
        for (side, name), row in self.latest.items():
            other = self.latest.get(("therapist", name))
            instrument = _as_answered(row)
            if side != "client" or other is None or instrument is None or not instrument.has_wording():
                continue
            if _as_answered(other) is not instrument:
                continue
            answers = row.answers
            for item in instrument.items:
                ours, theirs = answers.get(item.id), other.answers.get(item.id)
                if item.commensurate and item.id != STRAIN and isinstance(ours, int) and isinstance(theirs, int):
                    yield instrument, item, ours, theirs

    def starting(self, comments: Sequence[Comment]) -> tuple[Line, ...]:
        """The starting path: each question with both answers side by side, chosen or in words."""
        lines = []
        for name in sorted({n for _side, n in self.latest} - {CHECK_IN}):
            versions = {row.version: _as_answered(row) for (_side, n), row in self.latest.items() if n == name}
            for version, instrument in sorted(versions.items()):
                if instrument is None or not instrument.has_wording() or instrument.scales:
                    continue
                for item in instrument.items:
                    line = self._side_by_side(instrument, version, item, comments)
                    if line:
                        lines.append(line)
        return tuple(lines)

    def _side_by_side(
        self, instrument: Instrument, version: str, item: Item, comments: Sequence[Comment]
    ) -> Line | None:
        """`version` is the one that was answered; a side that answered another has lines of its own."""
        rows = {s: row for (s, n), row in self.latest.items() if n == instrument.id and row.version == version}
        chosen: dict[str, tuple[str, ...]] = {"client": (), "therapist": ()}
        for side, response in rows.items():
            answer = response.answers.get(item.id)
            if answer is not None and item.kind in ("choice", "many"):
                chosen[side] = self.chosen(instrument, item, side, answer)
        own = _own(comments, item.id, {r.pk for r in rows.values()})
        if not any((*chosen.values(), *own.values())):
            return None
        name = wording(instrument).shared_item(item.id)
        return Line(
            name,
            client=chosen["client"],
            therapist=chosen["therapist"],
            client_own=own["client"],
            therapist_own=own["therapist"],
        )

    def chosen(self, instrument: Instrument, item: Item, side: str, answer) -> tuple[str, ...]:
        """The phrases for one choice, or for each of several."""
        if item.kind == "many":
            codes = instrument.answer_set(item.id).codes
            labels = wording(instrument).labels(item.id, side)
            return tuple(self._named(labels[codes.index(code)]) for code in answer if code in codes)
        return (self.say(instrument, item, side, answer),)

    def say(self, instrument: Instrument, item: Item, side: str, answer: int) -> str:
        """The talk sheet's phrase for an answer, with the names filled in."""
        position = instrument.answer_set(item.id).values.index(answer)
        return self._named(wording(instrument).statement(item.id, side, position))

    def _named(self, text: str) -> str:
        return text.format(session=_("the session"), **self.names)


def _felt(voices: _Voices, session: Session, strains: Sequence[Strain], ticks: frozenset[str]) -> tuple[Line, ...]:
    """The moment that felt off, in both voices; of a side that felt nothing it says so without blame."""
    responses = {side: voices.latest.get((side, CHECK_IN)) for side in ("client", "therapist")}
    levels = {side: r.answers.get(STRAIN) if r else None for side, r in responses.items()}
    if not any(levels.values()):
        return ()
    phrases = {side: _felt_by(voices, side, r, levels[side]) for side, r in responses.items()}
    strain = next((s for s in strains if s.session_id == session.pk), None)
    topic = f"strain:{strain.uid}" if strain else f"felt:{session.number}"
    return (
        Line(
            _("Felt off"), client=phrases["client"], therapist=phrases["therapist"], topic=topic, ticked=topic in ticks
        ),
    )


def _held_back(voices: _Voices, ticks: frozenset[str]) -> tuple[Line, ...]:
    """What the client held back and shows, and what the therapist saw of it: no pair, so never compared."""
    response = voices.latest.get(("client", CHECK_IN))
    check_in = _as_answered(response) if response and response.answers.get(HELD_BACK) else None
    if response is None or check_in is None or check_in.item(HELD_BACK).commensurate:
        return ()
    rating = voices.latest.get(("therapist", CHECK_IN))
    seen = rating.answers.get(HELD_BACK) if rating and _as_answered(rating) is check_in else None
    item, topic = check_in.item(HELD_BACK), f"apart:{check_in.id}:{HELD_BACK}"
    return (
        Line(
            wording(check_in).shared_item(HELD_BACK),
            client=(voices.say(check_in, item, "client", response.answers[HELD_BACK]),),
            therapist=() if seen is None else (voices.say(check_in, item, "therapist", seen),),
            topic=topic,
            ticked=topic in ticks,
        ),
    )


def _felt_by(voices: _Voices, side: str, response: Response | None, level) -> tuple[str, ...]:
    name = voices.names[side]
    if response is None:
        return (_("{name} has not answered").format(name=name),)
    if level is None:
        return ()  # skipped, kept or not asked: nobody else can tell them apart
    if not level:
        return (_("{name} did not notice this").format(name=name),)
    check_in = _as_answered(response) or shelf().instruments[CHECK_IN]
    phrases = [voices.say(check_in, check_in.item(STRAIN), side, level)]
    for item in ("t2", "t3"):
        answer = response.answers.get(item)
        if answer is not None:
            phrases += voices.chosen(check_in, check_in.item(item), side, answer)
    return tuple(phrases)


def _words(voices: _Voices, comments: Sequence[Comment], ticks: frozenset[str]) -> tuple[Line, ...]:
    """What each wrote under the open questions of the check-in."""
    rows = {r.pk: r for (_side, name), r in voices.latest.items() if name == CHECK_IN}
    ids = set(rows)
    lines = []
    for item in dict.fromkeys(c.item for c in comments if c.response_id in ids):
        own = _own(comments, item, ids)
        topic = f"words:{item}"
        phrases = [phrase(rows[c.response_id], item) for c in comments if c.item == item and c.response_id in ids]
        name = next(filter(None, phrases), "") or _("In own words")
        lines.append(
            Line(name, client_own=own["client"], therapist_own=own["therapist"], topic=topic, ticked=topic in ticks)
        )
    return tuple(lines)


def _own(comments: Sequence[Comment], item: str, responses: set[int]) -> dict[str, tuple[str, ...]]:
    rows = [c for c in comments if c.item == item and c.response_id in responses]
    return {side: tuple(c.words for c in rows if c.side == side) for side in ("client", "therapist")}


def _earlier(session: Session, strains: Sequence[Strain], ticks: frozenset[str]) -> tuple[Line, ...]:
    """Strains of earlier sessions that are not settled: still to talk about."""
    lines = []
    for strain in strains:
        if not is_open(strain.state) or strain.session.number >= session.number:
            continue
        topic = f"strain:{strain.uid}"
        text = _("The moment in session {number}").format(number=strain.session.number)
        lines.append(
            Line(_("From before"), both=f"{text}: {strain_state(strain.state)}", topic=topic, ticked=topic in ticks)
        )
    return tuple(lines)


def _picks(latest: dict[str, tuple[str, ...]]) -> Line | None:
    """What matters most now, once both have said it or the session is open."""
    if not any(latest.values()):
        return None
    return Line(_("What matters most now"), client_own=latest["client"], therapist_own=latest["therapist"])
