"""The dyad, session, goal or strain that an address names, if this person may see it; nothing alike for all others."""

from typing import TypeVar

from django.db.models import QuerySet

from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Agreement, Client, Dyad, Member, Session, Strain
from accord_clinic.models.care import rank
from accord_clinic.permissions import dyads_visible_to, treated_by
from accord_clinic.rules.from_outside import named_for

OfDyad = TypeVar("OfDyad", bound=Agreement | Session | Strain | None)
STANDS = {"client__locked_at": None, "client__erased_at": None}
"""Of a client whose record is neither shut nor erased."""
OWN = Prepared(
    lambda uid, member: _with_people(Dyad.objects.filter(uid=uid, therapist_id=member, **STANDS)),
    "no uid",
    -271828182,
)


def dyad_for(viewer: Member | Client, uid: str) -> Dyad | None:
    """The dyad, if this person may see it. A therapist's own comes first: it is the usual one, and cheaper to find."""
    own = own_dyad(viewer, uid) if isinstance(viewer, Member) else None
    return named_for(viewer, own or _with_people(_dyads(viewer)).filter(uid=uid).first())


def own_dyad(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist."""
    return OWN.first(uid, member.pk) if member.is_a("therapist") else None


def treated_dyad(member: Member, uid: str) -> Dyad | None:
    """The dyad, if this member is its therapist or covers for that therapist now."""
    if not member.is_a("therapist"):
        return None
    return _with_people(Dyad.objects.filter(treated_by(member), uid=uid, **STANDS)).first()


def agreement_for(viewer: Member | Client, uid: str) -> Agreement | None:
    """The agreement, if this person may see its dyad."""
    rows = Agreement.objects.filter(uid=uid, dyad__in=_dyads(viewer))
    return _named(viewer, rows.select_related("dyad__client", "dyad__therapist").first())


def treated_session(member: Member, uid: str) -> Session | None:
    """The session, if this member is the therapist of its dyad, or covers now."""
    if not member.is_a("therapist"):
        return None
    rows = Session.objects.ranked().select_related("dyad__client", "dyad__therapist")
    standing = {f"dyad__{name}": value for name, value in STANDS.items()}
    return rows.filter(treated_by(member, "dyad__"), uid=uid, **standing).first()


def revealed_session(viewer: Member | Client, uid: str) -> Session | None:
    """The session, if it is revealed and this person may see it; `None` alike for all other cases."""
    return _named(viewer, _revealed(viewer).filter(uid=uid).first())


def last_revealed(viewer: Member | Client, dyad_uid: str) -> Session | None:
    """The latest revealed session of a dyad after which there was a check-in, if this person may see it."""
    rows = _revealed(viewer).filter(dyad__uid=dyad_uid, passed_over=False)
    return _named(viewer, rows.order_by("-start", "-pk").first())


def strain_for(member: Member, uid: str) -> Strain | None:
    """The strain with its `number`, if its dyad is visible to this member."""
    rows = Strain.objects.filter(uid=uid, dyad__in=dyads_visible_to(member)).annotate(**{"number": rank("session")})
    return _named(member, rows.select_related("dyad__client", "dyad__therapist", "session").first())


def _revealed(viewer: Member | Client) -> QuerySet[Session]:
    rows = Session.objects.ranked().select_related("dyad__client", "dyad__therapist").exclude(revealed_at=None)
    return rows.filter(dyad__in=_dyads(viewer))


def _dyads(viewer: Member | Client) -> QuerySet[Dyad]:
    return dyads_visible_to(viewer) if isinstance(viewer, Member) else Dyad.objects.filter(client=viewer)


def _with_people(dyads: QuerySet[Dyad]) -> QuerySet[Dyad]:
    return dyads.select_related("client", "therapist")


def _named(viewer: Member | Client, row: OfDyad) -> OfDyad:
    """The same row; a supervisor from outside reads a code in place of the client's name."""
    if row is not None:
        named_for(viewer, row.dyad)
    return row
