"""A request from a member who is signed in: what a view behind `login_required` gets, for the checker of types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

if TYPE_CHECKING:
    from accord_clinic.models import Member


class MemberRequest(HttpRequest):
    """Its `user` is a member, never nobody."""

    user: Member
