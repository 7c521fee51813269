"""Requests for erasure: those that wait for the practice, those that were decided, and the one of a receipt."""

from datetime import datetime

from django.db.models import Count, Q

from accord_clinic import links
from accord_clinic.models import BreakGlass, Client, Dyad, Erasure, Member
from accord_clinic.permissions import check_decide_erasure
from accord_clinic.records.erasure import CourseFacts, WaitingErasure
from accord_clinic.rules.retention import retention


def waiting(member: Member) -> list[WaitingErasure]:
    """Requests without a decision, the oldest first."""
    check_decide_erasure(member)
    rows = list(Erasure.objects.filter(decided_at=None).order_by("at"))
    clients = Client.objects.in_bulk([row.client for row in rows])
    return [
        WaitingErasure(row.uid, client.name, row.at, tuple(_courses(client)), retention(client))
        for row in rows
        if (client := clients.get(row.client))
    ]


def decided(member: Member) -> list[Erasure]:
    """Those that were decided, the newest first."""
    check_decide_erasure(member)
    return list(Erasure.objects.exclude(decided_at=None).select_related("decided_by").order_by("-decided_at"))


def request_for(member: Member, uid: str) -> Erasure | None:
    """The request with this name in its address."""
    check_decide_erasure(member)
    return Erasure.objects.filter(uid=uid).first()


def of_receipt(code: str) -> Erasure | None:
    """The request that this receipt belongs to."""
    return Erasure.objects.filter(receipt=links.receipt_digest(code)).exclude(receipt="").first()


def opened_since(row: Erasure) -> list[datetime]:
    """When an admin opened what is kept, in an emergency."""
    rows = BreakGlass.objects.filter(dyad__client=row.client, at__gt=row.at).order_by("at")
    return list(rows.values_list("at", flat=True))


def _courses(client: Client) -> list[CourseFacts]:
    rows = Dyad.objects.filter(client=client).annotate(held=Count("sessions", filter=Q(sessions__state="held")))
    columns = rows.order_by("started").values_list("therapist__name", "started", "ended", "held")
    return [CourseFacts(*row) for row in columns]
