"""What a therapist reads where an admin gave clients to a colleague: that it was done, to whom and when, never why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import ngettext

from accord_clinic.queries import members

if TYPE_CHECKING:
    from accord_clinic.models import Member

SHOWN = timedelta(days=60)


def given_away(member: Member) -> list[str]:
    """A line for each time in the last two months."""
    lines = []
    for kind, to, courses, first, last in members.given_away(member, timezone.now() - SHOWN):
        days = {"first": date_format(first, "j F"), "last": date_format(last, "j F") if last else ""}
        if kind == "cover":
            text = ngettext(
                "An admin asked {to} to cover for you with one client from {first} to {last}.",
                "An admin asked {to} to cover for you with {n} clients from {first} to {last}.",
                courses,
            )
        else:
            text = ngettext(
                "An admin handed one of your clients over to {to} on {first}.",
                "An admin handed {n} of your clients over to {to} on {first}.",
                courses,
            )
        lines.append(text.format(to=to, n=courses, **days))
    return lines
