"""Who is *someone else here* for the client of a dyad: never somebody who stands in for its therapist."""

from django.db.models.functions import Now

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Cover, Dyad, Member, Practice
from accord_clinic.rules.practice import practice

COVERING = Prepared(
    lambda dyad: Cover.objects.filter(dyad_id=dyad, since__lte=Now(), until__gt=Now()).values_list("member")
)


def outside_reader(dyad: Dyad) -> Member | None:
    """Somebody else here to write to: named with a role, not this therapist, and not in that one's place now."""
    named = practice().outside_reader
    if not named or named.pk == dyad.therapist_id or not practice().outside_reader_role:
        return None
    # Only therapists cover, so most pages need not ask.
    return None if named.is_a("therapist") and covers_now(named.pk, dyad) else named


def outside_reader_now(dyad: Dyad) -> str:
    """Who is *someone else here* at this moment, whatever is remembered: the uid, or nothing."""
    pk, uid = Practice.objects.values_list("outside_reader", "outside_reader__uid").get()
    return uid if pk and not covers_now(pk, dyad) else ""


def covers_now(member: int, dyad: Dyad) -> bool:
    """Whether this member stands in for the therapist at this moment: a line meant to go past both would reach one."""
    return member in {covering for (covering,) in COVERING.rows(dyad.pk)}
