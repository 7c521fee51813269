"""What a client has agreed to, purpose by purpose, and what is said before the first question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from accord_clinic.pages.key_holders import what_it_means
from accord_clinic.queries.sharing import supervisors_now
from accord_clinic.queries.study import running
from accord_clinic.rules.consent import OF_AGE, age_of, consents, given_for_care, needed, terms_of
from accord_clinic.rules.from_outside import RELEASE, asks_release
from accord_clinic.rules.key_holders import key_holders
from accord_clinic.rules.practice import practice
from accord_clinic.rules.programs import asked_of, is_offered
from accord_clinic.words.wordings import OF_PROGRAMS, PURPOSES, ConsentWording, consent

if TYPE_CHECKING:
    from accord_clinic.models import Client, Consent, Dyad, Recipient, Terms


STUDIES = "studies"


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose as a page shows it: today's wording, whether it is given, who agrees, and what was agreed before."""

    wording: ConsentWording
    stands: bool
    by_client: bool
    by_guardian: bool
    given: datetime | None
    withdrawn: datetime | None
    waits_for_guardian: bool
    past: tuple[tuple[str, datetime, datetime | None], ...]
    program: str = ""
    """The uid of the program of others that it is about."""
    offered: bool = True
    """Whether it can be agreed to now; else it shows what was once agreed to."""


@dataclass(frozen=True, slots=True)
class BeforeFirst:
    """What a link says before the first question. `waiting`: why it cannot begin yet, or nothing.

    `others`: who else can read what is shown, and when; `duty`: what has to be acted on even so. `agree`: what
    starting agrees to; it stands there also after the first start, until answers were open since. Else whoever looks
    at a link would learn that the client has begun. `gives`: whether starting is that first start.
    """

    lines: tuple[str, ...]
    others: tuple[str, ...]
    duty: str
    agree: ConsentWording | None
    gives: bool
    waiting: str


def purposes(client: Client, language: str, until: datetime | None = None) -> list[Purpose]:
    """Every purpose with its wording in the reader's language and what was agreed about it.

    `until`: for readers who may not know yet that the client has begun a check-in, which is agreeing; a guardian's
    word, which they note themselves, is always in it, and so is what no check-in gives: a release, a yes to a program.
    """
    rows, must = consents(client), needed(client)
    asked: dict[str, Callable[[], object]] = {RELEASE: asks_release, STUDIES: running}
    offered = [p for p in PURPOSES if p not in asked or any(row.purpose == p for row in rows) or asked[p]()]
    if until is not None:
        no_check_in = (RELEASE, *OF_PROGRAMS)
        rows = [row for row in rows if row.by == "guardian" or row.purpose in no_check_in or row.given_at <= until]
    usual = [_purpose(consent(name, language), [r for r in rows if r.purpose == name], must) for name in offered]
    return usual + [
        replace(
            _purpose(
                wording_of(program, name, language),
                [r for r in rows if (r.recipient_id, r.purpose) == (program.pk, name)],
                must,
            ),
            program=program.uid,
            offered=is_offered(program, name),
        )
        for program, name in asked_of(client, rows)
    ]


def _purpose(wording: ConsentWording, rows: Sequence[Consent], must: set[str]) -> Purpose:
    standing = {r.by: r for r in rows if r.withdrawn_at is None}
    return Purpose(
        wording=wording,
        stands=must <= set(standing),
        by_client="client" in standing,
        by_guardian="guardian" in standing,
        withdrawn=max((r.withdrawn_at for r in rows if r.withdrawn_at), default=None) if not standing else None,
        given=min((r.given_at for r in standing.values()), default=None),
        waits_for_guardian="guardian" in must - set(standing) and ("client" in standing or "client" not in must),
        past=tuple((r.version, r.given_at, r.withdrawn_at) for r in rows),
    )


def before_first_question(client: Client, dyad: Dyad) -> BeforeFirst:
    """Who else learns what, who holds the key, and the consent that starting gives. Two to four queries."""
    terms, must = terms_of(client), needed(client)
    given = given_for_care(client)
    age = age_of(client)
    minor = age is not None and age < OF_AGE
    waits = "guardian" in must - set(given)
    unknown = waits and age is None and terms is None
    guardians = _guardians(terms, (minor or "guardian" in must) and not unknown)
    waiting = ""
    if unknown:
        # A grown-up is not told of guardians because a year was left out.
        waiting = _("{therapist} has to fill something in about you first. Please ask {therapist} about it.")
    elif waits:
        waiting = _("A parent or guardian has to agree first. Please talk to {therapist} about it.")
    waiting = waiting.format(therapist=dyad.therapist.name)
    agree = consent("care", client.language) if "client" in must and not given.get("client") else None
    gives = "client" in must - set(given)
    # With the consent, and like it until an earlier session is open: else the page would tell that somebody has begun.
    # A client for whom a guardian alone agrees has no other time to read it.
    of_the_key = what_it_means(key_holders(client)) if agree or "client" not in must else ()
    lines = [*guardians, *_by_order(terms), *of_the_key]
    return BeforeFirst(tuple(lines), _others(dyad), _duty(client, dyad), agree, gives, waiting)


def _others(dyad: Dyad) -> tuple[str, ...]:
    """Who else can read what is shown, and when: for everybody, of whatever age."""
    names = {"therapist": dyad.therapist.name, "supervisor": _and(supervisors_now(dyad)) or _("a supervisor")}
    return (
        _("{supervisor}, if {therapist} asks for advice").format(**names),
        _("a colleague, when {therapist} is away").format(**names),
        _("the practice’s office, in an emergency"),
    )


def _duty(client: Client, dyad: Dyad) -> str:
    """What has to be acted on even so: the practice's own sentence where it has written one."""
    by_law = practice().duty_texts.get(client.language, "")
    return by_law or _("If someone is in danger, {therapist} may have to tell others.").format(
        therapist=dyad.therapist.name
    )


def _and(names: Sequence[str]) -> str:
    """Names as a sentence joins them."""
    if len(names) < 2:
        return "".join(names)
    return _("{names} and {last}").format(names=", ".join(names[:-1]), last=names[-1])


def _guardians(terms: Terms | None, has_guardians: bool) -> Iterable[str]:
    if not has_guardians:
        return ()
    learns = terms.guardian_learns if terms else "nothing"
    texts = {
        "nothing": _("The practice tells them nothing without asking you, unless someone is in danger."),
        "dates": _("The practice may tell them that sessions take place, and when."),
        "together": _("The practice tells them only what you and your therapist decide, together."),
    }
    return (
        _("Your parents or guardians cannot open these pages. The law may let them ask for your record."),
        texts[learns],
        _("If somebody’s life is in danger, your therapist may have to tell. You are told first, if that is possible."),
    )


def _by_order(terms: Terms | None) -> Iterable[str]:
    if terms is None or not terms.by_order:
        return ()
    texts = {
        "nothing": _("Whoever sent you here sees none of your answers."),
        "dates": _("Whoever sent you here is told that sessions take place, and when. They see none of your answers."),
        "together": _("Whoever sent you here is told only what you and your therapist decide together."),
    }
    return (
        texts[terms.order_learns],
        _("You can skip any question."),
    )


def wording_of(recipient: Recipient, purpose: str, language: str) -> ConsentWording:
    """What is agreed to, with the names of the program in it."""
    return consent(purpose, language, program=recipient.name, keeper=recipient.keeper, use=recipient.purpose)
