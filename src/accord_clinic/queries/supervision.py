"""The courses of care that therapists share with a supervisor now."""

from accord_clinic.models import AgendaItem, Member
from accord_clinic.permissions import check_supervise, dyads_visible_to, shares_with
from accord_clinic.queries.caseload import LAST_REVEALED, external_numbers
from accord_clinic.records.caseload import folded
from accord_clinic.records.supervision import SharedDyad, as_read, by_course

COLUMNS = ("pk", "uid", "client__name", "client__address_as", "therapist__name", "ended", "last")


def agenda(member: Member) -> dict[int, list[str]]:
    """What therapists take to supervision with this member, by course, the oldest first. One query."""
    check_supervise(member)
    items = AgendaItem.objects.filter(over_at=None, reaction__session__dyad__in=shares_with(member).values("dyad"))
    return by_course(items.order_by("at").values_list("reaction__session__dyad", "reaction__words"))


def shared_with(member: Member, words: str = "") -> list[SharedDyad]:
    """What is shared at this moment; a share that was taken back a second ago is gone. One query and the shares.

    `words`: of these, those that are found by them, as `as_read` has it.
    """
    check_supervise(member)
    rows = dyads_visible_to(member).filter(pk__in=shares_with(member).values("dyad"))
    columns = list(rows.annotate(last=LAST_REVEALED).values_list("client", *COLUMNS))
    outside, wanted = member.is_a("outside"), folded(words).split()
    numbers = external_numbers({client for client, *_more in columns}) if wanted and not outside else {}
    return as_read(columns, wanted, numbers, outside=outside)
