"""`accord signals` and `accord simulate`: what goes in, what comes out, and what bad input is told."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from accord.cli import main
from accord.cli.signals import EXAMPLE
from accord.simulation import simulate
from accord.stats.rules import RULES
from accord.stats.thresholds import calibrate, calibrate_both
from accord.tables import strains

pytestmark = pytest.mark.usefixtures("small_twins")
ADDED = ["expected", "sd", "z", "flag", "state"]


@pytest.fixture(scope="module")
def calibrated():
    """Calibrations of this module by what they were made from: the same gives the same (test_thresholds)."""
    return {}


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch, calibrated):
    """Thresholds of the right kind, once each, are enough here; test_thresholds holds them to their budget."""

    def once(make):
        def made(*ratings, **more):
            asked = pickle.dumps((make.__name__, ratings, more))
            if asked not in calibrated:
                calibrated[asked] = make(*ratings, draws=500, **more)
            return calibrated[asked]

        return made

    for make in (calibrate, calibrate_both):
        monkeypatch.setattr(strains, make.__name__, once(make))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A simulated practice of forty dyads, both voices."""
    folder = tmp_path_factory.mktemp("study")
    assert main(["simulate", "--dyads", "40", "--sessions", "12", "--seed", "1", "--out", str(folder)]) == 0
    return folder


def clients(study: Path) -> pl.DataFrame:
    ratings = pl.read_parquet(study / "ratings.parquet")
    return ratings.filter(pl.col("rater") == "client").select("dyad", "session", "score")


def signals(table: pl.DataFrame, folder: Path, *options: str) -> pl.DataFrame:
    table.write_csv(folder / "in.csv")
    assert main(["signals", str(folder / "in.csv"), "--out", str(folder / "out.csv"), *options]) == 0
    return pl.read_csv(folder / "out.csv")


def refused(capsys, *arguments: str) -> str:
    assert main(["signals", *arguments]) == 2
    return capsys.readouterr().err


def test_simulate_writes_ratings_and_truth_the_same_for_the_same_seed(study, tmp_path):
    assert main(["simulate", "--dyads", "40", "--sessions", "12", "--seed", "1", "--out", str(tmp_path)]) == 0
    for name in ("ratings.parquet", "truth.parquet"):
        assert pl.read_parquet(tmp_path / name).equals(pl.read_parquet(study / name))
    assert pl.read_parquet(study / "ratings.parquet").columns == ["dyad", "session", "rater", "scale", "score"]


@pytest.mark.parametrize(("strain", "strained"), [("none", 0), ("0", 0), ("1.0", 30), ("slide", None)])
def test_strain_is_a_kind_or_a_share(tmp_path, strain, strained):
    arguments = ["--dyads", "30", "--sessions", "10", "--seed", "2", "--strain", strain, "--out", str(tmp_path)]
    assert main(["simulate", *arguments]) == 0
    kinds = pl.read_parquet(tmp_path / "truth.parquet")["kind"]
    if strained is None:
        assert set(kinds) == {"none", "slide"}
    else:
        assert (kinds != "none").sum() == strained


@pytest.mark.parametrize("wrong", [["--strain", "rupture"], ["--dyads", "0"], ["--seed", "-1"], ["--strain", "2"]])
def test_simulate_says_what_is_wrong(tmp_path, capsys, wrong):
    assert main(["simulate", "--dyads", "3", "--sessions", "5", "--seed", "1", "--out", str(tmp_path), *wrong]) == 2
    assert capsys.readouterr().err.startswith("accord: ")


def test_rows_stay_in_their_order_and_get_five_columns(study, tmp_path):
    table = clients(study).sample(fraction=1.0, shuffle=True, seed=3)
    out = signals(table, tmp_path)
    assert out.columns == [*table.columns, *ADDED]
    assert out.select("dyad", "session").equals(table.select("dyad", "session"))
    found = out.with_columns(again=(pl.col("score") - pl.col("expected")) / pl.col("sd"))
    np.testing.assert_allclose(found["z"], found["again"])


def test_sessions_out_of_order_give_the_same_answer(study, tmp_path):
    table = clients(study)
    mixed = table.sample(fraction=1.0, shuffle=True, seed=4)
    one, two = signals(table, tmp_path), signals(mixed, tmp_path)
    assert one.sort("dyad", "session").equals(two.sort("dyad", "session"))


