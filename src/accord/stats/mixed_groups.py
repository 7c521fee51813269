"""Fit growth over time from sums: persons of one design are a single row, so a registry needs no memory for persons.

y = β0 + β1 t + b0 + b1 t + e as in `mixed`. A person enters the likelihood by n, Σt, Σt² (the design) and Σy, Σty; and
persons of one design by how many they are and by the sums and cross products of their Σy and Σty. This is exact: the
same REML criterion as from the rows. 100,000 ratings of 5,000 persons with equal sessions become one row.

Likelihood and gradient: Bates et al. 2015, J Stat Softw 67:1, as in `mixed_likelihood`, which serves as it is: within a
group, Σ k k' of the persons' k = Z'y is that of one person at the mean, counted n times, and of two more that carry the
spread around it and no design.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.stats.mixed import FEWEST_WITH_SLOPE, Method, MixedFit, _boundary, _log_likelihood, _message
from accord.stats.mixed_optimum import optimise
from accord.stats.mixed_statistics import Block, MixedStatistics, Units

Floats = NDArray[np.float64]
BLOCK_GROUPS = 1365
"""Groups whose three columns are worked on together, about as many columns as `mixed_statistics.BLOCK_PERSONS`."""


class GrowthGroups(NamedTuple):
    """Sums of persons by design, (groups,) each: what the design is, how many persons, and sums of theirs.

    `ratings` n, `t` Σt and `tt` Σt² of each person of the group; `persons` their number. Over these persons: `y` and
    `ty` the sums of their Σy and Σty, `y_y`, `y_ty`, `ty_ty` the sums of the squares and products of the two, `yy` the
    sum of all squared ratings. Ratings are to be taken from a common centre first: `y_centre` is added again.
    """

    ratings: Floats
    t: Floats
    tt: Floats
    persons: Floats
    y: Floats
    ty: Floats
    y_y: Floats
    y_ty: Floats
    ty_ty: Floats
    yy: Floats
    y_centre: float = 0.0


def fit_growth_groups(groups: GrowthGroups, method: Method = "REML") -> MixedFit:
    """The mixed model of growth with a random intercept and slope for each person, from sums by design.

    Gives what `fit_mixed` gives from the rows, without the persons' own predictions, which would need the persons: the
    arrays `persons` and `blups` are empty. Fixed effects are `start` (at t = 0) and `time`. Missing ratings have left
    before. Formula and source: at the top of this module and of `mixed`.

    Raises `BadInput` for fewer than six persons, sums that are not finite, an outcome or a time that does not vary.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(size=(50, 1)) + np.arange(6) * 0.1 + rng.normal(size=(50, 6))
    >>> sy, sty = y.sum(axis=1), (y * np.arange(6)).sum(axis=1)
    >>> sums = [[6.0], [15.0], [55.0], [50.0], *([v.sum()] for v in (sy, sty, sy * sy, sy * sty, sty * sty, y * y))]
    >>> fit = fit_growth_groups(GrowthGroups(*map(np.array, sums)))
    >>> fit.n, fit.n_persons, fit.converged
    (300, 50, True)
    """
    columns = np.array([np.asarray(column, dtype=np.float64) for column in groups[:-1]])
    if not np.isfinite(columns).all() or not columns.size:
        raise BadInput("the sums are not finite. Leave out ratings that are no numbers.")
    persons = int(groups.persons.sum())
    if persons < FEWEST_WITH_SLOPE:
        raise BadInput(f"{persons} persons are too few: a variance between them needs {FEWEST_WITH_SLOPE} or more.")
    statistics, units, n = _summarised(groups)
    optimum = optimise(statistics, False, method == "REML")
    back, sigma2 = units.effects(2), optimum.value.sigma2
    at_point = optimum.point.covariance if optimum.face.q == 2 else np.diag([optimum.point.covariance[0, 0], 0.0])
    covariance = sigma2 * back @ at_point @ back.T
    fixed_covariance = units.covariance(sigma2 * optimum.value.beta_covariance)
    beta, none = units.coefficients(optimum.value.beta), np.empty((0, 2))
    beta[0] += groups.y_centre
    se = np.sqrt(np.diag(fixed_covariance))
    return MixedFit(
        method=method, fixed={"start": float(beta[0]), "time": float(beta[1])},
        se={"start": float(se[0]), "time": float(se[1])}, fixed_covariance=fixed_covariance,
        var_intercept=float(covariance[0, 0]), var_slope=float(covariance[1, 1]), cov=float(covariance[0, 1]),
        var_therapist=None, var_residual=sigma2 * units.y_scale**2, phi=None, phi_gap=None,
        loglik=_log_likelihood(optimum, units, n, 2, method), n=n, n_persons=persons, n_therapists=None, n_dropped=0,
        converged=not optimum.problems, boundary=_boundary(optimum, False, False), warnings=(),
        message=_message(optimum), persons=np.empty(0), blups=none, blup_se=none, therapists=None,
        therapist_blups=None, therapist_blup_se=None,
    )  # fmt: skip


def _summarised(groups: GrowthGroups) -> tuple[MixedStatistics, Units, int]:
    """Standardised as `mixed_statistics.summarise` does with rows. X = [1 t] and Z = [1 t] span the same."""
    n = float(groups.ratings @ groups.persons)
    t, tt = float(groups.t @ groups.persons), float(groups.tt @ groups.persons)
    centre = t / n
    spread = tt / n - centre**2
    if spread <= 1e-12 * max(1.0, centre**2):
        raise BadInput("time is constant: a slope needs different values. Give the number of the session.")
    scale = float(np.sqrt(spread))
    triangle = np.array([[1.0, centre], [0.0, scale]])  # X = Q R with Q = Z
    y, ty, yy = float(groups.y.sum()), float(groups.ty.sum()), float(groups.yy.sum())
    ols = np.array([y, (ty - centre * y) / scale]) / n
    left = yy / n - float(ols @ ols)
    if left <= 1e-10 * yy / n or yy == 0.0:
        raise BadInput("the outcome is constant or a straight line: there is no variance to divide.")
    y_scale = float(np.sqrt(left))
    blocks = tuple(
        _block(_some(groups, at), centre, scale, ols, y_scale) for at in range(0, len(groups.persons), BLOCK_GROUPS)
    )
    infinite, every = np.array([np.inf]), np.array([n])
    statistics = MixedStatistics(int(n), 2, blocks, (n * np.eye(3))[None, None], infinite, every, False)
    return statistics, Units(y_scale, ols, triangle, centre, scale), int(n)


def _some(groups: GrowthGroups, at: int) -> GrowthGroups:
    several = slice(at, at + BLOCK_GROUPS)
    cut: dict[str, Any] = {name: np.asarray(getattr(groups, name))[several] for name in GrowthGroups._fields[:-1]}
    return groups._replace(**cut)


def _block(groups: GrowthGroups, centre: float, scale: float, ols: Floats, y_scale: float) -> Block:
    """Three columns a group: the mean person, and two for the spread of k = Z'(y − Xβ) around it."""
    count, a01 = groups.persons, (groups.t - groups.ratings * centre) / scale
    a11 = (groups.tt - 2.0 * centre * groups.t + groups.ratings * centre**2) / scale**2
    design = np.array([[groups.ratings, a01], [a01, a11]])
    lead = np.array([[1.0, 0.0], [-centre / scale, 1.0 / scale]])  # from (Σy, Σty) to Z'y
    sums = lead @ np.array([groups.y, groups.ty])
    products = np.array([[groups.y_y, groups.y_ty], [groups.y_ty, groups.ty_ty]])
    mean = sums / count
    around = np.einsum("ik,klg,jl->ijg", lead, products, lead) - count * mean[:, None] * mean[None]
    k_mean = (mean - np.einsum("ijg,j->ig", design, ols)) / y_scale
    first = np.sqrt(np.maximum(around[0, 0], 0.0)) / y_scale
    cross = np.divide(around[0, 1] / y_scale**2, first, out=np.zeros_like(first), where=first > 0)
    second = np.sqrt(np.maximum(around[1, 1] / y_scale**2 - cross**2, 0.0))
    nothing = np.zeros_like(first)
    root = np.sqrt(count)
    x_part = np.concatenate([design * root, np.zeros((2, 2, 2 * len(count)))], axis=-1)
    spread = np.array([first, cross]), np.array([nothing, second])
    y_part = np.concatenate([k_mean * root, *spread], axis=-1)[None]
    zz = np.concatenate([design, design, design], axis=-1)
    counts = np.concatenate([count, np.zeros(2 * len(count))])
    return Block(2, np.concatenate([zz, x_part, y_part]), None, np.arange(len(counts)), None, counts)
