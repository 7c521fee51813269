"""Compute a dyad's signals after a reveal and store the new ones; the same one is never stored twice."""

from collections.abc import Iterable, Mapping

from django.db.models import Exists, OuterRef
from django.utils import timezone

from accord.records import Signal as Found
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Session, Signal, Suggestion
from accord_clinic.queries.courses import SESSIONS, course_of
from accord_clinic.records.findings import ABOUT

MOST_INFERRED_IN_100 = 10
KNOWN = Prepared(lambda dyad: Signal.objects.filter(dyad_id=dyad).values_list("kind", "session", "scale"))


def refresh(dyad: Dyad) -> None:
    """Find signals in revealed sessions. Inferred ones beyond the practice's budget are stored but withheld."""
    course = course_of(dyad)
    if not course.signals:
        return
    stored = set(KNOWN.rows(dyad.pk))
    sessions = {session.number: session for session in SESSIONS.all(dyad.pk)}
    fresh = [s for s in course.signals if (s.kind, sessions[s.session].pk, s.scale or "") not in stored]
    for signal in sorted(fresh, key=lambda s: (not s.reported, -s.strength)):
        _keep(dyad, sessions, signal, withheld=not signal.reported and not _make_room(signal))


def refresh_imported(dyads: Iterable[Dyad]) -> None:
    """Find signals in imported courses. Their inferred ones have a budget of their own, strongest first."""
    signals = [(dyad, s) for dyad in dyads for s in course_of(dyad).signals]
    places: dict[int, dict[int, Session]] = {}
    for session in Session.objects.filter(state="held", dyad__in={dyad for dyad, _signal in signals}).ranked():
        places.setdefault(session.dyad_id, {})[session.number] = session
    room = Session.objects.filter(dyad__in=dyads).count() * MOST_INFERRED_IN_100 // 100
    for dyad, signal in sorted(signals, key=lambda pair: (not pair[1].reported, -pair[1].strength)):
        withheld = not signal.reported and room <= 0
        room -= not signal.reported
        _keep(dyad, places[dyad.pk], signal, withheld)


def _keep(dyad: Dyad, sessions: Mapping[int, Session], signal: Found, withheld: bool) -> None:
    """Store a signal with the session itself: numbers change when a session is moved or marked, its uid never does."""
    evidence = dict(signal.evidence)
    if ABOUT in evidence:
        evidence[ABOUT] = sessions[evidence[ABOUT]].uid
    Signal.objects.get_or_create(
        dyad=dyad,
        kind=signal.kind,
        session=sessions[signal.session],
        scale=signal.scale or "",
        defaults={
            "reported": signal.reported,
            "strength": signal.strength,
            "evidence": evidence,
            "rule": signal.rule,
            "calibration": signal.calibration or "",
            "withheld": withheld,
            "raised_at": timezone.now(),
        },
    )


def _make_room(signal: Found) -> bool:
    """Room for one more inferred signal in the practice's last 100 revealed sessions, if there is any, strongest first.

    When they are full, a stronger one takes the place of the weakest that nobody has acted on yet.
    """
    last = Session.objects.exclude(revealed_at=None).order_by("-revealed_at").values_list("pk", flat=True)[:100]
    shown = Signal.objects.filter(reported=False, withheld=False, session__in=list(last))
    if shown.count() < MOST_INFERRED_IN_100:
        return True
    acted_on = Suggestion.objects.filter(session=OuterRef("session"), signal_kind=OuterRef("kind"))
    weakest = shown.filter(~Exists(acted_on), strength__lt=signal.strength).order_by("strength").first()
    if weakest:
        Signal.objects.filter(pk=weakest.pk).update(withheld=True)
    return weakest is not None
