"""Fit a mixed model from sums: persons of one design are a single row, so a registry needs no memory for persons.

y = Xβ + b0 (+ b1 t) + e as in `mixed`. A person enters the likelihood by Z'Z (the design: n; with a slope also Σt and
Σt²) and by Z'W with W = [X y]; and persons of one design by how many they are and by the sums and cross products of
their Z'W. This is exact: the same REML criterion as from the rows. 100,000 ratings of 5,000 persons with equal sessions
become one row.

Likelihood and gradient: Bates et al. 2015, J Stat Softw 67:1, as in `mixed_likelihood`, which serves as it is: within a
group, Σ k k' of the persons' k = vec Z'W is that of one person at the mean, counted n times, and of a few more that
carry the spread around it and no design. A further model of growth is one more function like `fit_growth_groups`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accord.errors import BadInput
from accord.stats.mixed import FEWEST, FEWEST_WITH_SLOPE, Method, MixedFit, _boundary, _log_likelihood, _message
from accord.stats.mixed_optimum import optimise
from accord.stats.mixed_statistics import Block, MixedStatistics, Units

Floats = NDArray[np.float64]
BLOCK_GROUPS = 1365
"""Groups that are worked on together: with three columns each, about `mixed_statistics.BLOCK_PERSONS`."""
DEPENDENT = 1e-12
"""Of a column's squared size: what the columns before it may leave of it, from sums of squares."""


class GroupedSums(NamedTuple):
    """Sums of persons by design, for W = [1 t ... y] and Z = [1], or [1 t] with a random slope.

    `design` (1 or 3, groups): n, or n, Σt and Σt², of each person of the group; `persons` (groups,) their number. The
    free numbers of a person are Z'w for each column w of W that is not in Z, in this order: Σw, and with a slope Σtw
    after each. Over the persons of a group, `first` (free, groups) holds their sums and `second` (free, free, groups)
    the sums of their products. `whole` (m, m): W'W of all rows. Columns are to be taken from a common centre before:
    `centres` (m,) are added again.
    """

    design: Floats
    persons: Floats
    first: Floats
    second: Floats
    whole: Floats
    centres: Floats


def fit_groups(sums: GroupedSums, names: tuple[str, ...], method: Method = "REML") -> MixedFit:
    """The mixed model with a random intercept, or intercept and slope over t, for each person, from sums by design.

    `names` of the columns of X, the constant and t first. Gives what `fit_mixed` gives from the rows, without the
    persons' own predictions, which would need the persons: the arrays `persons` and `blups` are empty. Missing ratings
    have left before. Formula and source: at the top of this module and of `mixed`.

    Raises `BadInput` for fewer than four persons (six with a slope), sums that are not finite, a constant outcome, and
    columns that are constant or a sum of others.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(size=(50, 1)) + rng.normal(size=(50, 6))
    >>> t, s = np.arange(6.0), y.sum(axis=1)
    >>> whole = np.array([[300, 750, y.sum()], [750, 2750, (y * t).sum()], [y.sum(), (y * t).sum(), (y * y).sum()]])
    >>> free = np.array([np.full(50, 15.0), s])
    >>> design, persons, products = np.array([[6.0]]), np.array([50.0]), (free @ free.T)[..., None]
    >>> sums = GroupedSums(design, persons, free.sum(axis=1)[:, None], products, whole, np.zeros(3))
    >>> fit = fit_groups(sums, ("start", "time"))
    >>> fit.n, fit.n_persons, fit.var_slope, fit.converged
    (300, 50, None, True)
    """
    slope = len(sums.design) == 3
    if not sums.persons.size or not all(np.isfinite(part).all() for part in sums):
        raise BadInput("the sums are not finite. Leave out ratings that are no numbers.")
    persons, fewest = int(sums.persons.sum()), FEWEST_WITH_SLOPE if slope else FEWEST
    if persons < fewest:
        raise BadInput(f"{persons} persons are too few: a variance between them needs {fewest} or more.")
    statistics, units = _summarised(sums, names)
    n, p = statistics.rows, len(names)
    optimum = optimise(statistics, False, method == "REML")
    back, sigma2 = units.effects(statistics.q), optimum.value.sigma2
    covariance = sigma2 * back @ optimum.point.covariance @ back.T
    from_centre = np.eye(p)
    from_centre[0] -= sums.centres[:p]
    fixed_covariance = from_centre @ units.covariance(sigma2 * optimum.value.beta_covariance) @ from_centre.T
    beta = from_centre @ units.coefficients(optimum.value.beta)
    beta[0] += sums.centres[p]
    none = np.empty((0, statistics.q))
    return MixedFit(
        method=method, fixed=dict(zip(names, beta.tolist(), strict=True)),
        se=dict(zip(names, np.sqrt(np.diag(fixed_covariance)).tolist(), strict=True)),
        fixed_covariance=fixed_covariance, var_intercept=float(covariance[0, 0]),
        var_slope=float(covariance[1, 1]) if slope else None, cov=float(covariance[0, 1]) if slope else None,
        var_therapist=None, var_residual=sigma2 * units.y_scale**2, phi=None, phi_gap=None,
        loglik=_log_likelihood(optimum, units, n, p, method), n=n, n_persons=persons, n_therapists=None, n_dropped=0,
        converged=not optimum.problems, boundary=_boundary(optimum, False, False), warnings=(),
        message=_message(optimum), persons=np.empty(0), blups=none, blup_se=none, therapists=None,
        therapist_blups=None, therapist_blup_se=None,
    )  # fmt: skip


