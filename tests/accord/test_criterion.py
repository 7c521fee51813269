"""Marks against a criterion: shares with clustered intervals, bounds for what is missing, and the command."""

import json
import math

import numpy as np
import polars as pl
import pytest

from accord.cli import main
from accord.errors import BadInput
from accord.simulation import simulate
from accord.stats.criterion import agreement, ending, next_score, share
from accord.stats.thresholds import calibrate
from accord.trajectories import trajectory


@pytest.fixture(scope="module")
def practice():
    """A simulated practice with known truth: marks, and whether a strain goes on, a row a session."""
    own = simulate(400, 15, 3, share=0.4)
    path = trajectory(own.client, own.times, calibrate(own.client, draws=2000))
    n = len(own.client)
    return pl.DataFrame({
        "dyad": np.repeat(np.arange(n), 15), "session": np.tile(np.arange(1, 16), n),
        "therapist": np.repeat(np.arange(n) // 20, 15), "flag": path.flag_drop.ravel().astype(int),
        "strain": own.truth.strained.ravel().astype(int), "score": own.client.ravel(),
    })  # fmt: skip


def test_shares_are_those_of_the_truth_and_the_interval_holds_them(practice):
    found = agreement(practice["flag"], practice["strain"], practice["dyad"])
    marked = practice.filter(pl.col("flag") == 1)
    assert found.ppv.value == pytest.approx(marked["strain"].mean())
    assert found.ppv.low < found.ppv.value < found.ppv.high
    assert found.missing == 0
    assert found.ppv_bounds == pytest.approx((found.ppv.value, found.ppv.value))


def test_rows_of_one_cluster_are_no_witnesses_apart():
    """Ten copies of each session of a person say no more than one."""
    mark, event = [1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 0, 1]
    once = share(event, mark, range(6), np.ones(6))
    copies = share(np.repeat(event, 10), np.ones(60), np.repeat(range(6), 10), np.ones(60))
    assert (copies.low, copies.high) == pytest.approx((once.low, once.high))


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        lean = rng.beta(4, 4, 40)
        event = rng.random((40, 5)) < lean[:, None]
        found = share(event.ravel(), np.ones(200), np.repeat(range(40), 5), np.ones(200))
        covered += found.low <= 0.5 <= found.high
    assert covered / 300 == pytest.approx(0.95, abs=0.035)


def test_what_is_missing_gives_bounds_by_both_extremes():
    found = agreement([1, 1, 1, 0, 0], [1, 0, math.nan, 1, math.nan], range(5))
    assert found.ppv_bounds == pytest.approx((1 / 3, 2 / 3))
    assert found.sensitivity_bounds == pytest.approx((1 / 3, 2 / 3))
    assert found.missing == pytest.approx(0.4)


def test_sampled_sessions_are_weighted_back():
    """All marked sessions were coded and one in ten of the others."""
    found = agreement([1, 1, 0, 0], [1, 0, 1, 0], range(4), [1, 1, 10, 10])
    assert found.sensitivity.value == pytest.approx(1 / 11)


def test_the_next_score_and_endings_follow_a_mark_where_they_do():
    rng = np.random.default_rng(5)
    mark, score, person = rng.integers(0, 2, 4000), rng.normal(4, 0.5, 4000), np.repeat(range(400), 10)
    later = 2.0 + 0.5 * score - 0.3 * mark + rng.normal(0, 0.3, 4000)
    found = next_score(mark, score, later, person)
    assert found.low < -0.3 < found.high < 0
    session = np.tile(np.arange(1.0, 11.0), 400)
    ended = rng.random(4000) < 1 / (1 + np.exp(2.5 - 0.8 * mark))
    found = ending(mark, session, ended.astype(float), person)
    assert 0 < found.low < 0.8 < found.high
    never = ending(np.zeros(4000), session, ended.astype(float), person)
    assert math.isnan(never.value)
    assert str(never) == "not known from 4,000 rows"


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        (([2], [1], [1]), "mark"), (([1], [3], [1]), "criterion"), (([1], [1], [1, 2]), "lengths"),
        (([1], [1], [1], [0]), "weight"),
    ],
)  # fmt: skip
def test_bad_columns_get_a_sentence(columns, word):
    with pytest.raises(BadInput, match=word):
        agreement(*columns)


