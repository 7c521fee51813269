"""The rows behind a therapist's prepare sheet: signals and open strains, suggestions set aside, own reactions."""

from dataclasses import dataclass

from accord_clinic.models import Member, Reaction, Session, Suggestion
from accord_clinic.models.strain_workflow import OPEN_STATES
from accord_clinic.permissions import check_treat
from accord_clinic.queries.findings import SignalsAndStrains, after_session
from accord_clinic.questionnaires.submission import MEMBERS

MOST_REACTIONS = 5


@dataclass(frozen=True, slots=True)
class PrepareRows:
    """What is known before a session. `beside`: the client answered in a browser in which a member was signed in.

    `open_kinds`: the kinds of the dyad's open strains, latest first. `aside`: cards that were not for these two.
    """

    after: SignalsAndStrains
    open_kinds: tuple[str, ...]
    aside: frozenset[str]
    reactions: tuple[Reaction, ...]
    beside: bool


def prepare_rows(session: Session, member: Member) -> PrepareRows:
    """For whoever treats this dyad now. Six queries."""
    check_treat(member, session.dyad)
    dyad = session.dyad
    unsettled = dyad.strains.filter(state__in=OPEN_STATES).order_by("-session__number")
    aside = Suggestion.objects.filter(session__dyad=dyad, used=False).exclude(session=session)
    reactions = Reaction.objects.filter(session__dyad=dyad, by=member).select_related("session").order_by("-at")
    return PrepareRows(
        after_session(session),
        tuple(unsettled.values_list("kind", flat=True)),
        frozenset(aside.values_list("card", flat=True)),
        tuple(reactions[:MOST_REACTIONS]),
        session.responses.filter(side="client", context__browser=MEMBERS).exists(),
    )


def suggestion_for(member: Member, uid: str) -> Suggestion | None:
    """A suggestion that was shown to this member."""
    return Suggestion.objects.filter(uid=uid, member=member).select_related("session__dyad__client").first()
