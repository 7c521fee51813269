"""The talk sheet: what both may see of one revealed session, sorted for two people and one screen. No suggestions.

What both answered comes from `pages/answers`; a new kind of row below it is a field of `Sheet` and a function for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.instruments import Instrument, Item
from accord.records import RATERS
from accord.signals import CHECK_IN
from accord_clinic.pages.answers import SessionAnswers, WordedAnswers, as_answered
from accord_clinic.pages.findings import reading
from accord_clinic.queries.findings import signals_and_strains
from accord_clinic.queries.talk_sheet import answer_rows, sheet_rows
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.plan import BEGINNINGS
from accord_clinic.records.agreements import Shown
from accord_clinic.records.strains import OpenStrain, is_open
from accord_clinic.records.talk_sheet import AnswerRows, SheetRows
from accord_clinic.words import phrases
from accord_clinic.words.sentences import Names
from accord_clinic.words.strains import strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Comment, Session


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
    """A talk sheet, ready for screen, print and PDF. `number` is the session it looks back on, `how` says how it was
    rated, `lead` the first thing that one of the two said; `crossed`: the client says that a line was crossed.
    """

    uid: str
    dyad_uid: str
    client: str
    therapist: str
    number: int
    start: datetime
    how: str
    answers: SessionAnswers
    language: str = "en"
    lead: str = ""
    crossed: bool = False
    earlier: tuple[Line, ...] = ()
    starting: tuple[Line, ...] = ()
    picks: Line | None = None
    review: Line | None = None
    goals: tuple[Shown, ...] = ()

    @property
    def foot(self) -> str:
        """Under the answers. A line that was crossed is no difference of views."""
        if self.crossed:
            return _("Nobody has to sort this out here. {client} can talk to someone else about it.").format(
                client=self.client
            )
        return _("You each gave your own view. Neither of you is right or wrong.")

    @property
    def lines(self) -> tuple[Line, ...]:
        """What stands below the answers, in its order."""
        return (*self.earlier, *self.starting, *filter(None, (self.picks, self.review)))

    @property
    def voices(self) -> frozenset[str]:
        """Whose marks or words stand on the sheet: the legend names no other."""
        client = any(line.client or line.client_own for line in self.lines)
        therapist = any(line.therapist or line.therapist_own for line in self.lines)
        return self.answers.voices | ({"client"} if client else set()) | ({"therapist"} if therapist else set())

    @property
    def empty(self) -> bool:
        return self.answers.empty and not (self.lines or self.goals)


def sheet(session: Session) -> Sheet:
    """The sheet of a session that was revealed; ask `rules.visible.revealed_session` first.

    It is in the client's language, whoever opens it: two people look at it together.
    """
    with override(session.dyad.client.language):
        return _sheet(session)


def _sheet(session: Session) -> Sheet:
    dyad, rows = session.dyad, sheet_rows(session)
    voices = _voices(session, rows)
    answers, up_to_here = _answers(session, rows, voices), signals_and_strains([dyad.pk])[dyad.pk]
    crossed = any(s.kind == "line_crossed" and s.session == session.number for s in up_to_here.signals)
    return Sheet(
        uid=session.uid,
        dyad_uid=dyad.uid,
        client=voices.names["client"],
        therapist=voices.names["therapist"],
        number=session.number,
        start=session.start,
        how=" · ".join(filter(None, (_how_rated(session, answers), _how_answered(rows, answers)))),
        answers=answers,
        language=dyad.client.language,
        lead=reading(up_to_here, session.number, Names(answers.client, answers.therapist, you=False)).for_both,
        crossed=crossed,
        earlier=_earlier(session, {strain.uid: strain for strain in up_to_here.strains}, rows, answers.client),
        starting=_starting(voices, rows.comments),
        picks=_picks(rows.picks),
        review=_review(rows.review_on),
        goals=tuple(rows.goals),
    )


def _how_rated(session: Session, answers: SessionAnswers) -> str:
    """How the answers came about: blind, late, or of one side alone."""
    if session.revealed_by == "both":
        return _("each answered before seeing the other's answers")
    if session.revealed_by == "import":
        return _("past ratings, imported from a file")
    if session.waived_why:
        looked = _("{name} opened the answers first and wrote why: “{why}”")
        return looked.format(name=answers.therapist, why=session.waived_why)
    if not answers.sides:
        return _("neither has answered about this session")
    if "therapist" not in answers.sides:
        return _("{name} has not answered about this session").format(name=answers.therapist)
    if "client" not in answers.sides:
        return _("{name} has not answered about this session, and that is fine").format(name=answers.client)
    return _("{name} looked before answering, or answered late").format(name=answers.therapist)


def _how_answered(rows: AnswerRows, answers: SessionAnswers) -> str:
    check_in = rows.responses.get(("client", CHECK_IN))
    return phrases.how_answered(check_in.context, answers.client) if check_in else ""


def session_answers(session: Session) -> SessionAnswers:
    """The answers alone, in the reader's language, for a page that shows more than the sheet."""
    rows = answer_rows(session)
    return _answers(session, rows, _voices(session, rows))


