"""What goes out to a care record: a note on one session as plain text, and a whole course as pictures and numbers.

Only what both may see is read for it, so what is not open yet, kept, or said to somebody else cannot be in it. Marks
that a rule inferred are left out: a record holds what people said. A new line of the note is a part in `note`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord.course import Course
from accord.records import RATERS, Rater
from accord.signals import CHECK_IN
from accord_clinic.pages.answers import SessionAnswers
from accord_clinic.pages.dyad import course_picture
from accord_clinic.pages.pictures import Picture
from accord_clinic.pages.talk_sheet import session_answers
from accord_clinic.queries.agreements import shown
from accord_clinic.queries.courses import course_of
from accord_clinic.queries.dyad import dyad_rows
from accord_clinic.queries.strains import crossed_lines, histories
from accord_clinic.queries.treatment_plan import plan_rows
from accord_clinic.questionnaires.plan import BEGINNINGS, WIDER_LOOK
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.agreements import Shown
from accord_clinic.records.strains import StrainHistory
from accord_clinic.records.treatment_plan import PlanRows
from accord_clinic.words.choices import MODALITIES
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import Names, scale_name
from accord_clinic.words.strains import strain_kind, strain_state

if TYPE_CHECKING:
    from accord_clinic.models import Dyad, Session

WITHOUT_SCORES = frozenset((*BEGINNINGS, WIDER_LOOK))
"""Questionnaires whose answers have no score that a record could hold."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One scale of one questionnaire in one session, by both voices; `None` where there is no answer to be shown."""

    session: int
    day: date
    where: str
    questionnaire: str
    scale: str
    low: float
    high: float
    client: float | None
    therapist: float | None


@dataclass(frozen=True, slots=True)
class CourseRecord:
    """One course of care as it may leave: who, since when, the picture, the numbers, strains and what was agreed."""

    names: Names
    since: date
    ended: date | None
    picture: Picture | None
    scores: tuple[ScoreRow, ...]
    strains: tuple[str, ...]
    agreed: tuple[str, ...]

    @property
    def sessions(self) -> int:
        return len({row.session for row in self.scores})


def note(session: Session, where: ZoneInfo) -> str:
    """A note on one session for any care record; ask `rules.visible.revealed_session` first.

    When and where, what both rated, strains in neutral words, what is agreed, and the treatment plan. Nobody's own
    words are in it, apart from goals, tasks and a plan that both confirmed.
    """
    dyad = session.dyad
    names = Names(dyad.client.called, dyad.therapist.name, you=False)
    answers = session_answers(session)
    parts = (
        [_opening(session, where)],
        [_("Ratings of this session"), *_rated(answers), *_measured(session)],
        [_("Strains"), *_strains_for(session, names)],
        [_("Agreed by both"), *agreed(shown(dyad))],
        [_("Treatment plan, confirmed by both"), *_planned(plan_rows(dyad), names)],
    )
    return "\n\n".join("\n".join(part) for part in parts if len(part) > 1 or part is parts[0]) + "\n"


def course_record(dyad: Dyad, where: ZoneInfo) -> CourseRecord:
    """Everything of one course that both may see, for a file; ask `rules.visible.dyad_for` first."""
    rows = dyad_rows(dyad, with_own_answers=False)
    names = Names(dyad.client.called, dyad.therapist.name, you=False)
    sessions = [s for s in rows.sessions if s.state == "held" and s.revealed_at]
    numbers = {s.number for s in sessions}
    strains, crossed = [strain for strain in rows.strains if strain.facts.session in numbers], crossed_lines(dyad)
    when = {s.pk: date_format(timezone.localtime(s.start, where), "j M Y") for s in sessions}
    days = {s.number: timezone.localtime(s.start, where).date() for s in sessions}
    return CourseRecord(
        names=names,
        since=dyad.started,
        ended=dyad.ended,
        picture=course_picture(replace(rows, strains=strains), sessions, names, when, signals=()),
        scores=tuple(_scores(course_of(dyad), days)),
        strains=tuple(_strain(strain, names, strain.facts.session in crossed) for strain in strains),
        agreed=tuple(agreed(shown(dyad))),
    )


def agreed(agreements: Sequence[Shown]) -> Iterator[str]:
    """The running goals and tasks that both have confirmed, a line each; a task stands with its goal's."""
    kinds = {
        "goal": _("Goal"), "task": _("Task"), "medication": _("Medication plan"),
        "problem": _("Shared view of the problem"),
    }  # fmt: skip
    for agreement in agreements:
        for each in (agreement, *agreement.tasks):
            if each.agreed and not each.ended_at:
                yield f"{kinds[each.kind]}: {each.words}"


