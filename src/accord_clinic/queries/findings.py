"""Signals and open strains of any number of dyads, and what a calibration says of a signal; `pages/findings` words it.

Only what is revealed stands behind it: signals are raised at the reveal and strains move at the reveal. The one
exception is the safety notice, which names no answer and stays until somebody has recorded what was done.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet

from accord.records import Signal
from accord_clinic import models
from accord_clinic.database.prepared import PreparedForMany
from accord_clinic.models import Session
from accord_clinic.models.care import rank
from accord_clinic.queries.courses import calibration_named
from accord_clinic.queries.safety import NOT_OPEN, open_notices
from accord_clinic.queries.strains import open_strains
from accord_clinic.words.sentences import ANSWER, FalseAlarms, OpenStrain

ABOUT = "about_session"
"""Evidence that names another session."""
SIGNAL_COLUMNS = ("kind", rank("session"), "reported", "rule", "scale", "strength", "evidence", "calibration")


@dataclass(frozen=True, slots=True)
class SignalsAndStrains:
    """What there is to a dyad before it is put into words: signals that are shown, strains that are not settled."""

    signals: tuple[Signal, ...] = ()
    strains: tuple[OpenStrain, ...] = ()


NOTHING = SignalsAndStrains()


def signals_and_strains(dyads: Iterable[int]) -> Mapping[int, SignalsAndStrains]:
    """Signals that were not withheld and strains that are not settled, by dyad. Two queries."""
    ids = list(dyads)
    signals, strains = shown_signals(ids), open_strains(ids)
    return {pk: SignalsAndStrains(tuple(signals.get(pk, ())), tuple(strains.get(pk, ()))) for pk in ids}


def up_to(dyad: SignalsAndStrains, number: int) -> SignalsAndStrains:
    """What there was to the sessions up to one. Safety notices are of no one session: each that is open stays."""
    signals = tuple(s for s in dyad.signals if s.session <= number or s.kind == "safety")
    return SignalsAndStrains(signals, tuple(s for s in dyad.strains if s.session <= number))


def shown_signals(dyads: Sequence[int]) -> dict[int, list[Signal]]:
    """Signals that were not withheld, by dyad; of the safety notices those that nobody has looked after.

    The evidence of a safety notice also names the session, so that a page can lead to the answer.
    """
    rows = SHOWN.rows(dyads)
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


def _signals(dyads: Sequence[int]) -> QuerySet:
    rows = models.Signal.objects.filter(withheld=False, dyad__in=dyads).exclude(NOT_OPEN)
    return rows.values_list("dyad", "session__uid", *SIGNAL_COLUMNS)


SHOWN = PreparedForMany(_signals)


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
