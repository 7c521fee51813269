"""The step curve of strains settled by each week, with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass

from accord.stats.repair_time import RepairTime
from accord_clinic.charts.shapes import px
from accord_clinic.charts.types import Label

WIDTH, TOP, FOOT, SIDE, LEVELS = 400.0, 170.0, 36.0, 46.0, (0, 25, 50, 75, 100)
EVERY = 4


@dataclass(frozen=True)
class RepairPicture:
    """Paths and labels; the style sheet's layer "course" inks them."""

    width: str
    height: str
    rules: str
    band: str
    settled: str
    left: str
    labels: tuple[Label, ...]


def repair_picture(curve: RepairTime, weeks: str) -> RepairPicture:
    """The picture of a curve; `weeks` is the word below the time axis."""
    step = (WIDTH - SIDE - 10) / len(curve.weeks)
    x = [SIDE + step * i for i in range(len(curve.weeks) + 1)]
    levels = [Label(px(SIDE - 8), px(_y(p / 100) + 4), f"{p} %", anchor="end") for p in LEVELS]
    ticks = [Label(px(x[w]), px(TOP + 18), str(w), anchor="middle") for w in curve.weeks if w % EVERY == 0]
    return RepairPicture(
        width=px(WIDTH),
        height=px(TOP + FOOT),
        rules="".join(f"M{px(SIDE)} {px(_y(p / 100))}H{px(x[-1])}" for p in LEVELS),
        band=_steps(x, curve.high) + _back(x, curve.low),
        settled=_steps(x, curve.settled),
        left=_steps(x, curve.left),
        labels=(*levels, *ticks, Label(px(x[-1]), px(TOP + FOOT - 1), weeks, anchor="end")),
    )


def _y(share: float) -> float:
    return TOP - (TOP - 12) * share


def _steps(x: Sequence[float], shares: Sequence[float]) -> str:
    """Level through each week, then up: what is known at its end holds until the next."""
    drawn = [f"M{px(x[0])} {px(_y(shares[0]))}"]
    for i, share in enumerate(shares):
        drawn.append(f"V{px(_y(share))}H{px(x[i + 1])}")
    return "".join(drawn)


def _back(x: Sequence[float], shares: Sequence[float]) -> str:
    """The lower edge of a band, from right to left."""
    drawn = [f"V{px(_y(shares[-1]))}"]
    for i in range(len(shares) - 1, -1, -1):
        drawn.append(f"V{px(_y(shares[i]))}H{px(x[i])}")
    return "".join(drawn) + "Z"