def _planned(rows: PlanRows, names: Names) -> Iterator[str]:
    """The treatment plan in its latest version, once both have confirmed it; a draft is nobody's agreement."""
    if rows.plan is None or not {"client", "therapist"} <= rows.sealed.keys():
        return
    day = date_format(timezone.localtime(max(rows.sealed.values())), "j F Y")
    yield _("Version {number}, confirmed by both on {day}").format(number=rows.versions, day=day)
    for option in rows.options:
        if option.decision == "yes":
            yield _("Decided: {words}").format(words=option.words)
    for name, does in ((names.client, rows.plan.client_does), (names.therapist, rows.plan.therapist_does)):
        if does:
            yield _("{name} does: {words}").format(name=name, words=does)
    if rows.plan.review_on:
        yield _("Review on {day}").format(day=date_format(rows.plan.review_on, "j F Y"))


def _opening(session: Session, where: ZoneInfo) -> str:
    line = _("Session {number}, {day}, {where}, {minutes} minutes")
    day = moment(session.start, where, "l, j F Y, H:i")
    return line.format(number=session.number, day=day, where=MODALITIES[session.modality], minutes=session.minutes)


def _rated(answers: SessionAnswers) -> Iterator[str]:
    """A line for each question that both are asked and somebody answered and shows; guesses stay on the sheet."""
    for row in answers.rows:
        if row.note:
            continue
        voices = ((answers.client, row.client_words), (answers.therapist, row.therapist_words))
        yield f"{row.name}: {'; '.join(f'{name}: {words}' for name, words in voices if words)}"


def _measured(session: Session) -> Iterator[str]:
    """The scores of other questionnaires, with the range that each can take: the check-in is told in words."""
    check_in = shelf().instruments[CHECK_IN].name
    for row in _scores(course_of(session.dyad), {session.number: session.start.date()}):
        if row.questionnaire.startswith(check_in):
            continue
        voices = ((_("client"), row.client), (_("therapist"), row.therapist))
        values = "; ".join(f"{name} {value:.4g}" for name, value in voices if value is not None)
        yield _("{scale} ({low:g} to {high:g}): {values}").format(
            scale=f"{row.questionnaire}, {row.scale}", low=row.low, high=row.high, values=values
        )


def _strains_for(session: Session, names: Names) -> Iterator[str]:
    """The strains about this session, and earlier ones that moved in it."""
    crossed = crossed_lines(session.dyad)
    for strain in histories(session.dyad):
        about = strain.facts.session == session.number
        moved = strain.facts.session < session.number and any(n == session.number for _m, n, _a, _s in strain.moves)
        if about or moved:
            yield _strain(strain, names, strain.facts.session in crossed)


def _strain(strain: StrainHistory, names: Names, crossed: bool) -> str:
    facts = strain.facts
    gaps = {"number": facts.session, "state": strain_state(facts.state), "who": getattr(names, facts.opened_by, "")}
    if crossed and facts.opened_by == "client":
        line = _(
            "Session {number}: {who} reported that a line was crossed. Now: {state}. "
            "[Add what was reported, word for word, and what was done.]"
        )
        return line.format(**gaps)
    if facts.opened_by == "signal":
        return _("Session {number}: a possible strain, from a mark. Now: {state}.").format(**gaps)
    if facts.kind == "unclear":
        return _("Session {number}: {who} said that something felt off. Now: {state}.").format(**gaps)
    line = _("Session {number}: {who} said that something felt off ({kind}). Now: {state}.")
    return line.format(kind=strain_kind(facts.kind), **gaps)


def _scores(course: Course, days: dict[int, date]) -> Iterable[ScoreRow]:
    """The scores of these sessions, by session, questionnaire and scale; those of an earlier version say which."""
    keys = dict.fromkeys((name, "", scale) for _rater, name, scale in course.scores)
    keys |= dict.fromkeys((name, version, scale) for _rater, name, version, scale in course.earlier)
    for place, facts in enumerate(course.record.sessions):
        for name, version, scale in sorted(keys) if facts.number in days else ():
            asked = shelf().answered(name, version) if version else shelf().instruments.get(name)
            if asked is None or name in WITHOUT_SCORES:
                continue
            client, therapist = (_value(course, rater, name, version, scale, place) for rater in RATERS)
            if client is None and therapist is None:
                continue
            measured = asked.scale(scale)
            called = f"{asked.name} {version}".strip()
            yield ScoreRow(
                facts.number, days[facts.number], str(MODALITIES[facts.modality]), called, scale_name(scale),
                measured.low, measured.high, client, therapist,
            )  # fmt: skip


def _value(course: Course, rater: Rater, name: str, version: str, scale: str, place: int) -> float | None:
    """One score at one place of the course; `version` is empty for the present one."""
    if version:
        series = course.earlier.get((rater, name, version, scale))
    else:
        series = course.scores.get((rater, name, scale))
    score = series[place] if series else None
    return score.value if score else None
