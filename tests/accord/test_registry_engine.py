"""A registry's growth and description on an engine are those of all its rows; Spark gives what DuckDB gives."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.accord.study_files import packed

from accord.cli import main
from accord.errors import BadInput
from accord.registry import engine, signals
from accord.registry.coupling import registry_coupling
from accord.registry.dropout import registry_dropout
from accord.registry.folder import read_folder
from accord.registry.growth import growth
from accord.registry.join import join
from accord.registry.measures import RatedScore
from accord.registry.signals import registry_signals
from accord.stats.coupling import MODELS, coupling
from accord.stats.hazard import hazard_of_ending
from accord.stats.mixed import fit_mixed

pytest.importorskip("ibis", reason="needs accord[registry]")
pytest.importorskip("duckdb", reason="needs accord[registry]")
pytestmark = pytest.mark.usefixtures("small_twins")
SCALE, ALLIANCE = "phq-9/total", "wai/total"
NAMES = ("north", "south", "west")
SCORES = RatedScore(SCALE), RatedScore(ALLIANCE)
QUICK = Path(__file__).parents[1] / "spark"
"""A few hundred rows: translating queries into Java, and that into fast machine code, takes longer than they do."""

AS_IT_COMES = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}


def rows_of(seed: int, dyads: int = 40) -> dict:
    """Courses whose numbers repeat in each practice, some sessions missing, one empty score."""
    random = np.random.default_rng(seed)
    rows = {"dyads": [], "sessions": [], "scores": []}
    for dyad in range(1, dyads + 1):
        level, slope = 15 + random.normal(0, 3), -0.4 + random.normal(0, 0.3)
        for session in range(1, int(random.integers(3, 10))):
            score = "" if (dyad, session) == (1, 1) else round(level + slope * session + random.normal(0, 2), 3)
            about = {"rater": "client", "scale": SCALE, "score": score}
            place = {"dyad": dyad, "session": session, "session_code": dyad * 100 + session}
            rows["scores"].append({**place, **about})
            if random.random() < 0.9:
                alliance = 70 + 3 * level + session + random.normal(0, 5)
                rows["scores"].append({**place, "rater": "client", "scale": ALLIANCE, "score": round(alliance, 2)})
        ending = ["by_client", "planned", "ongoing", "agreement", "by_client", "moved_on", ""][dyad % 7]
        rows["dyads"].append({"dyad": dyad, "ending": ending})
        if dyad % 3 == 0:  # a last session that nobody rated
            place = {"dyad": dyad, "session": session + 1, "session_code": dyad * 100 + session + 1}
            rows["sessions"].append({**place, "state": "held"})
    rows["scores"].append({**rows["scores"][0], "rater": "therapist", "score": 9})
    return rows


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folder = tmp_path_factory.mktemp("registry")
    sources = {name: read_folder(packed(folder / f"{name}.zip", rows_of(n))) for n, name in enumerate(NAMES)}
    return join(sources, folder / "registry")


def all_rows(registry) -> pl.DataFrame:
    tables = [pl.read_parquet(path).with_columns(practice=n) for n, path in enumerate(registry.files("scores"))]
    return pl.concat(tables).filter(pl.col("rater") == "client").drop_nulls("score")


def coupled(registry):
    """On all rows, by the command of one machine's table."""
    wide = all_rows(registry).pivot(on="scale", index=["practice", "dyad", "session"], values="score")
    person = wide.select(pl.struct("practice", "dyad").rank("dense")).to_series().to_numpy()
    y, x = (wide[scale].fill_null(float("nan")).to_numpy() for scale in (SCALE, ALLIANCE))
    return coupling(y, x, person, wide["session"].to_numpy().astype(float))


