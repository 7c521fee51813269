"""A client's own space: the course over time, what is kept, and who may read what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic import links
from accord_clinic.charts import SessionMark, StrainSpan
from accord_clinic.charts.types import Opener
from accord_clinic.pages.earlier_course import read_by_successor, stands_now
from accord_clinic.pages.key_holders import in_short, names_of
from accord_clinic.pages.pictures import Picture, picture
from accord_clinic.queries import own_space
from accord_clinic.queries.expectations import has_written
from accord_clinic.queries.terms import cover_days, emergencies
from accord_clinic.questionnaires.answer_words import given, in_words, question
from accord_clinic.questionnaires.page import Agreed, Concern, asking_again, progress_question
from accord_clinic.questionnaires.questions import QuestionNames
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.own_space import OwnRows
from accord_clinic.records.picks import PICKED, PICKS
from accord_clinic.rules import doors
from accord_clinic.rules.key_holders import key_holders
from accord_clinic.rules.practice import practice
from accord_clinic.rules.programs import agreed_programs
from accord_clinic.words.phrases import at, day
from accord_clinic.words.sentences import Names
from accord_clinic.words.strains import strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Client, Dyad, PrivateLine, Session

MOST_OPENINGS = 20


@dataclass(frozen=True)
class OwnCourse:
    """The client's own course: a sentence first, then the picture, then the sheets that two people can look at."""

    sentence: str
    picture: Picture | None
    strains: tuple[str, ...]
    sheets: tuple[tuple[str, str], ...]
    moved: tuple[str, ...] = ()
    unanswered: tuple[tuple[str, str], ...] = ()
    expects: bool = False


@dataclass(frozen=True)
class PrivateLines:
    """A line that only the client sees, or that goes to somebody else. `with_it`: the lines that hang on it."""

    uid: str
    about: str
    question: str
    answer: str
    words: bool
    reader: str
    acknowledged: str
    with_it: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Opening:
    """One time that the own space was opened: since when, used last, and whether it is the one that is looked at."""

    number: int
    opened: str
    used: str
    stands: bool
    this_one: bool


def own_course(dyad: Dyad) -> OwnCourse:
    """All that the client answered, and of the therapist only what is open to both."""
    rows = own_space.own_rows(dyad)
    names = Names(dyad.client.called, dyad.therapist.name, you=False)
    marks, spans = [_mark(s) for s in rows.sessions], _spans(rows, dyad.therapist.name)
    drawn = picture(rows.course, shelf().instruments, marks, spans, {}, names)
    return OwnCourse(
        sentence=_sentence(rows, dyad),
        picture=_yours(drawn) if drawn and rows.responses else None,
        strains=tuple(
            _("Session on {day}: something felt off · {state}").format(
                day=day(s.session.start), state=strain_state(s.state)
            )
            for s in rows.strains
        ),
        sheets=tuple(
            (s.uid, _("Session {number}, {day}").format(number=s.number, day=day(s.start)))
            for s in reversed(rows.sessions)
            if s.revealed_at and not s.passed_over
        ),
        moved=tuple(_moved(dyad)),
        unanswered=tuple(
            (s.uid, _("The session on {day}").format(day=day(s.start))) for s in own_space.unanswered(dyad)
        ),
        expects=has_written(dyad),
    )


def _moved(dyad: Dyad) -> Iterable[str]:
    """A hand-over, as the client reads of it in both courses: with whom it goes on, and what is shown of it."""
    after = own_space.continued_by(dyad)
    if after:
        yield _("You have worked with {name} since {day}.").format(
            day=date_format(after.started, "DATE_FORMAT"), name=after.therapist.name
        )
    before = stands_now(dyad)
    if before:
        yield before


def _mark(session: Session) -> SessionMark:
    where, asked = session.get_modality_display(), not session.passed_over
    return SessionMark(session.number, where, asked, bool(session.revealed_at), day(session.start))


