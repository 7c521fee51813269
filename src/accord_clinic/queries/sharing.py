"""Who may look at a dyad, and who could: shares with supervisors, colleagues for a hand-over."""

from django.db.models import Q
from django.utils import timezone

from accord.instruments import Instrument
from accord_clinic.models import Dyad, Member, NotForClient, Share
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.from_outside import code_of
from accord_clinic.records.sharing import Sharing
from accord_clinic.rules.who_is_asked import Why, why_not_asked


def sharing(dyad: Dyad) -> Sharing:
    """For the dyad's own therapist; ask `own` first. Two queries."""
    standing = Share.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), dyad=dyad)
    shares = tuple(standing.order_by("since").values_list("member__uid", "member__name", "since"))
    taken = {uid for uid, _name, _since in shares}
    others = [m for m in Member.objects.filter(is_active=True).order_by("name") if m.pk != dyad.therapist_id]
    return Sharing(
        shares,
        tuple(m for m in others if m.is_a("supervisor") and m.uid not in taken),
        tuple(m for m in others if m.is_a("therapist")),
        any(m.is_a("outside") for m in others),
        code_of(dyad.uid),
    )


def supervisors_now(dyad: Dyad) -> list[str]:
    """The names of those with whom this course is shared now. One query."""
    standing = Share.objects.filter(Q(until=None) | Q(until__gt=timezone.now()), dyad=dyad)
    return list(standing.order_by("since").values_list("member__name", flat=True))


def as_set_up(dyad: Dyad) -> dict[str, object]:
    """How the course is set up, for a form."""
    names = ("under_way", "approach", "card_topics", "modality", "form", "often")
    facts = {name: getattr(dyad, name) for name in names}
    own = NotForClient.objects.filter(dyad=dyad, by=dyad.therapist_id)
    facts["why_never"] = own.values_list("why", flat=True).first()
    measures = list(dyad.measures.all())
    facts |= {f"measure-{m.instrument}": m.every for m in measures}
    return facts | {f"foreign-{m.instrument}": m.in_any_language for m in measures}


def to_be_told(dyad: Dyad) -> list[tuple[Instrument, Why]]:
    """The measures of this course that the client is not asked, and why; or is asked in another language, for ""."""
    instruments, client = shelf().instruments, dyad.client
    measures = [m for m in dyad.measures.all() if m.instrument in instruments]
    rows = [(instruments[m.instrument], why_not_asked(m, client)) for m in measures]
    return [(instrument, why) for instrument, why in rows if why or not instrument.has_wording(client.language)]


def colleague(uid: str) -> Member | None:
    """Somebody who works here now."""
    return Member.objects.filter(uid=uid, is_active=True).first()
