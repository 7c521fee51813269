"""What is found: at the onset, with the second voice, late; what classical rules do; what a mark means."""

from __future__ import annotations

import numpy as np

from accord.simulate import Simulated, simulate
from accord.stats.rules import RULES, false_alarms
from accord.stats.thresholds import BASE_RATES, Calibration, calibrate
from accord.trajectory import trajectory
from benchmarks.signals.tables import NINE, SCALES, Size, auc, flags, read, show


def detection(size: Size) -> None:
    """Onset session, one voice, 15 sessions; hyper-parameters estimated from a practice with strains in it."""
    for title, items, prior in SCALES:
        own = [simulate(200, 15, 100 + s, items=items).client for s in range(8)]
        made = [calibrate(y, prior=prior, draws=size.draws) for y in own]
        calm = simulate(size.courses, 15, 1, "none", items=items)
        rows = []
        for k in (2.0, 3.0, 4.0):
            hit = simulate(size.courses, 15, 2, "dip", share=1.0, sizes=(k,), items=items)
            rows.append((f"{k:.0f} SD", *np.mean([_detected(m, calm, hit) for m in made], axis=0).tolist()))
        head = ("drop", "AUC", "sensitivity at 2 % false alarms a session", "at the 5 % budget a course")
        show(f"Detection at the onset session, {title}", head, rows)


def _detected(made: Calibration, calm: Simulated, hit: Simulated, both: bool = False) -> tuple[float, float, float]:
    none = read(made, calm, both).drop
    none = none[none > -np.inf]
    found = read(made, hit, both)
    at = np.arange(len(hit.client)), hit.truth.onset
    strained = found.drop[at]
    limit = float(np.quantile(none, 0.98))
    return auc(strained, none), float((strained >= limit).mean()), float(flags(made, found)[at].mean())


def second_voice(size: Size) -> None:
    """What the therapist's voice adds, both calibrated to the same budget."""
    rows = []
    for shared in (0.0, 0.2, 0.4):
        own = simulate(200, 15, 100, shared=shared)
        one = calibrate(own.client, draws=size.draws)
        two = calibrate(own.client, second=own.therapist, draws=size.draws)
        calm = simulate(size.courses, 15, 1, "none", shared=shared)
        for misses in (0.0, 0.5, 1.0):
            hit = simulate(
                size.courses, 15, 2, "dip", share=1.0, sizes=(3.0,), shared=shared, therapist_misses=misses
            )  # fmt: skip
            single, pair = _detected(one, calm, hit), _detected(two, calm, hit, both=True)
            rows.append((f"{shared:.1f}", f"{misses:.0%}", single[0], pair[0], single[1], pair[1]))
    head = ("correlation within a session", "strains the therapist misses", "AUC client", "AUC both",
            "sensitivity at 2 % client", "both")  # fmt: skip
    show("The second voice, drops of 3 SD", head, rows)


def delays(size: Size) -> None:
    """Drops of three sessions and slides of six, none of which comes back by itself before that."""
    made = calibrate(simulate(200, 15, 100).client, draws=size.draws)
    rows = []
    for kind, k in (("drop", 2.0), ("drop", 3.0), ("slide", 3.0), ("slide", 4.0)):
        hit = simulate(size.courses, 20, 3, kind, share=1.0, sizes=(k,), repaired=1.0)
        path = trajectory(hit.client, np.arange(1.0, 21.0), made)
        inside = hit.truth.strained
        whole = inside.sum(axis=1) == (3 if kind == "drop" else 6)
        for said, marks in (("drop", path.flag_drop), ("drop or slide", path.flag_drop | path.flag_slide)):
            caught = (marks & inside)[whole]
            first = np.where(caught.any(axis=1), caught.argmax(axis=1) - hit.truth.onset[whole], -1)
            found = first[first >= 0]
            rows.append((f"{kind} of {k:.0f} SD", said, float((first >= 0).mean()), float(found.mean() + 1)))
    head = ("strain", "marked as", "found while it lasts", "mean session of the strain at which it is found")
    show("Sustained drops (three sessions) and slides (down over six)", head, rows)


def rules(size: Size) -> None:
    """The classical rules where nothing happened, and what they find at the onset."""
    hit = simulate(size.courses, 15, 2, "dip", share=1.0, sizes=(3.0,))
    at = np.arange(size.courses), hit.truth.onset
    rows = [
        (rule.name, rule.says, "no" if rule.online else "yes", false_alarms(rule, NINE, draws=size.courses),
         float(rule.flag(hit.client)[at].mean()))
        for rule in RULES.values()
    ]  # fmt: skip
    made = calibrate(simulate(200, 15, 100).client, draws=size.draws)
    calm = simulate(size.courses, 15, 10_000, "none").client
    own = flags(made, read(made, calm)).any(axis=1).mean(), flags(made, read(made, hit.client))[at].mean()
    rows.append(("Accord, drop", "below the expectation, calibrated", "no", *map(float, own)))
    head = ("rule", "flags", "needs later sessions", "uneventful courses flagged", "3 SD drops found at onset")
    show("Classical rules, 15 sessions, nine items", head, rows)


def meaning(size: Size) -> None:
    """Of 100 marks, how many are nothing: what practices' own calibrations say, which pages show, and what is true."""
    rows = []
    for scale, items, prior in SCALES:
        for k, base in enumerate(BASE_RATES):
            own = [simulate(200, 15, 50 + s, share=base, items=items).client for s in range(8)]
            made = [calibrate(y, prior=prior, draws=size.draws) for y in own]
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
