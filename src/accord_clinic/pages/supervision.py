"""What a supervisor may see: the courses of care that therapists share now, first who needs a conversation."""

from dataclasses import dataclass

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.models import Member
from accord_clinic.pages.caseload import calm, folded
from accord_clinic.pages.findings import NOTHING, Told, told
from accord_clinic.permissions import check_supervise, dyads_visible_to, shares_with
from accord_clinic.words.sentences import INFERRED, Names

LAST_REVEALED = Max("sessions__number", filter=Q(sessions__revealed_at__isnull=False))
COLUMNS = ("pk", "uid", "client__name", "client__address_as", "therapist__name", "ended", "last")


@dataclass(frozen=True, slots=True)
class Shared:
    """One course of care that its therapist shows. `rank` sorts: the smaller, the sooner a conversation is needed."""

    uid: str
    client: str
    therapist: str
    line: str
    ended: bool
    rank: int


@dataclass(frozen=True, slots=True)
class Supervision:
    """All that is shared with one supervisor, and how much of it asks for a conversation."""

    sentence: str
    running: tuple[Shared, ...]
    ended: tuple[Shared, ...]


def supervision(member: Member) -> Supervision:
    """What is shared at this moment; a share that was taken back a second ago is gone. Two queries and the shares."""
    check_supervise(member)
    shared = dyads_visible_to(member).filter(pk__in=shares_with(member).values("dyad"))
    rows = list(shared.annotate(last=LAST_REVEALED).values_list(*COLUMNS))
    known = told([row[0] for row in rows])
    found = [_shared(*row, known.get(row[0], NOTHING)) for row in rows]
    found.sort(key=lambda one: (one.rank, folded(one.client)))
    running = tuple(one for one in found if not one.ended)
    return Supervision(_sentence(running), running, tuple(one for one in found if one.ended))


def _shared(_pk, uid, name, address_as, therapist, ended, last, known: Told) -> Shared:
    client = address_as or name
    found = known.matters(last, Names(client, therapist, you=False))
    line, rank = (found[0].whole, found[0].rank) if found else (calm(last), INFERRED + 1)
    return Shared(uid, client, therapist, line, ended is not None, rank)


def _sentence(running: tuple[Shared, ...]) -> str:
    """How many are shared, and in how many something is worth a word."""
    if not running:
        return _("Nothing is shared with you now.")
    count, to_talk = len(running), sum(one.rank <= INFERRED for one in running)
    said = ngettext("{count} course of care is shared with you.", "{count} courses of care are shared with you.", count)
    if not to_talk:
        return f"{said.format(count=count)} {_('Nothing stands out so far.')}"
    worth = _("In {count} of them something is worth a word.").format(count=to_talk)
    return f"{said.format(count=count)} {worth}"
