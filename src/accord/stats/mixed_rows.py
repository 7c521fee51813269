"""Check the arrays of a mixed model and put their complete rows in order: by therapist, person and time.

The model and its sources are named in `mixed` (Bates et al. 2015); a new kind of column is checked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accord.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]
Labels = NDArray[Any]


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
    persons: Labels
    therapists: Labels | None
    dropped: int


def ordered_rows(
    y: ArrayLike,
    fixed: ArrayLike,
    person: ArrayLike,
    slope: ArrayLike | None,
    therapist: ArrayLike | None,
    time: ArrayLike | None,
) -> Rows:
    """Check, leave out incomplete rows, order by therapist, person and time; `time` only where gaps matter.

    Shapes as in `fit_mixed`: (n,) each, `fixed` (n, p). A row with a missing number (nan) is left out and counted in
    `dropped`; a missing label is an error. Raises `BadInput` as `fit_mixed` does.

    >>> rows = ordered_rows([3, 1, np.nan, 2], np.ones((4, 1)), ["b", "a", "a", "a"], None, None, None)
    >>> rows.y, rows.person_starts, rows.dropped
    (array([1., 2., 3.]), array([0, 2]), 1)
    """
    columns = [_numbers(y, "y", 1), *_numbers(fixed, "fixed", 2).T]
    columns += [_numbers(c, name, 1) for c, name in ((slope, "slope"), (time, "time")) if c is not None]
    labels = [_labels(c, name) for c, name in ((person, "person"), (therapist, "therapist")) if c is not None]
    for c in (*columns, *labels):
        if len(c) != len(columns[0]):
            raise BadInput(
                f"the columns have different lengths: {len(columns[0])} and {len(c)}. Give each one value a rating."
            )
    numbers = np.array(columns)
    complete = np.isfinite(numbers).all(axis=0)
    dropped = int(len(complete) - complete.sum())
    if dropped:
        if np.isinf(numbers).any():
            raise BadInput("there are infinite values among the numbers. Correct them or leave them empty.")
        numbers, labels = numbers[:, complete], [c[complete] for c in labels]
    if numbers.shape[1] == 0:
        raise BadInput("no row is complete: outcome, fixed effects and time are never all there. Check the columns.")
    p = len(columns) - 1 - (slope is not None) - (time is not None)
    return _in_order(numbers, labels, p, slope is not None, time is not None, dropped)


def _numbers(values: ArrayLike, name: str, dimensions: int) -> Floats:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadInput(f"`{name}` is not all numbers ({error}). Correct it, or use NaN where it is missing.") from error
    if numbers.ndim != dimensions or (dimensions == 2 and numbers.shape[1] == 0):
        shape = "one value a rating" if dimensions == 1 else "a row a rating and a column a fixed effect"
        raise BadInput(f"`{name}` has the shape {numbers.shape}; it needs {shape}.")
    return numbers


def _labels(values: ArrayLike, name: str) -> Labels:
    labels = np.asarray(values)
    absent = labels == np.array(None) if labels.dtype == object else labels != labels  # noqa: PLR0124 (NaN)
    if labels.ndim == 1 and np.any(absent):
        row = int(np.flatnonzero(absent)[0])
        raise BadInput(f"row {row + 1} has no {name}. Every rating needs one; complete it or remove the row.")
    return labels


def _in_order(numbers: Floats, labels: list[Labels], p: int, has_slope: bool, has_time: bool, dropped: int) -> Rows:
    persons, person = np.unique(labels[0], return_inverse=True)
    therapists, therapist = np.unique(labels[1], return_inverse=True) if len(labels) == 2 else (None, None)
    keys = ([numbers[-1]] if has_time else []) + [person] + ([] if therapist is None else [therapist])
    if not _in_lexical_order(keys):
        order = np.lexsort(keys)
        numbers, person = numbers[:, order], person[order]
        therapist = None if therapist is None else therapist[order]
    begins = changes(person) if therapist is None else changes(person) | changes(therapist)
    starts = np.flatnonzero(begins)
    therapist_starts = None if therapist is None else _nested(therapist[starts], person[starts], persons)
    _check_counts(starts, numbers.shape[1], 1 + has_slope)
    gap, unit = _gaps(numbers[-1], starts, persons[person]) if has_time else (None, None)
    return Rows(
        y=numbers[0],
        fixed=numbers[1 : 1 + p].T,
        slope=numbers[1 + p] if has_slope else None,
        gap=gap,
        gap_unit=unit,
        person_starts=starts,
        therapist_starts=therapist_starts,
        persons=persons[person[starts]],
        therapists=therapists,
        dropped=dropped,
    )


def changes(label: Ints) -> NDArray[np.bool_]:
    """Where a label (n,) differs from the one before, (n,); true at the first. No label is missing by then.

    >>> changes(np.array([4, 4, 7]))
    array([ True, False,  True])
    """
    differs = np.ones(len(label), dtype=np.bool_)
    differs[1:] = label[1:] != label[:-1]
    return differs


def _in_lexical_order(keys: list[NDArray[Any]]) -> bool:
    """Whether rows already stand in the order of `np.lexsort(keys)`, whose last key counts first."""
    later = np.zeros(len(keys[0]) - 1, dtype=bool)
    equal = ~later
    for key in reversed(keys):
        later |= equal & (key[1:] > key[:-1])
        equal &= key[1:] == key[:-1]
    return bool((later | equal).all())


def _nested(therapist: Ints, person: Ints, labels: Labels) -> Ints:
    """The first person of each therapist; a person under two therapists is refused."""
    again = np.flatnonzero(np.bincount(person) > 1)
    if len(again):
        raise BadInput(
            f"person {labels[again[0]]} appears under two therapists; a person must have one. "
            "Give each course of therapy an id of its own."
        )
    starts = np.flatnonzero(changes(therapist))
    if len(starts) < 2 or len(starts) == len(therapist):
        raise BadInput(
            f"{len(starts)} therapist(s) with {len(therapist)} person(s): a therapist level needs at least two "
            "therapists, and one of them with two persons. Leave the therapist out."
        )
    return starts


def _gaps(time: Floats, starts: Ints, label: Labels) -> tuple[Floats, float]:
    """Gaps to a person's previous row in steps of the smallest gap, rounded when all are whole; and that gap."""
    gap = np.diff(time, prepend=-np.inf)
    gap[starts] = np.inf
    twice = np.flatnonzero(gap <= 0.0)
    if len(twice):
        row = twice[0]
        raise BadInput(f"person {label[row]} has two ratings at time {time[row]:g}; correct or remove one.")
    unit = float(gap.min())
    steps = gap / unit
    whole = np.round(steps)
    inner = np.isfinite(steps)
    return (whole if np.allclose(steps[inner], whole[inner], rtol=0.0, atol=1e-4) else steps), unit


def _check_counts(starts: Ints, rows: int, q: int) -> None:
    if len(starts) < 2:
        raise BadInput("there is only one person: differences between persons need at least two.")
    most = int(np.diff(np.append(starts, rows)).max())
    if most <= q:
        raise BadInput(
            f"no person has more than {most} complete rating(s); with {q} random effect(s) a person, at least one "
            f"person needs {q + 1}. Add sessions or leave out the slope."
        )