def _spans(rows: OwnRows, therapist: str) -> list[StrainSpan]:
    """The strains from opening to settling in session numbers, for the track under the course."""
    talked: dict[int, int] = {}
    settled: dict[int, int] = {}
    for moved, move, number in rows.moves:
        if move in ("talk", "talk_in_part"):
            talked.setdefault(moved, number)
        if move == "settle":
            settled[moved] = number
    spans = []
    for strain in rows.strains:
        ended = settled.get(strain.pk) if strain.state == "settled" else None
        label = _("you felt it") if strain.opened_by == "client" else _("{name} felt it").format(name=therapist)
        opener = cast(Opener, strain.opened_by)
        spans.append(StrainSpan(strain.number, talked.get(strain.pk), ended, opener, label))
    return spans


def _yours(drawn: Picture) -> Picture:
    """The same picture, speaking to the client."""
    words = replace(drawn.wide.words, client=_("your answers"), usual=_("your usual range"))
    narrow = replace(drawn.narrow, words=words) if drawn.narrow else None
    return Picture(replace(drawn.wide, words=words), narrow)


def _sentence(rows: OwnRows, dyad: Dyad) -> str:
    """How often there was an answer, and what is open: a simple sentence before the picture."""
    held = [s for s in rows.sessions if s.state == "held" and not s.passed_over]
    answered = {r.session_id for r in rows.responses if r.side == "client"}
    if not answered:
        return _("After your first check-in, your answers over time are here.")
    text = ngettext(
        "You have answered after {n} of {held} sessions with {therapist}.",
        "You have answered after {n} of {held} sessions with {therapist}.",
        len(answered),
    )
    return text.format(n=len(answered), held=max(len(held), len(answered)), therapist=dyad.therapist.name)


def private_lines(client: Client, dyad: Dyad) -> list[PrivateLines]:
    """What the client kept with the latest answers on each session of a dyad, newest first."""
    together: dict[tuple[int, str], list[PrivateLine]] = {}
    for row in own_space.private_lines(client, dyad):
        together.setdefault((row.response_id, _leader(row)), []).append(row)
    watched = not key_holders(client)
    return [_private_lines(lines, watched) for lines in together.values()]


def _leader(row: PrivateLine) -> str:
    """The item that decides about this one: itself, or the one that it hangs on."""
    instrument = shelf().answered(row.response.instrument, row.response.version)
    item = next((i for i in instrument.items if i.id == row.item), None) if instrument else None
    return item.asked_if[0] if item and item.asked_if else row.item


def _private_lines(lines: list[PrivateLine], watched: bool) -> PrivateLines:
    lines = sorted(lines, key=lambda line: line.item != _leader(line))
    first = lines[0]
    session = first.response.session
    names = {
        "therapist": session.dyad.therapist.name,
        "session": _("the session on {day}").format(day=day(session.start)),
    }
    asked = around(first)
    return PrivateLines(
        uid=first.uid,
        about=_("About the session on {day} with {therapist}").format(
            day=day(session.start), therapist=names["therapist"]
        ),
        question=asked[0] if asked else question(first.response, first.item, names),
        answer=asked[1] if asked else first.words or _label(first),
        words=bool(first.words),
        reader=_reader(first, names["therapist"], watched),
        acknowledged=at(first.acknowledged_at) if first.acknowledged_at else "",
        with_it=tuple((question(line.response, line.item, names), _label(line)) for line in lines[1:]),
    )


def around(line: PrivateLine) -> tuple[str, str] | None:
    """A kept answer about an earlier concern, a goal, a task or what matters most: what was asked, and the answer.

    Nothing for an answer to a questionnaire.
    """
    kind, _dot, uid = line.item.partition(".")
    if kind in PICKS:
        goals = [own_space.agreement_words(pick)[1] for pick in str(line.value).split()] if kind == PICKED else []
        return _("What matters most to you now?"), " · ".join(goals or str(line.value).splitlines())
    if not uid:
        return None
    if kind == "how":
        asked = progress_question(Agreed(uid, *own_space.agreement_words(uid)))
    else:
        start = own_space.strain_start(uid)
        about = _("the session on {day}").format(day=day(start)) if start else _("an earlier session")
        asked = next(q for q in asking_again(Concern(uid, about), QuestionNames("", "", "")) if q.id == line.item)
    return asked.text, next((c.text for c in asked.choices if c.value == str(line.value)), str(line.value))


