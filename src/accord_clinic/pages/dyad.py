"""Everything on the page of one dyad: the case in a sentence, course, words, goals, strains, sessions, who may look.

What is not revealed is not read, apart from the therapist's own answers. The number of queries does not grow with
sessions.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Min, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accord.course import course
from accord_clinic import models
from accord_clinic.charts import SessionMark
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Comment, Dyad, Member, Progress, Session, Share, Signal, Wording
from accord_clinic.pages.dyad_types import DyadPage, GoalLine, Quote, SessionLine
from accord_clinic.pages.findings import SAFETY_STANDS, Case, Told, case, heard
from accord_clinic.pages.pictures import Picture, picture
from accord_clinic.pages.strain_histories import lives, strain_line
from accord_clinic.permissions import can, check_treat, dyads_visible_to, treated_by
from accord_clinic.queries.consent import asks_age
from accord_clinic.queries.courses import ANSWERS, RESPONSE_COLUMNS, calibrations, said
from accord_clinic.queries.practice import zone
from accord_clinic.questionnaires.answer_words import phrase
from accord_clinic.questionnaires.plan import CHECK_IN
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import SAFETY, TO_TALK, WAITS, Matter, Names, OpenStrain

MOST_QUOTES, MOST_SESSIONS = 4, 6
THIS_YEAR = timedelta(days=300)
MODALITIES, STATES = dict(Dyad.MODALITIES), dict(Session.STATES)
SESSIONS = Prepared(
    lambda dyad: Session.objects.filter(dyad_id=dyad).annotate(linked_at=Min("invitations__made_at")).order_by("number")
)
# What is revealed, and beyond it what the therapist alone has said: never the client's.
ANSWERS_AND_OWN = Prepared(
    lambda dyad: (
        models.Response.objects.filter(
            Q(session__revealed_at__isnull=False) | Q(side="therapist"), session__dyad_id=dyad
        )
        .order_by("id")
        .values_list(*RESPONSE_COLUMNS, named=True)
    )
)
SIGNALS = Prepared(
    lambda dyad: Signal.objects.filter(dyad_id=dyad, withheld=False).values_list(
        "session_id", "kind", "reported", "strength", "scale", "evidence", "calibration", "raised_at", named=True
    )
)
COMMENTS = Prepared(
    lambda dyad: (
        Comment.objects.filter(session__dyad_id=dyad, session__revealed_at__isnull=False, side="client")
        .order_by("-session__number", "id")
        .values_list("session", "response", "item", "words")[: 4 * MOST_QUOTES]
    )
)
GOALS = Prepared(
    lambda dyad: (
        Wording.objects.filter(agreement__dyad_id=dyad, agreement__kind="goal", agreement__ended_at=None)
        .order_by("agreement", "id")
        .values_list("agreement", "pk", "words", "side", "seals__side")
    )
)
PROGRESS = Prepared(
    lambda dyad: (
        Progress.objects.filter(agreement__dyad_id=dyad, side="client", session__revealed_at__isnull=False)
        .order_by("id")
        .values_list("agreement", "value")
    )
)
SHARED = Prepared(lambda dyad: Share.objects.filter(dyad_id=dyad).values_list("member__name", "until"))


def visible(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member may see it."""
    rows = dyads_visible_to(member).select_related("client", "therapist")
    return rows.filter(uid=uid).first()


