"""What admins do: invite members, give roles, change the practice's settings, look after failed messages."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.actions.from_outside import end_unreleased
from accord_clinic.messages import delivery, notices
from accord_clinic.models import Member, Notice, Practice
from accord_clinic.permissions import check_end_sessions, check_keep_practice, check_reset_second_factor


@transaction.atomic
def invite_member(name: str, email: str, roles: list[str], *, by: Member) -> Member:
    """Make an account without a password, and send its owner a link to choose one."""
    check_keep_practice(by)
    _check_roles(roles)
    if Member.objects.filter(email__iexact=email).exists():
        raise BadInput("Somebody with this address works here already, or did.")
    member = Member.objects.create_user(email, None, name=name.strip(), roles=sorted(roles))
    record(by, "invite_member", f"member:{member.pk}", ["name", "email", "roles"])
    _send_link(member)
    return member


@transaction.atomic
def send_password_link(member: Member, *, by: Member) -> None:
    """Send a new link to choose a password."""
    check_keep_practice(by)
    record(by, "send_password_link", f"member:{member.pk}")
    _send_link(member)


@transaction.atomic
def end_sessions(member: Member, *, by: Member) -> None:
    """Sign somebody out everywhere at once. The account stays, and they can sign in again."""
    check_end_sessions(by, member)
    record(by, "end_sessions", f"member:{member.pk}", ["sessions"])
    for session in UserSession.objects.filter(user=member):
        session.end()


@transaction.atomic
def reset_second_factor(member: Member, *, by: Member | None) -> None:
    """Remove every app, passkey and recovery code of somebody who has lost them; the next sign-in sets up a new one.

    `by` is nobody when it is done on the server, where whoever may run a command may do everything.
    """
    if by is not None:
        check_reset_second_factor(by, member)
    if not Authenticator.objects.filter(user=member).exists():
        raise BadInput(f"{member.name} has no second factor. The next sign-in asks for one.")
    Authenticator.objects.filter(user=member).delete()
    record(by, "reset_second_factor", f"member:{member.pk}", ["authenticators", "sessions"])
    for session in UserSession.objects.filter(user=member):
        session.end()
    notices.tell("second_factor_reset", "", member=member, once=timezone.now().isoformat())


@transaction.atomic
def unlink(member: Member, *, by: Member) -> None:
    """Remove this member's tie to the provider; the next sign-in there is recognised by the address again."""
    check_keep_practice(by)
    SocialAccount.objects.filter(user=member).delete()
    record(by, "sso_unlinked", f"member:{member.pk}")


@transaction.atomic
def set_roles(member: Member, roles: list[str], *, by: Member) -> None:
    """Set a member's roles. The last admin stays admin, and a therapist with clients stays therapist."""
    check_keep_practice(by)
    _check_roles(roles)
    lost = set(member.roles) - set(roles)
    others = Member.objects.filter(is_active=True).exclude(pk=member.pk)
    if "admin" in lost and not any(m.is_a("admin") for m in others):
        raise BadInput("Somebody has to keep the practice. Make somebody else an admin first.")
    if "therapist" in lost and member.dyads.filter(ended=None).exists():
        raise BadInput(f"{member.name} still works with people here. Hand them over or end these courses first.")
    practice = Practice.objects.get()
    if "outside" in roles and member.pk in (practice.safety_contact_id, practice.outside_reader_id):
        raise BadInput(f"{member.name} is one whom clients can turn to here. Name somebody else for that first.")
    member.roles = sorted(roles)
    member.save(update_fields=["roles"])
    record(by, "set_roles", f"member:{member.pk}", ["roles"])
    end_unreleased(by=by)


@transaction.atomic
def set_up(practice: Practice, *, by: Member, **facts) -> None:
    """Change the settings of the practice: its columns, and `held_by_itself`, yes or no.

    `safety_contact` and `outside_reader` are members, or nobody.
    """
    check_keep_practice(by)
    if facts.pop("held_by_itself", practice.held_by_itself) != practice.held_by_itself:
        # From now on: sessions of before stay as they were left.
        facts["held_by_itself_since"] = None if practice.held_by_itself else timezone.now()
    changed = [name for name, value in facts.items() if getattr(practice, name) != value]
    if "outside_reader" in changed and practice.outside_reader_id:
        # Lines are for whom the client's page named; that person keeps the way to them.
        practice.former_readers = [*practice.former_readers, practice.outside_reader_id]
        changed.append("former_readers")
        facts["former_readers"] = practice.former_readers
    for name in changed:
        setattr(practice, name, facts[name])
    if changed:
        practice.save(update_fields=changed)
        record(by, "set_up", f"practice:{practice.pk}", changed)
        end_unreleased(by=by)


@transaction.atomic
def let_marks_choose_cards(practice: Practice, on: bool, read: bool, *, by: Member) -> None:
    """Switch on that inferred marks choose cards, by somebody who has read why it is off; or off again."""
    check_keep_practice(by)
    if on and not read:
        raise BadInput("Read what it means first, and say that you have.")
    practice.inferred_by, practice.inferred_at = (by, timezone.now()) if on else (None, None)
    practice.save(update_fields=["inferred_by", "inferred_at"])
    record(by, "let_marks_choose_cards" if on else "conversation_only", f"practice:{practice.pk}", ["inferred_at"])


@transaction.atomic
def try_again(notice: Notice, *, by: Member) -> None:
    """Send a failed message again, as if it were new."""
    check_keep_practice(by)
    rows = Notice.objects.filter(pk=notice.pk, sent_at=None, dropped_at=None)
    if rows.update(tries=0, claimed_at=None, due_at=timezone.now()):
        record(by, "try_notice_again", f"notice:{notice.pk}", ["tries", "due_at"])


@transaction.atomic
def drop(notice: Notice, *, by: Member) -> None:
    """Drop a failed message and wipe its link or code."""
    check_keep_practice(by)
    rows = Notice.objects.filter(pk=notice.pk, sent_at=None, dropped_at=None)
    if rows.update(dropped_at=timezone.now(), about="", to=""):
        record(by, "drop_notice", f"notice:{notice.pk}", ["dropped_at"])


def _send_link(member: Member) -> None:
    notices.tell("member_link", delivery.password_link(member), member=member)


def _check_roles(roles: list[str]) -> None:
    if not roles or set(roles) - set(Member.ROLES):
        raise BadInput(f"Choose at least one of these roles: {', '.join(Member.ROLES)}.")
    if "outside" in roles and set(roles) != {"outside", "supervisor"}:
        raise BadInput("Who is from outside the practice is a supervisor and nothing else here.")