def test_csv_and_parquet_give_the_same(study, tmp_path):
    table = clients(study)
    table.write_parquet(tmp_path / "in.parquet")
    assert main(["signals", str(tmp_path / "in.parquet"), "--out", str(tmp_path / "out.parquet")]) == 0
    from_parquet = pl.read_parquet(tmp_path / "out.parquet")
    from_csv = signals(table, tmp_path)
    np.testing.assert_allclose(from_parquet["z"].to_numpy(), from_csv["z"].to_numpy())
    assert from_parquet["flag"].to_list() == from_csv["flag"].to_list()


def test_deep_drops_are_flagged_and_their_state_followed(tmp_path):
    y = simulate(60, 12, 5, "none").client
    y[7, 6] -= 2.0
    out = signals(_long(y), tmp_path)
    mine = out.filter(pl.col("dyad") == 7)
    assert mine["flag"][6] == 1
    assert mine["state"][6] == "open"
    assert mine["state"][5] == "none"
    assert out.filter(pl.col("session") <= 3)["flag"].sum() == 0


def test_a_larger_budget_flags_more(study, tmp_path):
    table = clients(study)
    few, many = (signals(table, tmp_path, "--budget", b)["flag"].sum() for b in ("0.01", "0.5"))
    assert few < many


def test_both_voices_and_each_scale_are_judged_apart(study, tmp_path):
    table = pl.read_parquet(study / "ratings.parquet")
    second = table.with_columns(scale=pl.lit("collaboration"), score=(pl.col("score") - 1) * 25)
    out = signals(pl.concat([table, second]), tmp_path)
    assert out["expected"].null_count() == 0
    assert out.group_by("scale").agg(pl.col("expected").max()).sort("scale")["expected"].to_list()[1] > 50
    only = signals(pl.concat([table, second]), tmp_path, "--scale", "collaboration")
    assert only["scale"].unique().to_list() == ["collaboration"]


@pytest.mark.parametrize("name", ["own-mean-1sd", "reliable-change"])
def test_a_classical_rule_says_how_often_it_is_wrong(study, tmp_path, capsys, name):
    out = signals(clients(study), tmp_path, "--rule", name)
    assert set(out["flag"].unique()) <= {0, 1}
    said = capsys.readouterr().out
    assert f"flagged by {name} ({RULES[name].says}), which flags" in said
    assert "of 15-session courses in which nothing happened, by simulation" in said


def test_a_rule_is_tried_on_courses_like_those_of_the_table(tmp_path, capsys):
    """On a coarse scale a fall of one SD of all falls is a single step, and as frequent as that."""
    own, other = (simulate(n, 15, seed, "none", items=4).client for n, seed in ((100, 5), (4000, 6)))
    signals(_long(own), tmp_path, "--rule", "session-drop-1sd", "--scale", "collaboration", "--json")
    said = json.loads(capsys.readouterr().out)["calibrations"][0]["false_alarms"]
    assert said == pytest.approx(RULES["session-drop-1sd"].flag(other).any(axis=1).mean(), abs=0.04)


def test_the_summary_names_the_calibration_and_what_it_rests_on(study, tmp_path, capsys):
    signals(clients(study), tmp_path)
    said = capsys.readouterr().out
    assert "under a budget of 5.0% of 15-session courses in which nothing happened" in said
    assert re.search(r"Judged by innovation-4:[0-9a-f]{12}, from 40 courses of the table\.", said)
    assert "How many of these flags are false alarms is not known: the table is too small to tell." in said
    signals(clients(study).filter(pl.col("dyad") <= 9), tmp_path)
    said = capsys.readouterr().out
    assert "still learning what is usual. 9 courses have 6 ratings or more; from 10 on there are flags." in said


def test_a_therapist_without_any_score_leaves_the_client_to_be_judged(study, tmp_path):
    table = clients(study)
    silent = table.with_columns(rater=pl.lit("therapist"), score=pl.lit(None, pl.Float64))
    both = signals(pl.concat([table.with_columns(rater=pl.lit("client")).select(silent.columns), silent]), tmp_path)
    alone = signals(table, tmp_path)
    assert both.filter(pl.col("rater") == "client")["z"].to_list() == alone["z"].to_list()
    assert both.filter(pl.col("rater") == "therapist")["z"].null_count() == len(table)


