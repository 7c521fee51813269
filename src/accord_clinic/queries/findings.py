"""Signals and open strains of any number of dyads, and what a calibration says of a signal; `pages/findings` words it.

Only what is revealed stands behind it: signals are raised at the reveal and strains move at the reveal. The one
exception is the safety notice, which names no answer and stays until somebody has recorded what was done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet

from accord.records import Signal, StrainFacts
from accord_clinic import models
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Session, Strain
from accord_clinic.models.care import rank
from accord_clinic.models.strain_workflow import UNSETTLED
from accord_clinic.queries.courses import calibration_named
from accord_clinic.queries.safety import NOT_OPEN, open_notices
from accord_clinic.words.sentences import ANSWER, FalseAlarms

ABOUT = "about_session"
"""Evidence that names another session."""
SIGNAL_COLUMNS = ("kind", rank("session"), "reported", "rule", "scale", "strength", "evidence", "calibration")
STRAIN_COLUMNS = (rank("session"), "kind", "opened_by", "state")


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
    unsettled = Strain.objects.filter(dyad__in=ids, state__in=UNSETTLED).order_by("session__start")
    for dyad, *columns in unsettled.values_list("dyad", *STRAIN_COLUMNS):
        strains.setdefault(dyad, []).append(StrainFacts(*columns))
    return {pk: SignalsAndStrains(tuple(signals.get(pk, ())), tuple(strains.get(pk, ()))) for pk in ids}


def shown_signals(dyads: Sequence[int]) -> dict[int, list[Signal]]:
    """Signals that were not withheld, by dyad; of the safety notices those that nobody has looked after.

    The evidence of a safety notice also names the session, so that a page can lead to the answer.
    """
    rows = list(OF_ONE.rows(*dyads) if len(dyads) == 1 else _signals(dyad__in=dyads))
    signals: dict[int, list[Signal]] = {}
    for (dyad, session, *_columns), signal in zip(rows, _records(row[2:] for row in rows), strict=True):
        if signal.kind == "safety":
            signal = replace(signal, evidence={**signal.evidence, ANSWER: session})
        signals.setdefault(dyad, []).append(signal)
    return signals


def _records(rows: Iterable[Sequence]) -> list[Signal]:
    """Rows of `SIGNAL_COLUMNS` as records. Their evidence names sessions by uid; here each gets its present number."""
    signals = [Signal(*row) for row in rows]
    named = {str(signal.evidence[ABOUT]) for signal in signals if ABOUT in signal.evidence}
    numbers = dict(Session.objects.filter(uid__in=named).values_list("uid", rank())) if named else {}
    return [
        replace(signal, evidence={**signal.evidence, ABOUT: numbers.get(str(signal.evidence[ABOUT]), 0)})
        if ABOUT in signal.evidence
        else signal
        for signal in signals
    ]


def _signals(**of_dyads: object) -> QuerySet:
    rows = models.Signal.objects.filter(withheld=False, **of_dyads).exclude(NOT_OPEN)
    return rows.values_list("dyad", "session__uid", *SIGNAL_COLUMNS)


OF_ONE = Prepared(lambda dyad: _signals(dyad_id=dyad))


def after_session(session: Session) -> SignalsAndStrains:
    """The signals of one session, what was said first, and the open strains of it and of those before.

    Safety notices are of no one session: each of the dyad that nobody has looked after comes first.
    """
    rows = models.Signal.objects.filter(session=session, withheld=False).exclude(kind="safety")
    rows = rows.order_by("-reported", "-strength")
    safety = [s for s in shown_signals([session.dyad_id]).get(session.dyad_id, ()) if s.kind == "safety"]
    strains = Strain.objects.filter(dyad=session.dyad_id, session__start__lte=session.start, state__in=UNSETTLED)
    return SignalsAndStrains(
        (*safety, *_records(rows.values_list(*SIGNAL_COLUMNS))),
        tuple(StrainFacts(*columns) for columns in strains.values_list(*STRAIN_COLUMNS)),
    )


def false_alarms(kind: str, version: str | None) -> FalseAlarms | None:
    """What a calibration says of the signals of one kind that it judged; nothing for a signal that none judged."""
    calibration = calibration_named(version or "")
    share = getattr(calibration.budget, kind, None) if calibration else None
    if calibration is None or share is None:
        return None
    return FalseAlarms(version or "", share, calibration.n, tuple(calibration.false_discovery.get(kind, ())))


def safety_notices(treated: Q) -> list[tuple[str, str]]:
    """The safety answers of the dyads of `treated_by` that nobody has looked after, newest first: (session, client)."""
    rows = open_notices(treated).values_list("session__uid", "dyad__client__name", "dyad__client__address_as")
    return [(session, address_as or name) for session, name, address_as in rows]
