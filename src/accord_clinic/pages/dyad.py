"""Everything on the page of one dyad: the headline, course, words, goals, strains, sessions, who may look.

A new part of the page is a field of `DyadPage`; what it needs of the rows is read in `queries/dyad`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord_clinic.charts import Panel, SessionMark
from accord_clinic.pages.answers import SessionAnswers, WordedAnswers
from accord_clinic.pages.dyad_types import DyadPage, GoalLine, Quote, SessionLine
from accord_clinic.pages.findings import CaseReading, Headline, reading
from accord_clinic.pages.outcomes import attainment, outcome_changes
from accord_clinic.pages.pictures import Picture, goal_panel, levels_panel, medication_panel, picture, tasks_panel
from accord_clinic.pages.strains import strain_line, strain_span
from accord_clinic.permissions import can, check_treat
from accord_clinic.queries import expectations
from accord_clinic.queries.courses import compute
from accord_clinic.queries.dyad import dyad_rows
from accord_clinic.questionnaires.answer_words import phrase
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import LEVELS, level_words
from accord_clinic.records.dyad import DyadRows, Goal, Quoted
from accord_clinic.records.findings import SignalsAndStrains
from accord_clinic.records.often import has_check_in
from accord_clinic.records.strains import as_open, is_unsettled
from accord_clinic.rules.consent import asks_age
from accord_clinic.rules.practice import every, zone
from accord_clinic.words.choices import MODALITIES, STATES
from accord_clinic.words.introduction import introduction
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import CROSSED, SAFETY, TO_TALK, WAITS, Names, scale_name
from accord_clinic.words.sessions import denied

if TYPE_CHECKING:
    from accord.records import Signal
    from accord_clinic.models import Dyad, Member, Session

MOST_SESSIONS, MOST_GOALS = 6, 3
THIS_YEAR = timedelta(days=300)
SCALES = ("collaboration", "connection", "strain", "voice")


def dyad_page(member: Member, dyad: Dyad) -> DyadPage:
    """The page as this member may see it; ask `rules.visible.dyad_for` first."""
    return _Presenter(member, dyad).page()


class _Presenter:
    """The rows of one dyad put into words for one reader."""

    def __init__(self, member: Member, dyad: Dyad) -> None:
        self.dyad, self.mine, self.where = dyad, can(check_treat, member, dyad), zone()
        self.names = Names(dyad.client.called, dyad.therapist.name, you=dyad.therapist_id == member.pk)
        self.rows = dyad_rows(dyad, member, with_own_answers=self.mine)
        self.sessions = self.rows.sessions
        self.revealed = [s for s in self.sessions if s.revealed_at and s.state == "held" and not s.passed_over]
        self.when = {s.pk: _when(s.start, self.where) for s in self.sessions}

    def page(self) -> DyadPage:
        read = self.reading()
        lines = [self.session_line(s) for s in reversed(self.sessions)]
        return DyadPage(
            dyad=self.dyad,
            names=self.names,
            kicker=self.kicker(),
            headline=self.headline(read),
            tick=self.tick(read),
            safety=tuple((finding.answer, finding.session) for finding in read.findings if finding.answer),
            before_the_first=self.names.you and not self.dyad.ended and not self._took_place(),
            expectations_open=expectations.is_open(self.dyad),
            asks_age=self.names.you and not self.dyad.ended and asks_age(self.dyad.client),
            picture=self.picture(),
            outcomes=outcome_changes(self.rows.record),
            attainment=attainment(
                [g.progress for g in self.rows.goals if g.levels and g.agreed],
                self.names.client,
            ),
            answers=self.answers(),
            quotes=tuple(map(_quote, self.rows.quotes)),
            goals=tuple(map(self.goal_line, self.rows.goals)),
            strains=tuple(strain_line(strain, self.names) for strain in reversed(self.rows.strains)),
            sessions=tuple(line for i, line in enumerate(lines) if i < MOST_SESSIONS or line.step),
            earlier=tuple(line for i, line in enumerate(lines) if i >= MOST_SESSIONS and not line.step),
            shared_with=", ".join(self.rows.shared_with),
            latest=self.revealed[-1].uid if self.revealed else "",
            latest_number=self.revealed[-1].number if self.revealed else 0,
            can_add_strain=self.mine and bool(self.revealed) and not self.dyad.ended,
            next_number=self._next_number(),
            mine=self.mine,
            read=tuple(sorted({quoted.session_uid for quoted in self.rows.quotes})),
            scales={key: scale_name(key) for key in SCALES},
            introduction=introduction(self.dyad.client.language) if self.mine and not self.revealed else (),
        )

    def reading(self) -> CaseReading:
        """What is worth a word, as of the latest session that is open to both."""
        unsettled = [as_open(s, self.sessions) for s in self.rows.strains if is_unsettled(s.facts.state)]
        last = self.revealed[-1].number if self.revealed else 0
        there = SignalsAndStrains(tuple(self.rows.signals), tuple(unsettled), self.rows.aside)
        return reading(there, last, self.names)

    def tick(self, read: CaseReading) -> str:
        """The strain of the headline, where the reader may tick it as talked about."""
        return read.first.strain if read.first and self.mine and not self.dyad.ended else ""

    def headline(self, read: CaseReading) -> Headline:
        """Where the two stand; for a course that has ended, how it ended and what was left open."""
        if not self.dyad.ended or any(finding.rank == SAFETY for finding in read.findings):
            return read.headline
        day = date_format(self.dyad.ended, "DATE_FORMAT")
        title = _("Treatment ended on {day}.").format(day=day)
        how = [_("How: {how}.").format(how=self.dyad.get_ending_display())] if self.dyad.ending else []
        left_open = [finding.line for finding in read.findings if finding.rank in (CROSSED, TO_TALK, WAITS)][:1]
        return Headline(title, " ".join(how + left_open))

    def kicker(self) -> str:
        since = _("since {day}").format(day=date_format(self.dyad.started, "DATE_FORMAT"))
        past = [s for s in self.sessions if s.state == "held"]
        if not past:
            return since
        last = past[-1]
        form = "l, j F" if _recent(last.start) else "DATE_FORMAT"
        on = _("session {number} was on {day}, {where}").format(
            number=last.number, day=moment(last.start, self.where, form), where=MODALITIES[last.modality]
        )
        return f"{since} · {on}"

    def picture(self) -> Picture | None:
        return course_picture(self.rows, self.sessions, self.names, self.when)

    def answers(self) -> SessionAnswers:
        """What both showed of the last session that is open to both; own words stand in a card of their own."""
        return WordedAnswers(
            {"client": self.names.client, "therapist": self.names.therapist}, self.rows.latest
        ).answers()

    def goal_line(self, goal: Goal) -> GoalLine:
        if goal.agreed:
            far = goal.progress
            if far is not None and far in LEVELS:
                level = level_words(goal.levels, far)
                state = _("agreed · {level}").format(level=level) if level else _("agreed")
            else:
                state = _("agreed") if far is None else _("agreed · {far} of 10").format(far=far)
        elif "client" in goal.sealed_by:
            state = self.names.say(
                _("{client} has confirmed it · you have not yet"),
                _("{client} has confirmed it · {therapist} has not yet"),
            )
        elif "therapist" in goal.sealed_by:
            state = self.names.say(
                _("you have confirmed it · {client} has not yet"),
                _("{therapist} has confirmed it · {client} has not yet"),
            )
        else:
            state = _("not yet agreed together")
        return GoalLine(goal.words, "client" in goal.sealed_by, "therapist" in goal.sealed_by, state)

    def session_line(self, session: Session) -> SessionLine:
        sides = self.rows.sides.get(session.pk, set())
        held, begun = session.state == "held", session.start <= timezone.now()
        note = self._note(session, sides) if held else denied(self.names.client) if session.denied else ""
        parts = (MODALITIES[session.modality], STATES[session.state], note)
        mine = self.mine and not self.dyad.ended
        planned = mine and session.state == "planned"
        return SessionLine(
            uid=session.uid,
            title=f"{session.number} · {self.when[session.pk]}" if held else self.when[session.pk],
            line=" · ".join(str(part) for part in parts if part),
            sheet=bool(session.revealed_at),
            settle=planned and begun,
            cancel=planned and not begun,
            link=self.mine and held and not session.revealed_at,
            linked=self.mine and held and not session.revealed_at and session.linked_at is not None,
            rate=self.mine and held and "therapist" not in sides and session.revealed_by != "import",
            change=mine and session.revealed_by != "import",
        )

    def _note(self, session: Session, sides: set[str]) -> str:
        """How a session stands between rating and reveal. Before the reveal it tells of the therapist's side alone."""
        if session.revealed_at:
            return self._who_is_missing(session, sides)
        if not self.names.you:
            return _("not open yet")
        if sides:
            return _("you have rated · not open yet")
        made = session.linked_at
        if not made and not has_check_in(session.number, every(self.dyad)):
            return _("no check-in after this one")
        if made:
            return _("link made on {day} · you have not rated it yet").format(day=moment(made, self.where, "j M"))
        return _("no link made yet · you have not rated it yet")

    def _who_is_missing(self, session: Session, sides: set[str]) -> str:
        """In an open session: whose answer is missing, and whether the therapist looked first."""
        missing = []
        if session.revealed_by == "import":
            return _("from a file")
        if session.passed_over:
            return _("no check-in after this one")
        if "client" not in sides:
            missing.append(_("no answer from {client}").format(client=self.names.client))
        if "therapist" not in sides:
            missing.append(self.names.say(_("no rating from you"), _("no rating from {therapist}")))
        elif session.revealed_by == "waived":
            missing.append(_("rated after the answers were open"))
        return " · ".join(missing)

    def _took_place(self) -> bool:
        return any(session.state == "held" for session in self.sessions) or self.dyad.under_way

    def _next_number(self) -> int:
        """The next session has the number after those that took place."""
        return sum(session.state == "held" for session in self.sessions) + 1


