"""Small numbers stay home: which counts of a table, and which facts about people, must be kept back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import scipy.sparse as sp  # type: ignore[import-untyped]

LEAST = 10
"""Counts from 1 to 9 are kept back. Zero is printed: it is about nobody."""

Sum = tuple[str, Sequence[str]]
"""A total and the cells that add up to it. A cell may stand in several sums, as the row and column of a table do."""

Sharers = tuple[Sequence[Hashable], int]
"""Who stands behind each record, a client or a therapist, and how many of them have to share what is told."""

SHOWN_COST, TOTAL_COST, HIDDEN_COST = 1.0, 50.0, 1e-6


def suppress(counts: Mapping[str, int], sums: Sequence[Sum], least: int = LEAST) -> frozenset[str]:
    """The cells to keep back: every count from 1 to `least` − 1, and whatever would give one of them away.

    `counts` has all cells a reader could work with, totals and complements included, whether they are printed or not;
    `sums` has all equations between them. What is not returned may be printed. The promise: from everything printed,
    with the equations, and knowing that what is kept back is at least 1, no reader can tell that a kept-back small
    count is below `least`, let alone which number it is.

    How (the linear-programming heuristic of Kelly, Golden & Assad 1992, Networks 22: 397–417, for linked tables): for
    each small count find the cheapest other table with the same sums in which this cell would be `least`; what differs
    in that table is kept back. Cost is the size of the change, totals being dearer. A table in which this cell and all
    its totals are larger always exists, so there is always an answer.

    Raises `ValueError` when a count is negative, a sum names an unknown cell, or a total is not the sum of its cells.

    >>> sorted(suppress({"all": 60, "room": 40, "video": 16, "phone": 4}, [("all", ["room", "video", "phone"])]))
    ['phone', 'video']
    """
    _check(counts, sums)
    cells = [name for name, count in counts.items() if count > 0]
    index = {name: i for i, name in enumerate(cells)}
    values = np.array([counts[name] for name in cells], dtype=float)
    equations = _equations(sums, index)
    totals = {total for total, _parts in sums}
    cost = np.array([(TOTAL_COST if name in totals else SHOWN_COST) for name in cells])
    small = values < least
    hidden = small.copy()
    for cell in np.flatnonzero(small)[np.argsort(values[small], kind="stable")]:
        hidden |= _other_table(cell, values, equations, np.where(hidden, HIDDEN_COST, cost), least)
    return frozenset(name for name, is_hidden in zip(cells, hidden, strict=True) if is_hidden)


def suppress_facts(facts: Sequence[Sequence[str]], *sharers: Sharers) -> list[tuple[str, ...]]:
    """The same facts with some left empty, so that each row that stands is shared by enough people.

    `facts`: a row for each record and a text for each column, the most useful column first; an empty text is not
    known. `sharers`: whose record each row is, and how many have to share it; somebody with several records counts
    once. Each of several has to be enough: ten clients, and three therapists. What is left empty counts as a value:
    nobody can be told by a gap either. Columns are taken in turn; within the records that are alike so far, values that
    too few share are left empty, and with them the next larger ones until they are enough.

    This is k-anonymity by local suppression (Samarati & Sweeney 1998).
    Raises `ValueError` when there are too few in all, or not one sharer for each row.

    >>> suppress_facts([("room", "cbt"), ("room", "cbt"), ("room", "systemic")], (["a", "b", "c"], 2))
    [('room', ''), ('room', ''), ('room', '')]
    """
    for who, least in sharers:
        if len(facts) != len(who):
            raise ValueError(f"There are {len(facts)} rows of facts and {len(who)} sharers. Give one sharer a row.")
        if facts and len(set(who)) < least:
            raise ValueError(f"There are {len(set(who))} sharers; facts are told of {least} or more.")
    width = len(facts[0]) if facts else 0
    shown = [[""] * width for _ in facts]
    alike = [list(range(len(facts)))]
    for column in range(width):
        split = []
        for rows in alike:
            tellable, rest = _tellable({row: facts[row][column] for row in rows}, sharers)
            for value, same in tellable.items():
                for row in same:
                    shown[row][column] = value
            split += [*tellable.values(), rest]
        alike = [rows for rows in split if rows]
    return [tuple(row) for row in shown]


def told_beginnings(
    facts: Sequence[Sequence[str]], patterns: Sequence[Sequence[int]], *sharers: Sharers
) -> tuple[list[tuple[str, ...]], list[int]]:
    """The facts as `suppress_facts` leaves them, and how much of the beginning of each pattern can be told with them.

    `patterns`: for each record a series of counts in time, as *so many sessions in each four weeks*; a shorter one goes
    on with zeros. One count after the other follows the facts: what is told is shared as a whole, facts and beginning
    together, by enough people. Counts one by one would not do: each can be common, and all of them together be about
    one person. After the first count that few share, nothing more of a record is told.

    Raises `ValueError` as `suppress_facts` does.

    >>> told_beginnings([("room",)] * 4, [[4, 4], [4, 4], [4, 2], [4, 1]], (range(4), 2))
    ([('room',), ('room',), ('room',), ('room',)], [2, 2, 1, 1])
    """
    width, most = len(facts[0]) if facts else 0, max(map(len, patterns), default=0)
    rows = [
        (*fact, *(str(count) for count in pattern), *("0" for _ in range(most - len(pattern))))
        for fact, pattern in zip(facts, patterns, strict=True)
    ]
    shown = suppress_facts(rows, *sharers)
    lengths = [next((n for n, count in enumerate(row[width:]) if not count), most) for row in shown]
    return [row[:width] for row in shown], lengths


def count_unique(records: Sequence[Hashable]) -> int:
    """How many records nobody else's is equal to: whoever knows so much about one of these people finds the record.

    >>> count_unique(["a", "b", "b"])
    1
    """
    return sum(times == 1 for times in Counter(records).values())


def _tellable(values: Mapping[int, str], sharers: Sequence[Sharers]) -> tuple[dict[str, list[int]], list[int]]:
    """Rows by value where enough people share it, and all other rows, which enough people share too, or none."""
    tellable: dict[str, list[int]] = defaultdict(list)
    for row, value in values.items():
        tellable[value].append(row)

    def counts(rows: Sequence[int]) -> list[int]:
        return [len({who[row] for row in rows}) for who, _least in sharers]

    def enough(rows: Sequence[int]) -> bool:
        return all(n >= least for n, (_who, least) in zip(counts(rows), sharers, strict=True))

    rest = tellable.pop("", [])
    for value in [value for value, rows in tellable.items() if not enough(rows)]:
        rest = rest + tellable.pop(value)
    for value in sorted(tellable, key=lambda value: (counts(tellable[value]), value)):
        if not rest or enough(rest):
            break
        rest = rest + tellable.pop(value)
    return tellable, rest


def _other_table(cell: int, values: np.ndarray, equations: sp.csr_matrix, cost: np.ndarray, least: int) -> np.ndarray:
    """Which cells differ in the cheapest table with the same sums in which `cell` is `least`."""
    # Only where a table is made: they take longer to load than all the rest of a command of the clinic.
    import scipy.sparse as sp  # noqa: PLC0415
    from scipy.optimize import linprog  # type: ignore[import-untyped]  # noqa: PLC0415

    size = len(values)
    up_limit: list[float | None] = [None] * size
    down_limit: list[float] = list(values - 1)
    rise = least - values[cell]
    bounds = [(0.0, limit) for limit in up_limit] + [(0.0, limit) for limit in down_limit]
    bounds[cell], bounds[size + cell] = (rise, rise), (0.0, 0.0)
    solution = linprog(
        np.concatenate([cost, cost]),
        A_eq=sp.hstack([equations, -equations], format="csr") if equations.shape[0] else None,
        b_eq=np.zeros(equations.shape[0]) if equations.shape[0] else None,
        bounds=bounds,
        method="highs-ds",
    )
    if not solution.success:
        raise RuntimeError(f"No other table was found for cell {cell}: {solution.message}")
    change = solution.x[:size] - solution.x[size:]
    moved: np.ndarray = np.abs(change) > 1e-7
    return moved


def _equations(sums: Sequence[Sum], index: Mapping[str, int]) -> sp.csr_matrix:
    """One row per sum: its cells count 1, its total −1; a zero cell cannot change and is left out."""
    import scipy.sparse as sp  # noqa: PLC0415

    rows, columns, entries = [], [], []
    for row, (total, parts) in enumerate(sums):
        for name, sign in [(total, -1.0), *((part, 1.0) for part in parts)]:
            if name in index:
                rows.append(row)
                columns.append(index[name])
                entries.append(sign)
    return sp.csr_matrix((entries, (rows, columns)), shape=(len(sums), len(index)))


def _check(counts: Mapping[str, int], sums: Sequence[Sum]) -> None:
    for name, count in counts.items():
        if count < 0:
            raise ValueError(f"{name}: {count} is below zero. A count is not.")
    for total, parts in sums:
        unknown = {total, *parts} - counts.keys()
        if unknown:
            raise ValueError(f"The sum for {total} names cells without a count: {', '.join(sorted(unknown))}.")
        if counts[total] != sum(counts[part] for part in parts):
            raise ValueError(f"{total} is {counts[total]}, but its cells add up to {sum(counts[p] for p in parts)}.")
