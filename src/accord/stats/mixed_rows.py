"""The caller's arrays come in, any order, with gaps; complete rows go out, checked and ordered by therapist, person, time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accord.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Rows:
    """Complete rows, ordered by therapist, person and time; a person's rows begin at `person_starts`.

    `gap` is the time since the person's previous row in units of `gap_unit`, infinite at the first.
    `therapist_starts` counts persons. `persons` and `therapists` are labels in that same order.
    """

    y: Floats
    fixed: Floats
    slope: Floats | None
    gap: Floats | None
    gap_unit: float | None
    person_starts: Ints
    therapist_starts: Ints | None
    persons: NDArray[Any]
    therapists: NDArray[Any] | None
    dropped: int


def ordered_rows(
    y: ArrayLike, fixed: ArrayLike, person: ArrayLike, slope: ArrayLike | None,
    therapist: ArrayLike | None, time: ArrayLike | None,
) -> Rows:  # fmt: skip
    """Check, drop incomplete rows and order. `time` only where gaps matter. Raises `BadInput` (see `fit_mixed`)."""
    outcome, matrix = _column(y, "y"), np.asarray(fixed, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise BadInput("`fixed` needs one row a rating and one column a fixed effect, the intercept among them.")
    columns = [outcome, matrix]
    columns += [_column(c, name) for c, name in ((slope, "slope"), (time, "time")) if c is not None]
    labels = [np.asarray(c) for c in (person, therapist) if c is not None]
    for c in (*columns, *labels):
        if len(c) != len(outcome):
            raise BadInput(f"the columns have different lengths ({len(outcome)} and {len(c)} rows). Give one value a rating.")
    numbers = np.column_stack(columns)
    if np.isinf(numbers).any():
        raise BadInput("there are infinite values among the numbers. Correct them or leave them empty.")
    keep = ~np.isnan(numbers).any(axis=1)
    numbers, labels = (numbers, labels) if keep.all() else (numbers[keep], [c[keep] for c in labels])
    if len(numbers) == 0:
        raise BadInput("no row is complete: outcome, fixed effects and time are never all there. Check the columns.")
    return _order(numbers, labels, matrix.shape[1], slope is not None, time is not None, len(keep) - len(numbers))


def _column(values: ArrayLike, name: str) -> Floats:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"`{name}` holds something that is not a number ({error}). Correct it or leave it empty.") from error
    if column.ndim != 1:
        raise BadInput(f"`{name}` needs one value a rating; it has {column.ndim} dimensions.")
    return column


def _order(numbers: Floats, labels: list[NDArray[Any]], p: int, has_slope: bool, has_time: bool, dropped: int) -> Rows:
    persons, person = np.unique(labels[0], return_inverse=True)
    therapists, therapist = np.unique(labels[1], return_inverse=True) if len(labels) == 2 else (None, None)
    keys = [numbers[:, -1]] if has_time else []
    keys += [person] if therapist is None else [person, therapist]
    if not _is_sorted(keys):
        order = np.lexsort(keys)
        numbers, person = numbers[order], person[order]
        therapist = None if therapist is None else therapist[order]
    starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]])
    therapist_starts = None if therapist is None else _nested(therapist[starts], person[starts], persons)
    gap, unit = _gaps(numbers[:, -1], starts, persons[person]) if has_time else (None, None)
    _check_counts(starts, len(numbers), 1 + has_slope)
    return Rows(
        numbers[:, 0], numbers[:, 1 : 1 + p], numbers[:, 1 + p] if has_slope else None, gap, unit,
        starts, therapist_starts, persons[person[starts]], therapists, dropped,
    )  # fmt: skip


def _is_sorted(keys: list[NDArray[Any]]) -> bool:
    """Whether rows already stand in the order of `np.lexsort(keys)` (last key first)."""
    later = np.ones(len(keys[0]) - 1, dtype=bool)
    equal = later.copy()
    later[:] = False
    for key in reversed(keys):
        later |= equal & (key[1:] > key[:-1])
        equal &= key[1:] == key[:-1]
    return bool((later | equal).all())


def _nested(therapist: Ints, person: Ints, labels: NDArray[Any]) -> Ints:
    """The first person of each therapist; a person under two therapists is refused."""
    again = np.flatnonzero(np.bincount(person) > 1)
    if len(again):
        raise BadInput(
            f"person {labels[again[0]]} appears under two therapists; a person must have one. "
            "Give each course of therapy an id of its own."
        )
    starts = np.flatnonzero(np.r_[True, therapist[1:] != therapist[:-1]])
    if len(starts) < 2 or len(starts) == len(therapist):
        raise BadInput(
            f"{len(starts)} therapists with {len(therapist)} persons: a therapist level needs at least two "
            "therapists, and some therapist with two persons. Leave the therapist out."
        )
    return starts


def _gaps(time: Floats, starts: Ints, label: NDArray[Any]) -> tuple[Floats, float]:
    """Gaps to a person's previous row, in steps of the smallest when all are whole multiples of it."""
    gap = np.diff(time, prepend=-np.inf)
    gap[starts] = np.inf
    twice = np.flatnonzero(gap <= 0.0)
    if len(twice):
        row = twice[0]
        raise BadInput(f"person {label[row]} has two ratings at time {time[row]:g}; correct or remove one.")
    inner = gap[np.isfinite(gap)]
    if len(inner) == 0:
        raise BadInput("no person has two ratings, so there is no correlation over time to estimate.")
    steps = gap / inner.min()
    whole = np.round(steps)
    if np.allclose(steps[np.isfinite(gap)], whole[np.isfinite(gap)], rtol=0.0, atol=1e-4):
        return whole, float(inner.min())
    return gap, 1.0


def _check_counts(starts: Ints, rows: int, q: int) -> None:
    if len(starts) < 2:
        raise BadInput("there is only one person: differences between persons need at least two.")
    most = int(np.diff(np.append(starts, rows)).max())
    if most <= q:
        raise BadInput(
            f"no person has more than {most} complete rating(s); with {q} random effect(s) a person, at least one "
            f"person needs {q + 1}. Add sessions or leave out the slope."
        )
