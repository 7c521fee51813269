"""Whose browser this is: the session and its member, which every page asks for, each by one prepared query.

How members sign in is in `staff.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Member

OPEN = Prepared(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now),
    "no session",
    datetime(1828, 4, 5, tzinfo=UTC),
)
MEMBER = Prepared(lambda number: Member.objects.filter(pk=number))


class SessionStore(db.SessionStore):
    """Django's own, in the database."""

    def _get_session_from_db(self) -> Session | None:
        session: Session | None = OPEN.first(self.session_key or "", timezone.now())
        if session is None:
            self._session_key = None
        return session


class Backend(AuthenticationBackend):
    """allauth's own: an address and a password."""

    def get_user(self, user_id: int) -> Member | None:
        member: Member | None = MEMBER.first(user_id)
        return member if member and self.user_can_authenticate(member) else None
