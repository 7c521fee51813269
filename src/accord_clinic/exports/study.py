"""A study file, table by table: what a row is, what each column says, and from whom it is taken.

Everybody is in it who agrees at that moment, from ten clients on. The numbers of the courses and the codes of the
sessions are drawn anew for each file, and who the therapist is, is not in it: nothing is counted by therapist here
either.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import SystemRandom
from typing import Any, Literal

from django.db.models import Count, Model, Q, QuerySet

from accord.disclosure import LEAST, told_beginnings
from accord_clinic.exports import study_rows
from accord_clinic.exports.study_rows import Cells, Courses, Place, block_of
from accord_clinic.models import Agreement, Client, Dyad, Member, ReadLog, Response, Session, Strain, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.permissions import check_study
from accord_clinic.queries.consent import clients_who_consent

READ = "study_file"
"""How the log of reading calls it, which the client sees."""
FEWEST = LEAST
"""There is no file about fewer clients, and no fact of a course that fewer share."""
FEWEST_THERAPISTS = 3
"""No fact of a course that the courses of fewer therapists share, where so many have one in the file."""
AT_ONCE = 200
OPEN = Q(state="held", revealed_at__isnull=False)
DID_NOT_TAKE_PLACE = ~Q(state__in=("planned", "held"))
AGES = ((12, "12-17"), (18, "18-29"), (30, "30-44"), (45, "45-59"), (60, "60+"))


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type (as Frictionless Table Schema calls it), what it says, and its codes if any."""

    name: str
    type: Literal["integer", "number", "string", "boolean"]
    says: str
    codes: frozenset[str] = frozenset()

    def cell(self, value: Any) -> Any:
        """The value; nothing for one that this column does not know, so that no words can come by way of a code."""
        return value if not self.codes or value in self.codes else ""


@dataclass(frozen=True, slots=True)
class StudyTable:
    """One table: what a row is, its columns, and how the rows of some courses are found."""

    name: str
    says: str
    columns: tuple[Column, ...]
    find: Callable[[Courses, Sequence[int]], Iterable[Cells]]

    def rows(self, courses: Courses) -> Iterator[Cells]:
        """All rows, course by course in the order of their numbers."""
        dyads = sorted(courses.number, key=courses.number.__getitem__)
        for start in range(0, len(dyads), AT_ONCE):
            for row in sorted(self.find(courses, dyads[start : start + AT_ONCE]), key=lambda row: row[0]):
                yield tuple(column.cell(value) for column, value in zip(self.columns, row, strict=True))


@dataclass(frozen=True, slots=True)
class Made:
    """A study file that was made: when, by whom, and about how many courses."""

    at: datetime
    who: str
    courses: int


def ready(member: Member) -> int:
    """How many clients a study file would be about at this moment; 0 where they are too few to say."""
    check_study(member)
    n = _dyads().values("client").distinct().count()
    return n if n >= FEWEST else 0


def made(member: Member) -> list[Made]:
    """The latest twenty study files."""
    check_study(member)
    rows = ReadLog.objects.filter(what=READ).values_list("at", "member__name").annotate(Count("dyad"))
    return [Made(*row) for row in rows.order_by("-at")[:20]]


def courses() -> Courses | None:
    """Every course with an open session of a client who agrees now, numbered by chance. Nothing for too few clients."""
    rows = list(_dyads().select_related("client"))
    clients = [dyad.client_id for dyad in rows]
    if len(set(clients)) < FEWEST:
        return None
    therapists = [dyad.therapist_id for dyad in rows]
    share = min(FEWEST_THERAPISTS, len(set(therapists)))
    number = {dyad.pk: n for dyad, n in zip(rows, _drawn(len(rows)), strict=True)}
    begun, sessions, without = _places(number)
    patterns = _patterns({number[dyad]: start for dyad, start in begun.items()}, [*sessions.values(), *without])
    told_facts, lengths = told_beginnings(
        [_facts(dyad) for dyad in rows],
        [patterns[number[dyad.pk]] for dyad in rows],
        (clients, FEWEST),
        (therapists, share),
    )
    facts = {dyad.pk: facts for dyad, facts in zip(rows, told_facts, strict=True)}
    blocks = {dyad.pk: n for dyad, n in zip(rows, lengths, strict=True)}
    return Courses(len(set(clients)), number, facts, begun, blocks, sessions, without)


