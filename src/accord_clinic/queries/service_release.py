"""Closed months come in as numbers; what of them may be printed goes out, with `None` for what is kept back.

No text, no rows. Everything that a reader could add up or subtract goes through `accord.disclosure` in one piece: by
month, by modality and in all, answered and not answered alike.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from accord.disclosure import suppress
from accord.stats.repair_time import RepairTime, repair_time

LEAST_STRAINS = 30
"""Below this the steps of the curve would show single strains."""
STEP = 5
"""Points of the curve are told to the nearest 5 in 100, for the same reason."""
ALL = "all"
SESSIONS = ("held", "client yes", "client no", "therapist yes", "therapist no")
CONCERNS = ("asked", "talked yes", "talked no")


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many. `None` where it is kept back."""

    part: int | None
    whole: int | None

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.part is not None and self.whole else None


@dataclass(frozen=True, slots=True)
class Row:
    """One month, one modality, or all: who answered of the sessions held, and the client's word on earlier concerns."""

    name: str
    client: Share
    therapist: Share
    talked: Share


@dataclass(frozen=True, slots=True)
class Released:
    """Everything that the manager may see."""

    total: Row
    months: tuple[Row, ...]
    modalities: tuple[Row, ...]
    endings: Mapping[str, int | None]
    ended: int | None
    open: Mapping[str, int | None]
    open_all: int | None
    repair: RepairTime | None


def release(months: Iterable[tuple[str, Mapping]]) -> Released:
    """What may be printed of some months, oldest first, each (name, counts). The same months give the same page."""
    return _release(tuple((name, json.dumps(counts, sort_keys=True)) for name, counts in months))


@lru_cache(maxsize=8)
def _release(months: tuple[tuple[str, str], ...]) -> Released:
    read = [(name, json.loads(counts)) for name, counts in months]
    table = _Table()
    for name, counts in read:
        table.add_month(name, counts)
    last = read[-1][1]
    table.add_up("endings", sum((Counter(counts["endings"]) for _name, counts in read), Counter()))
    table.add_up("open", last["open"])
    printed = table.printed()
    return Released(
        total=_row(printed, ALL, f"total|{ALL}"),
        months=tuple(_row(printed, name, f"month|{name}") for name, _counts in read),
        modalities=tuple(_row(printed, m, f"modality|{m}") for m in sorted(table.modalities)),
        endings=_parts(printed, "endings"),
        ended=printed.get("endings|all", 0),
        open=_parts(printed, "open"),
        open_all=printed.get("open|all", 0),
        repair=_repair(last["repair"]),
    )


class _Table:
    """All cells that belong together, and the sums between them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sums: list[tuple[str, list[str]]] = []
        self.months: list[str] = []
        self.modalities: set[str] = set()

    def add_month(self, name: str, counts: Mapping) -> None:
        self.months.append(name)
        for modality, client, therapist, n in counts["sessions"]:
            self.modalities.add(modality)
            for place in (f"month|{name}", f"modality|{modality}", f"total|{ALL}"):
                self.counts[f"{place}|held"] += n
                self.counts[f"{place}|client {'yes' if client else 'no'}"] += n
                self.counts[f"{place}|therapist {'yes' if therapist else 'no'}"] += n
        for place in (f"month|{name}", f"total|{ALL}"):
            for word, n in counts["talked"].items():
                self.counts[f"{place}|talked {word}"] += n
                self.counts[f"{place}|asked"] += n

    def add_up(self, name: str, parts: Mapping[str, int]) -> None:
        """A plain list with its total."""
        cells = [f"{name}|{part}" for part in parts]
        self.counts.update({f"{name}|{part}": n for part, n in parts.items()})
        self.counts[f"{name}|all"] = sum(parts.values())
        self.sums.append((f"{name}|all", cells))

    def printed(self) -> dict[str, int | None]:
        """Each cell as it may be printed."""
        by_month = [f"month|{month}" for month in self.months]
        by_modality = [f"modality|{modality}" for modality in sorted(self.modalities)]
        for place in (*by_month, *by_modality, f"total|{ALL}"):
            self._sum(f"{place}|held", [f"{place}|client {word}" for word in ("yes", "no")])
            self._sum(f"{place}|held", [f"{place}|therapist {word}" for word in ("yes", "no")])
            self._sum(f"{place}|asked", [f"{place}|talked {word}" for word in ("yes", "no")])
        for cell in SESSIONS:
            self._sum(f"total|{ALL}|{cell}", [f"{place}|{cell}" for place in by_modality])
        for cell in (*SESSIONS, *CONCERNS):
            self._sum(f"total|{ALL}|{cell}", [f"{place}|{cell}" for place in by_month])
        kept = suppress(self.counts, self.sums)
        return {cell: None if cell in kept else n for cell, n in self.counts.items()}

    def _sum(self, total: str, parts: list[str]) -> None:
        for cell in (total, *parts):
            self.counts[cell] += 0
        self.sums.append((total, parts))


def _row(printed: Mapping[str, int | None], name: str, place: str) -> Row:
    def share(part: str, whole: str) -> Share:
        return Share(printed.get(f"{place}|{part}", 0), printed.get(f"{place}|{whole}", 0))

    return Row(name, share("client yes", "held"), share("therapist yes", "held"), share("talked yes", "asked"))


def _parts(printed: Mapping[str, int | None], name: str) -> dict[str, int | None]:
    start = f"{name}|"
    cells = {cell.removeprefix(start): n for cell, n in printed.items() if cell.startswith(start)}
    return {part: n for part, n in cells.items() if part != "all"}


def _repair(kinds: list[list[int]]) -> RepairTime | None:
    """The curve, once there are enough strains; told to the nearest 5 in 100."""
    if sum(n for *_kind, n in kinds) < LEAST_STRAINS:
        return None
    after, until, end, count = np.array(kinds).T
    found = repair_time(after, until, end, count)
    rounded = {name: tuple(_nearest(p) for p in getattr(found, name)) for name in ("settled", "low", "high", "left")}
    return RepairTime(found.weeks, n=found.n, **rounded)


def _nearest(share: float) -> float:
    return round(100 * share / STEP) * STEP / 100
