"""Signals and open strains of any number of dyads, and what a calibration says of a signal; `pages/findings` words it.

Only what is revealed stands behind it: signals are raised at the reveal and strains move at the reveal. The one
exception is the safety notice, which names no answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accord.records import Signal, StrainFacts
from accord_clinic import models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Session, Strain
from accord_clinic.models.strain_workflow import UNSETTLED
from accord_clinic.queries.courses import calibration_named
from accord_clinic.words.sentences import FalseAlarms

SAFETY_SHOWN = timedelta(days=14)
SIGNAL_COLUMNS = ("kind", "session__number", "reported", "rule", "scale", "strength", "evidence", "calibration")
STRAIN_COLUMNS = ("session__number", "kind", "opened_by", "state")


@dataclass(frozen=True, slots=True)
class SignalsAndStrains:
    """What there is to a dyad before it is put into words: signals that are shown, strains that are not settled."""

    signals: tuple[Signal, ...] = ()
    strains: tuple[StrainFacts, ...] = ()


NOTHING = SignalsAndStrains()


def signals_and_strains(dyads: Iterable[int]) -> Mapping[int, SignalsAndStrains]:
    """Signals that were not withheld and open strains, by dyad. Two queries; none where there is no dyad."""
    ids = list(dyads)
    signals = shown_signals(ids)
    strains: dict[int, list[StrainFacts]] = {}
    unsettled = Strain.objects.filter(dyad__in=ids, state__in=UNSETTLED).order_by("session__number")
    for dyad, *columns in unsettled.values_list("dyad", *STRAIN_COLUMNS):
        strains.setdefault(dyad, []).append(StrainFacts(*columns))
    return {pk: SignalsAndStrains(tuple(signals.get(pk, ())), tuple(strains.get(pk, ()))) for pk in ids}


def shown_signals(dyads: Sequence[int]) -> dict[int, list[Signal]]:
    """Signals that were not withheld, by dyad; of the safety notices those of the last two weeks."""
    signals: dict[int, list[Signal]] = {}
    oldest = timezone.now() - SAFETY_SHOWN
    for dyad, raised_at, *columns in OF_ONE.rows(*dyads) if len(dyads) == 1 else _signals(dyad__in=dyads):
        if columns[0] != "safety" or raised_at >= oldest:
            signals.setdefault(dyad, []).append(Signal(*columns))
    return signals


def _signals(**of_dyads: object) -> QuerySet:
    rows = models.Signal.objects.filter(withheld=False, **of_dyads)
    return rows.values_list("dyad", "raised_at", *SIGNAL_COLUMNS)


OF_ONE = Prepared(lambda dyad: _signals(dyad_id=dyad))


def after_session(session: Session) -> SignalsAndStrains:
    """The signals of one session, what was said first, and the open strains of it and of those before."""
    rows = models.Signal.objects.filter(session=session, withheld=False).order_by("-reported", "-strength")
    strains = Strain.objects.filter(
        dyad=session.dyad_id, session__number__lte=session.number, state__in=UNSETTLED
    )
    return SignalsAndStrains(
        tuple(Signal(*columns) for columns in rows.values_list(*SIGNAL_COLUMNS)),
        tuple(StrainFacts(*columns) for columns in strains.values_list(*STRAIN_COLUMNS)),
    )


def false_alarms(kind: str, version: str | None) -> FalseAlarms | None:
    """What a calibration says of the signals of one kind that it judged; nothing for a signal that none judged."""
    calibration = calibration_named(version or "")
    share = getattr(calibration.budget, kind, None) if calibration else None
    if calibration is None or share is None:
        return None
    return FalseAlarms(version or "", share, calibration.n, tuple(calibration.false_discovery.get(kind, ())))


def safety_notices(treated: Q) -> list[tuple[str, str, int]]:
    """The notices of the last two weeks about the dyads of `treated_by`, newest first: (dyad, client, session)."""
    rows = models.Signal.objects.filter(treated, kind="safety", raised_at__gte=timezone.now() - SAFETY_SHOWN)
    columns = ("dyad__uid", "dyad__client__name", "dyad__client__address_as", "session__number")
    notices = rows.order_by("-raised_at").values_list(*columns)
    return [(uid, address_as or name, number) for uid, name, address_as, number in notices]
