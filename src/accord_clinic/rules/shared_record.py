"""What a program of others may read by FHIR, as rows: whose record, which sessions, which answers.

Three rules are said here and nowhere else: who may be read (`readable`), from when on a session is there (`sessions`),
and what of its answers (`responses`, `agreements`). What is not in these lists does not exist for any program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accord.signals import CHECK_IN
from accord_clinic import models
from accord_clinic.models import Agreement, Consent, Dyad, Practice, Recipient, Session
from accord_clinic.models.exchange import NUMBERS
from accord_clinic.permissions import treated_by
from accord_clinic.records.responses import current_responses
from accord_clinic.records.shared_record import ProgramReader, SharedRecord, row_uid
from accord_clinic.rules.consent import terms_of, voices

RECORD, ANSWERS = "record", "record_answers"
ALLIANCE = {"collaboration", "connection", "goal", "task", "bond"}
"""Scales that make a questionnaire one about the two; its scores are no outcome, and stay between them."""


def readable(reader: ProgramReader, patients: Iterable[str] | None = None) -> list[SharedRecord]:
    """Whose record this token may read now, of all or of these uids, in a lasting order. Three or four queries.

    Everybody who has to agree does, at this moment; a clinician's program reads only of those whom that clinician
    treats now, and a token about one client only of that one.
    """
    if reader.recipient.use == NUMBERS or (reader.bound and reader.patient is None):
        return []
    rows = Dyad.objects.filter(client__erased_at=None, client__locked_at=None)
    rows = rows.filter(Q(client__consents__recipient=reader.recipient, client__consents__withdrawn_at=None)).distinct()
    if reader.recipient.use != "service":
        if reader.member is None or not reader.member.is_a("therapist"):
            return []
        rows = rows.filter(treated_by(reader.member))
    if reader.patient is not None:
        rows = rows.filter(client=reader.patient)
    if patients is not None:
        rows = rows.filter(client__uid__in=list(patients))
    dyads = list(rows.select_related("client__terms", "therapist").order_by("client", "started", "pk"))
    agreed = _agreed(reader.recipient, {dyad.client_id for dyad in dyads})
    below = Practice.objects.values_list("guardian_below", flat=True).get()
    by_client: dict[int, list[Dyad]] = {}
    for dyad in dyads:
        by_client.setdefault(dyad.client_id, []).append(dyad)
    shared = []
    for number, courses in by_client.items():
        client = courses[0].client
        must = voices(client, terms_of(client), below)
        if must <= agreed.get((number, RECORD), set()):
            answers = reader.recipient.asks_answers and must <= agreed.get((number, ANSWERS), set())
            shared.append(SharedRecord(client, tuple(courses), answers))
    return shared


def _agreed(recipient: Recipient, clients: Iterable[int]) -> dict[tuple[int, str], set[str]]:
    rows = Consent.objects.filter(recipient=recipient, client__in=list(clients), withdrawn_at=None)
    agreed: dict[tuple[int, str], set[str]] = {}
    for client, purpose, by in rows.values_list("client", "purpose", "by"):
        agreed.setdefault((client, purpose), set()).add(by)
    return agreed


def sessions(dyads: Sequence[Dyad]) -> list[Session]:
    """The sessions that are there: held, open to both, and so long ago that they would be open whoever had answered.

    A session that both have answered opens at once. A program that looks each hour would learn from that who answers,
    so no session is there before the time at which all of them are.
    """
    hours = Practice.objects.values_list("reveal_after_hours", "reveal_not_before_hours").get()
    after, not_before = (timedelta(hours=number) for number in hours)
    now = timezone.now()
    rows = Session.objects.filter(dyad__in=[dyad.pk for dyad in dyads], state="held", revealed_at__isnull=False)
    rows = rows.filter(Q(reveal_due=None) | Q(reveal_due__lte=now), start__lte=now).order_by("start", "pk")
    return [row for row in rows if max(row.start + after, row.end + not_before) <= now]


def responses(shared: SharedRecord, opened: Sequence[Session]) -> list[models.Response]:
    """The client's own last word in these sessions. `exports/fhir_records.py` leaves out what stays inside."""
    rows = models.Response.objects.filter(session__in=[session.pk for session in opened], side="client")
    if not shared.answers:
        rows = rows.exclude(instrument=CHECK_IN)
    rows = rows.select_related("session__dyad").prefetch_related("comments").order_by("session__start", "session", "id")
    return list(current_responses(rows).values())


def agreements(dyads: Sequence[Dyad]) -> list[tuple[Agreement, str]]:
    """The goals and tasks whose last wording both have confirmed, with those words."""
    rows = Agreement.objects.filter(dyad__in=[dyad.pk for dyad in dyads], kind__in=("goal", "task"))
    worded = []
    for row in rows.select_related("goal").prefetch_related("wordings__seals").order_by("made_at", "pk"):
        last = max(row.wordings.all(), key=lambda wording: wording.pk)
        if {seal.side for seal in last.seals.all()} == {"client", "therapist"}:
            worded.append((row, last.words))
    return worded


def whose(kind: str, identity: str) -> str:
    """The uid of the client whom the resource with this id is about; empty where there is none. At most one query."""
    uid = row_uid(identity.partition("-")[0])
    if kind == "Patient":
        return uid
    if kind == "CarePlan":
        return Dyad.objects.filter(uid=uid).values_list("client__uid", flat=True).first() or ""
    table: QuerySet = Agreement.objects.all() if kind == "Goal" else Session.objects.all()
    return table.filter(uid=uid).values_list("dyad__client__uid", flat=True).first() or ""
