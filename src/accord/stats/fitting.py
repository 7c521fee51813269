"""In which ways a calibration no longer fits newer ratings. Another sign of that is a name that `misfit` gives.

Source: our own (docs/explanation/signals.md).
"""

from __future__ import annotations

import numpy as np

from accord.stats.innovation import Floats, innovations
from accord.stats.thresholds import Calibration

ENOUGH = 60  # later ratings that say whether its noise does
FEWEST = 15  # courses whose first rating says whether its level does
LEVEL = 0.6  # sd that first ratings may lie off their expectation on average
NOISE = (0.75, 1.35)  # within which their SD may lie, against what is expected
LONGER = 1.3  # how much longer than any that were known courses may be
MIDDLE = 0.6745  # median size of a standard normal value: strains hardly move it


def misfit(made: Calibration, y: Floats, t: Floats) -> tuple[str, ...]:
    """Names of what has changed, of `level`, `noise` and `length`, in ratings (n, T) at sessions t (T,).

    Nothing while the ratings are few; missing ones are nan. A calibration that no longer fits holds no budget, and
    should be made anew. Units: `LEVEL` in SDs of a first rating, `NOISE` as a ratio of SDs.

    >>> from accord.stats.hyper import Hyper
    >>> usual = Hyper(b0=70.0, b1=0.0, var_intercept=100.0, var_slope=0.0, cov=0.0, var_residual=25.0, phi=0.0)
    >>> rng = np.random.default_rng(1)
    >>> lower = 40 + 10 * rng.standard_normal((60, 1)) + 5 * rng.standard_normal((60, 8))
    >>> misfit(Calibration(usual), lower, np.arange(1.0, 9.0))
    ('level',)
    """
    steps = innovations(y, t, made.hyper)
    step = steps.z * steps.scale
    first, later = step[steps.earlier == 0], step[steps.earlier >= 2]
    first, later = first[~np.isnan(first)], later[~np.isnan(later)]
    if len(first) < FEWEST or len(later) < ENOUGH:
        return ()
    changed = [] if abs(float(first.mean())) <= LEVEL else ["level"]
    if not NOISE[0] <= float(np.median(np.abs(later))) / MIDDLE <= NOISE[1]:
        changed.append("noise")
    longest = made.hyper.longest
    if longest is not None and float(t[(~np.isnan(y)).sum(axis=0) >= 3].max(initial=0.0)) > LONGER * longest:
        changed.append("length")
    return tuple(changed)
