"""What is found: at the onset, with the second voice, late; what classical rules do; what a mark means."""

from __future__ import annotations

from functools import partial

import numpy as np

from accord.simulation import Simulated, simulate
from accord.stats.rules import RULES, false_alarms
from accord.stats.strains import DROP, SLIDE, Strain
from accord.stats.thresholds import BASE_RATES, BUDGET, Budget, Calibration, calibrate
from accord.trajectories import trajectory
from benchmarks.signals.tables import HALF, NINE, SCALES, Size, auc, flags, read, show, with_error

PRACTICES = 8  # of 200 courses, each calibrated by itself and judged by courses of its own, behind each number here
OVER = f"mean ± standard error over {PRACTICES} practices"
CALM, HIT = 1000, 2000  # first seeds of the courses that judge the practices: without a strain, and all with one


def _calibrated(
    size: Size, first: int = 100, items: int | None = None, budget: Budget = BUDGET, **more
) -> list[Calibration]:
    """Practices that calibrated themselves by their own client ratings, with strains among them."""
    prior = {count: prior for _scale, count, prior in SCALES}[items]
    own = (simulate(200, 15, first + s, items=items, **more).client for s in range(PRACTICES))
    return [calibrate(y, prior=prior, budget=budget, draws=size.draws) for y in own]