def _summarised(sums: GroupedSums, names: tuple[str, ...]) -> tuple[MixedStatistics, Units]:
    """Standardised as `mixed_statistics.summarise` does with rows."""
    n, p = float(sums.whole[0, 0]), len(names)
    triangle = _triangle(sums.whole[:p, :p] / n, names)
    inverse = np.linalg.inv(triangle)
    ols = inverse.T @ sums.whole[:p, p] / n
    size = float(sums.whole[p, p]) / n
    left = size - float(ols @ ols)
    if left <= 1e-10 * size:
        raise BadInput("the outcome is constant or a straight line: there is no variance to divide.")
    y_scale = float(np.sqrt(left))
    centre, scale, lead = 0.0, 1.0, np.eye(1)
    if len(sums.design) == 3:
        centre = float(sums.whole[0, 1]) / n
        scale = float(np.sqrt(sums.whole[1, 1] / n - centre**2))
        lead = np.array([[1.0, 0.0], [-centre / scale, 1.0 / scale]])  # from Z to the standardised Z
    turn = np.zeros((p + 1, p + 1))  # from W to the standardised W
    turn[:p, :p] = inverse.T
    turn[p] = np.append(-inverse @ ols, 1.0) / y_scale
    cuts = range(0, len(sums.persons), BLOCK_GROUPS)
    blocks = tuple(_block(sums, slice(at, at + BLOCK_GROUPS), lead, turn) for at in cuts)
    infinite, every = np.array([np.inf]), np.array([n])
    statistics = MixedStatistics(int(n), len(lead), blocks, (n * np.eye(p + 1))[None, None], infinite, every, False)
    return statistics, Units(y_scale, ols, triangle, centre, scale)


def _triangle(gram: Floats, names: tuple[str, ...]) -> Floats:
    """R with R'R = X'X / n. A column that the earlier ones explain is named."""
    root = np.zeros_like(gram)
    for j, name in enumerate(names):
        left = gram[j, j] - root[:j, j] @ root[:j, j]
        if left <= DEPENDENT * gram[j, j]:
            if j == 1:
                raise BadInput(f"{name} is constant: a slope needs different values. Give the number of the session.")
            raise BadInput(f"fixed effect {name!r} is constant or a combination of the others. Leave it out.")
        root[j, j] = np.sqrt(left)
        root[j, j + 1 :] = (gram[j, j + 1 :] - root[:j, j] @ root[:j, j + 1 :]) / root[j, j]
    return root


