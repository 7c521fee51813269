"""Processes in; the CPU seconds that they have used and the memory that each holds for itself out, from /proc."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def group(leader: int) -> list[int]:
    """The processes of one group: the web server with its workers."""
    return _processes(lambda stat: int(stat[2]) == leader)


def family(parent: int) -> list[int]:
    """A process and its children: PostgreSQL, whose servers each have a group of their own."""
    return [parent, *_processes(lambda stat: int(stat[1]) == parent)]


def cpu(pids: list[int]) -> float:
    """Seconds on a CPU, those of children that have ended included."""
    return sum(sum(map(int, stat[11:15])) for stat in map(_stat, pids) if stat) / TICKS


def memory(pids: list[int]) -> list[int]:
    """Megabytes that each process holds for itself: what it shares with others (code, shared buffers) left out."""
    return sorted(_own_kilobytes(pid) // 1024 for pid in pids)


def _processes(wanted: Callable[[list[str]], bool]) -> list[int]:
    found = ((int(entry.name), _stat(int(entry.name))) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid, stat in found if stat and wanted(stat)]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on, since a name may hold spaces; nothing for one that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _own_kilobytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)