def _patterns(begun: Mapping[int, datetime], places: Iterable[Place]) -> dict[int, list[int]]:
    """By the number of a course: how many of its sessions were in each block, those before the first open one first."""
    patterns: dict[int, list[int]] = {dyad: [] for dyad in begun}
    for place in places:
        pattern, block = patterns[place.dyad], block_of(begun[place.dyad], place.start)
        pattern += [0] * (block + 1 - len(pattern))
        pattern[block] += 1
    return patterns


def _places(number: Mapping[int, int]) -> tuple[dict[int, datetime], dict[int, Place], list[Place]]:
    """By course, when its first open session was; by key, its open sessions; and those that did not take place."""
    those = Session.objects.filter(OPEN | DID_NOT_TAKE_PLACE, dyad__in=number).order_by("-start")
    rows = list(those.values_list("pk", "dyad", rank(), "start", "revealed_by", "state", "passed_over", "uid"))
    sessions, begun, without = {}, {}, []
    for (key, dyad, session, start, how, state, passed_over, uid), code in zip(rows, _drawn(len(rows)), strict=True):
        if state == "held":
            sessions[key] = Place(number[dyad], session, code, start, how, state, not passed_over, uid)
            begun[dyad] = start  # the earliest comes last
        else:
            without.append(Place(number[dyad], None, code, start, "", state, None, uid))
    return begun, sessions, without


def _drawn(n: int) -> list[int]:
    """The numbers from 1 to n in an order of chance."""
    return SystemRandom().sample(range(1, n + 1), n)


def _dyads() -> QuerySet[Dyad]:
    people = clients_who_consent("research")
    return Dyad.objects.filter(client__in=people, pk__in=Session.objects.filter(OPEN).values("dyad"))


def _facts(dyad: Dyad) -> tuple[str, ...]:
    """What others may know of a course; in the order in which it is worth keeping where groups are small."""
    return _ending(dyad), dyad.modality, dyad.approach, _age(dyad.client, dyad.started)


def _ending(dyad: Dyad) -> str:
    return "ongoing" if dyad.ended is None else dyad.ending


def _age(client: Client, on: date) -> str:
    years = on.year - client.born if client.born else 0
    return next((name for least, name in reversed(AGES) if years >= least), "")


def codes(*fields: tuple[type[Model], str], more: Iterable[str] = ()) -> frozenset[str]:
    """The codes that a column of a table of ours may hold."""
    choices = [getattr(model._meta.get_field(name), "choices", ()) for model, name in fields]
    return frozenset(code for of_field in choices for code, _label in of_field) | set(more)


DYAD = Column("dyad", "integer", "which course of care; drawn by chance for this file, without meaning")
SESSION = Column("session", "integer", "its number among the sessions of the course that took place, from 1")
CODE = Column("session_code", "integer", "which session; drawn by chance for this file, without meaning")
RATER = Column("rater", "string", "client or therapist", codes((Response, "side")))
AGREEMENT = Column("agreement", "integer", "number of the goal, task or shared view in its course")
INSTRUMENT = Column("instrument", "string", "id of the questionnaire; `accord instruments ID` says what its items ask")
KEPT_BACK = "empty where fewer than ten clients or three therapists share it together with what stands before it"
SINCE = (
    "in which four weeks from the first session that is open to both, from 1; 0: before it; empty from where fewer "
    "than ten clients or three therapists have so many sessions in each four weeks until then, and the same facts"
)

