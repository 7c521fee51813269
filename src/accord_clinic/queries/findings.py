"""Signals and open strains of any number of dyads, and what a calibration says of a signal; `pages/findings` words it.

Only what is revealed stands behind it: signals are raised at the reveal and strains move at the reveal. The one
exception is the safety notice, which names no answer and stays until somebody has recorded what was done.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Exists, OuterRef, QuerySet

from accord.records import Signal
from accord_clinic import models
from accord_clinic.database.prepared import PreparedForMany
from accord_clinic.models import Dyad, Member, PutAside, Session, StrainMove
from accord_clinic.models.care import rank
from accord_clinic.queries.courses import calibration_named
from accord_clinic.queries.strains import open_strains
from accord_clinic.records.findings import (
    FalseAlarms,
    SignalsAndStrains,
    aside_of,
    by_dyad,
    false_alarms_of,
    numbered,
    sessions_named,
    which,
)
from accord_clinic.rules.safety import NOT_OPEN

CLIENTS_YES = ("talk", "settle", "let_rest")
"""What a client says of a concern after which a mark about the same session stays aside."""
SIGNAL_COLUMNS = ("kind", rank("session"), "reported", "rule", "scale", "strength", "evidence", "calibration")


def signals_and_strains(dyads: Iterable[int], reader: Member | None = None) -> Mapping[int, SignalsAndStrains]:
    """Signals that were not withheld and strains that are not settled, by dyad. Two queries.

    With a `reader`, also what this member has put aside: one more query where there is something to put aside.
    """
    ids = list(dyads)
    signals, strains = shown_signals(ids), open_strains(ids)
    aside = put_aside(signals, reader) if reader else {}
    return {
        pk: SignalsAndStrains(tuple(signals.get(pk, ())), tuple(strains.get(pk, ())), aside.get(pk, frozenset()))
        for pk in ids
    }


def put_aside(signals: Mapping[int, Iterable[Signal]], reader: Member) -> dict[int, frozenset[str]]:
    """Which of the signals of these dyads `reader` has put aside, by dyad; asks nothing where none can be.

    One returns when a later session opens, unless the client said since of a concern about the same session that it
    was talked about, is resolved or may rest.
    """
    dyads = [pk for pk, shown in signals.items() if any(signal.kind != "safety" for signal in shown)]
    if not dyads:
        return {}
    return aside_of(reader.pk, PUT_ASIDE.rows(dyads))


def _put_aside(dyads: Sequence[int]) -> QuerySet:
    later = Session.objects.filter(
        dyad=OuterRef("signal__dyad"), start__gt=OuterRef("signal__session__start"), revealed_at__gt=OuterRef("at")
    )
    clients_yes = StrainMove.objects.filter(
        strain__session=OuterRef("signal__session"), side="client", move__in=CLIENTS_YES, at__gt=OuterRef("at")
    )
    rows = PutAside.objects.filter(Exists(clients_yes) | ~Exists(later), signal__dyad__in=dyads)
    return rows.values_list("signal__dyad", "member", "signal__kind", rank("signal__session"), "signal__scale")


PUT_ASIDE = PreparedForMany(_put_aside)


def signal_called(dyad: Dyad, name: str) -> models.Signal | None:
    """The signal of a dyad that a page calls so, where it can be put aside."""
    shown = models.Signal.objects.filter(dyad=dyad, withheld=False).exclude(kind="safety")
    rows = shown.annotate(number=rank("session"))
    return next((row for row in rows if which(row.kind, row.number, row.scale) == name), None)


def shown_signals(dyads: Sequence[int]) -> dict[int, list[Signal]]:
    """Signals that were not withheld, by dyad; of the safety notices those that nobody has looked after.

    The evidence of a safety notice also names the session, so that a page can lead to the answer.
    """
    rows = SHOWN.rows(dyads)
    signals = [Signal(*columns) for _dyad, _session, *columns in rows]
    named = sessions_named(signals)
    # Evidence names sessions by uid: a number would change when another session is moved.
    numbers = dict(Session.objects.filter(uid__in=named).values_list("uid", rank())) if named else {}
    return by_dyad([row[:2] for row in rows], numbered(signals, numbers))


def _signals(dyads: Sequence[int]) -> QuerySet:
    rows = models.Signal.objects.filter(withheld=False, dyad__in=dyads).exclude(NOT_OPEN)
    return rows.values_list("dyad", "session__uid", *SIGNAL_COLUMNS)


SHOWN = PreparedForMany(_signals)


def false_alarms(kind: str, version: str | None) -> FalseAlarms | None:
    """What a calibration says of the signals of one kind that it judged; nothing for a signal that none judged."""
    return false_alarms_of(kind, version or "", calibration_named(version or ""))
