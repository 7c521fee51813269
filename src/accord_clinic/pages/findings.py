"""What is worth a word in some dyads: kept signals and open strains become sentences for one reader.

Only what is revealed stands behind it: signals are raised at the reveal and strains move at the reveal. The one
exception is the safety notice, which names no answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accord_clinic.models import Dyad, Member, Session, Signal, Strain
from accord_clinic.permissions import treated_by
from accord_clinic.queries.courses import calibration_named
from accord_clinic.words.sentences import (
    SAFETY,
    Heard,
    Judged,
    Matter,
    Names,
    OpenStrain,
    how_sure,
    judged_by,
    matters,
    safety_line,
)

SAFETY_STANDS = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to a dyad before it is put into words."""

    heard: tuple[Heard, ...] = ()
    strains: tuple[OpenStrain, ...] = ()

    def matters(self, last: int | None, names: Names) -> tuple[Matter, ...]:
        """The sentences; `last` is the latest revealed session."""
        return matters(self.heard, self.strains, last or 0, names)


@dataclass(frozen=True, slots=True)
class Case:
    """The case between two people: a heading, what is behind it, how sure that is, and what judged it.

    Where two marks were inferred, the second follows in `how_sure`, with how often such a mark is nothing.
    """

    title: str
    text: str
    how_sure: str = ""
    judged_by: str = ""


NOTHING = Told()


def told(dyads: Iterable[int]) -> Mapping[int, Told]:
    """Signals that were not withheld and open strains, per dyad, for any number of dyads. Two queries."""
    ids = list(dyads)
    kept: dict[int, list[Heard]] = {}
    strains: dict[int, list[OpenStrain]] = {}
    oldest_safety = timezone.now() - SAFETY_STANDS
    rows = Signal.objects.filter(dyad__in=ids, withheld=False).values_list(
        "dyad", "raised_at", "kind", "session__number", "reported", "strength", "scale", "evidence", "calibration"
    )
    for dyad, raised_at, kind, *rest in rows:
        if kind != "safety" or raised_at >= oldest_safety:
            kept.setdefault(dyad, []).append(heard(kind, *rest))
    open_now = Strain.objects.filter(dyad__in=ids).exclude(state="settled").order_by("session__number")
    for dyad, *rest in open_now.values_list("dyad", "session__number", "opened_by", "state"):
        strains.setdefault(dyad, []).append(OpenStrain(*rest))
    return {pk: Told(tuple(kept.get(pk, ())), tuple(strains.get(pk, ()))) for pk in ids}


def heard(
    kind: str, session: int, reported: bool, strength: float, scale: str, evidence: Mapping[str, Any], version: str
) -> Heard:
    """A kept signal with what the calibration that it names says of marks like it."""
    return Heard(kind, session, reported, strength, scale, evidence, judged(kind, version))


def judged(kind: str, version: str) -> Judged | None:
    """What a calibration says of the marks of one kind that it judged; nothing for a signal that none judged."""
    made = calibration_named(version)
    share = getattr(made.budget, kind, None) if made else None
    if made is None or share is None:
        return None
    return Judged(version, share, made.n, tuple(made.nothing.get(kind, ())))


def safety_notices(member: Member) -> tuple[tuple[str, str], ...]:
    """The neutral notices of the last two weeks about this therapist's people: (dyad, line). One query."""
    rows = Signal.objects.filter(
        treated_by(member, "dyad__"), kind="safety", raised_at__gte=timezone.now() - SAFETY_STANDS
    )
    said = rows.order_by("-raised_at").values_list(
        "dyad__uid", "dyad__client__name", "dyad__client__address_as", "session__number"
    )
    return tuple((uid, safety_line(address_as or name, number)) for uid, name, address_as, number in said)


def case(found: Iterable[Matter], revealed: int, names: Names) -> Case:
    """The opening of a page about one dyad, from what is worth a word; `revealed` sessions are open to both.

    The safety notice is not part of it: it stands above everything, on its own.
    """
    spoken = [m for m in found if m.rank != SAFETY]
    if not spoken:
        return _nothing(revealed, names)
    top, more = spoken[0], spoken[1:2]
    judges = [m.inferred.judged for m in (top, *more) if m.inferred and m.inferred.judged]
    names_of_judges = " ".join(map(judged_by, dict.fromkeys(judges)))
    if top.inferred:  # how sure it is stands with it, and what comes second says its own in short
        sure = " ".join((how_sure(top.inferred.judged), *(m.whole for m in more)))
        return Case(top.title, top.more, sure, names_of_judges)
    text = " ".join(filter(None, (top.more, *(m.line for m in more))))
    said = [f"{how_sure(m.inferred.judged)} {_('What was said is the surer sign.')}" for m in more if m.inferred]
    return Case(top.title, text, " ".join(said), names_of_judges)


def case_sentence(dyad: Dyad, session: Session, signals: Iterable[Signal]) -> Case:
    """The case as it stood after one session, for the dyad's therapist."""
    kept = tuple(
        heard(s.kind, session.number, s.reported, s.strength, s.scale, s.evidence, s.calibration) for s in signals
    )
    strains = Strain.objects.filter(dyad=dyad, session__number__lte=session.number).exclude(state="settled")
    rows = tuple(OpenStrain(*row) for row in strains.values_list("session__number", "opened_by", "state"))
    names = Names(dyad.client.called, dyad.therapist.name)
    return case(matters(kept, rows, session.number, names), session.number, names)


def _nothing(revealed: int, names: Names) -> Case:
    """Nothing stands out is a good thing to read; in the first three sessions nothing can stand out by inference."""
    if not revealed:
        return Case(
            names.say(_("{client} and you are about to begin."), _("{client} and {therapist} are about to begin.")),
            _("Once a session is rated from both sides, it stands here, side by side."),
        )
    if revealed < 4:
        return Case(
            names.say(_("{client} and you are just beginning."), _("{client} and {therapist} are just beginning.")),
            _("In the first three sessions nothing is inferred: what both say about the start is what counts."),
        )
    return Case(
        _("Nothing stands out so far."),
        _("No strain is open, and nothing in the last answers was unusual for {client}.").format(client=names.client),
    )