def test_a_study_file_is_compared_as_it_comes(practice, tmp_path, capsys):
    """A simulated practice with known truth, in which clients say what is true: the command finds just that."""
    rows = practice.with_columns(rater=pl.lit("client"), scale=pl.lit("accord-check-in/collaboration"))
    rows.select("dyad", "session", "rater", "scale", "score").write_csv(tmp_path / "scores.csv")
    said = rows.with_columns(item=pl.lit("t1"), answer=2 * pl.col("strain"))
    said.select("dyad", "session", "rater", "item", "answer").write_csv(tmp_path / "answers.csv")
    marks = rows.filter(pl.col("flag") == 1).with_columns(kind=pl.lit("drop"))
    marks.select("dyad", "session", "kind", "scale").write_csv(tmp_path / "signals.csv")
    dyads = pl.DataFrame({"dyad": range(400), "ending": ["by_client", "planned", "", "ongoing"] * 100})
    dyads.write_csv(tmp_path / "dyads.csv")
    assert main(["fit", "criterion", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    judged = practice.filter(pl.col("session") > 3)
    assert told["t1"]["ppv"]["value"] == pytest.approx(judged.filter(pl.col("flag") == 1)["strain"].mean())
    assert told["t1"]["sensitivity"]["value"] == pytest.approx(judged.filter(pl.col("strain") == 1)["flag"].mean())
    assert (told["t1"]["missing"], told["partner"]["missing"]) == (0.0, 1.0)
    assert told["next score after a mark, given this one"]["rows"] == 400 * 11
    assert told["log odds of an unplanned ending after a mark"]["rows"] == 400 * 12 - 100  # an ending that is withheld
    assert main(["fit", "criterion", str(tmp_path), "--against", "t1", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"t1"}
    assert main(["fit", "criterion", str(tmp_path), "--scale", "no"]) == 2
    assert "rated are accord-check-in/collaboration" in capsys.readouterr().err


def test_the_command_prints_every_comparison(practice, tmp_path, capsys):
    practice.write_csv(tmp_path / "sessions.csv")
    arguments = ["fit", "criterion", str(tmp_path / "sessions.csv"), "--person", "dyad", "--time", "session"]
    more = ["--against", "strain", "--score", "score", "--cluster", "therapist"]
    assert main([*arguments, *more]) == 0
    assert "marks that are right" in capsys.readouterr().out
    assert main([*arguments, *more, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["strain"]["ppv"]["clusters"] <= 20
    assert told["next score after a mark, given this one"]["rows"] == 400 * 14
    assert main(arguments) == 2
    assert "nothing to compare" in capsys.readouterr().err


def test_sessions_without_a_score_are_left_out_of_the_next_score_alone(practice, tmp_path, capsys):
    """The mark was made by what is there: without a score it can be right, and nothing follows from it."""
    whole = practice.filter(pl.col("dyad") < 200).with_columns(up=1 - pl.col("strain"))
    gaps = whole.with_columns(score=pl.when(pl.col("session") == 5).then(None).otherwise("score"))
    told = {}
    for name, table in (("whole", whole), ("gaps", gaps)):
        table.write_csv(tmp_path / f"{name}.csv")
        arguments = ["fit", "criterion", str(tmp_path / f"{name}.csv"), "--person", "dyad", "--time", "session"]
        assert main([*arguments, "--against", "strain", "--score", "score", "--up", "up", "--json"]) == 0
        told[name] = json.loads(capsys.readouterr().out)
    following = "next score after a mark, given this one"
    assert told["whole"][following]["rows"] == 200 * 14
    assert told["gaps"][following]["rows"] == 200 * 12, "session 5 is no start, and follows no session 4"
    assert told["gaps"]["strain"] == told["whole"]["strain"]
    up = "upward among all marks (half is noise alone)"
    assert 0 < told["gaps"][up]["value"] == told["whole"][up]["value"] < 1
    now, later = np.full(8, 4.0), np.arange(8.0)
    assert math.isnan(next_score(np.ones(8), now, later, range(8)).value), "where all are marked, nothing is told apart"
