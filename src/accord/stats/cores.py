"""Share work out over the cores of the machine. Another way to share work is one function here.

Threads are enough for long steps of numpy, which release the interpreter; many short ones, as of a calibration, gain
nothing. What `np.errstate` says in the calling thread does not hold in them. Source: our own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Work = TypeVar("Work")
Result = TypeVar("Result")
Number = TypeVar("Number", np.float32, np.float64)

WORTH = 16_384  # persons for whom another core is worth its start
ALONE = 200_000  # multiplications that the linear algebra library does on one thread


def spread(work: Callable[[int, int], None], n: int) -> None:
    """Let each core work on its share of `n` persons: from one number to another.

    >>> spread(lambda low, high: print(low, high), 100)
    0 100
    """
    cores = min(os.cpu_count() or 1, n // WORTH) if n >= WORTH else 1  # to ask costs as much as a dozen sessions
    if cores <= 1:
        work(0, n)
        return
    edges = [k * n // cores for k in range(cores + 1)]
    each(lambda k: work(edges[k], edges[k + 1]), range(cores))


def each(work: Callable[[Work], Result], parts: Iterable[Work]) -> list[Result]:
    """What `work` gives for each part, in their order; on all cores at once. One part alone needs no thread.

    >>> each(abs, [-1, 2])
    [1, 2]
    """
    parts = list(parts)
    if len(parts) < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(work, parts))


def product(table: npt.NDArray[Number], courses: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The matrix product of a table (k, T) and courses (T, n), a few persons at a time; none is missing.

    Larger products wake threads that wait for each other on a busy machine, where persons are shared out already.

    >>> product(np.eye(2), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])).tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    out = np.empty((len(table), courses.shape[1]), dtype=courses.dtype)
    few = max(1, ALONE // max(table.size, 1))
    for start in range(0, courses.shape[1], few):
        np.matmul(table, courses[:, start : start + few], out=out[:, start : start + few])
    return out
