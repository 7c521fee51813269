"""Give and withdraw consent for each purpose in one step; a withdrawal takes effect at once."""

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import Actor, record
from accord_clinic.actions.from_outside import end_unreleased
from accord_clinic.actions.programs import end_tokens
from accord_clinic.actions.study_forgotten import forget_about
from accord_clinic.messages import notices
from accord_clinic.models import Client, Consent, Dyad, ExpectationSheet, Invitation, Member, Recipient, Terms
from accord_clinic.models.people import YOUNGEST
from accord_clinic.permissions import check_be_client, check_know_client, check_own
from accord_clinic.rules.consent import needed
from accord_clinic.rules.programs import is_offered
from accord_clinic.words.wordings import OF_PROGRAMS, PURPOSES, consent


def check_born(born: int | None) -> None:
    """Refuse clients under twelve: the questions are not for children. By the year, so nobody of twelve is refused."""
    year = timezone.localdate().year
    if born is not None and not 1900 <= born <= year - YOUNGEST:
        raise BadInput(
            f"Give a year of birth between 1900 and {year - YOUNGEST}: "
            "these questions are for people of twelve and older."
        )


@transaction.atomic
def give(client: Client, purpose: str, *, by: Client, recipient: Recipient | None = None) -> None:
    """Give consent in today's wording. A consent to an older wording is withdrawn. `recipient`: which program reads."""
    check_be_client(by, client)
    _give(client, purpose, "client", by, recipient)


@transaction.atomic
def note_guardian(dyad: Dyad, purpose: str, *, by: Member, recipient: Recipient | None = None) -> None:
    """The therapist notes that a guardian said yes, on paper or in the room. It stands beside the client's own yes."""
    check_own(by, dyad)
    if "guardian" not in needed(dyad.client):
        raise BadInput("No guardian has to agree here. Change who agrees first, if that is wrong.")
    _give(dyad.client, purpose, "guardian", by, recipient)


@transaction.atomic
def withdraw(
    client: Client, purpose: str, *, by: Client | Member, voice: str = "client", recipient: Recipient | None = None
) -> None:
    """Withdraw consent in one step. What this means for links, messages or studies is done in the same transaction.

    The first yes to a program takes the second with it, and its tokens about this client end at once.
    """
    _check_purpose(purpose, recipient)
    if voice == "client":
        check_be_client(by, client)
    else:
        check_know_client(by, client)
    now = timezone.now()
    # Where a guardian alone agrees, the client's own no still counts, in the same one step.
    voices = [voice] if voice == "guardian" or "client" in needed(client) else ["client", "guardian"]
    purposes = OF_PROGRAMS if purpose == OF_PROGRAMS[0] else (purpose,)
    rows = Consent.objects.filter(client=client, purpose__in=purposes, recipient=recipient)
    if not rows.filter(by__in=voices, withdrawn_at=None).update(withdrawn_at=now):
        return
    record(by, "withdraw_consent", f"client:{client.pk}", [purpose])
    if recipient is not None:
        end_tokens(Q(application=recipient.application, context__client=client))
    if purpose == "care":
        _stop_asking(client, now)
    forget_about(client, purpose)
    end_unreleased(by=by)


@transaction.atomic
def set_terms(dyad: Dyad, *, by: Member, **facts) -> None:
    """Set who agrees, and what guardians or whoever sent this client learn. `facts`: the fields of `Terms`."""
    check_own(by, dyad)
    allowed = {
        "consents": dict(Terms.CONSENTERS),
        "guardian_learns": dict(Terms.LEARNS),
        "order_learns": dict(Terms.LEARNS),
    }
    if any(facts[name] not in allowed[name] for name in facts.keys() & allowed.keys()):
        raise BadInput("Choose one of the answers that are offered.")
    Terms.objects.update_or_create(client=dyad.client, defaults=facts)
    record(by, "set_terms", f"client:{dyad.client_id}", facts)
    end_unreleased(by=by)


def _give(client: Client, purpose: str, voice: str, by: Actor, recipient: Recipient | None) -> None:
    _check_purpose(purpose, recipient)
    if recipient is not None and not is_offered(recipient, purpose):
        raise BadInput("This is not asked any more.")
    wording, now = consent(purpose, client.language), timezone.now()
    standing = _standing(client, purpose, voice, recipient)
    versions = set(standing.values_list("version", flat=True))
    if wording.version in versions:
        return
    if versions:
        standing.update(withdrawn_at=now)
    Consent.objects.create(
        client=client,
        purpose=purpose,
        recipient=recipient,
        version=wording.version,
        language=wording.language,
        by=voice,
        noted_by=by if isinstance(by, Member) else None,
        given_at=now,
    )
    record(by, "give_consent", f"client:{client.pk}", [purpose])


def _stop_asking(client: Client, now) -> None:
    """Links open nothing any more, no message goes out, and the therapists are told to sign in and look."""
    Invitation.objects.filter(session__dyad__client=client, revoked_at=None, sent_at=None).update(revoked_at=now)
    ExpectationSheet.objects.filter(dyad__client=client).update(token_hash=None)
    Client.objects.filter(pk=client.pk, messages_stopped_at=None).update(messages_stopped_at=now)
    for dyad in client.dyads.filter(ended=None).select_related("therapist"):
        notices.tell("consent", dyad.uid, member=dyad.therapist, once=f"withdrawn:{dyad.pk}:{now.isoformat()}"[:80])


def _standing(client: Client, purpose: str, voice: str, recipient: Recipient | None):
    return Consent.objects.filter(client=client, purpose=purpose, recipient=recipient, by=voice, withdrawn_at=None)


def _check_purpose(purpose: str, recipient: Recipient | None) -> None:
    possible = PURPOSES if recipient is None else OF_PROGRAMS
    if purpose not in possible:
        raise BadInput(f"There is no purpose '{purpose}'. There are: {', '.join(possible)}.")
