"""Note in the audit log how members sign in and what failed, from allauth's signals. Ids and codes only.

What somebody typed is never among them, not even the address: it may be a password in the wrong field.
"""

from collections.abc import Iterable

from allauth.account import signals as account
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth import signals as auth
from django.db import transaction
from django.dispatch import receiver

from accord_clinic.actions.audit import record
from accord_clinic.models import Member

UNKNOWN = "member:unknown"


def note(act: str, member: Member | None, codes: Iterable[str] = (), *, by: Member | None = None) -> None:
    """Add one entry about a member's account; `by` is nobody until somebody has proved who they are."""
    with transaction.atomic():
        record(by, act, f"member:{member.pk}" if member else UNKNOWN, codes)


@transaction.atomic
def end_sessions(sessions: Iterable[UserSession], *, by: Member) -> None:
    """End some of one's own sessions, each with an entry."""
    for session in sessions:
        record(by, "session_ended", f"session:{session.pk}")
        session.end()


def ways_in(request, member: Member) -> list[str]:
    """How this session was opened: password, socialaccount, totp, webauthn, recovery_codes ..."""
    return [entry.get("type", entry["method"]) for entry in get_authentication_records(request, member)]


def is_linked(member: Member, provider: str) -> bool:
    return SocialAccount.objects.filter(user=member, provider=provider).exists()


@transaction.atomic
def link(member: Member, provider: str, subject: str) -> None:
    """Tie this subject of the provider to this member. Nothing else from the provider is stored."""
    SocialAccount.objects.create(user=member, provider=provider, uid=subject, extra_data={})
    note("sso_linked", member, by=member)


@receiver(account.user_logged_in)
def _signed_in(request, user, **_rest):
    note("signed_in", user, ways_in(request, user), by=user)


@receiver(auth.user_login_failed)
def _password_was_wrong(credentials, **_rest):
    """Known and unknown addresses cost the same: one look, one entry."""
    typed = credentials.get("email") or ""
    note("sign_in_failed", Member.objects.filter(email__iexact=typed).first(), ["password"])


@receiver(auth.user_logged_out)
def _signed_out(request, user, **_rest):
    if user is not None:
        note("signed_out", user, by=user)


@receiver(mfa.authenticator_used)
def _factor_used(user, authenticator, **_rest):
    note("second_factor_used", user, [authenticator.type], by=user)


@receiver(mfa.authentication_failed)
def _factor_failed(user, **_rest):
    note("second_factor_failed", user, ["code"])


@receiver(mfa.authenticator_added)
def _factor_added(user, authenticator, **_rest):
    note("second_factor_added", user, [authenticator.type], by=user)


@receiver(mfa.authenticator_reset)
def _codes_made_anew(user, authenticator, **_rest):
    note("second_factor_renewed", user, [authenticator.type], by=user)


@receiver(mfa.authenticator_removed)
def _factor_removed(user, authenticator, **_rest):
    note("second_factor_removed", user, [authenticator.type], by=user)


@receiver([account.password_changed, account.password_set])
def _password_changed(user, **_rest):
    note("password_changed", user, by=user)


@receiver(account.password_reset)
def _password_reset(user, **_rest):
    """By a link in a mail: whoever reads that mailbox."""
    note("password_reset", user)
