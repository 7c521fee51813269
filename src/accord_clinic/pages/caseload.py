"""A therapist's caseload: who needs a conversation, in one plain line each; and finding somebody by name."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Min, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.models import Dyad, Member
from accord_clinic.pages.findings import NOTHING, Told, told
from accord_clinic.permissions import check_work_as_therapist, treated_by
from accord_clinic.queries.practice import zone
from accord_clinic.questionnaires.plan import STARTING_SESSIONS
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import INFERRED, TO_TALK, Matter, Names

MOST_ENDED = 30
REVEALED = Q(sessions__revealed_at__isnull=False)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the caseload. `rank` sorts: the smaller, the sooner a conversation is needed."""

    uid: str
    name: str
    line: str
    side: str
    chip: str = ""
    rank: int = INFERRED + 1


@dataclass(frozen=True, slots=True)
class People:
    """The caseload: running courses by need, ended ones by date; `more_ended` are found by search alone."""

    running: tuple[Person, ...]
    ended: tuple[Person, ...]
    more_ended: int
    to_talk: int


def people(member: Member) -> People:
    """Everybody this therapist works with. Six queries, whatever the number."""
    check_work_as_therapist(member)
    rows = _caseload(member)
    where = zone()
    known = told([row["pk"] for row in rows])
    running = [_person(row, known.get(row["pk"], NOTHING), member, where) for row in rows]
    gone = Dyad.objects.filter(therapist=member, client__erased_at=None).exclude(ended=None).order_by("-ended", "-pk")
    ended = [_ended(*row) for row in gone.values_list(*ENDED_COLUMNS)[: MOST_ENDED + 1]]
    more = gone.count() - MOST_ENDED if len(ended) > MOST_ENDED else 0
    running.sort(key=lambda p: (p.rank, folded(p.name)))
    to_talk = sum(p.rank <= INFERRED for p in running)
    return People(tuple(running), tuple(ended[:MOST_ENDED]), more, to_talk)


def find(member: Member, words: str) -> tuple[Person, ...]:
    """People of the own caseload whose name holds every one of these words; capitals and accents do not matter.

    Names are folded here and not in the database: the reach is one caseload, never the practice.
    """
    check_work_as_therapist(member)
    wanted = folded(words).split()
    if not wanted:
        return ()
    rows = (
        Dyad.objects.filter(treated_by(member), client__erased_at=None)
        .order_by("client__name")
        .values_list(*FOUND_COLUMNS)
    )
    return tuple(_found(*row) for row in rows if all(part in folded(f"{row[1]} {row[2]}") for part in wanted))


def folded(text: str) -> str:
    """A text without capitals and accents, for comparing: `Zoë` and `zoe` are alike."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


ENDED_COLUMNS = ("uid", "client__name", "client__address_as", "ended", "ending")
FOUND_COLUMNS = ("uid", "client__name", "client__address_as", "started", "ended")


def _caseload(member: Member) -> list[dict]:
    """The running courses with their last revealed session and the next planned one, in one query."""
    planned = Q(sessions__state="planned", sessions__start__gte=timezone.now())
    rows = Dyad.objects.filter(treated_by(member), ended=None).annotate(
        last=Max("sessions__number", filter=REVEALED), next=Min("sessions__start", filter=planned)
    )
    return list(rows.values("pk", "uid", "client__name", "client__address_as", "last", "next"))


def _person(row: dict, known: Told, member: Member, where) -> Person:
    name = row["client__address_as"] or row["client__name"]
    found = known.matters(row["last"], Names(name, member.name))
    side = _("next: {when}").format(when=moment(row["next"], where, "D j M, H:i")) if row["next"] else ""
    if not found:
        return Person(row["uid"], name, calm(row["last"]), side)
    return Person(row["uid"], name, found[0].whole, side, _open_since(found, row["last"]), found[0].rank)


def _open_since(found: Iterable[Matter], last: int | None) -> str:
    """How long the oldest strain that is still to talk about has been open."""
    opened = min((m.session for m in found if m.rank == TO_TALK), default=None)
    if opened is None:
        return ""
    count = max(1, (last or opened) - opened)
    return ngettext("strain · open {count} session", "strain · open {count} sessions", count).format(count=count)


def calm(last: int | None) -> str:
    """The line for somebody about whom nothing stands out."""
    if not last:
        return _("No session is open to both yet.")
    if last < STARTING_SESSIONS:
        return _("Just beginning: {last} of the first {first} sessions.").format(last=last, first=STARTING_SESSIONS)
    return _("Nothing stands out so far.")


def _ended(uid: str, name: str, address_as: str, ended: date, ending: str) -> Person:
    how = dict(Dyad.ENDINGS).get(ending, "")
    return Person(uid, address_as or name, str(how), _day(ended))


def _found(uid: str, name: str, address_as: str, started: date, ended: date | None) -> Person:
    if ended:
        line = _("{start} to {end}").format(start=_day(started), end=_day(ended))
    else:
        line = _("since {start}").format(start=_day(started))
    called = f"{address_as} ({name})" if address_as and address_as != name else name
    return Person(uid, called, line, "")


def _day(day: date) -> str:
    return date_format(day, "j M Y")