def _block(sums: GroupedSums, several: slice, lead: Floats, turn: Floats) -> Block:
    """Of each group the mean person, and those that carry the spread of Z'W around it, where there is any."""
    design, count = sums.design[:, several], sums.persons[several]
    first, second = sums.first[:, several], sums.second[..., several]
    q = len(lead)
    zz = design[None] if q == 1 else np.array([[design[0], design[1]], [design[1], design[2]]])
    mean = first / count
    spread = _roots(second - count * mean[:, None] * mean[None])
    heads = np.concatenate([zz, mean.reshape(-1, q, len(count))]) * np.sqrt(count)
    rest = np.concatenate([np.zeros((q, q, *spread.shape[1:])), spread.reshape(-1, q, *spread.shape[1:])])
    carried = np.argwhere(np.abs(spread).max(axis=0) > 0.0)
    which, group = carried.T
    wz = np.concatenate([heads, rest[:, :, which, group]], axis=-1)
    every = np.concatenate([np.arange(len(count)), group])
    wz = np.einsum("ab,bkp,lk->alp", turn, wz, lead, optimize=True)
    zz = np.einsum("ki,ijp,lj->klp", lead, zz, lead, optimize=True)[..., every]
    counts = np.concatenate([count, np.zeros(len(group))])
    return Block(q, np.concatenate([zz, wz]), None, np.arange(len(counts)), None, counts)


def _roots(products: Floats) -> Floats:
    """L with L L' of each matrix (k, k, groups); a column is zero where the ones before leave nothing."""
    root = np.zeros_like(products)
    for j in range(len(products)):
        left = products[j, j] - (root[j, :j] ** 2).sum(axis=0)
        pivot = np.sqrt(np.where(left > DEPENDENT * np.abs(products[j, j]), left, 0.0))
        under = products[j:, j] - (root[j:, :j] * root[j, :j]).sum(axis=1)
        root[j:, j] = np.divide(under, pivot, out=np.zeros_like(under), where=pivot > 0)
    return root


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

    Fixed effects are `start` (at t = 0) and `time`. Missing ratings have left before. Formula and source: at the top
    of this module and of `mixed`. Raises `BadInput` as `fit_groups`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> y = rng.normal(size=(50, 1)) + np.arange(6) * 0.1 + rng.normal(size=(50, 6))
    >>> sy, sty = y.sum(axis=1), (y * np.arange(6)).sum(axis=1)
    >>> sums = [[6.0], [15.0], [55.0], [50.0], *([v.sum()] for v in (sy, sty, sy * sy, sy * sty, sty * sty, y * y))]
    >>> fit = fit_growth_groups(GrowthGroups(*map(np.array, sums)))
    >>> fit.n, fit.n_persons, fit.converged
    (300, 50, True)
    """
    columns: dict[str, Any] = {
        name: np.asarray(getattr(groups, name), dtype=np.float64) for name in GrowthGroups._fields[:-1]
    }
    g = GrowthGroups(**columns)
    n, t, tt = (float(column @ g.persons) for column in (g.ratings, g.t, g.tt))
    y, ty, yy = float(g.y.sum()), float(g.ty.sum()), float(g.yy.sum())
    whole = np.array([[n, t, y], [t, tt, ty], [y, ty, yy]])
    second = np.array([[g.y_y, g.y_ty], [g.y_ty, g.ty_ty]])
    centres = np.array([0.0, 0.0, groups.y_centre])
    sums = GroupedSums(
        np.array([g.ratings, g.t, g.tt]), g.persons, np.array([g.y, g.ty]), second, whole, centres
    )  # fmt: skip
    return fit_groups(sums, ("start", "time"), method)