def test_a_line_keeps_its_number_when_one_scale_is_chosen(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("dyad,session,scale,score\n1,1,1,4\n1,2,1,5\n1,1,2,4\n1,2,2,much\n")
    assert "line 5" in refused(capsys, str(tmp_path / "in.csv"), "--scale", "2")


def test_columns_of_any_kind_go_through_json(study, tmp_path, capsys):
    day = clients(study).head(12).with_columns(day=pl.date(2026, 3, 1), size=pl.lit(float("nan")), raw=pl.lit(b"x"))
    day.write_parquet(tmp_path / "in.parquet")
    assert main(["signals", str(tmp_path / "in.parquet"), "--json"]) == 0
    row = json.loads(capsys.readouterr().out)["rows"][0]
    assert (row["day"], row["size"]) == ("2026-03-01", None)


def test_json_holds_every_row_and_the_calibration(study, tmp_path, capsys):
    clients(study).write_csv(tmp_path / "in.csv")
    assert main(["signals", str(tmp_path / "in.csv"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["rows"]) == len(clients(study))
    assert set(ADDED) <= set(said["rows"][0])
    assert said["calibrations"][0]["calibration"]["id"].startswith("innovation-4:")


def test_the_example_of_the_help_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [line.strip().split() for line in EXAMPLE.splitlines() if line.startswith("  accord ")]
    assert len(lines) == 2
    for line in lines:
        assert main(line[1:]) == 0
    assert (tmp_path / "signals.csv").is_file()


def _long(y: np.ndarray) -> pl.DataFrame:
    n, sessions = y.shape
    return pl.DataFrame({
        "dyad": np.repeat(np.arange(n), sessions), "session": np.tile(np.arange(1, sessions + 1), n), "score": y.ravel()
    })  # fmt: skip


@pytest.mark.parametrize(
    "y", [[[70.0]], [[70.0, 60, 80, 70, 20, 70]], np.full((5, 8), 4.0), np.array([[1.0]] * 30)],
    ids=["one rating", "one person", "constant ratings", "one session"],
)  # fmt: skip
def test_little_data_is_no_error(tmp_path, y):
    out = signals(_long(np.array(y)), tmp_path)
    assert out["expected"].null_count() == 0
    assert out["flag"].sum() <= 1


def test_missing_scores_keep_their_row_and_get_no_z(tmp_path):
    table = _long(simulate(20, 8, 1, "none").client).with_columns(
        score=pl.when(pl.col("session") == 4).then(None).otherwise(pl.col("score"))
    )
    out = signals(table, tmp_path).filter(pl.col("session") == 4)
    assert out["z"].null_count() == len(out) == 20
    assert out["expected"].null_count() == 0
    assert out["flag"].sum() == 0


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1,1,4\n1,1,5", ["line 3", "twice"]),
        ("1,1,4\n1,2,much", ["line 3", "'much'", "not a finite number"]),
        ("1,1,4\n1,2,inf", ["line 3", "not a finite number"]),
        ("1,1,4\n1,soon,5", ["line 3", "'soon'"]),
        ("1,1,\n1,2,", ["no number at all"]),
        ("1,1,4\n,2,5", ["line 3", "dyad is empty"]),
        ("1,1,4\n1,,5", ["line 3", "session is empty"]),
        ("", ["no rows"]),
        ("\n".join(f"1,{k},4" for k in range(1200)), ["1,200 different values", "not a date"]),
        ("1,2026-01-05,4\n1,2026-01-12,5", ["line 2", "'2026-01-05'", "not a finite number"]),
    ],
    ids=[
        "duplicate", "text", "infinite", "text session", "all missing", "no dyad", "no session", "empty", "many",
        "dates",
    ],
)  # fmt: skip
def test_bad_rows_get_a_sentence_that_says_where(tmp_path, capsys, rows, words):
    (tmp_path / "in.csv").write_text("dyad,session,score\n" + rows)
    said = refused(capsys, str(tmp_path / "in.csv"))
    for word in [*words, "in.csv"]:
        assert word in said


def test_files_that_are_no_tables_get_a_sentence(tmp_path, capsys):
    (tmp_path / "picture.parquet").write_bytes(b"\x89PNG")
    assert "not a table" in refused(capsys, str(tmp_path / "picture.parquet"))
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert "'dyad', 'session', 'score' is missing" in refused(capsys, str(tmp_path / "other.csv"))
    assert "no such file" in refused(capsys, str(tmp_path / "nothing.csv"))


@pytest.mark.parametrize(
    ("options", "word"),
    [(["--budget", "7"], "0.001 and 0.5"), (["--rule", "no"], "own-mean-1sd"), (["--scale", "no"], "alliance")],
)
def test_options_out_of_reason_are_refused(study, capsys, options, word):
    assert word in refused(capsys, str(study / "ratings.parquet"), *options)


def test_dates_are_no_session_numbers(study, tmp_path, capsys):
    """A week apart they would be read as seven sessions apart."""
    weeks = pl.date(2026, 1, 1) + pl.duration(weeks=pl.col("session"))
    clients(study).with_columns(session=weeks).write_parquet(tmp_path / "in.parquet")
    assert "column 'session' holds Dates. Give the number" in refused(capsys, str(tmp_path / "in.parquet"))


@pytest.mark.parametrize("written", ["day", "date", "words"])
def test_what_happens_to_everybody_on_a_day_is_expected_of_each(tmp_path, written):
    """From one day on all forty are two points lower. However the day is written, the answer is the same."""
    table = pl.DataFrame(
        {"dyad": k, "session": s, "score": 4.0 + 0.2 * ((7 * k + 3 * s) % 5 - 2), "day": 7 * s + 3 * k}
        for k in range(40) for s in range(1, 16)
    ).with_columns(score=pl.col("score") - 2.0 * (pl.col("day") >= 130))  # fmt: skip
    if written != "day":
        table = table.with_columns(day=pl.date(2026, 1, 1) + pl.duration(days=pl.col("day")))
    if written == "words":
        table = table.with_columns(day=pl.col("day").cast(pl.String))
    alone, together = signals(table, tmp_path), signals(table, tmp_path, "--date", "day")
    late = [7 * s + 3 * k > 140 for k in range(40) for s in range(1, 16)]
    assert together.filter(late)["flag"].sum() < 0.5 * alone.filter(late)["flag"].sum()


def test_a_row_without_its_date_is_named(study, tmp_path, capsys):
    clients(study).with_columns(day=pl.lit("soon")).write_csv(tmp_path / "in.csv")
    assert "line 2: column 'day' holds no date" in refused(capsys, str(tmp_path / "in.csv"), "--date", "day")


def test_a_column_of_ones_own_is_never_overwritten(study, tmp_path, capsys):
    clients(study).with_columns(state=pl.lit("Ohio")).write_csv(tmp_path / "in.csv")
    assert "column 'state' is there already" in refused(capsys, str(tmp_path / "in.csv"))


def test_what_a_csv_cannot_hold_is_said(study, tmp_path, capsys):
    clients(study).with_columns(took=pl.duration(minutes=3)).write_parquet(tmp_path / "in.parquet")
    arguments = [str(tmp_path / "in.parquet"), "--out"]
    assert "Write Parquet" in refused(capsys, *arguments, str(tmp_path / "out.csv"))
    assert main(["signals", *arguments, str(tmp_path / "out.parquet")]) == 0


def test_a_kind_of_file_that_is_not_written_is_said_before_the_work(tmp_path, capsys):
    assert "ends in .csv or .parquet" in refused(capsys, "not-there.csv", "--out", str(tmp_path / "out.xlsx"))


def test_a_scale_of_the_check_in_has_its_starting_values_under_its_full_name_too(tmp_path, capsys):
    table = pl.DataFrame({"dyad": [1] * 5, "session": range(1, 6), "score": [70, 75, 72, 74, 30]})
    names = "collaboration", "accord-check-in/collaboration"
    short, full = (strains.find_strains(table, scale=name).rows.drop("scale") for name in names)
    assert short.equals(full)


def test_more_than_the_memory_holds_gets_a_sentence(tmp_path, capsys):
    enormous = ["--dyads", "100000000000000", "--sessions", "30", "--seed", "1"]
    assert main(["simulate", *enormous, "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("accord: there is not enough memory for this (Unable to allocate")


def test_a_stranger_as_rater_is_refused(tmp_path, capsys):
    (tmp_path / "in.csv").write_text("dyad,session,rater,score\n1,1,mother,4\n")
    said = refused(capsys, str(tmp_path / "in.csv"))
    assert "line 2" in said
    assert "'mother'" in said


def test_a_table_beyond_memory_says_what_it_needs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("accord.tables.study.memory", lambda: 1e6)
    _long(np.ones((1000, 10))).write_csv(tmp_path / "in.csv")
    said = refused(capsys, str(tmp_path / "in.csv"))
    assert "1,000 dyads by 10 sessions need about 0.0018 GB of memory; this machine has 0.001." in said