def own(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist."""
    if not member.is_a("therapist"):
        return None
    return (
        Dyad.objects.select_related("client", "therapist")
        .filter(uid=uid, therapist=member, client__erased_at=None)
        .first()
    )


def treated(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist or covers for that therapist now."""
    if not member.is_a("therapist"):
        return None
    return Dyad.objects.select_related("client", "therapist").filter(treated_by(member), uid=uid).first()


def usual_session(dyad: Dyad, where: ZoneInfo) -> dict[str, object]:
    """A first guess for the next session: a week after the last one, at the same time, in the same place."""
    last = dyad.sessions.order_by("-number").first()
    start = timezone.localtime(last.start, where) + timedelta(days=7) if last else timezone.localtime(None, where)
    return {"day": start.date(), "time": start.time() if last else None, "modality": dyad.modality}


def own_session(member: Member, uid: str) -> Session | None:
    """The session, if this member is the therapist of its dyad, or covers now."""
    if not member.is_a("therapist"):
        return None
    rows = Session.objects.select_related("dyad__client", "dyad__therapist")
    return rows.filter(treated_by(member, "dyad__"), uid=uid).first()


def dyad_page(member: Member, dyad: Dyad) -> DyadPage:
    """The page as this member may see it; ask `visible` first."""
    return _Reading(member, dyad).page()


class _Reading:
    """The rows of one dyad, each table read once."""

    def __init__(self, member: Member, dyad: Dyad) -> None:
        self.dyad, self.mine, self.where = dyad, can(check_treat, member, dyad), zone()
        self.names = Names(dyad.client.called, dyad.therapist.name, you=dyad.therapist_id == member.pk)
        self.sessions = SESSIONS.all(dyad.pk)
        self.revealed = [s for s in self.sessions if s.revealed_at]
        self.numbers = {s.pk: s.number for s in self.sessions}
        self.last = self.revealed[-1].number if self.revealed else 0
        self.when = {s.number: _when(s.start, self.where) for s in self.sessions}
        self.responses = (ANSWERS_AND_OWN if self.mine else ANSWERS).rows(dyad.pk)
        self.sides: dict[int, set[str]] = {}
        for response in self.responses:
            if response.instrument == CHECK_IN:
                self.sides.setdefault(response.session_id, set()).add(response.side)
        self.signals = SIGNALS.rows(dyad.pk)
        self.lives = lives(dyad)

    def page(self) -> DyadPage:
        found = self.told().matters(self.last, self.names)
        safety = tuple(m.line for m in found if m.rank == SAFETY)
        quotes = self.quotes()
        lines = [self.session_line(s) for s in reversed(self.sessions)]
        return DyadPage(
            dyad=self.dyad,
            names=self.names,
            kicker=self.kicker(),
            case=self.case(found),
            safety=safety,
            asks_age=self.names.you and not self.dyad.ended and asks_age(self.dyad.client),
            picture=self.picture(),
            quotes=tuple(quote for _number, quote in quotes),
            goals=self.goals(),
            strains=tuple(strain_line(life, self.names) for life in reversed(self.lives)),
            sessions=tuple(line for i, line in enumerate(lines) if i < MOST_SESSIONS or line.step),
            earlier=tuple(line for i, line in enumerate(lines) if i >= MOST_SESSIONS and not line.step),
            shared_with=", ".join(_shared_with(self.dyad)),
            latest=self.revealed[-1].uid if self.revealed else "",
            next_number=self._next_number(),
            mine=self.mine,
            read=tuple(sorted({number for number, _quote in quotes})),
        )

    def told(self) -> Told:
        oldest = timezone.now() - SAFETY_STANDS
        kept = tuple(
            heard(s.kind, self.numbers[s.session_id], s.reported, s.strength, s.scale, s.evidence, s.calibration)
            for s in self.signals
            if s.kind != "safety" or s.raised_at >= oldest
        )
        open_now = (life for life in self.lives if life.state != "settled")
        return Told(kept, tuple(OpenStrain(life.session, life.by, life.state) for life in open_now))

    def case(self, found: tuple[Matter, ...]) -> Case:
        """Where the two stand; for a course that has ended, how it ended and what was left open."""
        if not self.dyad.ended:
            return case(found, len(self.revealed), self.names)
        day = date_format(self.dyad.ended, "DATE_FORMAT")
        title = _("This course of care ended on {day}.").format(day=day)
        said = [_("How: {how}.").format(how=self.dyad.get_ending_display())] if self.dyad.ending else []
        said += [m.line for m in found if m.rank in (TO_TALK, WAITS)][:1]
        return Case(title, " ".join(said))

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
        shown = [s for s in self.sessions if s.state == "held" or s.revealed_at]
        heard = said(shown, self.responses)
        marks = [
            SessionMark(s.number, _short(s.modality), True, bool(s.revealed_at), self.when[s.number]) for s in shown
        ]
        wide: dict[tuple[str, str], set[int]] = {}
        for signal in self.signals:
            if signal.kind == "gap":
                instrument, _slash, scale = signal.scale.partition("/")
                wide.setdefault((instrument, scale), set()).add(self.numbers[signal.session_id])
        # Signals are read as they were kept, so neither detectors nor the courses of the differences are needed.
        own = {key: c for key, c in calibrations().items() if key.count("/") == 1}
        followed = course(heard, shelf().instruments, own, detectors=(), versions=shelf().versions)
        spans = [life.span(self.sessions) for life in self.lives]
        frozen = {key: frozenset(numbers) for key, numbers in wide.items()}
        return picture(followed, shelf().instruments, marks, spans, frozen, self.names)

    def quotes(self) -> list[tuple[int, Quote]]:
        """The client's latest shown words, newest session first; words that were corrected since are left out."""
        latest = {(r.session_id, r.side, r.instrument): r for r in self.responses}
        current = {r.pk: r for r in latest.values()}
        kept = [row for row in COMMENTS.rows(self.dyad.pk) if row[1] in current][:MOST_QUOTES]
        return [
            (self.numbers[session], Quote(words, self._quoted(self.numbers[session], current[response], item)))
            for session, response, item, words in kept
        ]

    def _quoted(self, number: int, said, item: str) -> str:
        on = _("session {number}").format(number=number)
        about = phrase(said, item)
        return f"{on} · {about}" if about else on

    def goals(self) -> tuple[GoalLine, ...]:
        """The running goals in their last words, with seals and the client's last word on how far each is."""
        last: dict[int, tuple[str, str, set]] = {}
        wording = None
        for goal, pk, words, side, seal in GOALS.rows(self.dyad.pk):
            if pk != wording:
                last[goal], wording = (words, side, set()), pk
            last[goal][2].add(seal)
        far = dict(PROGRESS.rows(self.dyad.pk)) if last else {}
        return tuple(self._goal(*said, far.get(goal)) for goal, said in last.items())

    def _goal(self, words: str, side: str, seals: set, far: int | None) -> GoalLine:
        by_client, by_therapist = "client" in seals, "therapist" in seals
        if by_client and by_therapist:
            state = _("agreed") if far is None else _("agreed · {far} of 10").format(far=far)
        elif not by_therapist and by_client:
            state = self.names.say(
                _("{client} has sealed · waits for you"), _("{client} has sealed · waits for {therapist}")
            )
        elif by_therapist:
            state = self.names.say(
                _("you have sealed · waits for {client}"), _("{therapist} has sealed · waits for {client}")
            )
        else:
            state = _("not yet agreed together")
        return GoalLine(words, by_client, by_therapist, state)

    def session_line(self, session: Session) -> SessionLine:
        sides = self.sides.get(session.pk, set())
        held, begun = session.state == "held", session.start <= timezone.now()
        told = (MODALITIES[session.modality], STATES[session.state], self._note(session, sides) if held else "")
        mine = self.mine and not self.dyad.ended
        planned = mine and session.state == "planned"
        return SessionLine(
            uid=session.uid,
            title=f"{session.number} · {self.when[session.number]}",
            line=" · ".join(str(part) for part in told if part),
            sheet=bool(session.revealed_at),
            settle=planned and begun,
            cancel=planned and not begun,
            link=self.mine and held and not session.revealed_at,
            rate=self.mine and held and "therapist" not in sides and session.revealed_by != "import",
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
        if made:
            return _("link made on {day} · yours to rate").format(day=moment(made, self.where, "j M"))
        return _("no link made yet · yours to rate")

    def _who_is_missing(self, session: Session, sides: set[str]) -> str:
        """In an open session: whose answer is missing, and whether the therapist looked first."""
        said = []
        if session.revealed_by == "import":
            return _("from a file")
        if "client" not in sides:
            said.append(_("no answer from {client}").format(client=self.names.client))
        if "therapist" not in sides:
            said.append(self.names.say(_("no rating from you"), _("no rating from {therapist}")))
        elif session.revealed_by == "waived":
            said.append(_("rated after it was open"))
        return " · ".join(said)

    def _next_number(self) -> int:
        coming = [s.number for s in self.sessions if s.state == "planned"]
        return coming[0] if coming else len(self.sessions) + 1


def _shared_with(dyad: Dyad) -> list[str]:
    now = timezone.now()
    return sorted(name for name, until in SHARED.rows(dyad.pk) if until is None or until > now)


def _short(modality: str) -> str:
    return {"room": _("room"), "video": _("video"), "phone": _("phone"), "text": _("text")}[modality]


def _when(start: datetime, where: ZoneInfo) -> str:
    """With the weekday while that helps to remember it, else with the year."""
    return moment(start, where, "D j M, H:i" if _recent(start) else "j M Y, H:i")


def _recent(start: datetime) -> bool:
    return timezone.now() - start < THIS_YEAR
