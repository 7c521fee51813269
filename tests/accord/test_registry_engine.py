"""A registry's growth and description on an engine are those of all its rows; Spark gives what DuckDB gives."""

import json
import shutil

import numpy as np
import polars as pl
import pytest
from tests.accord.study_files import packed

from accord.cli import main
from accord.errors import BadInput
from accord.registry.folder import read_folder
from accord.registry.growth import growth
from accord.registry.join import join
from accord.stats.mixed import fit_mixed

pytest.importorskip("ibis", reason="needs accord[registry]")
pytest.importorskip("duckdb", reason="needs accord[registry]")
SCALE = "phq-9/total"


def rows_of(seed: int, dyads: int = 40) -> dict:
    """Courses whose numbers repeat in each practice, some sessions missing, one empty score."""
    random = np.random.default_rng(seed)
    rows = {"dyads": [], "scores": []}
    for dyad in range(1, dyads + 1):
        rows["dyads"].append({"dyad": dyad})
        level, slope = 15 + random.normal(0, 3), -0.4 + random.normal(0, 0.3)
        for session in range(1, int(random.integers(3, 10))):
            score = "" if (dyad, session) == (1, 1) else round(level + slope * session + random.normal(0, 2), 3)
            about = {"rater": "client", "scale": SCALE, "score": score}
            rows["scores"].append({"dyad": dyad, "session": session, "session_code": dyad * 100 + session, **about})
    rows["scores"].append({**rows["scores"][-1], "rater": "therapist"})
    return rows


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    names = ("north", "south", "west")
    sources = {name: read_folder(packed(folder / f"{name}.zip", rows_of(n))) for n, name in enumerate(names)}
    return join(sources, folder / "registry")


def all_rows(registry) -> pl.DataFrame:
    tables = [pl.read_parquet(path).with_columns(practice=n) for n, path in enumerate(registry.files("scores"))]
    return pl.concat(tables).filter(pl.col("rater") == "client").drop_nulls("score")


def test_growth_is_that_of_all_rows(registry):
    rows = all_rows(registry)
    t = rows["session"].to_numpy().astype(float)
    person = rows.select(pl.struct("practice", "dyad").rank("dense")).to_series().to_numpy()
    fixed = np.column_stack([np.ones(len(t)), t])
    theirs = fit_mixed(rows["score"], fixed, person, slope=t, names=("start", "time"))
    mine = growth(registry, SCALE)
    assert (mine.n, mine.n_persons) == (theirs.n, 120)
    assert mine.loglik == pytest.approx(theirs.loglik, abs=1e-6)
    assert mine.fixed == pytest.approx(theirs.fixed, rel=1e-7)
    assert mine.random == pytest.approx(theirs.random, rel=1e-5)


def test_the_commands_say_it(registry, capsys):
    root = str(registry.root)
    assert main(["registry", "growth", root, "--scale", SCALE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["persons"] == 120
    assert main(["registry", "describe", root, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = all_rows(registry)
    [scale] = told["scales"]
    assert (scale["practices"], scale["courses"], scale["scores"]) == (3, 120, len(rows))
    assert scale["mean"] == pytest.approx(rows["score"].mean())
    assert told["left_out"] == 1
    assert main(["registry", "describe", root]) == 0


def test_variances_are_those_of_the_analysis_of_variance(registry, capsys):
    """Balanced or not: mean squares between and within courses, by hand."""
    assert main(["registry", "describe", str(registry.root), "--json"]) == 0
    [scale] = json.loads(capsys.readouterr().out)["scales"]
    rows = all_rows(registry)
    groups = [g["score"].to_numpy() for _k, g in rows.group_by("practice", "dyad")]
    n = np.array([len(g) for g in groups])
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n.sum() - len(n))
    between = sum(k * (g.mean() - rows["score"].mean()) ** 2 for k, g in zip(n, groups, strict=True)) / (len(n) - 1)
    size = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    assert scale["sd_within"] == pytest.approx(within**0.5)
    assert scale["sd_between"] == pytest.approx(((between - within) / size) ** 0.5)


@pytest.mark.parametrize(("scale", "engine"), [("no/such", "duckdb"), (SCALE, "postgres")])
def test_what_is_not_there_is_refused(registry, scale, engine):
    with pytest.raises(BadInput):
        growth(registry, scale, engine=engine)


@pytest.mark.cluster
def test_spark_gives_what_duckdb_gives(registry):
    pytest.importorskip("pyspark", reason="needs accord[cluster]")
    if shutil.which("java") is None:
        pytest.skip("Java is not here. On Debian: sudo apt install openjdk-17-jre-headless")
    here, there = growth(registry, SCALE), growth(registry, SCALE, engine="local[2]")
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert there.fixed == pytest.approx(here.fixed, rel=1e-9)