def alike(mine, theirs):
    """Both fits of all four models."""
    for name in MODELS:
        one, other = getattr(mine, name), getattr(theirs, name)
        assert one.converged
        assert (one.n, one.n_persons, one.n_dropped) == (other.n, other.n_persons, other.n_dropped)
        assert one.loglik == pytest.approx(other.loglik, abs=1e-6)
        assert one.fixed == pytest.approx(other.fixed, rel=1e-6, abs=1e-8)
        assert one.se == pytest.approx(other.se, rel=1e-6)
        assert one.random == pytest.approx(other.random, rel=1e-4, abs=1e-7)
    assert (mine.persons, mine.sessions, mine.warnings) == (theirs.persons, theirs.sessions, theirs.warnings)


def test_growth_is_that_of_all_rows(registry):
    rows = all_rows(registry).filter(pl.col("scale") == SCALE)
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
    rows = all_rows(registry).filter(pl.col("scale") == SCALE)
    [scale] = [scale for scale in told["scales"] if scale["scale"] == SCALE]
    assert (scale["practices"], scale["courses"], scale["scores"]) == (3, 120, len(rows))
    assert scale["mean"] == pytest.approx(rows["score"].mean())
    assert told["left_out"] == 1
    assert main(["registry", "describe", root]) == 0


def test_variances_are_those_of_the_analysis_of_variance(registry, capsys):
    """Balanced or not: mean squares between and within courses, by hand."""
    assert main(["registry", "describe", str(registry.root), "--json"]) == 0
    [scale] = [one for one in json.loads(capsys.readouterr().out)["scales"] if one["scale"] == SCALE]
    rows = all_rows(registry).filter(pl.col("scale") == SCALE)
    groups = [g["score"].to_numpy() for _k, g in rows.group_by("practice", "dyad")]
    n = np.array([len(g) for g in groups])
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n.sum() - len(n))
    between = sum(k * (g.mean() - rows["score"].mean()) ** 2 for k, g in zip(n, groups, strict=True)) / (len(n) - 1)
    size = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    assert scale["sd_within"] == pytest.approx(within**0.5)
    assert scale["sd_between"] == pytest.approx(((between - within) / size) ** 0.5)


