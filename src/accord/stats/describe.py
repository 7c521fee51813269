"""Who is in a study and what is missing: persons, sessions, levels and spread, missing by session, ends of the scale.

Variances within and between persons by REML (`mixed`); the intraclass correlation is the share between. What is missing
after a person's last rating is told apart from gaps before it, since they have other reasons (Little & Rubin 2002,
chapter 1). Ceilings: Terwee et al. 2007, J Clin Epidemiol 60: 34, call more than 15 % at an end too many. A further
fact about ratings is a further field of `Description`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import fit_mixed

Floats = npt.NDArray[np.float64]
TOO_MANY = 0.15  # share of ratings at one end of the scale from which on that is said


@dataclass(frozen=True, slots=True)
class Description:
    """One column: `ratings` of `persons`; sessions with a rating per person (`fewest`, `median_sessions`, `most`).

    `missing`: share of a grid of all persons and their sessions up to the last one of anybody; of which `gaps` lie
    before a person's last rating and `after_last` behind it. `missing_by_third`: share missing in the first, middle and
    last third of the sessions. `mean`, `sd_between`, `sd_within`, `icc` (nan where no model can tell). `lowest`,
    `highest` the ends of the scale, `floor`, `ceiling` the shares of ratings at them.
    """

    ratings: int
    persons: int
    fewest: int
    median_sessions: float
    most: int
    missing: float
    gaps: float
    after_last: float
    missing_by_third: tuple[float, float, float]
    mean: float
    sd_between: float
    sd_within: float
    icc: float
    lowest: float
    highest: float
    floor: float
    ceiling: float

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        thirds = ", ".join("no sessions" if np.isnan(share) else f"{share:.0%}" for share in self.missing_by_third)
        lines = [
            f"{self.ratings:,} ratings of {self.persons:,} persons; sessions a person: {self.fewest} to {self.most}, "
            f"median {self.median_sessions:g}",
            f"missing {self.missing:.1%}: gaps {self.gaps:.1%}, after the last rating {self.after_last:.1%}; "
            f"by thirds of sessions {thirds}",
            f"mean {self.mean:.3f}; SD between persons {_known(self.sd_between)}, within {_known(self.sd_within)}; "
            f"intraclass correlation {_known(self.icc)}",
            f"at the lowest value ({self.lowest:g}) {self.floor:.1%}, "
            f"at the highest ({self.highest:g}) {self.ceiling:.1%}",
        ]
        for share, end in ((self.floor, "lowest"), (self.ceiling, "highest")):
            if share > TOO_MANY:
                lines.append(f"careful: many ratings are at the {end} value; changes beyond it cannot be seen.")
        return "\n".join(lines)


def _known(value: float) -> str:
    return "not known" if np.isnan(value) else f"{value:.3f}"


def describe_ratings(
    y: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike, ends: tuple[float, float] | None = None
) -> Description:
    """Describe ratings y (n,), missing as nan, of persons `person` (n,) in sessions `time` (n,).

    A session without a row is missing like one whose rating is nan. `ends`: lowest and highest possible value (without
    them those that occur). Formula and source: at the top of this module. Raises `BadInput` for columns of different
    lengths, infinite values, no rating at all, a time that is missing, two rows of a person and session, and ratings
    beyond the ends.

    >>> about = describe_ratings([1, 2, 5, 5, 5, float("nan")], [1, 1, 2, 2, 3, 3], [1, 2, 1, 2, 1, 2])
    >>> about.persons, round(about.missing, 2), round(about.after_last, 2), about.ceiling
    (3, 0.17, 0.17, 0.6)
    """
    rating, clock, who = _checked(y, person, time)
    there = ~np.isnan(rating)
    sessions, place = np.unique(clock, return_inverse=True)
    grid = np.zeros((int(who.max()) + 1, len(sessions)), dtype=np.bool_)
    grid[who[there], place[there]] = True
    rated = grid.any(axis=1)
    grid = grid[rated]
    last = len(sessions) - 1 - grid[:, ::-1].argmax(axis=1)
    behind = np.arange(len(sessions)) > last[:, None]
    third = np.minimum(np.arange(len(sessions)) * 3 // len(sessions), 2)
    by_third = [float(1.0 - grid[:, third == k].mean()) if (third == k).any() else float("nan") for k in range(3)]
    low, high = ends or (float(np.nanmin(rating)), float(np.nanmax(rating)))
    beyond = there & ((rating < low) | (rating > high))
    if beyond.any():
        row = int(beyond.argmax())
        raise BadInput(f"the rating {rating[row]:g} of row {row + 1} lies beyond {low:g} to {high:g}. Correct it.")
    values, counts = rating[there], grid.sum(axis=1)
    between, within = _variances(values, who[there])
    return Description(
        ratings=len(values),
        persons=len(grid),
        fewest=int(counts.min()),
        median_sessions=float(np.median(counts)),
        most=int(counts.max()),
        missing=float(1.0 - grid.mean()),
        gaps=float((~grid & ~behind).mean()),
        after_last=float(behind.mean()),
        missing_by_third=(by_third[0], by_third[1], by_third[2]),
        mean=float(values.mean()),
        sd_between=between**0.5,
        sd_within=within**0.5,
        icc=between / (between + within) if between + within != 0.0 else float("nan"),
        lowest=low,
        highest=high,
        floor=float((values == low).mean()),
        ceiling=float((values == high).mean()),
    )


def _checked(
    y: npt.ArrayLike, person: npt.ArrayLike, time: npt.ArrayLike
) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    rating, clock = np.asarray(y, dtype=np.float64), np.asarray(time, dtype=np.float64)
    names, who = np.unique(np.asarray(person), return_inverse=True)
    if len({len(rating), len(clock), len(who)}) > 1:
        raise BadInput("ratings, person and time have different lengths. Give each rating one of each.")
    for name, column in (("rating", rating), ("time", clock)):
        if np.isinf(column).any():
            raise BadInput(f"the {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
    if np.isnan(rating).all():
        raise BadInput("all ratings are missing. Choose another column.")
    if np.isnan(clock).any():
        raise BadInput(f"row {int(np.isnan(clock).argmax()) + 1} has no time. Say which session it was.")
    order = np.lexsort((clock, who))
    twice = (np.diff(who[order]) == 0) & (np.diff(clock[order]) == 0)
    if twice.any():
        row = order[int(twice.argmax())]
        raise BadInput(f"person {names[who[row]]} has two rows at time {clock[row]:g}. Keep one.")
    return rating, clock, who


def _variances(values: Floats, who: npt.NDArray[np.intp]) -> tuple[float, float]:
    """Between and within persons; nan where there is one person, or one rating of each."""
    if np.ptp(values) == 0:
        return 0.0, 0.0
    try:
        fit = fit_mixed(values, np.ones((len(values), 1)), who)
    except BadInput:
        return float("nan"), float("nan")
    return fit.var_intercept, fit.var_residual
