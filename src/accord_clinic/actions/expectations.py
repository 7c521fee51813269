"""Before the first session: send the client the page, take what each side expects, open both when it is time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic import links
from accord_clinic.actions import consent
from accord_clinic.actions.agreements import check_side
from accord_clinic.actions.audit import record
from accord_clinic.messages import delivery, notices
from accord_clinic.models import Client, Dyad, Expectation, ExpectationSheet, Member, Notice, Session, SessionChange
from accord_clinic.models.expectations import MOST_WORDS
from accord_clinic.permissions import check_treat
from accord_clinic.rules.care import have_met

BEFORE_SESSION = timedelta(hours=1)
NOTICE = timedelta(hours=24)
"""Planning or moving the first session opens nothing sooner than this: both have a day to write."""


@transaction.atomic
def send_page(dyad: Dyad, *, by: Member) -> None:
    """Send the client, once to each address, a link to what happens in session 1 and to the questions about it."""
    check_treat(by, dyad)
    client = dyad.client
    if dyad.ended or client.messages_stopped_at or client.locked_at:
        raise BadInput(_("This client gets no messages at the moment."))
    if have_met(dyad):
        raise BadInput(_("You have already met. This page is for the time before the first session."))
    address = delivery.contact(client)
    if not address:
        raise BadInput(_("There is no address for this client. Add an e-mail address or a phone number first."))
    sheet, token = _sheet(dyad), links.new_token()
    # One that was mistyped is put right, and then the page is sent again: with another link, so the first is dropped.
    once = f"guide:{dyad.pk}:{links.keyed('guide', address, settings.SECRET_KEY)[:16]}"
    about = settings.PUBLIC_URL + reverse("before-first", args=[token])
    waiting = Notice.objects.filter(client=client, key__contains=f"|guide:{dyad.pk}:", sent_at=None, dropped_at=None)
    waiting.exclude(key__endswith=once).update(dropped_at=timezone.now(), about="")
    if not notices.tell("guide", about, client=client, once=once):
        raise BadInput(_("The page has already been sent."))
    ExpectationSheet.objects.filter(pk=sheet.pk).update(token_hash=links.digest(token))
    record(by, "send_guide", f"dyad:{dyad.pk}", ["guide"])


@transaction.atomic
def send(dyad: Dyad, side: str, words: Mapping[str, str], *, by: Client | Member, agrees_to: str = "") -> None:
    """Keep what one side expects, by topic. It opens to both when the other side has sent theirs.

    The client's page shows nothing of what was sent before, so what is left empty there stays as it was sent. The
    therapist's shows it, and what is emptied there is taken back.

    `agrees_to`: the purpose to which a client agrees by sending.
    """
    check_side(dyad, side, by)
    texts = {topic: text for topic, _label in Expectation.TOPICS if (text := words.get(topic, "").strip())}
    if not texts:
        raise BadInput(_("Nothing was filled in, so nothing was sent."))
    if any(len(text) > MOST_WORDS for text in texts.values()):
        raise BadInput(_("Please use at most {most} characters for each answer.").format(most=MOST_WORDS))
    sheet = _sheet(dyad)
    if sheet.opened_at or dyad.ended or have_met(dyad):
        raise BadInput(_("You have already met, or you can both already read the answers. Bring it up in the session."))
    if agrees_to and isinstance(by, Client):
        consent.give(by, agrees_to, by=by)
    replaced = sheet.expectations.filter(side=side)
    (replaced.filter(topic__in=texts) if side == "client" else replaced).delete()
    now = timezone.now()
    rows = [Expectation(sheet=sheet, side=side, topic=topic, words=text, at=now) for topic, text in texts.items()]
    Expectation.objects.bulk_create(rows)
    record(by, "send_expectations", f"dyad:{dyad.pk}", [*texts])
    if sheet.expectations.exclude(side=side).exists():
        _open(sheet, "both")


def open_due(now: datetime | None = None) -> int:
    """Open each sheet whose time has come: an hour before the first session. Returns how many."""
    now, done = now or timezone.now(), 0
    waiting = ExpectationSheet.objects.filter(opened_at=None, dyad__client__locked_at=None)
    for sheet in waiting.exclude(expectations=None).distinct():
        opens = opens_at(sheet.dyad_id)
        if opens and opens <= now:
            done += _open(sheet, "time")
    return done


def opens_at(dyad: int) -> datetime | None:
    """When a sheet opens though one side is missing; never where no first session is planned.

    An hour before the first session, but not within a day of its being planned or moved.
    """
    first = Session.objects.filter(dyad_id=dyad, state__in=("planned", "held")).order_by("start").first()
    if first is None:
        return None
    moved = SessionChange.objects.filter(session=first, field="start").order_by("at").last()
    settled = [moment for moment in (first.planned_at, moved and moved.at) if moment]
    return max([first.start - BEFORE_SESSION, *(moment + NOTICE for moment in settled)])


def _sheet(dyad: Dyad) -> ExpectationSheet:
    sheet, _made = ExpectationSheet.objects.get_or_create(dyad=dyad)
    return ExpectationSheet.objects.select_for_update(no_key=True).get(pk=sheet.pk)


@transaction.atomic
def _open(sheet: ExpectationSheet, how: str) -> bool:
    """Open it, unless that was done at the same moment elsewhere."""
    unopened = ExpectationSheet.objects.filter(pk=sheet.pk, opened_at=None)
    opened = bool(unopened.update(opened_at=timezone.now(), opened_by=how))
    if opened:
        record(None, "open_expectations", f"dyad:{sheet.dyad_id}", ["opened_at", "opened_by"])
    return opened
