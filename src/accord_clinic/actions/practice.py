"""Set up a practice: its one row, and its first member, who is therapist and admin."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import transaction

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Member, Practice


def check_country(code: str) -> None:
    """Two letters, as in addresses of the web. Whether there is such a country is not looked up."""
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        raise BadInput(f"There is no country {code!r}. Give two letters, for example DE.")


def check_time_zone(name: str) -> None:
    """A zone of the tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadInput(f"There is no time zone {name!r}. An example: Europe/Berlin.") from None


def check_crisis_text(text: str) -> None:
    """Something is written: clients need to know whom to call."""
    if not text.strip():
        raise BadInput("Say whom clients should call if they need help now: it is shown on each of their pages.")


def check_name(name: str) -> None:
    """Something is written."""
    if not name.strip():
        raise BadInput("The practice and you each need a name.")


@transaction.atomic
def set_up_practice(facts: Mapping[str, str], email: str, name: str, password: str) -> Member:
    """Make the practice (name, country, time_zone, crisis_text) and its first member."""
    if Practice.objects.exists():
        raise BadInput("There is a practice in this database already.")
    check_name(facts["name"])
    check_name(name)
    check_time_zone(facts["time_zone"])
    check_country(facts["country"])
    check_crisis_text(facts["crisis_text"])
    languages = [code for code, _name in settings.LANGUAGES]
    practice = Practice.objects.create(**facts, languages=languages, demo=settings.DEMO)
    member = Member.objects.create_user(email, password, name=name.strip(), roles=["therapist", "admin"])
    Practice.objects.filter(pk=practice.pk).update(safety_contact=member)
    record(member, "found_practice", f"practice:{practice.pk}", facts)
    return member
