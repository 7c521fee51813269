"""Deliver one notice of the outbox as a mail or text message: in its reader's language, with a way to stop.

It is neutral, but for clients who chose that links and reminders name the practice.
"""

from datetime import timedelta
from email.utils import formataddr, parseaddr

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import override

from accord_clinic import links
from accord_clinic.messages import sms
from accord_clinic.models import Client, Member, Notice, Pause, Practice, Response, StopLink
from accord_clinic.words import wordings

ASKED_FOR = "code"
RECEIPT = "erasure_receipt"
"""The last message to whoever asks for erasure: to the address as it was, with the code that shows how it stands."""
FORGOTTEN = "password_link"  # noqa: S105 - the name of a message
"""Asked for by whoever typed an address; whether somebody works here under it is looked up only when it is sent."""
CODE_LIVES = timedelta(minutes=15)
RECOGNISABLE = ("link", "reminder")
BY_ITSELF = (*RECOGNISABLE, "follow_up")
"""Messages to a client that nobody asks for, so each says how to stop them."""
PRINTED = (
    "django.core.mail.backends.console.EmailBackend",
    "accord_clinic.demo.mail.Printed",
    "accord_clinic.messages.sms.console",
)
"""Ways to send that go no further than the window in which Accord runs."""


class NoContact(Exception):
    """Neither an e-mail address nor a telephone number is known."""


def wanted(notice: Notice) -> bool:
    """Whether it still makes sense: no dead code, no link to somebody who has answered or said stop, none for a session
    that turned out not to have been held."""
    if notice.kind == ASKED_FOR:
        return timezone.now() - notice.made_at < CODE_LIVES
    if notice.kind == FORGOTTEN:
        return Member.objects.at(notice.to) is not None
    client, member, session = notice.client, notice.member, notice.session
    if client and client.locked_at and notice.kind != RECEIPT or member and not member.is_active:
        return False
    if client is None or session is None:
        return True
    paused = Pause.objects.filter(client=client, until=None).exists()
    stopped = paused or client.messages_stopped_at is not None or session.dyad.ended is not None
    over = session.revealed_at is not None or session.state != "held"
    return not (stopped or over or Response.objects.filter(session=session, side="client").exists())


def send(notice: Notice) -> None:
    """Send a notice by mail or text message. Raises `OSError` if a retry may help, `NoContact` without an address."""
    client = notice.client
    sender = _recognised(notice)
    kind = f"{notice.kind}_recognisable" if sender else notice.kind
    subject, body = wordings.message(kind, client.language if client else settings.LANGUAGE_CODE)
    member = Member.objects.at(notice.to) if notice.kind == FORGOTTEN else None
    about = password_link(member) if member else notice.about
    body = body.replace("{code}", about).replace("{link}", about)
    with override(client.language if client else settings.LANGUAGE_CODE):
        body = body.replace("{state}", settings.PUBLIC_URL + reverse("erasure-state"))
        body = body.replace("{day}", date_format(timezone.localtime(notice.made_at), "DATE_FORMAT"))
    if sender:
        # The name last: it may hold braces.
        subject, body = sender.message_subject or subject, body.replace("{practice}", _name(sender))
    stop = _stop_address(client) if client and notice.kind in BY_ITSELF else ""
    if client and stop:
        body = f"{body}\n\n{wordings.stop_line(client.language).format(stop=stop)}"
    address = notice.to or _address(notice)
    if "@" in address:
        _mail(notice, address, subject, body, stop, _name(sender) if sender else "")
    else:
        sms.send(address, body)


def password_link(member: Member) -> str:
    """Where this member chooses a new password; good once, and as long as the password stays as it is."""
    names = {"uidb36": user_pk_to_url_str(member), "key": default_token_generator.make_token(member)}
    return settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=names)


def contact(client: Client) -> str:
    """The known address: of the chosen channel first, then the other one; empty where there is none."""
    email_first = client.channel == "email"
    return client.email or client.phone if email_first else client.phone or client.email


def is_printed(address: str) -> bool:
    """Whether a message to this address is printed and not sent, since nobody has set up how it would be."""
    return (settings.EMAIL_BACKEND if "@" in address else settings.SMS) in PRINTED


def _address(notice: Notice) -> str:
    if notice.member:
        return notice.member.email
    address = contact(notice.client) if notice.client else ""
    if not address:
        raise NoContact
    return address


def _recognised(notice: Notice) -> Practice | None:
    """The practice that a message names: of links and reminders to a client who chose that, else nothing."""
    chosen = notice.client is not None and notice.client.recognisable and notice.kind in RECOGNISABLE
    return Practice.objects.get() if chosen else None


def _name(practice: Practice) -> str:
    return practice.sender_name or practice.name


def _mail(notice: Notice, address: str, subject: str, body: str, stop: str, name: str) -> None:
    # The same row always has the same id: should a worker die between sending and noting it, mailboxes know the second.
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >") or "localhost"
    headers = {"Message-ID": f"<{links.digest(notice.key)[:32]}@{domain}>", "Auto-Submitted": "auto-generated"}
    if stop:
        headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    sender = formataddr((name, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])) if name else settings.DEFAULT_FROM_EMAIL
    EmailMessage(subject, body, sender, [address], headers=headers).send()


def _stop_address(client: Client) -> str:
    token = links.new_token()
    StopLink.objects.create(client=client, token_hash=links.digest(token), made_at=timezone.now())
    return settings.PUBLIC_URL + reverse("stop", args=[token])