def _judges(size: Size, first: int, strain: Strain, sessions: int = 15, **more) -> list[Simulated]:
    """For each practice courses of its own to be judged by, so that the error beside a mean holds for both."""
    return [simulate(size.courses // PRACTICES, sessions, first + s, strain, **more) for s in range(PRACTICES)]


def detection(size: Size) -> None:
    """Onset session, one voice, 15 sessions; hyper-parameters estimated from a practice with strains in it."""
    for title, items, _prior in SCALES:
        made, halved = (_calibrated(size, items=items, budget=budget) for budget in (BUDGET, HALF))
        calm = _judges(size, CALM, "none", items=items)
        rows = []
        for k in (2.0, 3.0, 4.0):
            hit = _judges(size, HIT, "dip", share=1.0, sizes=(k,), items=items)
            cells = zip(map(_detected, made, calm, hit), map(_at_onset, halved, hit), strict=True)
            rows.append((f"{k:.0f} SD", *with_error((*one, half) for one, half in cells)))
        head = ("drop", "AUC", "sensitivity at 2 % false alarms a session", "at the 5 % budget a course",
                "at half of it, as where both scales of the check-in speak")  # fmt: skip
        show(f"Detection at the onset session, {title} ({OVER})", head, rows)


def _detected(made: Calibration, calm: Simulated, hit: Simulated, both: bool = False) -> tuple[float, float, float]:
    none = read(made, calm, both).drop
    none = none[none > -np.inf]
    found = read(made, hit, both)
    at = np.arange(len(hit.client)), hit.truth.onset
    strained = found.drop[at]
    limit = float(np.quantile(none, 0.98))
    return auc(strained, none), float((strained >= limit).mean()), float(flags(made, found)[at].mean())


def _at_onset(made: Calibration, hit: Simulated) -> float:
    """Share of strains that are marked at their onset."""
    return float(flags(made, read(made, hit))[np.arange(len(hit.client)), hit.truth.onset].mean())


def second_voice(size: Size) -> None:
    """What the therapist's voice adds, both calibrated to the same budget."""
    rows = []
    for shared in (0.0, 0.2, 0.4):
        one = _calibrated(size, shared=shared)
        own = (simulate(200, 15, 100 + s, shared=shared) for s in range(PRACTICES))
        two = [calibrate(both.client, second=both.therapist, draws=size.draws) for both in own]
        calm = _judges(size, CALM, "none", shared=shared)
        for misses in (0.0, 0.5, 1.0):
            hit = _judges(size, HIT, "dip", share=1.0, sizes=(3.0,), shared=shared, therapist_misses=misses)
            single, pair = map(_detected, one, calm, hit), map(partial(_detected, both=True), two, calm, hit)
            cells = with_error((a, c, b, d) for (a, b, _), (c, d, _) in zip(single, pair, strict=True))
            rows.append((f"{shared:.1f}", f"{misses:.0%}", *cells))
    head = ("correlation within a session", "strains the therapist misses", "AUC client", "AUC both",
            "sensitivity at 2 % client", "both")  # fmt: skip
    show(f"The second voice, drops of 3 SD ({OVER})", head, rows)


def delays(size: Size) -> None:
    """Drops of three sessions and slides of six, none of which comes back by itself before that."""
    made = _calibrated(size)
    rows = []
    for kind, k in (("drop", 2.0), ("drop", 3.0), ("slide", 3.0), ("slide", 4.0)):
        hit = _judges(size, HIT, kind, 20, share=1.0, sizes=(k,), repaired=1.0)
        paths = [trajectory(one.client, one.times, m) for one, m in zip(hit, made, strict=True)]
        for said, marks in (
            ("drop", [path.flag_drop for path in paths]),
            ("drop or slide", [path.flag_drop | path.flag_slide for path in paths]),
        ):
            rows.append((f"{kind} of {k:.0f} SD", said, *with_error(map(_found, hit, marks))))
    head = ("strain", "marked as", "found while it lasts", "mean session of the strain at which it is found")
    show(f"Sustained drops (three sessions) and slides (down over six; {OVER})", head, rows)


def _found(hit: Simulated, marks: np.ndarray) -> tuple[float, float]:
    """Share of whole strains that are marked while they last, and in which of their sessions on average."""
    inside = hit.truth.strained
    whole = inside.sum(axis=1) == (DROP if hit.truth.kind[0] == "drop" else SLIDE)
    caught = (marks & inside)[whole]
    found = caught.any(axis=1)
    first = caught.argmax(axis=1) - hit.truth.onset[whole]
    return float(found.mean()), float(first[found].mean() + 1)


def rules(size: Size) -> None:
    """The classical rules where nothing happened, and what they find at the onset."""
    hit = simulate(size.courses, 15, 2, "dip", share=1.0, sizes=(3.0,))
    at = np.arange(size.courses), hit.truth.onset
    rows = [
        (rule.name, rule.says, "no" if rule.online else "yes", false_alarms(rule, NINE, draws=size.courses),
         float(rule.flag(hit.client)[at].mean()))
        for rule in RULES.values()
    ]  # fmt: skip
    strained = _judges(size, HIT, "dip", share=1.0, sizes=(3.0,))
    own = map(_marked, _calibrated(size), _judges(size, CALM, "none"), strained)
    rows.append(("Accord, drop", "below the expectation, calibrated", "no", *with_error(own)))
    head = ("rule", "flags", "needs later sessions", "uneventful courses flagged", "3 SD drops found at onset")
    show(f"Classical rules, 15 sessions, nine items (Accord: {OVER})", head, rows)


def _marked(made: Calibration, calm: Simulated, hit: Simulated) -> tuple[float, float]:
    """Share of uneventful courses with a mark, and of strains that are marked at their onset."""
    return float(flags(made, read(made, calm)).any(axis=1).mean()), _at_onset(made, hit)


def meaning(size: Size) -> None:
    """Of 100 marks, how many are nothing: what practices' own calibrations say, which pages show, and what is true.

    The two short scales are those of the check-in, with half of the budget each, as in a practice.
    """
    rows = []
    four, three = SCALES[1:]
    shares = (
        (*SCALES[0][:2], BUDGET), (f"{four[0]}, whole budget", four[1], BUDGET), (*four[:2], HALF), (*three[:2], HALF)
    )  # fmt: skip
    for scale, items, budget in shares:
        for k, base in enumerate(BASE_RATES):
            made = _calibrated(size, 50, items, budget, share=base)
            one = simulate(size.courses, 15, 4, share=base, items=items)
            paths = [trajectory(one.client, np.arange(1.0, 16.0), m) for m in made]
            for kind in ("drop", "slide"):
                marks = np.array([getattr(path, f"flag_{kind}") for path in paths])
                idle = (marks & ~one.truth.strained).sum() / marks.sum()
                said = np.mean([m.nothing[kind][k] for m in made])
                caught = (marks & one.truth.strained).any(axis=2)[:, one.truth.onset >= 0].mean()
                numbers = round(100 * float(idle)), round(100 * float(said)), float(caught), float(marks.mean() * 100)
                rows.append((scale, f"{base:.0%}", kind, *numbers))
    head = ("scale", "courses with a strain", "mark", "of 100 marks are nothing", "pages say",
            "strained courses marked", "marks in 100 sessions")  # fmt: skip
    show("What a mark means", head, rows)
