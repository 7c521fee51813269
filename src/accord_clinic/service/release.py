"""What of the counts of closed months may be printed, with `None` for what is kept back. A new count is added here.

No text, no rows. Each period is a table of its own, in the room and remote, that goes through `accord.disclosure`
in one piece, answered and not answered alike. Tables never overlap, and what is added up over several of them is only
what each of them prints, so that no page, and no two pages of different days, hold an equation between them.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache

import numpy as np

from accord.disclosure import LEAST, suppress
from accord.stats.repair_time import RepairTime, repair_time
from accord_clinic.service.periods import RULE, YEAR, PublishedPeriod, last_year, months_between, periods

LEAST_STRAINS = 30
"""Below this the steps of the curve would show single strains."""
STEP = 5
"""Points of the curve are told to the nearest 5 in 100, for the same reason."""
FEWEST_FOR_CONCERNS, FEWEST_THERAPISTS = 5, 3
"""Therapists behind a number. With three, one who also manages could take own cases off and see how often the two
others talk about concerns; with two, even whether the other one rates."""
REMOTE = "remote"
ALL = "all"
SESSIONS = ("held", "client yes", "client no", "therapist yes", "therapist no")


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many of so many. `None` where it is kept back."""

    part: int | None
    whole: int | None

    @property
    def percent(self) -> int | None:
        return round(100 * self.part / self.whole) if self.part is not None and self.whole else None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One period, one modality, or all: who answered of the sessions held, and the word on earlier concerns.

    `talked`: yes; `partly`: in part, which is nothing in months that were closed before the two were told apart. What
    too few therapists stand behind is `None`.
    """

    client: Proportion
    therapist: Proportion | None
    talked: Proportion | None
    partly: Proportion | None


@dataclass(frozen=True, slots=True)
class Period:
    """One month or several, by the first and the last of them.

    `places`: in the room and remote; those of older periods stand in finer parts, and are added up nowhere.
    `therapists`: so many stand behind each month of it at least; 0 where that was not noted yet.
    """

    first: date
    last: date
    row: ServiceRow
    places: Mapping[str, ServiceRow]
    counted: int | None
    coarse: bool
    therapists: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A plain list with its total."""

    counts: Mapping[str, int | None]
    together: int | None


@dataclass(frozen=True, slots=True)
class Endings(Listed):
    """How courses of care ended in a whole year of twelve months. `therapists`: as of a period."""

    first: date
    last: date
    therapists: int


@dataclass(frozen=True, slots=True)
class Released:
    """Everything that the manager may see. Totals and places add up what the periods print.

    `in_part_since`: the first month in which *in part* was counted by itself; before, it is in *yes*.
    """

    periods: tuple[Period, ...]
    total: ServiceRow
    places: Mapping[str, ServiceRow]
    endings: Endings | None
    open: Listed | None
    repair: RepairTime | None
    in_part_since: date | None


def release(months: Iterable[tuple[date, Mapping]]) -> Released:
    """What may be printed when these months are closed: all there are, oldest first, each with its counts."""
    return _release(tuple((month, json.dumps(counts, sort_keys=True)) for month, counts in months))


@lru_cache(maxsize=8)
def _release(closed: tuple[tuple[date, str], ...]) -> Released:
    months = [(month, json.loads(counts)) for month, counts in closed]
    last = months[-1][1]
    over = periods(months)
    # Of the last twelve months, and in any case the newest.
    shown = tuple(_printed(b) for b in over if b is over[-1] or months_between(b.last, months[-1][0]) < YEAR)
    coarse = [period for period in shown if period.coarse]
    names = sorted({name for period in coarse for name in period.places}, reverse=True)
    year = last_year(months)
    return Released(
        periods=shown,
        total=_added(period.row for period in shown),
        places={n: _added(p.places[n] for p in coarse if n in p.places) for n in names},
        endings=_endings(year) if year else None,
        open=_open(last),
        in_part_since=next((month for month, counts in months if "partly" in counts["talked"]), None),
        repair=_repair(last["repair"]),
    )


def _printed(block: PublishedPeriod) -> Period:
    """One period as it may be printed."""
    counts: Counter[str] = Counter()
    sessions = [(_place(block, modality), *rest) for modality, *rest in block.counts["sessions"]]
    places = sorted({place for place, *_rest in sessions})
    for of, client, therapist, n in sessions:
        for place in (ALL, of):
            counts[f"{place}|held"] += n
            counts[f"{place}|client {'yes' if client else 'no'}"] += n
            counts[f"{place}|therapist {'yes' if therapist else 'no'}"] += n
    in_part = "partly" in block.counts["talked"]
    for word, n in block.counts["talked"].items():
        counts[f"{ALL}|talked {word}"] += n
        counts[f"{ALL}|asked"] += n
    sums = [(f"{ALL}|asked", [f"{ALL}|talked yes", f"{ALL}|talked partly", f"{ALL}|talked no"])]
    sides = ("client",) if block.coarse else ("client", "therapist")
    cells = [cell for cell in SESSIONS if cell.startswith(("held", *sides))]
    for place in (ALL, *places):
        sums += [(f"{place}|held", [f"{place}|{side} yes", f"{place}|{side} no"]) for side in sides]
    sums += [(f"{ALL}|{cell}", [f"{place}|{cell}" for place in places]) for cell in cells]
    ratings = Counter({cell: n for cell, n in counts.items() if "|therapist " in cell}) if block.coarse else Counter()
    printed = _suppressed(counts - ratings, sums) | _told_as_work(ratings, places)
    for place in (ALL, *places):
        if printed[f"{place}|held"] is None:
            printed[f"{place}|therapist yes"] = None
    by_place = {place: _without_few(_row(printed, place, in_part), block) for place in places}
    row = _without_few(_row(printed, ALL, in_part), block)
    counted = _counted(block.counts["counted"], row)
    return Period(block.first, block.last, row, by_place, counted, block.coarse, block.therapists)


