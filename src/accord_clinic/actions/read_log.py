"""Note that somebody read a client's words: who, when, and what of which dyad; never the words."""

from collections.abc import Sequence

from django.utils import timezone

from accord_clinic.exports.fhir_records import Piece, sessions_read
from accord_clinic.models import Dyad, Member, ReadLog
from accord_clinic.records.shared_record import ProgramReader


def log_read(member: Member, dyad: Dyad, what: str, sessions: Sequence[str]) -> None:
    """One row for one page that showed a client's words, with the uids of the sessions in which they were written."""
    ReadLog.objects.create(member=member, dyad=dyad, what=what, sessions=list(sessions), at=timezone.now())


def log_program(reader: ProgramReader, pieces: Sequence[Piece]) -> None:
    """One row for each course of care that a program of others read of: for which member, and of which sessions."""
    now = timezone.now()
    ReadLog.objects.bulk_create(
        ReadLog(member=reader.member, recipient=reader.recipient, dyad_id=dyad, what="record", sessions=uids, at=now)
        for dyad, uids in sessions_read(pieces).items()
    )
