"""Telling people: an outbox row once per person, thing and time; a sweep claims and delivers. Nothing personal."""

from datetime import timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accord_clinic import links
from accord_clinic.models import Client, Member, Notice, Practice, PrivateLine, Session

RETRY_AFTER = timedelta(minutes=10)
MOST_TRIES = 6
SECRET = ("code", "link")


def tell(kind: str, about: str, *, client: Client | None = None, member: Member | None = None, due_at=None) -> bool:
    """Put one notice into the outbox. False when this person was to be told this before."""
    person = f"client:{client.pk}" if client else f"member:{member.pk}"
    now = timezone.now()
    try:
        with transaction.atomic():
            Notice.objects.create(
                key=f"{kind}|{person}|{links.digest(about)}",
                kind=kind,
                client=client,
                member=member,
                about=about,
                made_at=now,
                due_at=due_at or now,
            )
    except IntegrityError:
        return False
    return True


def tell_safety(session: Session) -> None:
    """The therapist and the safety contact: please look. It names no person and no answer."""
    contact = Practice.objects.select_related("safety_contact").get().safety_contact
    for member in {session.dyad.therapist, contact} - {None}:
        tell("safety", session.uid, member=member)


def tell_outside_reader(line: PrivateLine) -> None:
    """The named outside reader: a line waits for you."""
    reader = Practice.objects.select_related("outside_reader").get().outside_reader
    if reader is not None:
        tell("outside_line", line.uid, member=reader)


def deliver(limit: int = 100) -> int:
    """Claim due notices one by one and send each by mail. Gives how many were sent. A crash leaves a row to retry."""
    sent = 0
    now = timezone.now()
    for pk in _waiting(now).values_list("pk", flat=True)[:limit]:
        # Exactly one worker's UPDATE touches the row.
        if _waiting(now).filter(pk=pk).update(claimed_at=now) == 1:
            sent += _send(Notice.objects.select_related("client", "member").get(pk=pk))
    return sent


def _waiting(now):
    rows = Notice.objects.filter(sent_at=None, due_at__lte=now, tries__lt=MOST_TRIES)
    return rows.filter(claimed_at=None) | rows.filter(claimed_at__lt=now - RETRY_AFTER)


def _send(notice: Notice) -> bool:
    person = notice.client or notice.member
    with translation.override(notice.client.language if notice.client else settings.LANGUAGE_CODE):
        subject, body = _words(notice)
    try:
        if person.email:
            send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [person.email])
    except OSError as error:
        Notice.objects.filter(pk=notice.pk).update(tries=notice.tries + 1, error=type(error).__name__)
        return False
    # A code or a link has done its work once it is sent; nothing that opens a door stays behind.
    about = "" if notice.kind in SECRET else notice.about
    Notice.objects.filter(pk=notice.pk).update(sent_at=timezone.now(), tries=notice.tries + 1, error="", about=about)
    return True


def _words(notice: Notice) -> tuple[str, str]:
    """Neutral in subject and body: a shared screen must give nothing away."""
    if notice.kind == "code":
        # The code itself travels in `about` for the few minutes of its life; it opens nothing without the page.
        return _("Your code"), _("Your code is {code}. It is good for 15 minutes.").format(code=notice.about)
    if notice.kind == "link":
        return _("A short page for you"), _("You can open it here: {link}").format(link=notice.about)
    return _("Please look"), _("Something waits for you. Please sign in and look.")