def _told_as_work(ratings: Counter[str], places: Iterable[str]) -> dict[str, int | None]:
    """How many ratings there are is about work, like those that are late: small numbers of it are told as well."""
    return {f"{place}|therapist yes": ratings[f"{place}|therapist yes"] for place in (ALL, *places) if ratings}


def _place(block: PublishedPeriod, modality: str) -> str:
    """In the room or not: coarser before anything is kept back."""
    return modality if modality == "room" or not block.coarse else REMOTE


def _without_few(row: ServiceRow, block: PublishedPeriod) -> ServiceRow:
    """The row without what too few therapists stand behind; older periods stay as they were published."""
    if not block.coarse:
        return row
    concerns = block.therapists >= FEWEST_FOR_CONCERNS
    return ServiceRow(
        row.client,
        row.therapist if block.therapists >= FEWEST_THERAPISTS else None,
        row.talked if concerns else None,
        row.partly if concerns else None,
    )


def _counted(n: int, row: ServiceRow) -> int | None:
    """How many clients asked only to be counted, from ten on: a 0 would tell, one period later, of the first one.

    So many check-ins were answered at least, so it stands only where their number does.
    """
    return n if n >= LEAST and row.client.part is not None else None


def _suppressed(counts: Counter[str], sums: list[tuple[str, list[str]]]) -> dict[str, int | None]:
    for total, parts in sums:
        for cell in (total, *parts):
            counts[cell] += 0
    kept_back = _kept_back(tuple(counts.items()), tuple((total, tuple(parts)) for total, parts in sums))
    return {cell: None if cell in kept_back else n for cell, n in counts.items()}


@lru_cache(maxsize=64)
def _kept_back(counts: tuple[tuple[str, int], ...], sums: tuple[tuple[str, tuple[str, ...]], ...]) -> frozenset[str]:
    """Worked out once for a period that is over."""
    return suppress(dict(counts), sums)


def _row(printed: Mapping[str, int | None], place: str, in_part: bool) -> ServiceRow:
    def share(part: str, whole: str) -> Proportion:
        return Proportion(printed.get(f"{place}|{part}", 0), printed.get(f"{place}|{whole}", 0))

    of_asked = share("talked yes", "asked"), share("talked partly", "asked") if in_part else None
    return ServiceRow(share("client yes", "held"), share("therapist yes", "held"), *of_asked)


def _added(rows: Iterable[ServiceRow]) -> ServiceRow:
    """The sum of what is printed; what is kept back in a period is left out of it, part and whole alike."""
    rows = list(rows)
    shares = {f.name: [s for row in rows if (s := getattr(row, f.name)) is not None] for f in fields(ServiceRow)}
    added = {name: _add(parts) if parts or name == "client" else None for name, parts in shares.items()}
    return ServiceRow(**added)  # type: ignore[arg-type]


def _add(shares: Iterable[Proportion]) -> Proportion:
    shares = list(shares)
    printed = [(share.part, share.whole) for share in shares if share.part is not None and share.whole is not None]
    part, whole = (sum(column) for column in zip(*printed, strict=True)) if printed else (0, 0)
    return Proportion(part, whole) if whole or len(printed) == len(shares) else Proportion(None, None)


def _listed(parts: Mapping[str, int]) -> Listed:
    counts: Counter[str] = Counter(parts)
    counts["all"] = sum(parts.values())
    printed = _suppressed(counts, [("all", list(parts))])
    return Listed({part: printed[part] for part in parts}, printed["all"])


def _open(month: Mapping) -> Listed | None:
    """What was open at the end of the last month, for less than four weeks or longer.

    Nothing where too few therapists stand behind it, nor of a month that older rules have told more finely.
    """
    if month.get("rule", 1) < RULE or month["therapists"] < FEWEST_THERAPISTS:
        return None
    by_age = Counter(month["open"])
    return _listed({"less": by_age["2"] + by_age["4"], "more": by_age["8"] + by_age["more"]})


def _endings(year: PublishedPeriod) -> Endings:
    listed = _listed(year.counts["endings"])
    return Endings(listed.counts, listed.together, year.first, year.last, year.therapists)


def _repair(kinds: list[list[int]]) -> RepairTime | None:
    """The curve, once there are enough strains; rounded to the nearest 5 in 100."""
    if sum(n for *_kind, n in kinds) < LEAST_STRAINS:
        return None
    after, until, end, count = np.array(kinds).T
    curve = repair_time(after, until, end, count)
    rounded = {name: tuple(_nearest(p) for p in getattr(curve, name)) for name in ("settled", "low", "high", "left")}
    return RepairTime(curve.weeks, n=curve.n, **rounded)


def _nearest(share: float) -> float:
    return round(100 * share / STEP) * STEP / 100