def course_picture(
    rows: DyadRows,
    sessions: Sequence[Session],
    names: Names,
    when: Mapping[int, str],
    signals: Sequence[Signal] | None = None,
) -> Picture | None:
    """The course drawn from rows that were read. `when`: what each session is called, by its row.

    `signals` are those that may mark a wide difference: all of the rows unless others are given.
    """
    marks = [
        SessionMark(s.number, _short(s.modality), not s.passed_over, bool(s.revealed_at), when[s.pk])
        for s in sessions
        if s.state == "held"
    ]
    wide: dict[tuple[str, str], set[int]] = {}
    for signal in rows.signals if signals is None else signals:
        if signal.kind == "gap":
            instrument, _slash, scale = (signal.scale or "").partition("/")
            wide.setdefault((instrument, scale), set()).add(signal.session)
    # Signals are read as they were stored, so neither detectors nor the courses of the differences are needed.
    followed = compute(rows.record, (), gaps=False)
    spans = [strain_span(strain, sessions) for strain in rows.strains]
    frozen = {key: frozenset(numbers) for key, numbers in wide.items()}
    return picture(followed, shelf().instruments, marks, spans, frozen, names, _moved(rows, sessions))


def _moved(rows: DyadRows, sessions: Sequence[Session]) -> list[Panel]:
    """A panel for tasks, one for medication, and one for each running goal that was rated more than once."""
    numbers = {s.pk: s.number for s in sessions if s.state == "held"}
    done: dict[str, dict[int, list[int]]] = {"task": {}, "medication": {}}
    goals: dict[int, dict[int, int]] = {goal.pk: {} for goal in rows.goals}
    levels: dict[int, dict[int, int]] = {goal.pk: {} for goal in rows.goals}
    for moved in rows.moved:
        number = numbers.get(moved.session)
        if number is not None and moved.kind in done:
            done[moved.kind].setdefault(number, []).append(moved.value)
        elif number is not None and moved.agreement in goals:
            (levels if moved.value in LEVELS else goals)[moved.agreement][number] = moved.value
    of_goals = [
        panel
        for goal in rows.goals[:MOST_GOALS]
        for panel in (*goal_panel(goal.words, goals[goal.pk]), *levels_panel(goal.words, levels[goal.pk]))
    ]
    tasks, medication = (dict(sorted(given.items())) for given in done.values())
    return [*tasks_panel(tasks), *medication_panel(medication), *of_goals]


def _quote(quoted: Quoted) -> Quote:
    on = _("session {number}").format(number=quoted.session)
    about = phrase(quoted.response, quoted.item)
    return Quote(quoted.words, f"{on} · {about}" if about else on)


def _short(modality: str) -> str:
    return {"room": _("room"), "video": _("video"), "phone": _("phone"), "text": _("text")}[modality]


def _when(start: datetime, where: ZoneInfo) -> str:
    """With the weekday while that helps to remember it, else with the year."""
    return moment(start, where, "D j M, H:i" if _recent(start) else "j M Y, H:i")


def _recent(start: datetime) -> bool:
    return abs(timezone.now() - start) < THIS_YEAR
