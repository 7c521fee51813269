"""`accord fit mixed`: the same numbers as the Python call, the example of its help, and a sentence for every slip."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from accord.cli import main
from accord.cli.fit import EXAMPLE
from accord.stats.mixed import fit_mixed


def ratings(dyads: int = 30, sessions: int = 8) -> pl.DataFrame:
    """Dyads of growing scores, three dyads a therapist."""
    rng = np.random.default_rng(3)
    dyad, session = np.repeat(np.arange(dyads), sessions), np.tile(np.arange(1.0, sessions + 1), dyads)
    score = 3.5 + 0.5 * rng.standard_normal(dyads)[dyad] + 0.3 * rng.standard_normal(len(dyad))
    score += (0.05 + 0.05 * rng.standard_normal(dyads)[dyad]) * session
    intake = np.round(rng.standard_normal(dyads), 3)[dyad]
    return pl.DataFrame(
        {"dyad": [f"d{k}" for k in dyad], "session": session, "score": score, "th": dyad // 3, "intake": intake}
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder that holds ratings.csv."""
    monkeypatch.chdir(tmp_path)
    ratings().write_csv("ratings.csv")
    return tmp_path


BASIC = ["fit", "mixed", "ratings.csv", "--outcome", "score", "--person", "dyad"]
GROWTH = [*BASIC, "--time", "session"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    """The JSON that a command prints."""
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_prints_what_the_python_call_gives(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *GROWTH, "--slope", "--therapist", "th", "--fixed", "intake", "--ml")
    table = ratings()
    session = table["session"].to_numpy()
    fit = fit_mixed(
        table["score"].to_numpy(),
        np.column_stack([np.ones(len(table)), session, table["intake"].to_numpy()]),
        table["dyad"].to_numpy(),
        slope=session,
        therapist=table["th"].to_numpy(),
        method="ML",
        names=("(Intercept)", "session", "intake"),
    )
    assert found["loglik"] == pytest.approx(fit.loglik)
    assert found["fixed"] == pytest.approx(fit.fixed)
    assert found["se"] == pytest.approx(fit.se)
    assert found["random"] == pytest.approx(fit.random)
    assert (found["method"], found["n"], found["converged"]) == ("ML", 240, True)


def test_a_random_effect_of_another_column_and_no_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *BASIC, "--fixed", "session", "--random", "session")
    assert found["loglik"] == pytest.approx(told(capsys, *GROWTH, "--slope")["loglik"])


def test_the_published_couples_model(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Bolger and Laurenceau 2013 by nlme: a random slope of a covariate, AR(1) over days on a clock in weeks."""
    model = "--outcome m_reldis --time time7c --person coupleid --fixed m_wrkstrsc_w,m_wrkstrsc_b --random m_wrkstrsc_w"
    file = str(shared_data / "BL2013_dyads_long.csv")
    found = told(capsys, "fit", "mixed", file, *model.split(), "--ar1")
    assert found["loglik"] == pytest.approx(-2894.388, abs=5e-4)
    assert found["random"]["phi"] == pytest.approx(0.0169, abs=5e-5)


def test_parquet_and_empty_cells(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gappy = ratings().with_columns(score=pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("score")))
    gappy.write_parquet("ratings.parquet")
    gappy.write_csv("ratings.csv")
    from_csv = told(capsys, *GROWTH, "--ar1")
    from_parquet = told(capsys, *["ratings.parquet" if a == "ratings.csv" else a for a in GROWTH], "--ar1")
    assert from_csv == from_parquet
    assert (from_csv["dropped"], from_csv["n"]) == (35, 205)
    assert from_csv["random"]["phi_gap"] == 1


def test_without_json_a_readable_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*GROWTH, "--slope"]) == 0
    shown = capsys.readouterr().out
    assert "Mixed model by REML: 240 ratings of 30 persons" in shown
    assert re.search(r"session +0\.0\d+", shown)


def test_the_example_of_the_help_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fit", "mixed", "--help"])
    assert EXAMPLE in capsys.readouterr().out
    command = re.search(r"^  accord (.+)$", EXAMPLE, re.MULTILINE)
    assert command
    assert main(shlex.split(command[1])) == 0
    assert "phi" in json.loads(capsys.readouterr().out)["random"]


def changed(name: str, row: int, to: str) -> str:
    """ratings.csv with one cell replaced."""
    table = ratings().cast(pl.String)
    column = table.columns.index(name)
    rows = [list(r) for r in table.rows()]
    rows[row][column] = to
    return "\n".join([",".join(table.columns), *(",".join(r) for r in rows)]) + "\n"


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (None, ["--outcome", "mood"], "column 'mood' is missing; the file has dyad, session, score"),
        (changed("score", 3, "high"), [], "line 5, column 'score': 'high' is not a finite number"),
        (changed("score", 3, "inf"), [], "line 5, column 'score'"),
        (changed("dyad", 9, ""), [], "line 11, column 'dyad' is empty"),
        (changed("session", 2, "2.0"), [], "line 4: dyad d0 has a second row at session 2.0"),
        ("dyad,session,score\na,1,2\na,2,3\na,3,3\n", [], "ratings.csv: there is only one person"),
        ("dyad,session,score\na,1,2\nb,1,3\nc,1,3\n", [], "no person has more than 1 complete rating"),
        ("dyad,session,score\na,1,\na,2,\nb,1,\n", [], "no row is complete"),
        ("dyad,session,score\na,1,3\na,2,3\nb,1,3\nb,2,3\n", [], "the outcome is constant"),
        ("dyad,session,score\na,1,3\na,2\nb,1,3,7,8\n", [], "this is not a table that can be read"),
        ("dyad,session,score\n", [], "no row is complete"),
        ("\x00\x01\x02", [], "ratings.csv: "),
        (changed("th", 9, "7"), ["--therapist", "th"], "ratings.csv: dyad d1 appears under 2 therapists"),
    ],
)
def test_a_slip_gets_a_sentence_and_exit_code_2(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str | None, options: list[str], sentence: str
) -> None:
    if text is not None:
        Path("ratings.csv").write_text(text)
    assert main([*GROWTH, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith("accord: ")
    assert sentence in error


def test_slope_and_ar1_need_the_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--slope", "--ar1"):
        assert main([*BASIC, option]) == 2
        assert "need --time" in capsys.readouterr().err


def test_rows_out_of_order_change_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ordered = told(capsys, *GROWTH, "--slope", "--ar1")
    ratings().sample(fraction=1.0, shuffle=True, seed=4).write_csv("ratings.csv")
    assert told(capsys, *GROWTH, "--slope", "--ar1")["loglik"] == pytest.approx(ordered["loglik"], abs=1e-8)
