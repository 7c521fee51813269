"""How well one side's rating follows the other's, and by how much it lies off it: truth and bias, dyad by dyad.

West & Kenny 2011, Psychol Rev 118: 357. A judge's rating J of a dyad in session t, and the truth T (the other's own
rating), with T. the dyad's mean of T:

    J − T. = (b0 + u0) + (b1 + u1) (T − T.) + e            b0 directional bias, b1 congruence within the dyad
    J − T.. = b0 + b1 (T − T.) + b2 (T. − T..) + u0 + u1 (T − T.) + e     b2 congruence between dyads, T.. grand mean

by REML, with (u0, u1) correlated; a dyad's own b0 + u0 and b1 + u1 are shrunken towards the mean by what its sessions
tell. A moderator of congruence would be one more fixed effect here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput
from accord.stats.mixed import MixedFit, fit_mixed

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TruthBias:
    """Two mixed models, whose `fixed` name `bias`, `congruence` (and `congruence_between`), in units of the ratings.

    `dyads` labels, and for each its shrunken `bias` and `congruence` with conditional standard errors, (dyads, 2) each.
    """

    within: MixedFit
    both: MixedFit
    dyads: npt.NDArray[Any]
    each: Floats
    each_se: Floats

    def to_dict(self) -> dict[str, Any]:
        """Both models, ready for JSON. The dyads' own estimates stay in the arrays."""
        return {"within": self.within.to_dict(), "within_and_between": self.both.to_dict()}

    def __str__(self) -> str:
        fit, both = self.within, self.both
        lines = [f"Truth and bias: {fit.n} sessions of {fit.n_persons} dyads, {fit.n_dropped} incomplete left out", ""]
        lines.append(f"{'':<28}{'estimate':>12}{'SE':>12}{'SD of dyads':>14}")
        of_dyads = (fit.var_intercept, fit.var_slope or 0.0)
        for name, spread in zip(("bias", "congruence"), of_dyads, strict=True):
            lines.append(f"{name:<28}{fit.fixed[name]:>12.5g}{fit.se[name]:>12.5g}{spread**0.5:>14.5g}")
        name = "congruence_between"
        lines.append(f"{'congruence between dyads':<28}{both.fixed[name]:>12.5g}{both.se[name]:>12.5g}")
        together = "not known" if fit.corr is None else f"{fit.corr:.3f}"
        lines += ["", f"correlation of bias and congruence over dyads: {together}"]
        for model in (fit, both):
            lines += [] if model.converged else ["NOT converged, do not use these numbers: " + model.message]
        lines += [f"at the boundary: {place}" for place in fit.boundary]
        return "\n".join(lines + [f"careful: {warning}" for warning in fit.warnings])


def truth_bias(judge: npt.ArrayLike, truth: npt.ArrayLike, dyad: npt.ArrayLike) -> TruthBias:
    """Fit both models to ratings on one scale, (n,) each, missing as nan, with `dyad` (n,) labels, in any order.

    A dyad's mean of the truth is over all its sessions in which that is known; rows without either rating are left out
    and counted. Formula and source: at the top of this module. Raises `BadInput` for columns of different lengths,
    infinite values, a truth that moves within no dyad, a truth with the same mean in all of them, and what `fit_mixed`
    refuses (one dyad, one session each).

    >>> rng = np.random.default_rng(1)
    >>> dyad, truth = np.repeat(np.arange(50), 10), rng.standard_normal(500)
    >>> fit = truth_bias(0.4 * truth - 0.5 + 0.2 * rng.standard_normal(500), truth, dyad)
    >>> round(fit.within.fixed["bias"], 1), round(fit.within.fixed["congruence"], 1)
    (-0.5, 0.4)
    """
    j, t = np.asarray(judge, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    names, who = np.unique(np.asarray(dyad), return_inverse=True)
    if len({len(j), len(t), len(who)}) > 1:
        raise BadInput("judge, truth and dyad have different lengths. Give each session one of each.")
    for name, column in (("judge", j), ("truth", t)):
        if np.isinf(column).any():
            raise BadInput(f"the {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
        if np.isnan(column).all():
            raise BadInput(f"all values of the {name} are missing. Choose another column.")
    there = ~np.isnan(t)
    counts = np.bincount(who, there)
    mean = (np.bincount(who, np.where(there, t, 0.0)) / np.where(counts > 0, counts, np.nan))[who]
    moves, between = t - mean, mean - np.nanmean(t)
    for column, place in ((moves, "within any dyad"), (between, "between dyads")):
        if np.nanmax(np.abs(column)) <= 1e-10 * max(float(np.nanmax(np.abs(t))), 1e-300):
            raise BadInput(f"the truth does not differ {place}. There is no congruence to estimate.")
    level_column = np.ones(len(t))
    fixed = ("bias", "congruence", "congruence_between")
    within = fit_mixed(j - mean, np.column_stack([level_column, moves]), who, slope=moves, names=fixed[:2])
    grand = j - np.nanmean(t)
    both = fit_mixed(grand, np.column_stack([level_column, moves, between]), who, slope=moves, names=fixed)
    level = np.array([within.fixed["bias"], within.fixed["congruence"]])
    return TruthBias(within, both, names[within.persons], level + within.blups, within.blup_se)
