"""A study file: from whom it is taken, under which numbers, and how the rows of each table are found.

Everybody is in it who agrees at that moment, from ten clients on. All numbers are drawn anew for each file. Which
courses one client or one therapist has is told in files of approved studies alone, whose clients agreed to that.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import SystemRandom

from django.db.models import Q, QuerySet

from accord.disclosure import LEAST, told_beginnings
from accord.tables import vocabulary
from accord_clinic.exports import study_rows
from accord_clinic.exports.study_rows import Cells, Courses, Place, Who, block_of
from accord_clinic.models import Client, Dyad, Session, Study
from accord_clinic.models.care import rank
from accord_clinic.rules.consent import clients_who_consent

FEWEST = LEAST
"""There is no file about fewer clients, and no fact of a course that fewer share."""
FEWEST_OF_THERAPIST, FEWEST_IN_STUDY = 3, 10
"""In a file with codes for therapists: clients of each, and therapists. With fewer, a code is nearly a name."""
FEWEST_THERAPISTS = 3
"""No fact of a course that the courses of fewer therapists share, where so many have one in the file."""
AT_ONCE = 200
OPEN = Q(state="held", revealed_at__isnull=False)
DID_NOT_TAKE_PLACE = ~Q(state__in=("planned", "held"))
AGES = ((12, "12-17"), (18, "18-29"), (30, "30-44"), (45, "45-59"), (60, "60+"))


@dataclass(frozen=True, slots=True)
class StudyTable:
    """One table of a file: what it holds, the columns that this file has, and how its rows are found."""

    name: str
    says: str
    columns: tuple[vocabulary.Column, ...]
    find: Callable[[Courses, Sequence[int]], Iterable[Cells]]

    def rows(self, courses: Courses) -> Iterator[Cells]:
        """All rows, course by course in the order of their numbers."""
        names = [column.name for column in vocabulary.TABLE[self.name].columns]
        places = [names.index(column.name) for column in self.columns]
        dyads = sorted(courses.number, key=courses.number.__getitem__)
        for start in range(0, len(dyads), AT_ONCE):
            for row in sorted(self.find(courses, dyads[start : start + AT_ONCE]), key=lambda row: row[0]):
                yield tuple(c.cell(row[n]) for c, n in zip(self.columns, places, strict=True))


FIND = {
    "dyads": study_rows.dyads,
    "sessions": study_rows.sessions,
    "responses": study_rows.responses,
    "answers": study_rows.answers,
    "scores": study_rows.scale_scores,
    "signals": study_rows.signals,
    "strains": study_rows.strains,
    "agreements": study_rows.agreements,
    "progress": study_rows.progress,
    "picks": study_rows.picks,
}


def tables(study: Study | None = None) -> tuple[StudyTable, ...]:
    """The tables of a file: those of the study, with the variables that were approved; else as everybody's."""
    names = frozenset(study.variables) if study else None
    return tuple(StudyTable(t.name, t.says, t.columns, FIND[t.name]) for t in vocabulary.chosen(names))


TABLES = tables()


def courses(study: Study | None = None) -> Courses | None:
    """Every course with an open session of a client who agrees now, numbered by chance. Nothing for too few.

    For a `study`: of clients who agree to approved studies and therapists with three of them or more; ten therapists.
    """
    rows = list(_dyads(study).select_related("client"))
    if study is not None:
        rows = _enough(rows)
        if len({dyad.therapist_id for dyad in rows}) < FEWEST_IN_STUDY:
            return None
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
    return Courses(len(set(clients)), number, facts, begun, blocks, sessions, without, _who(rows))


def _enough(rows: list[Dyad]) -> list[Dyad]:
    """The courses whose therapists have three clients among them, and whose number of courses ten clients share.

    How many courses somebody had is what others know. So later courses are left out where fewer than ten have as many;
    which may leave a therapist with too few clients, and so on until nothing has to go.
    """
    while True:
        order = _order(rows)
        have = Counter(order.values())  # how many clients have a course with this number
        left = [dyad for dyad in rows if order[dyad.pk] == 1 or have[order[dyad.pk]] >= FEWEST]
        clients = defaultdict(set)
        for dyad in left:
            clients[dyad.therapist_id].add(dyad.client_id)
        left = [dyad for dyad in left if len(clients[dyad.therapist_id]) >= FEWEST_OF_THERAPIST]
        if len(left) == len(rows):
            return left
        rows = left


def _order(rows: Iterable[Dyad]) -> dict[int, int]:
    """By course, which of its client's it is, by when they began."""
    order, so_far = {}, Counter[int]()
    for dyad in sorted(rows, key=lambda dyad: (dyad.started, dyad.pk)):
        so_far[dyad.client_id] += 1
        order[dyad.pk] = so_far[dyad.client_id]
    return order


def _who(rows: Sequence[Dyad]) -> dict[int, Who]:
    """By course, whose it is, under numbers of chance."""
    clients, therapists = _numbered(d.client_id for d in rows), _numbered(d.therapist_id for d in rows)
    order = _order(rows)
    return {d.pk: Who(clients[d.client_id], order[d.pk], therapists[d.therapist_id]) for d in rows}


def _numbered(keys: Iterable[int]) -> dict[int, int]:
    those = sorted(set(keys))
    return dict(zip(those, _drawn(len(those)), strict=True))


def purpose_of(study: Study | None) -> str:
    """What clients in the file have to agree to."""
    return "studies" if study else "research"


def clients_now(study: Study | None = None) -> int:
    """How many clients a file would be about at this moment, before anybody is left out; 0 where too few to say."""
    n = _dyads(study).values("client").distinct().count()
    return n if n >= FEWEST else 0


def no_longer_agree(courses: Courses, study: Study | None) -> bool:
    """Whether somebody whose course is in it has withdrawn since."""
    people = clients_who_consent(purpose_of(study))
    return Dyad.objects.filter(pk__in=list(courses.number)).exclude(client__in=people).exists()


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


def _dyads(study: Study | None = None) -> QuerySet[Dyad]:
    people = clients_who_consent(purpose_of(study))
    return Dyad.objects.filter(client__in=people, pk__in=Session.objects.filter(OPEN).values("dyad"))


def _facts(dyad: Dyad) -> tuple[str, ...]:
    """What others may know of a course; in the order in which it is worth keeping where groups are small."""
    return _ending(dyad), dyad.modality, dyad.approach, _age(dyad.client, dyad.started)


def _ending(dyad: Dyad) -> str:
    return "ongoing" if dyad.ended is None else dyad.ending


def _age(client: Client, on: date) -> str:
    years = on.year - client.born if client.born else 0
    return next((name for least, name in reversed(AGES) if years >= least), "")
