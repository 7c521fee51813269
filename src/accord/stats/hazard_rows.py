"""Rows for a discrete-time hazard: one for each person and session, checked and in order.

The data layout of Singer & Willett 1993, J Educ Stat 18: 155. A further shape in which rows may come is read here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from accord.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
FOLDS = 10  # groups of persons, where there are no therapists


@dataclass(frozen=True, eq=False)
class PersonPeriods:
    """Complete rows, (n,) each and `x` (n, p): `event` 0, 1 or 2 in session `time`, `count` how many persons such a row
    stands for (more than one in rows of cells), `group` those who are left out together (a therapist's persons). Of how
    many `persons`; `dropped` rows that were not complete.
    """

    time: Floats
    event: Ints
    x: Floats
    group: Ints
    count: Floats
    persons: int
    dropped: int

    def of(self, which: npt.NDArray[np.bool_] | Ints) -> PersonPeriods:
        """Some of the rows."""
        return PersonPeriods(
            self.time[which], self.event[which], self.x[which], self.group[which], self.count[which], self.persons, 0
        )

    def merged(self) -> tuple[PersonPeriods, Ints]:
        """Each different row once, with all its persons, in no group; and which of these each row is, (n,)."""
        rows = np.column_stack([self.time, self.event, self.x])
        _different, first, place = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        place = place.ravel()
        counts: Floats = np.bincount(place, self.count).astype(np.float64)
        return replace(self.of(first), count=counts, group=np.zeros(len(first), dtype=np.intp)), place

    def endings(self, kind: int) -> int:
        """How many ended so: 1 unplanned, 2 planned."""
        return round(float(self.count[self.event == kind].sum()))

    def silent(self) -> tuple[float, ...]:
        """Sessions in which nobody ended, or everybody did."""
        times, place = np.unique(self.time, return_inverse=True)
        ended = np.bincount(place, self.count * (self.event > 0))
        return tuple(times[(ended == 0) | (ended == np.bincount(place, self.count))].tolist())

    def life_table(self) -> tuple[tuple[float, int, int, int], ...]:
        """For each session: how many were there, ended unplanned, ended planned."""
        times, place = np.unique(self.time, return_inverse=True)
        columns = [self.count, self.count * (self.event == 1), self.count * (self.event == 2)]
        there, first, second = (np.bincount(place, column).round().astype(int) for column in columns)
        return tuple(zip(times.tolist(), there.tolist(), first.tolist(), second.tolist(), strict=True))


def person_periods(
    person: npt.ArrayLike, time: npt.ArrayLike, event: npt.ArrayLike, covariates: npt.ArrayLike | None,
    therapist: npt.ArrayLike | None,
) -> PersonPeriods:  # fmt: skip
    """Check rows (n,), covariates (n, p), and put those that are complete (no nan) in order, by person and session.

    One row a person is made into one for each of its `time` sessions. Raises `BadInput` as `hazard_of_ending` does.

    >>> rows = person_periods(["a", "b"], [2, 1], [1, 0], None, None)
    >>> rows.persons, rows.time.tolist(), rows.event.tolist()
    (2, [1.0, 2.0, 1.0], [0, 1, 0])
    """
    clock, ends = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=np.float64)
    labels, who = np.unique(np.asarray(person), return_inverse=True)
    x = np.empty((len(clock), 0)) if covariates is None else np.asarray(covariates, dtype=np.float64)
    group = who if therapist is None else np.unique(np.asarray(therapist), return_inverse=True)[1]
    if x.ndim != 2 or len({len(clock), len(ends), len(who), len(x), len(group)}) > 1:
        raise BadInput(
            "person, time, event, covariates and therapist have different lengths. Give each row one of each."
        )
    for name, column in (("time", clock), ("event", ends), *((f"covariate {k + 1}", c) for k, c in enumerate(x.T))):
        if np.isinf(column).any():
            raise BadInput(f"the {name} of row {int(np.isinf(column).argmax()) + 1} is infinite. Correct it.")
    bad = ~np.isin(ends, (0, 1, 2)) & ~np.isnan(ends)
    if bad.any():
        raise BadInput(f"the event of row {int(bad.argmax()) + 1} is {ends[bad][0]:g}; give 0, 1 or 2.")
    if (clock < 1).any() or (clock != np.round(clock))[~np.isnan(clock)].any():
        raise BadInput("a time is no number of a session (1, 2, 3 ...). Correct it.")
    if len(labels) == len(who):
        who, clock, ends, x, group = _each_session(who, clock, ends, x, group)
    order = np.lexsort((clock, who))
    who, clock, ends, x, group = who[order], clock[order], ends[order], x[order], group[order]
    same = np.diff(who) == 0
    if (same & (np.diff(clock) == 0)).any():
        row = int((same & (np.diff(clock) == 0)).argmax())
        raise BadInput(f"person {labels[who[row]]} has two rows in session {clock[row]:g}. Keep one.")
    if (same & (ends[:-1] > 0)).any():
        row = int((same & (ends[:-1] > 0)).argmax())
        raise BadInput(f"person {labels[who[row]]} has a row after the ending in session {clock[row]:g}. Correct one.")
    whole = ~np.isnan(clock + ends + x.sum(axis=1))
    who, dropped = who[whole], int((~whole).sum())
    tenths = np.unique(who, return_inverse=True)[1] % FOLDS
    return PersonPeriods(
        clock[whole], ends[whole].astype(np.intp), x[whole], tenths if therapist is None else group[whole],
        np.ones(len(who)), len(np.unique(who)), dropped,
    )  # fmt: skip


def _each_session(
    who: Ints, clock: Floats, ends: Floats, x: Floats, group: Ints
) -> tuple[Ints, Floats, Floats, Floats, Ints]:
    times = np.where(np.isnan(clock), 1, clock).astype(np.intp)
    place = np.repeat(np.arange(len(who)), times)
    last = np.cumsum(times) - 1
    session: Floats = np.arange(len(place), dtype=np.float64) - np.repeat(last - times, times)
    session[np.isnan(clock)[place]] = np.nan
    event: Floats = np.where(np.isnan(ends)[place], np.nan, 0.0)
    event[last] = ends
    return who[place], session, event, x[place], group[place]