def _voices(session: Session, rows: AnswerRows) -> WordedAnswers:
    dyad = session.dyad
    return WordedAnswers({"client": dyad.client.called, "therapist": dyad.therapist.name}, rows.responses)


def _answers(session: Session, rows: AnswerRows, voices: WordedAnswers) -> SessionAnswers:
    strain = next((s for s in rows.strains if s.session_id == session.pk), None)
    topic = f"strain:{strain.uid}" if strain else f"felt:{session.uid}"
    return voices.answers(rows.comments, rows.ticks, topic, missed=session.pk in rows.missed)


def _starting(voices: WordedAnswers, comments: Sequence[Comment]) -> tuple[Line, ...]:
    """How the two begin: each question with both answers side by side, chosen or in words."""
    versions = {
        (name, row.version): instrument
        for (_side, name), row in voices.latest.items()
        if name in BEGINNINGS and (instrument := as_answered(row))
    }
    lines = (
        _side_by_side(voices, instrument, version, item, comments)
        for (_name, version), instrument in sorted(versions.items())
        for item in instrument.items
    )
    return tuple(filter(None, lines))


def _side_by_side(
    voices: WordedAnswers, instrument: Instrument, version: str, item: Item, comments: Sequence[Comment]
) -> Line | None:
    """`version` is the one that was answered; a side that answered another has lines of its own."""
    rows = {s: row for (s, n), row in voices.latest.items() if n == instrument.id and row.version == version}
    chosen: dict[str, tuple[str, ...]] = {"client": (), "therapist": ()}
    for side in RATERS:
        answer = rows[side].answers.get(item.id) if side in rows else None
        if answer is not None and item.kind in ("choice", "many"):
            chosen[side] = voices.chosen(instrument, item, side, answer)
    own = _own(comments, item.id, {r.pk for r in rows.values()})
    if not any((*chosen.values(), *own.values())):
        return None
    return Line(
        voices.named(wording(instrument).shared_item(item.id)),
        client=chosen["client"],
        therapist=chosen["therapist"],
        client_own=own["client"],
        therapist_own=own["therapist"],
    )


def _own(comments: Sequence[Comment], item: str, responses: set[int]) -> dict[str, tuple[str, ...]]:
    rows = [c for c in comments if c.item == item and c.response_id in responses]
    return {side: tuple(c.words for c in rows if c.side == side) for side in ("client", "therapist")}


def _earlier(session: Session, open_ones: Mapping[str, OpenStrain], rows: SheetRows, client: str) -> tuple[Line, ...]:
    """Strains of earlier sessions that are not settled: still to talk about. Of two about one session the client's."""
    lines: dict[int, Line] = {}
    for strain in sorted(rows.strains, key=lambda strain: strain.opened_by != "client"):
        if not is_open(strain.state) or strain.number >= session.number or strain.number in lines:
            continue
        topic = f"strain:{strain.uid}"
        text = _("What felt off in session {number}").format(number=strain.number)
        stands = _as_the_client_says(open_ones.get(strain.uid))
        both = f"{text}. {client}: {stands}" if stands else f"{text}: {strain_state(strain.state)}"
        lines[strain.number] = Line(_("From before"), both=both, topic=topic, ticked=topic in rows.ticks)
    return tuple(line for _number, line in sorted(lines.items()))


def _as_the_client_says(strain: OpenStrain | None) -> str:
    """Whether it was talked about and where it stands, by the client's word; a tick is told apart from it."""
    if strain is None:
        return ""
    talked = {"yes": _("talked about"), "in_part": _("talked about in part"), "no": _("not talked about")}
    stands = strain_state(strain.state) if strain.state in ("partly", "still_there") else ""
    return ", ".join(filter(None, (talked.get(strain.talked, ""), stands)))


def _review(day: date | None) -> Line | None:
    """The plan is to be looked at again, since both chose that day."""
    if day is None:
        return None
    text = _("You planned to review the plan on {day}. Does the shared view of the problem still fit?")
    return Line(_("Treatment plan"), both=text.format(day=date_format(day, "DATE_FORMAT")))


def _picks(latest: dict[str, tuple[str, ...]]) -> Line | None:
    """What matters most now, once both have said it or the session is open."""
    if not any(latest.values()):
        return None
    return Line(_("What matters most now"), client_own=latest["client"], therapist_own=latest["therapist"])
