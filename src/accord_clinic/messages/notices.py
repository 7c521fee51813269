"""The outbox: one row for each person, thing and time. A sweep claims each row and has it delivered."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accord_clinic import links
from accord_clinic.messages import delivery
from accord_clinic.models import Client, Cover, Dyad, Member, Notice, Practice, PrivateLine, Session

RETRY_AFTER = timedelta(minutes=10)
"""An older claim belongs to a worker that died. A failed message waits this long, then twice as long each time."""
MOST_TRIES = 6
SECRET = ("code", "link", "reminder", "guide", "member_link", delivery.RECEIPT)


def tell(
    kind: str,
    about: str,
    *,
    client: Client | None = None,
    member: Member | None = None,
    due_at=None,
    once: str = "",
    **facts,
) -> bool:
    """Put one notice into the outbox. False when the same notice was there before.

    `once` says what makes it the same message, where `about` cannot since it holds a fresh link. `facts`: session, to.
    """
    reader = client or member
    assert reader is not None
    person = f"{'client' if client else 'member'}:{reader.pk}"
    now = timezone.now()
    try:
        with transaction.atomic():
            Notice.objects.create(
                key=f"{kind}|{person}|{once or links.digest(about)}",
                kind=kind,
                client=client,
                member=member,
                about=about,
                made_at=now,
                due_at=due_at or now,
                **facts,
            )
    except IntegrityError:
        return False
    return True


def ask_password_link(address: str) -> None:
    """Somebody has forgotten a password. The same row for every address, so that asking tells nothing."""
    now = timezone.now()
    facts = {"kind": delivery.FORGOTTEN, "to": address, "made_at": now, "due_at": now}
    Notice.objects.create(key=f"{delivery.FORGOTTEN}|{links.new_token()}", **facts)


def tell_those_in_charge(kind: str, about: str, dyad: Dyad, once: str = "") -> None:
    """Notify the dyad's therapist, or the admins if the therapist has left, so that somebody always gets the notice."""
    for member in [dyad.therapist] if dyad.therapist.is_active else _admins():
        tell(kind, about, member=member, once=once)


def tell_safety(session: Session, once: str = "") -> None:
    """Ask the therapist, whoever covers now, and the safety contact to look. The notice names no person and no answer.

    Where the practice has no safety contact, the admins are told in its place. `once`: as in `tell`, for an answer that
    came again.
    """
    contact = Practice.objects.select_related("safety_contact").get().safety_contact
    tell_those_in_charge("safety", session.uid, session.dyad, once)
    now = timezone.now()
    covers = Cover.objects.filter(dyad=session.dyad, since__lte=now, until__gt=now).select_related("member")
    for member in {*(row.member for row in covers), *([contact] if contact else _admins())}:
        tell("safety", session.uid, member=member, once=once)


def tell_outside_reader(line: PrivateLine) -> None:
    """Tell the person whom the client's page named that a line is waiting."""
    if line.to is not None:
        tell("outside_line", line.uid, member=line.to)


def tell_admins(kind: str, about: str) -> None:
    """Tell everybody who keeps the practice that something waits for them."""
    for member in _admins():
        tell(kind, about, member=member)


def _admins() -> list[Member]:
    return [member for member in Member.objects.filter(is_active=True) if member.is_a("admin")]


def deliver(limit: int = 100) -> int:
    """Claim due notices one by one and deliver each. Returns how many were sent. A crash leaves a row to retry."""
    sent = 0
    for pk in _waiting().values_list("pk", flat=True)[:limit]:
        # Exactly one worker's UPDATE touches the row. It counts as a try at once: a message that kills must end.
        if _waiting().filter(pk=pk).update(claimed_at=timezone.now(), tries=F("tries") + 1) == 1:
            sent += _carry(Notice.objects.select_related("client", "member", "session__dyad").get(pk=pk))
    return sent


def _waiting():
    now = timezone.now()
    rows = Notice.objects.filter(sent_at=None, dropped_at=None, due_at__lte=now, tries__lt=MOST_TRIES)
    return rows.filter(claimed_at=None) | rows.filter(claimed_at__lt=now - RETRY_AFTER)


def _carry(notice: Notice) -> bool:
    """Send it, drop it when nobody wants it any more, or put it back for later."""
    if not delivery.wanted(notice):
        return _done(notice, dropped_at=timezone.now())
    try:
        delivery.send(notice)
    except Exception as error:  # noqa: BLE001 - one message that cannot be sent must not hold up all others
        later = timezone.now() + RETRY_AFTER * 2 ** (notice.tries - 1)
        Notice.objects.filter(pk=notice.pk).update(claimed_at=None, due_at=later, error=type(error).__name__)
        return False
    return _done(notice, sent_at=timezone.now())


def _done(notice: Notice, **when) -> bool:
    """A code or a link has done its work; nothing that opens a door, and no address, stays behind."""
    about = "" if notice.kind in SECRET else notice.about
    Notice.objects.filter(pk=notice.pk).update(error="", about=about, to="", **when)
    return "sent_at" in when