def test_coupling_is_that_of_all_rows(registry, capsys):
    theirs = coupled(registry)
    alike(registry_coupling(registry, *SCORES), theirs)
    named = "--outcome", SCALE, "--alliance", f"client:{ALLIANCE}"
    assert main(["registry", "coupling", str(registry.root), *named, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["lagged"]["fixed"]["within"] == pytest.approx(theirs.lagged.fixed["within"], rel=1e-6)


def left(registry, folder, covariates=SCORES[1:]):
    """On the practices' own files, by the table that `accord study sessions` makes."""
    tables = []
    for n, name in enumerate(NAMES):
        out = folder / f"{name}.csv"
        assert main(["study", "sessions", str(packed(folder / f"{name}.zip", rows_of(n))), "--out", str(out)]) == 0
        tables.append(pl.read_csv(out).with_columns(practice=pl.lit(name)))
    table = pl.concat(tables)
    person = table.select(pl.struct("practice", "dyad").rank("dense")).to_series().to_numpy()
    names = tuple(str(score) for score in covariates)
    event, *x = (table[column].cast(float).fill_null(float("nan")).to_numpy() for column in ("event", *names))
    session, practice = table["session"].to_numpy(), table["practice"].to_numpy()
    wide = np.column_stack([np.empty((len(table), 0)), *x])
    return hazard_of_ending(person, session, event, wide, names=names, smooth=True, therapist=practice)


def leave_alike(mine, theirs):
    assert mine.loglik == pytest.approx(theirs.loglik, abs=1e-7)
    assert mine.estimates == pytest.approx(theirs.estimates, rel=1e-6)
    assert mine.se == pytest.approx(theirs.se, rel=1e-6)
    same = ("n", "persons", "endings", "life_table", "dropped")
    assert [getattr(mine, name) for name in same] == [getattr(theirs, name) for name in same]
    for name in ("slope", "brier", "brier_baseline", "auc", "rows", "groups"):
        assert getattr(mine.held_out, name) == pytest.approx(getattr(theirs.held_out, name), rel=1e-6)


def test_dropout_is_that_of_all_sessions(registry, tmp_path, capsys, monkeypatch):
    theirs = left(registry, tmp_path)
    assert theirs.endings["planned"] > 10
    assert theirs.dropped > 30
    leave_alike(registry_dropout(registry, SCORES[1:], smooth=True), theirs)
    leave_alike(registry_dropout(registry, smooth=True), left(registry, tmp_path, ()))
    monkeypatch.setattr(engine, "AT_ONCE", 100)  # so that a small registry is read in several lots, too
    leave_alike(registry_dropout(registry, SCORES[1:], smooth=True), theirs)
    asked = ["registry", "dropout", str(registry.root), "--smooth", "--fixed"]
    capsys.readouterr()
    assert main([*asked, ALLIANCE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["held_out"]["what"] == "practice"
    assert main([*asked, "no/such"]) == 2
    assert "there is no score" in capsys.readouterr().err


def marked(registry, capsys, folder):
    """On all rows of the alliance, by `accord signals`."""
    rows = all_rows(registry).filter(pl.col("scale") == ALLIANCE).rename({"dyad": "number"})
    rows = rows.with_columns(dyad=pl.struct("practice", "number").rank("dense"))
    rows.select("dyad", "session", "rater", "score").write_parquet(folder / "rows.parquet")
    out = folder / "flags.parquet"
    assert main(["signals", str(folder / "rows.parquet"), "--budget", "0.3", "--out", str(out)]) == 0
    capsys.readouterr()
    theirs = pl.read_parquet(out).drop("dyad").with_columns(practice=rows["practice"], dyad=rows["number"])
    return theirs.sort("practice", "dyad", "session").select("expected", "sd", "z", "flag", "state")


def rows_written(folder):
    return pl.read_parquet(folder / "**/*.parquet", hive_partitioning=True).sort("practice", "dyad", "session")


def mark_alike(folder, theirs):
    mine = rows_written(folder)
    assert mine["flag"].sum() > 0
    assert mine["flag"].to_list() == theirs["flag"].to_list()
    assert mine["state"].to_list() == theirs["state"].to_list()
    for name in ("expected", "sd", "z"):
        np.testing.assert_allclose(mine[name].to_numpy(), theirs[name].to_numpy(), rtol=1e-9)


def test_signals_are_those_of_all_rows(registry, tmp_path, capsys):
    theirs = marked(registry, capsys, tmp_path)
    rated = all_rows(registry).filter(pl.col("scale") == ALLIANCE).select(dyad=pl.struct("practice", "dyad"))
    asked = ["registry", "signals", str(registry.root), "--scale", ALLIANCE, "--budget", "0.3"]
    assert main([*asked, "--out", str(tmp_path / "out"), "--json"]) == 0
    mark_alike(tmp_path / "out", theirs)
    voice = json.loads(capsys.readouterr().out)["voices"]["client"]
    assert (voice["courses"], voice["calibration"]["n"] > 50) == (rated["dyad"].n_unique(), True)
    assert main([*asked, "--out", str(tmp_path / "out")]) == 2
    assert "the folder is not empty" in capsys.readouterr().err
    assert main([*asked[:4], "no/such", "--out", str(tmp_path / "new")]) == 2
    assert "nobody rated 'no/such'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("outcome", "alliance", "says"),
    [(RatedScore("no/such"), SCORES[1], "there is no score client:no/such"),
     (SCORES[0], SCORES[0], "both client:phq-9"),
     (SCORES[0], RatedScore(SCALE, "therapist"), "therapist:phq-9/total is constant")],
)  # fmt: skip
def test_what_cannot_be_coupled_is_refused(registry, outcome, alliance, says):
    with pytest.raises(BadInput, match=says):
        registry_coupling(registry, outcome, alliance)


@pytest.mark.parametrize(("scale", "engine"), [("no/such", "duckdb"), (SCALE, "postgres")])
def test_what_is_not_there_is_refused(registry, scale, engine):
    with pytest.raises(BadInput):
        growth(registry, scale, engine=engine)


def test_nothing_of_spark_is_imported_without_the_extra(registry, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)  # whoever imports it fails
    assert growth(registry, SCALE).converged
    with pytest.raises(BadInput, match=r"pip install 'accord\[cluster\]'"):
        growth(registry, SCALE, engine="spark://127.0.0.1:7077")


@pytest.fixture
def spark(monkeypatch):
    """What Spark needs to run on this machine alone, where it is installed."""
    found = pytest.importorskip("pyspark", reason="needs accord[cluster]")
    if shutil.which("java") is None:
        pytest.skip("Java is not here. On Debian: sudo apt install default-jre-headless")
    quick = {"SPARK_CONF_DIR": str(QUICK), "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    for name, value in {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, **quick}.items():
        monkeypatch.setenv(name, value)
    return Path(found.__file__).parent


@pytest.mark.cluster
def test_spark_gives_what_duckdb_gives(registry, tmp_path, spark, monkeypatch):
    here, there = growth(registry, SCALE), growth(registry, SCALE, engine="local[2]")
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert there.fixed == pytest.approx(here.fixed, rel=1e-9)
    alike(registry_coupling(registry, *SCORES, engine="local[2]"), coupled(registry))
    leave_alike(registry_dropout(registry, SCORES[1:], "local[2]", smooth=True), left(registry, tmp_path))
    monkeypatch.setattr(signals, "MOST", 60)  # courses are drawn, and both have to draw the same
    made = {
        where: registry_signals(registry, ALLIANCE, tmp_path / where, engine_name, 0.3).calibrations["client"]
        for where, engine_name in (("here", "duckdb"), ("there", "local[2]"))
    }
    assert (made["here"].n, made["here"].id) == (made["there"].n, made["there"].id)
    mark_alike(tmp_path / "there", rows_written(tmp_path / "here"))


@pytest.mark.cluster
def test_spark_as_it_comes_gives_the_same(registry, spark, monkeypatch):
    """By itself it turns each query into Java code of its own, which the other tests tell it not to (`QUICK`)."""
    monkeypatch.setattr(engine, "SPARK", engine.SPARK | AS_IT_COMES)
    here, there = growth(registry, SCALE), growth(registry, SCALE, engine="local[2]")
    assert there.loglik == pytest.approx(here.loglik, abs=1e-6)
    assert there.fixed == pytest.approx(here.fixed, rel=1e-9)


@pytest.fixture
def two_workers(spark, tmp_path):
    """A Spark master and two workers as processes of this machine: the address, and the process of each worker."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address, env = f"spark://127.0.0.1:{port}", {**os.environ, "SPARK_DAEMON_MEMORY": "256m"}

    def start(role, *options):
        command = [spark / "bin/spark-class", f"org.apache.spark.deploy.{role.lower()}.{role}", "--host", "127.0.0.1"]
        with (tmp_path / f"{role}.txt").open("a") as log:
            call = [*command, "--webui-port", "0", *options]
            return subprocess.Popen(call, env=env, stdout=log, stderr=log, start_new_session=True)

    processes = [start("Master", "--port", str(port))]
    for n in range(2):
        processes.append(start("Worker", "--cores", "1", "--memory", "1g", "--work-dir", tmp_path / f"w{n}", address))
    yield address, processes[1:]
    for process in processes:
        gone(process)


def gone(process):
    """It and what it has started, as when a machine stops."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def _log(folder):
    return "".join(log.read_text() for log in folder.glob("app-*/*/stderr"))


@pytest.mark.cluster
def test_with_a_worker_killed_in_the_middle_the_answer_is_the_same(registry, tmp_path, two_workers):
    address, workers = two_workers
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(registry_coupling, registry, *SCORES, address)
        deadline = time.monotonic() + 240
        while not all("Running task" in _log(tmp_path / f"w{n}") for n in (0, 1)):
            assert not answer.done()
            assert time.monotonic() < deadline, (tmp_path / "Worker.txt").read_text()
            time.sleep(0.1)
        assert gone(workers[0]) == -signal.SIGKILL
        assert not answer.done()
        alike(answer.result(timeout=400), coupled(registry))
