"""End what supervisors from outside see without the client's release, whatever took the release away."""

from __future__ import annotations

from django.utils import timezone

from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import Share
from accord_clinic.rules.from_outside import is_released, needs_release


def end_unreleased(*, by: Actor) -> None:
    """After a withdrawal, other terms, another role or another setting: shares that would not be made now end now."""
    for share in Share.objects.filter(until=None).select_related("member", "dyad__client"):
        if share.member.is_a("outside") and needs_release(share.member) and not is_released(share.dyad.client):
            Share.objects.filter(pk=share.pk).update(until=timezone.now())
            record(by, "unshare", f"share:{share.pk}", ["until"])
