"""What clients said to *someone else here*: for the named outside reader alone, never about that reader's own dyads."""

from datetime import timedelta

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from accord_clinic.models import Member, Practice, PrivateLine, Response
from accord_clinic.permissions import check_be_outside_reader, check_read_outside_line
from accord_clinic.questionnaires.answer_words import phrase
from accord_clinic.records.outside import OutsideLine, Waiting, in_turn, outside_line

READ_STANDS = timedelta(days=90)


def waiting(member: Member) -> tuple[tuple[Waiting, ...], Practice]:
    """Unread lines first, then those read in the last 90 days; and the practice with what clients are promised."""
    practice = _practice_of(member)
    rows = _lines(member).order_by("acknowledged_at", "id").values_list(
        "uid", "client__name", "client__address_as", "response__session__dyad__therapist__name",
        "response__sent_at", "acknowledged_at",
    )  # fmt: skip
    return tuple(in_turn(rows, timezone.now() - READ_STANDS)), practice


def line(member: Member, uid: str) -> OutsideLine:
    """One line with its words; the caller notes that it was read. 404 for anybody it was not said to."""
    row = _own(member, uid)
    return outside_line(row, row.response.session.number, phrase(row.response, row.item))


def private_line(member: Member, uid: str) -> PrivateLine | None:
    """The row, for the act of acknowledging it; nothing for anybody it was not said to."""
    return _lines(member).filter(uid=uid).first()


def _lines(member: Member) -> QuerySet[PrivateLine]:
    """What was said to this member, never about the reader's own dyads, and not what was corrected since."""
    rows = PrivateLine.objects.filter(reader="outside", to=member).exclude(response__session__dyad__therapist=member)
    of_these = Response.objects.filter(side="client", session__in=rows.values("response__session"))
    return rows.filter(response__in=of_these.current_ids())


def _own(member: Member, uid: str) -> PrivateLine:
    _practice_of(member)
    related = ("client", "response__session__dyad__therapist")
    row = _lines(member).select_related(*related).filter(uid=uid).first()
    if row is None:
        raise Http404
    check_read_outside_line(member, row)
    return row


def _practice_of(member: Member) -> Practice:
    practice = Practice.objects.get()
    check_be_outside_reader(member, practice)
    return practice