def _reader(line: PrivateLine, therapist: str, watched: bool) -> str:
    """Who sees a private line. Where nobody watches over the key, only what pages show is promised."""
    if line.reader == "outside" and line.to:
        return _outside(line.to.is_active, watched).format(name=line.to.name, therapist=therapist)
    why = {
        "raise": _("You wanted to bring it up yourself."),
        "not_yet": _("You said: not yet."),
        "statistics": _(
            "The practice only counts that you wrote something. It sees how many people did, once there are ten or "
            "more."
        ),
    }.get(line.reader, "")
    nobody = _("Nobody sees this.") if watched else _("No page shows this to anybody else.")
    return f"{nobody} {why}".strip()


def _outside(works_here: bool, watched: bool) -> str:
    """The same of a line to somebody else, with gaps for both names."""
    if works_here:
        if watched:
            return _("{name} sees this. {therapist} does not.")
        return _("{name} sees this. No page shows it to {therapist}.")
    if watched:
        return _("You wrote this to {name}, who no longer works here. Nobody else sees it.")
    return _("You wrote this to {name}, who no longer works here. No page shows it to anybody else.")


def _label(line: PrivateLine) -> str:
    """The answer as the client read it; as it was kept where this practice has no words for it any more."""
    return in_words(line.response, line.item, line.value) or ", ".join(map(str, given(line.value)))


def may_read(dyad: Dyad) -> list[tuple[str, str]]:
    """Who may read what, by name: the therapist, those with whom it is shared now, and the practice's named people."""
    therapist = dyad.therapist.name
    return [
        (therapist, _("What you show, once both of you have answered or the time limit is reached.")),
        *_instead_of(dyad),
        *_named_by_the_practice(dyad),
        *_programs(dyad),
    ]


def _instead_of(dyad: Dyad) -> Iterable[tuple[str, str]]:
    """Supervisors, cover, a successor, emergencies."""
    therapist = dyad.therapist.name
    for share in own_space.standing_shares(dyad):
        text = _("The same as {therapist}, as supervisor, since {day}.")
        if share.member.is_a("outside"):
            text = _("The same as {therapist}, as supervisor from outside, since {day}. Reads a code, not your name.")
        yield share.member.name, text.format(therapist=therapist, day=day(share.since))
    for cover in cover_days(dyad):
        text = _("In place of {therapist}, from {first} to {last}.")
        first, last = date_format(cover.first, "MONTH_DAY_FORMAT"), date_format(cover.last, "MONTH_DAY_FORMAT")
        yield cover.name, text.format(therapist=therapist, first=first, last=last)
    successor = read_by_successor(dyad)
    if successor:
        yield successor
    for glass in emergencies(dyad):
        text = _("Could read this for an hour in an emergency, from {at}: “{why}”")
        yield glass.member.name, text.format(at=at(glass.at), why=glass.why)


def _named_by_the_practice(dyad: Dyad) -> Iterable[tuple[str, str]]:
    reader = practice().outside_reader
    if reader and reader.pk != dyad.therapist_id:
        yield reader.name, _("Only what you write to {name}.").format(name=reader.name)
    # Nothing can be promised about those who hold the key while nobody else watches.
    holders = key_holders(dyad.client)
    if holders:
        yield names_of(holders), in_short(holders)
    else:
        needed = _(
            "A supervisor, if {therapist} asks for advice. A colleague, when {therapist} is away. Then their names "
            "stand here."
        )
        yield _("Others, if needed"), needed.format(therapist=dyad.therapist.name)
        counts = _("Counts across many people. In an emergency the office can open your answers. You see that here.")
        yield _("The practice"), counts


def _programs(dyad: Dyad) -> Iterable[tuple[str, str]]:
    for program, answers in agreed_programs(dyad.client):
        if answers:
            yield program.name, _("What you let it read, with the answers that you show. You can take it back.")
        else:
            yield program.name, _("What you let it read. You can take it back.")


def openings(client: Client, token: str) -> list[Opening]:
    """When the own space was opened, newest first: whether it was somebody else is what a client looks for here."""
    standing, this_door = doors.standing_numbers(client), links.digest(token)
    return [
        Opening(door.pk, at(door.opened_at), at(door.seen_at), door.pk in standing, door.token_hash == this_door)
        for door in doors.latest(client, MOST_OPENINGS)
    ]
