"""Seeds in; the error rates and the speed of possible-strain detection out, as one table after another.

    python -m benchmarks.signals            everything (one to two hours on one core)
    python -m benchmarks.signals --quick    the same tables from fewer practices (some minutes)
    python -m benchmarks.signals --only detection budget ...

Every number is computed here from simulated courses of which the truth is known; nothing is read from a file.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from accord.simulate import Simulated, nine_items, simulate
from accord.stats.evidence import Evidence, Voices
from accord.stats.innovation import Hyper, innovations
from accord.stats.priors import shipped
from accord.stats.rules import RULES, false_alarms
from accord.stats.thresholds import Calibration, allowed, calibrate
from accord.stats.uneventful import PLAIN, Noise, draw
from accord.trajectory import trajectory

try:
    import ruptures
except ImportError:
    ruptures = None

NINE = nine_items()
KINDS = ("drop", "slide", "gap")


@dataclass(frozen=True)
class Size:
    """How much is simulated."""

    practices: int
    large: int
    courses: int
    draws: int


FULL, QUICK = Size(200, 20, 20_000, 8000), Size(24, 3, 6000, 4000)


COLLABORATION = shipped()["collaboration"].client  # four items, 0 to 100: its ends, and a practice's first guess
CONNECTION = shipped()["connection"].client  # three items


def show(title: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """One table in Markdown, printed as it comes."""
    head = list(head)
    print(f"\n### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    for row in rows:
        print("| " + " | ".join(f"{x:.3f}" if isinstance(x, float) else str(x) for x in row) + " |", flush=True)


def read(made: Calibration, one: Simulated | np.ndarray, both: bool = False) -> Evidence:
    """Statistics of simulated courses under a calibration."""
    y = one if isinstance(one, np.ndarray) else one.client
    pair = one.therapist if both and isinstance(one, Simulated) else None
    return Voices(made.hyper, made.second, made.weight).read(y, pair, np.arange(1.0, y.shape[1] + 1))


def flags(made: Calibration, found: Evidence, kind: str = "drop") -> np.ndarray:
    return np.asarray(getattr(found, kind) >= getattr(made, kind).at(found.steps.earlier))


def auc(strained: np.ndarray, calm: np.ndarray) -> float:
    """Chance that a strained session scores higher than a calm one; ties count half."""
    calm = np.sort(calm)
    below, upto = np.searchsorted(calm, strained, "left"), np.searchsorted(calm, strained, "right")
    return float(np.mean(below + upto) / 2 / len(calm))


SCALES = (
    ("nine items, 1 to 5", None, None), ("four five-point items", 4, COLLABORATION),
    ("three five-point items", 3, CONNECTION),
)  # fmt: skip


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


def conditions() -> dict[str, tuple[Callable[[int, int], np.ndarray], int]]:
    """Uneventful practices by condition: (courses, seed) to ratings, and the sessions of a course."""

    def plain(hyper=NINE, noise: Noise = PLAIN, sessions: int = 15):
        times = np.arange(1.0, sessions + 1)
        return (lambda n, seed: draw(hyper, n, times, np.random.default_rng(seed), noise)), sessions

    return {
        "as the trial (person CV .36)": plain(),
        "persons alike": plain(replace(NINE, spread=0.0)),
        "AR 0": plain(replace(NINE, phi=0.0)),
        "AR .4": plain(replace(NINE, phi=0.4)),
        "t noise, kurtosis 5": plain(noise=Noise(kurtosis=5.0)),
        "25 % missing": plain(noise=Noise(missing=0.25)),
        "drift upward .06 a session": plain(replace(NINE, b1=0.06)),
        "30 % at the ceiling": plain(replace(NINE, b0=4.53)),
        "5 sessions": plain(sessions=5),
        "40 sessions": plain(sessions=40),
        "four five-point items": ((lambda n, seed: simulate(n, 15, seed, "none", items=4).client), 15),
    }


def budget(size: Size) -> None:
    """Share of uneventful courses flagged over practices that calibrated themselves, against the budget.

    Every practice is judged by courses of its own, so the standard error holds for both.
    """
    head = ("condition", "courses of a practice", "drop: flagged / budget", "standard error", "spread (SD)",
            "slide: flagged / budget", "standard error", "spread (SD)")  # fmt: skip

    def rows():
        for name, (make, sessions) in conditions().items():
            for n in (20, 200, 5000) if name.startswith("as the trial") else (200,):
                count = size.large if n == 5000 else size.practices
                prior = COLLABORATION if name.startswith("four") else None
                rates = np.array(
                    [_rates(make(n, s), make(size.courses, 10_000 + s), size, s, prior) for s in range(count)]
                )
                rates /= [allowed(0.05, sessions), allowed(0.03, sessions)]
                yield name, f"{n} ({count} practices)", *_mean_error_spread(rates)

    show("The budget, one voice (1 is exact; within .8 to 1.2 is the aim)", head, rows())


def strained_budget(size: Size) -> None:
    """The budget where a part of the courses is strained."""
    head = ("condition", "drop: flagged / budget", "standard error", "spread (SD)", "slide: flagged / budget",
            "standard error", "spread (SD)")  # fmt: skip
    show("The budget where strains and skipped answers meet", head, _strained_budget(size))


def pair_budget(size: Size) -> None:
    """The budget of what needs both voices."""
    head = ("what", "flagged / budget", "standard error", "spread (SD)")
    show(f"The budget of gap and of both voices ({size.practices // 2} practices)", head, _pair_budget(size))


def _mean_error_spread(rates: np.ndarray) -> list[float]:
    """Mean, its standard error over practices, and SD, column by column."""
    mean, spread = rates.mean(axis=0), rates.std(axis=0)
    return np.column_stack([mean, spread / len(rates) ** 0.5, spread]).ravel().tolist()


def _rates(own: np.ndarray, calm: np.ndarray, size: Size, seed: int, prior: Hyper | None) -> list[float]:
    made = calibrate(own, prior=prior, draws=size.draws, seed=seed)
    found = read(made, calm)
    return [float(flags(made, found, kind).any(axis=1).mean()) for kind in ("drop", "slide")]


def _strained_budget(size: Size) -> Iterable[tuple[object, ...]]:
    """Practices with real strains in them, answers skipped more often after one; also what the thresholds become."""
    for share in (0.0, 0.2, 0.45):
        for after in (0.0, 0.5):
            got = []
            for s in range(size.practices // 2):
                made = calibrate(simulate(200, 15, s, share=share, missing_after=after).client, draws=size.draws)
                found = read(made, simulate(size.courses, 15, 10_000 + s, "none").client)
                got.append([flags(made, found, kind).any(axis=1).mean() for kind in ("drop", "slide")])
                got[-1] += [made.drop.level, made.slide.level]
            rates, limits = np.array(got)[:, :2] / [0.05, 0.03], np.mean(got, axis=0)[2:]
            said = f"thresholds {limits[0]:.2f}, {limits[1]:.2f}; {len(got)} practices"
            yield f"{share:.0%} of courses strained, {after:.0%} skip after ({said})", *_mean_error_spread(rates)


def _pair_budget(size: Size) -> Iterable[tuple[object, ...]]:
    gap, both = [], []
    for s in range(size.practices // 2):
        calm = simulate(size.courses, 15, 10_000 + s, "none")
        apart = calm.client - calm.therapist
        own = simulate(200, 15, s, "none")
        made = calibrate(own.client - own.therapist, draws=size.draws)
        gap.append(flags(made, read(made, apart), "gap").any(axis=1).mean() / 0.03)
        made = calibrate(own.client, second=own.therapist, draws=size.draws)
        both.append(flags(made, read(made, calm, both=True)).any(axis=1).mean() / 0.05)
    yield "gap", *_mean_error_spread(np.array(gap)[:, None])
    yield "drop, both voices", *_mean_error_spread(np.array(both)[:, None])


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
    """Of 100 marks, how many are nothing: marks in a practice with so many strained courses."""
    rows = []
    for scale, items, prior in SCALES:
        for base in (0.10, 0.20, 0.37):
            own = [simulate(200, 15, 50 + s, share=base, items=items).client for s in range(6)]
            made = [calibrate(y, prior=prior, draws=size.draws) for y in own]
            one = simulate(size.courses, 15, 4, share=base, items=items)
            times = np.arange(1.0, 16.0)
            nothing, caught, per = [], [], []
            for m in made:
                path = trajectory(one.client, times, m)
                marks = path.flag_drop | path.flag_slide
                near = one.truth.strained.copy()
                nothing.append((marks & ~near).sum() / marks.sum())
                caught.append((marks & near).any(axis=1)[one.truth.onset >= 0].mean())
                per.append(marks.mean() * 100)
            numbers = round(100 * float(np.mean(nothing))), float(np.mean(caught)), float(np.mean(per))
            rows.append((scale, f"{base:.0%}", *numbers))
    head = ("scale", "courses with a strain", "of 100 marks, about so many are nothing", "strained courses marked",
            "marks in 100 sessions")  # fmt: skip
    show("What a mark (drop or slide) means", head, rows)


def speed(size: Size) -> None:
    """Best of some runs; 25 % of the ratings missing."""
    rng = np.random.default_rng(0)
    rows = []
    for n, sessions in ((1, 20), (10, 15), (100, 15), (10_000, 15), (1_000_000, 15)):
        y = draw(NINE, n, np.arange(1.0, sessions + 1), rng, Noise(missing=0.25))
        took = _best(lambda y=y, sessions=sessions: innovations(y, np.arange(1.0, sessions + 1), NINE), n)
        rows.append(_row(f"innovations, {n:,} x {sessions}", took, y.size))
    y = draw(NINE, 1000, np.arange(1.0, 21.0), rng)
    made = calibrate(NINE, draws=2000)
    took = _best(lambda: trajectory(y[:1], np.arange(1.0, 21.0), made), 1)
    rows.append(_row("trajectory with flags and repair, 1 x 20", took, 20))
    took = _best(lambda: trajectory(y, np.arange(1.0, 21.0), made), 1000)
    rows.append(_row("trajectory with flags and repair, 1,000 x 20", took, y.size))
    rows += _ruptures(y) if ruptures else [("ruptures: not installed", "", "", "")]
    show("Speed", ("what", "wall", "CPU, all cores", "CPU per rating"), rows)


def _best(work: Callable[[], object], n: int) -> tuple[float, float]:
    """Least wall time of some runs, and least CPU time of all threads (the wall of a busy machine says little)."""
    wall, cpu = [], []
    for _ in range(3 if n > 100_000 else 30):
        start, before = time.perf_counter(), time.process_time()
        work()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - before)
    return min(wall), min(cpu)


def _row(what: str, took: tuple[float, float], points: int) -> tuple[str, str, str, str]:
    wall, cpu = took
    return what, f"{wall * 1e3:,.2f} ms", f"{cpu * 1e3:,.2f} ms", f"{cpu / points * 1e9:,.0f} ns"


def _ruptures(y: np.ndarray) -> list[tuple[str, str, str, str]]:
    """Offline segmentation of the same thousand courses, one by one, as its users call it."""
    penalty = 2 * np.log(y.shape[1])
    scaled = y / (np.std(np.diff(y, axis=1)) / 2**0.5)
    rows = []
    for name, make in (
        ("ruptures PELT, l2", lambda x: ruptures.Pelt(model="l2", min_size=1, jump=1).fit(x).predict(pen=penalty)),
        ("ruptures KernelCPD, linear", lambda x: ruptures.KernelCPD("linear", min_size=1).fit(x).predict(pen=penalty)),
    ):
        start, before = time.perf_counter(), time.process_time()
        changed = np.mean([len(make(row)) > 1 for row in scaled])
        took = time.perf_counter() - start, time.process_time() - before
        rows.append(_row(f"{name}, 1,000 x 20 (a change in {changed:.0%} of uneventful courses)", took, y.size))
    return rows


PARTS = {
    f.__name__.replace("_", "-"): f
    for f in (detection, second_voice, budget, strained_budget, pair_budget, delays, rules, meaning, speed)
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.signals", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer practices")
    parser.add_argument("--practices", type=int, metavar="N", help="simulated practices in each condition of budget")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some of the tables")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    if arguments.practices:
        size = replace(size, practices=arguments.practices)
    for name in arguments.only:
        PARTS[name](size)


if __name__ == "__main__":
    main()