TABLES = (
    StudyTable(
        "dyads",
        "One row a course of care: one client with one therapist.",
        (
            DYAD,
            Column(
                "ending", "string", f"ongoing, or how it ended; {KEPT_BACK}", codes((Dyad, "ending"), more=["ongoing"])
            ),
            Column(
                "modality",
                "string",
                "room, video, phone or text, as is usual in this course; likewise",
                codes((Dyad, "modality")),
            ),
            Column("approach", "string", "how the therapist works; likewise", codes((Dyad, "approach"))),
            Column("age", "string", "the client's at the start, in bands, by year of birth; likewise"),
        ),
        study_rows.dyads,
    ),
    StudyTable(
        "sessions",
        "One row a session that is open to both, was cancelled or missed, in order. Only what took place has a number.",
        (
            DYAD,
            SESSION,
            CODE,
            Column("block", "integer", f"when it was: {SINCE}"),
            Column(
                "state", "string", "held, cancelled, missed_by_client or missed_by_therapist", codes((Session, "state"))
            ),
            Column(
                "revealed_by",
                "string",
                "both, time, waived or import; empty where answers are not open to both",
                codes((Session, "revealed_by")),
            ),
            Column("asked", "boolean", "there was a check-in for the client; empty where answers are not open to both"),
        ),
        study_rows.sessions,
    ),
    StudyTable(
        "responses",
        "One row for each questionnaire that somebody sent; the last where it was sent again.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            INSTRUMENT,
            Column("version", "string", "of the questionnaire"),
            Column("form", "string", "which set of items was asked: full, minimum ..."),
            Column(
                "order",
                "string",
                "where it was drawn for the course: strain_first (as usual) or scored_first; else empty",
                codes((Dyad, "order")),
            ),
            Column("late", "boolean", "sent when it was open to both already, not blind; empty for what was taken in"),
            Column("hours_after", "integer", "hours from the session to sending; empty for what was taken in"),
            Column("seconds", "integer", "from beginning to sending; empty where it is not known"),
        ),
        study_rows.responses,
    ),
    StudyTable(
        "answers",
        "One row an answer that is shown. An item without a row was skipped, kept or not asked: nobody can tell which.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            INSTRUMENT,
            Column("item", "string", "id of the item"),
            Column("answer", "string", "its value or code; several codes with spaces between"),
        ),
        study_rows.answers,
    ),
    StudyTable(
        "scores",
        "One row a scale of a response, by a key that somebody has checked.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            Column("scale", "string", "questionnaire and scale"),
            Column("score", "number", "empty where too few items were answered"),
            Column("answered", "integer", "how many items were answered"),
            Column("asked", "integer", "how many were asked"),
        ),
        study_rows.scale_scores,
    ),
    StudyTable(
        "signals",
        "One row a signal that Accord raised; without the safety notice, which is for two people.",
        (
            DYAD,
            SESSION,
            CODE,
            Column("kind", "string", "drop, slide, gap, strain_reported ..."),
            Column("reported", "boolean", "somebody said so; otherwise it was inferred"),
            Column("scale", "string", "the scale, where one is meant"),
            Column("strength", "number", "larger is stronger, within a kind"),
            Column("rule", "string", "the rule and its version"),
            Column("calibration", "string", "the calibration that judged it"),
            Column("withheld", "boolean", "not shown, since the budget of inferred signals was used up"),
        ),
        study_rows.signals,
    ),
    StudyTable(
        "strains",
        "One row a move in the life of a possible strain, in their order.",
        (
            DYAD,
            SESSION,
            CODE,
            Column("strain", "integer", "number of the strain in its course"),
            Column("kind", "string", "withdrawal, confrontation or unclear", codes((Strain, "kind"))),
            Column("opened_by", "string", "client, therapist or signal", codes((Strain, "opened_by"))),
            Column(
                "move",
                "string",
                "open, talk, talk_in_part, not_talked, take_back, not_noticed, try_repair, think_settled, settle, "
                "partly, still_there, let_rest, end_course, reopen",
                codes((StrainMove, "move")),
            ),
            Column("side", "string", "whose move it was", codes((StrainMove, "side"))),
            Column("at_session", "integer", "in which session it was said, where in one"),
            Column("block", "integer", "when it was said, likewise"),
        ),
        study_rows.strains,
    ),
    StudyTable(
        "agreements",
        "One row a goal, a task or a shared view of the problem, without its words.",
        (
            DYAD,
            AGREEMENT,
            Column("kind", "string", "goal, task or problem (the shared view)", codes((Agreement, "kind"))),
            Column("of_goal", "integer", "the goal that a task belongs to"),
            Column("proposed_by", "string", "client or therapist", codes((Agreement, "proposed_by"))),
            Column("block", "integer", "when it was proposed, likewise"),
            Column("wordings", "integer", "how often it was worded"),
            Column("client_sealed", "boolean", "whether the client has sealed the last wording"),
            Column("therapist_sealed", "boolean", "whether the therapist has"),
            Column("end", "string", "reached, dropped or replaced; empty while it stands", codes((Agreement, "end"))),
            Column("end_block", "integer", "when it ended, likewise"),
        ),
        study_rows.agreements,
    ),
    StudyTable(
        "progress",
        "One row for how far somebody saw a goal (0 to 10) or a task (0 not, 1 partly, 2 done) in a session.",
        (DYAD, SESSION, CODE, RATER, AGREEMENT, Column("value", "integer", "0 to 10 for a goal, 0 to 2 for a task")),
        study_rows.progress,
    ),
    StudyTable(
        "picks",
        "One row for each thing that somebody picked as mattering most in a session.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            Column("agreement", "integer", "the goal that was picked; empty where it was said in new words"),
        ),
        study_rows.picks,
    ),
)
