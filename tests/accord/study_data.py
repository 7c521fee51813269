"""What the tests of the analyses of `accord fit` share: gold values, the trial's scores, and the command as a call."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from accord.cli import main

GOLD = Path(__file__).parent / "gold"
IMPLEMENT = Path(__file__).parents[2] / "src/accord_clinic/data/implement_wai_bai_57x15.csv"


def gold(name: str) -> dict:
    """The numbers of another program that are kept in `gold/`."""
    return json.loads((GOLD / f"{name}.json").read_text(encoding="utf-8"))


def implement() -> pl.DataFrame:
    """57 courses of up to 15 sessions: mean of the nine WAI items and of the three BAI parcels, where all are there."""
    table = pl.read_csv(IMPLEMENT, null_values=["NA"])
    for name, items in (("wai", 9), ("bai", 3)):
        parts = [f"{name}{k}" for k in range(1, items + 1)]
        whole = pl.sum_horizontal(*(pl.col(part).is_null() for part in parts)) == 0
        table = table.with_columns(pl.when(whole).then(pl.mean_horizontal(*parts)).alias(name))
    return table.select("patient", "therapist", "session", "wai", "bai")


def processed(capsys, *arguments: str) -> dict:
    """The JSON that `accord fit` prints."""
    assert main(["fit", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys, *arguments: str) -> str:
    """The sentence with which `accord fit` refuses."""
    assert main(["fit", *map(str, arguments)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("accord: ")
    assert "Traceback" not in error
    return error


def written(path: Path, **columns) -> Path:
    """A CSV with these columns."""
    pl.DataFrame({name: np.asarray(values).tolist() for name, values in columns.items()}, strict=False).write_csv(path)
    return path
