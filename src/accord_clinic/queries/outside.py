"""What clients said to *someone else here*: for the named outside reader alone, never about that reader's own dyads."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from accord_clinic.models import Dyad, Member, Practice, PrivateLine, Response
from accord_clinic.permissions import check_be_outside_reader, check_read_outside_line
from accord_clinic.questionnaires.answer_words import phrase

READ_STANDS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Waiting:
    """That somebody said something, and when; not what."""

    uid: str
    client: str
    therapist: str
    said_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutsideLine:
    """What was said, in the client's own words, and what it answers."""

    uid: str
    dyad: Dyad
    session: int
    session_uid: str
    client: str
    therapist: str
    said_at: datetime
    read_at: datetime | None
    about: str
    words: str


def waiting(member: Member) -> tuple[tuple[Waiting, ...], Practice]:
    """Unread lines first, then those read in the last 90 days; and the practice with what clients are promised."""
    practice = _practice_of(member)
    rows = _lines(member).order_by("acknowledged_at", "id").values_list(
        "uid", "client__name", "client__address_as", "response__session__dyad__therapist__name",
        "response__sent_at", "acknowledged_at",
    )  # fmt: skip
    recent = timezone.now() - READ_STANDS
    lines = [_waiting(*row) for row in rows if row[-1] is None or row[-1] > recent]
    lines.sort(key=lambda waits: (waits.read_at is not None, -waits.said_at.timestamp()))
    return tuple(lines), practice


def line(member: Member, uid: str) -> OutsideLine:
    """One line with its words; the caller notes that it was read. 404 for anybody it was not said to."""
    row = _own(member, uid)
    session = row.response.session
    return OutsideLine(
        uid=row.uid,
        dyad=session.dyad,
        session=session.number,
        session_uid=session.uid,
        client=row.client.called,
        therapist=session.dyad.therapist.name,
        said_at=row.response.sent_at,
        read_at=row.acknowledged_at,
        about=phrase(row.response, row.item),
        words=row.words,
    )


def private_line(member: Member, uid: str) -> PrivateLine | None:
    """The row, for the act of acknowledging it; nothing for anybody it was not said to."""
    return _lines(member).filter(uid=uid).first()


def _lines(member: Member) -> QuerySet[PrivateLine]:
    """What was said to this member, never about the reader's own dyads, and not what was corrected since."""
    rows = PrivateLine.objects.filter(reader="outside", to=member).exclude(response__session__dyad__therapist=member)
    of_these = Response.objects.filter(side="client", session__in=rows.values("response__session"))
    return rows.filter(response__in=of_these.current_ids())


def _waiting(uid, name, address_as, therapist, said_at, read_at) -> Waiting:
    return Waiting(uid, address_as or name, therapist, said_at, read_at)


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
