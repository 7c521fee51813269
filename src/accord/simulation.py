"""Simulate believable courses of client and therapist, with the truth about their strains, from a seed.

Defaults come from `data/sim_defaults.json` (growth of the IMPLEMENT trial; shares and lengths of strains from the
papers named there). Sizes are in within-person SD of the client's scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from accord.errors import BadInput
from accord.stats.courses import Items, person_spread, rounded, wander
from accord.stats.hyper import Hyper
from accord.stats.innovation import Flags, Floats
from accord.stats.strains import FELT, STRAINS, Strain, Truth, defaults, strains

if TYPE_CHECKING:
    import polars as pl


def nine_items() -> Hyper:
    """A nine-item scale answered 1 to 5, as the IMPLEMENT patients used it. The mean level 3.8 is an assumption.

    >>> nine_items().b0, nine_items().high
    (3.8, 5.0)
    """
    published = defaults()["alliance_client"]
    between, slope = published["between_sd"], published["slope_sd"]
    return Hyper(
        b0=3.8, b1=0.02, var_intercept=between**2, var_slope=slope**2,
        cov=published["corr_int_slope"] * between * slope, var_residual=published["within_sd_detrended"] ** 2,
        phi=published["ar1"], low=1.0, high=5.0, name="IMPLEMENT, nine items",
        spread=published["within_sd_heterogeneity_cv"],
    )


@dataclass(frozen=True, slots=True)
class Simulated:
    """Ratings of both voices (n, T), missing as nan; `client_items`, `therapist_items` (n, T, k) answers 1 to 5."""

    client: Floats
    therapist: Floats
    times: Floats
    truth: Truth
    within_sd: float
    client_items: Floats | None = None
    therapist_items: Floats | None = None

    def __str__(self) -> str:
        kinds, counts = np.unique(self.truth.kind, return_counts=True)
        struck = [f"{n:,} {kind}" for kind, n in zip(kinds, counts, strict=True) if kind != "none"]
        summary = ", ".join(struck) or "no strain"
        gone = f"{np.isnan(self.client).mean():.0%} of the client's ratings are missing"
        return f"{len(self.client):,} dyads, {len(self.times)} sessions: {summary}; {gone}"

    def to_dict(self) -> dict[str, Any]:
        """The rows of both `tables`, ready for JSON."""
        ratings, truth = self.tables()
        return {"ratings": ratings.to_dicts(), "truth": truth.to_dicts()}

    def tables(self, scale: str = "alliance") -> tuple[pl.DataFrame, pl.DataFrame]:
        """Ratings as `dyad,session,rater,scale,score` (only those given) and the truth, one row a dyad."""
        import polars as pl  # noqa: PLC0415 - `import accord` need not wait for it
        n, sessions = self.client.shape
        grid = {"dyad": np.repeat(np.arange(1, n + 1), sessions), "session": np.tile(self.times.astype(np.int64), n)}
        long = [
            pl.DataFrame(grid).with_columns(
                pl.lit(rater).alias("rater"), pl.lit(scale).alias("scale"), pl.Series("score", scores.ravel())
            )
            for rater, scores in (("client", self.client), ("therapist", self.therapist))
        ]
        ratings = pl.concat(long).filter(pl.col("score").is_not_nan()).sort("dyad", "session", "rater")
        t = self.truth
        onset = pl.Series("onset", [int(self.times[k]) if k >= 0 else None for k in t.onset], dtype=pl.Int64)
        truth = pl.DataFrame({
            "dyad": np.arange(1, n + 1), "kind": t.kind, "onset": onset, "size_sd": t.size,
            "sessions_strained": t.strained.sum(axis=1), "repaired": t.repaired, "seen_by_therapist": t.seen,
        })
        return ratings, truth


def simulate(
    dyads: int,
    sessions: int,
    seed: int,
    strain: Strain = "mixed",
    *,
    share: float | None = None,
    sizes: tuple[float, ...] | None = None,
    repaired: float | None = None,
    hyper: Hyper | None = None,
    items: int | None = None,
    kurtosis: float = 3.0,
    missing: float = 0.0,
    missing_after: float = 0.0,
    therapist_misses: float = 0.5,
    therapist_feels: float = FELT,
    shared: float = 0.2,
    therapist_lower: float = 0.41,
) -> Simulated:
    """Courses of `dyads` x `sessions`, the same for the same seed.

    strain: `none`; `dip` (one to three sessions), `drop` (three), `slide` (down over six), `mixed`. share: of dyads
    with a strain, by default .37. sizes: in within-person SD, one drawn for each. repaired: share that comes back;
    the others stay down. hyper: usual course (AR(1), drift, ceiling, person spread); by default nine items, 1 to 5.
    items: that many five-point answers instead, scored 0 to 100. kurtosis: of the noise (t above 3). missing:
    share at random; missing_after: chance to skip each of the three sessions after an onset. The therapist misses
    `therapist_misses` of the strains and feels the others at `therapist_feels` of their size; `shared`: correlation
    of the two voices within a session; `therapist_lower`: mean difference in between-dyad SD. Raises `BadInput`.

    >>> print(simulate(60, 12, seed=1))
    60 dyads, 12 sessions: 6 dip, 5 drop, 8 slide; 0% of the client's ratings are missing
    """
    _check(dyads, sessions, seed, strain)
    _check_shares(
        share=share, repaired=repaired, missing=missing, missing_after=missing_after, shared=shared,
        therapist_misses=therapist_misses,
    )  # fmt: skip
    if kurtosis < 3.0 or (items is not None and items < 1):
        raise BadInput(f"kurtosis is {kurtosis} and items {items}; give a kurtosis of 3 or more, and one item or more.")
    rng = np.random.default_rng(seed)
    usual = hyper or nine_items()
    times = np.arange(1.0, sessions + 1)
    shape = Items(items) if items else None
    meant = shape.state(usual) if shape else usual
    within = shape.sd(usual) if shape else usual.var_residual**0.5
    dip, truth = strains(dyads, sessions, rng, strain, share, sizes, repaired, therapist_misses)
    first, second = _both(meant, dyads, times, rng, kurtosis, shared)
    first -= within * dip
    second -= within * therapist_feels * dip * truth.seen[:, None] + therapist_lower * usual.var_intercept**0.5
    client, client_items = _answers(first, usual, shape, rng)
    therapist, therapist_items = _answers(second, usual, shape, rng)
    for scores, answers, after in ((client, client_items, missing_after), (therapist, therapist_items, 0.0)):
        gone = _gone(truth, scores.shape, missing, after, rng)
        scores[gone] = np.nan
        if answers is not None:
            answers[gone] = np.nan
    unit = within * 25.0 if shape else within
    return Simulated(client, therapist, times, truth, unit, client_items, therapist_items)


def _check(dyads: int, sessions: int, seed: int, strain: str) -> None:
    if dyads < 1 or sessions < 1:
        raise BadInput(f"simulate needs at least one dyad and one session, not {dyads} and {sessions}.")
    if strain not in STRAINS:
        raise BadInput(f"there is no strain {strain!r}; choose one of {', '.join(STRAINS)}.")
    if seed < 0:
        raise BadInput(f"the seed is {seed}; give a whole number, 0 or more.")


def _check_shares(**shares: float | None) -> None:
    for name, share in shares.items():
        if share is not None and not 0 <= share <= 1:
            raise BadInput(f"{name} is {share}; give a number from 0 to 1.")


def _both(
    meant: Hyper, n: int, times: Floats, rng: np.random.Generator, kurtosis: float, shared: float
) -> tuple[Floats, Floats]:
    """What both mean before any strain: levels correlated .36 between dyads, noise `shared` within a session."""
    between = defaults()["therapist_rating"]["between_dyad_r"]
    person = rng.standard_normal((2, 2, n, 1))
    person[1] = between * person[0] + (1 - between**2) ** 0.5 * person[1]
    tail = 1.0 / (4.0 + 6.0 / (kurtosis - 3.0)) if kurtosis > 3.0 else 0.0
    noise = [wander(n, times, meant.phi, rng, tail) for _ in range(2)]
    noise[1] = shared * noise[0] + (1 - shared**2) ** 0.5 * noise[1]
    f00, f10, f11 = meant.root()
    voices = []
    for (a, b), wandering in zip(person, noise, strict=True):
        size = meant.var_residual**0.5 * person_spread(meant.spread, n, rng)
        voices.append(meant.b0 + f00 * a + (meant.b1 + f10 * a + f11 * b) * times + size * wandering)
    return voices[0], voices[1]


def _answers(
    meant: Floats, usual: Hyper, shape: Items | None, rng: np.random.Generator
) -> tuple[Floats, Floats | None]:
    """Scores within the ends of the scale; or five-point answers and their mean on 0 to 100."""
    if shape is None:
        return rounded(meant, usual.low, usual.high), None
    answers = 1.0 + shape.answers(meant - 1.0, rng)
    return np.asarray((answers.mean(axis=2) - 1.0) * 25.0), answers


def _gone(
    truth: Truth, shape: tuple[int, ...], missing: float, after: float, rng: np.random.Generator
) -> Flags:
    """Sessions without an answer: at random, and more often in the three sessions after an onset."""
    since = np.arange(shape[1]) - truth.onset[:, None]
    near = (truth.onset[:, None] >= 0) & (since > 0) & (since <= 3)
    return np.asarray((rng.random(shape) < missing) | (near & (rng.random(shape) < after)))
