"""Corrections: a client says what is wrong, the therapist answers, and both texts stay. Also changes of facts."""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.actions.consent import check_born
from accord_clinic.addresses import is_number
from accord_clinic.messages import notices
from accord_clinic.models import Client, Correction, Dyad, ExternalName, Member, codes
from accord_clinic.permissions import (
    check_answer_correction,
    check_be_client,
    check_change_contact,
    check_put_right,
)

MOST_WORDS = 2_000
CONTACT = ("email", "phone", "channel")
FACTS = ("name", "address_as", "language", "born", *CONTACT)


@transaction.atomic
def ask(dyad: Dyad, words: str, *, by: Client) -> Correction:
    """Store what the client says is wrong, and notify the therapist, or the admins if the therapist has left."""
    check_be_client(by, dyad.client)
    words = _checked(words)
    row = Correction.objects.create(dyad=dyad, words=words, asked_at=timezone.now())
    record(by, "ask_correction", f"correction:{row.pk}", ["words"])
    notices.tell_those_in_charge("correction", row.uid, dyad)
    return row


@transaction.atomic
def answer(correction: Correction, words: str, *, by: Member) -> None:
    """Answer a correction: what was done, or why not. Once only; the client reads it in their own space."""
    check_answer_correction(by, correction.dyad)
    words = _checked(words)
    rows = Correction.objects.filter(pk=correction.pk, answered_at=None)
    if not rows.update(answer=words, answered_by=by, answered_at=timezone.now()):
        raise BadInput("This has already been answered.")
    record(by, "answer_correction", f"correction:{correction.pk}", ["answer"])


@transaction.atomic
def put_right(client: Client, *, by: Member, **facts) -> None:
    """Change facts about a client. If the contact changes, a notice goes to the old address."""
    changed = {name: value for name, value in facts.items() if name in FACTS and getattr(client, name) != value}
    if not changed:
        return
    check_put_right(by, client)
    if "name" in changed and not changed["name"].strip():
        raise BadInput("Give a name, as this person wants to be called.")
    check_born(changed.get("born"))
    check_contact(changed)
    if changed.keys() & {"email", "phone"}:
        check_change_contact(by, client)
    _write(client, changed)
    record(by, "put_right", f"client:{client.pk}", changed)


@transaction.atomic
def put_right_all(client: Client, *, by: Member, number: str, **facts) -> None:
    """Facts and the number in the care record, together or not at all."""
    put_right(client, by=by, **facts)
    number_in_record(client, number, by=by)


@transaction.atomic
def number_in_record(client: Client, number: str, *, by: Member) -> None:
    """Say what the practice's care record calls a client; empty takes it away. No two clients have the same."""
    check_put_right(by, client)
    rows, number = client.external_names.filter(system=ExternalName.RECORD), " ".join(number.split())
    if list(rows.values_list("value", flat=True)) == ([number] if number else []):
        return
    if ExternalName.objects.filter(system=ExternalName.RECORD, value=number).exclude(client=client).exists():
        raise BadInput("Another client has this number. If that is the same person, an admin can merge the records.")
    rows.delete()
    if number:
        ExternalName.objects.create(client=client, system=ExternalName.RECORD, value=number)
    record(by, "number_in_record", f"client:{client.pk}", ["external_names"])


@transaction.atomic
def change_own_contact(client: Client, *, by: Client, **changed) -> None:
    """Let the client change their own email, phone or channel. A notice goes to the old address."""
    check_be_client(by, client)
    check_contact(changed)
    _write(client, changed)
    record(by, "change_contact", f"client:{client.pk}", changed)


def check_contact(facts: Mapping[str, object]) -> None:
    """Raise `BadInput` for a number, a channel or a language that no form of ours offers."""
    if facts.get("phone") and not is_number(str(facts["phone"])):
        raise BadInput(_("Give a telephone number."))
    if "channel" in facts:
        codes.check(Client, channel=str(facts["channel"]))
    if facts.get("language") and facts["language"] not in dict(settings.LANGUAGES):
        raise BadInput("Choose one of the languages that are offered.")


def _write(client: Client, changed) -> None:
    old = {name: getattr(client, name) for name in ("email", "phone") if name in changed}
    Client.objects.filter(pk=client.pk).update(**changed)
    for address in filter(None, old.values()):
        notices.tell("contact_changed", "", client=client, to=address, once=timezone.now().isoformat())
    client.refresh_from_db()


def _checked(words: str) -> str:
    words = words.strip()
    if not words:
        raise BadInput(_("Write at least one word."))
    if len(words) > MOST_WORDS:
        too_long = _("Please use at most {most} characters. You have used {n}.")
        raise BadInput(too_long.format(most=MOST_WORDS, n=len(words)))
    return words
