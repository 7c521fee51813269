"""Simulated growth data come in; CPU seconds and log-likelihoods of Accord, lme4, nlme and statsmodels go out.

    python -m benchmarks.mixed [--peer-python PATH]

lme4 and nlme are run when `Rscript` finds them; statsmodels when this Python, or the one at PATH, has it. All run on
one thread, so CPU seconds are comparable. Reading the data is not counted.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # before numpy is imported

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from accord.stats.mixed import MixedFit, fit_mixed

Columns = dict[str, np.ndarray]

R_SCRIPT = """
suppressPackageStartupMessages({library(lme4); library(nlme)})
d <- read.csv(commandArgs(trailingOnly = TRUE)[1])
d$person <- factor(d$person); d$therapist <- factor(d$therapist)
run <- function(name, fit) {
  cpu <- system.time(f <- suppressMessages(suppressWarnings(fit())))
  cat(sprintf('{"name": "%s", "cpu": %.4f, "loglik": %.6f}\\n', name, cpu[1] + cpu[2], as.numeric(logLik(f))))
}
run("growth lme4", function() lmer(y ~ session + (1 + session | person), d))
run("growth nlme", function() lme(y ~ session, d, ~ session | person))
run("therapist lme4", function() lmer(y ~ session + (1 + session | person) + (1 | therapist), d))
run("ar1 nlme", function() lme(y ~ session, d, ~ session | person, corAR1(0.1, ~ session | person)))
"""

STATSMODELS_SCRIPT = """
import json, sys, time, warnings
import pandas, statsmodels.api as sm
warnings.simplefilter("ignore")
d = pandas.read_csv(sys.argv[1])
x = sm.add_constant(d["session"])
model = sm.MixedLM(d["y"], x, groups=d["person"], exog_re=x)
start = time.process_time()
fit = model.fit(reml=True)
print(json.dumps({"name": "growth statsmodels", "cpu": time.process_time() - start, "loglik": float(fit.llf)}))
"""


def growth(persons: int, sessions: int, seed: int = 1) -> Columns:
    """Ratings as in weekly alliance data; therapists of twenty persons each; residual autocorrelation .3."""
    rng = np.random.default_rng(seed)
    person, session = np.repeat(np.arange(persons), sessions), np.tile(np.arange(float(sessions)), persons)
    noise = rng.standard_normal((persons, sessions))
    for t in range(1, sessions):
        noise[:, t] = 0.3 * noise[:, t - 1] + np.sqrt(1 - 0.3**2) * noise[:, t]
    therapist = person // 20
    y = 3.6 + 0.53 * rng.standard_normal(persons)[person] + 0.2 * rng.standard_normal(persons)[therapist]
    y += (0.04 + 0.022 * rng.standard_normal(persons)[person]) * session + 0.3 * noise.ravel()
    return {"y": y, "person": person, "session": session, "therapist": therapist}


def fit(d: Columns, therapist: bool = False, ar1: bool = False) -> MixedFit:
    fixed = np.column_stack([np.ones(len(d["y"])), d["session"]])
    therapists = d["therapist"] if therapist else None
    return fit_mixed(d["y"], fixed, d["person"], slope=d["session"], time=d["session"], therapist=therapists, ar1=ar1)


def seconds(call: Callable[[], MixedFit], times: int = 5) -> tuple[float, MixedFit]:
    """Median CPU seconds of several runs, and the result."""
    spent = []
    for _ in range(times):
        start = time.process_time()
        result = call()
        spent.append(time.process_time() - start)
    return statistics.median(spent), result


def peers(d: Columns, python: str) -> dict[str, dict[str, Any]]:
    """What the other programs say of the same data; absent ones are left out."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "data.csv", Path(folder) / "peer"
        table = np.column_stack([d["y"], d["person"], d["session"], d["therapist"]])
        np.savetxt(data, table, delimiter=",", header="y,person,session,therapist", comments="", fmt="%.17g")
        found = []
        for program, text in ((shutil.which("Rscript"), R_SCRIPT), (python, STATSMODELS_SCRIPT)):
            script.write_text(text)
            if program:
                done = subprocess.run([program, str(script), str(data)], capture_output=True, text=True, check=False)
                found += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return {entry["name"]: entry for entry in found}


def compare(persons: int, sessions: int, python: str) -> None:
    d = growth(persons, sessions)
    others = peers(d, python)
    print(f"{persons:,} persons x {sessions} sessions = {persons * sessions:,} rows, REML, one thread\n")
    print(f"{'model':<44}{'program':<14}{'CPU s':>8}{'ratio':>8}{'log-likelihood':>18}")
    models = {
        "growth": ("intercept + slope", {}),
        "therapist": ("intercept + slope, therapist", {"therapist": True}),
        "ar1": ("intercept + slope, AR(1) residuals", {"ar1": True}),
    }
    for key, (title, options) in models.items():
        cpu, result = seconds(lambda options=options: fit(d, **options))
        print(f"{title:<44}{'Accord':<14}{cpu:>8.3f}{'':>8}{result.loglik:>18.4f}")
        for program in ("lme4", "nlme", "statsmodels"):
            if entry := others.get(f"{key} {program}"):
                ratio = f"{entry['cpu'] / cpu:.0f} x"
                print(f"{'':<44}{program:<14}{entry['cpu']:>8.2f}{ratio:>8}{entry['loglik']:>18.4f}")
    if not others:
        print("\nneither lme4, nlme nor statsmodels was found: nothing to compare with")


def show_growth() -> None:
    """Linear in rows at a fixed number of persons, and in persons at a fixed number of sessions."""
    print(f"\n{'persons':>10}{'sessions':>10}{'rows':>12}{'CPU s':>9}{'s per million rows':>20}{'with AR(1)':>12}")
    sizes = [(5000, 5), (5000, 20), (5000, 80), (5000, 320)]
    sizes += [(1250, 20), (5000, 20), (20_000, 20), (80_000, 20)]
    for persons, sessions in sizes:
        d = growth(persons, sessions)
        cpu, _ = seconds(lambda d=d: fit(d), times=3)
        cpu_ar1, _ = seconds(lambda d=d: fit(d, ar1=True), times=1)
        rows = persons * sessions
        print(f"{persons:>10,}{sessions:>10}{rows:>12,}{cpu:>9.3f}{cpu / rows * 1e6:>20.2f}{cpu_ar1:>12.3f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--peer-python", default=sys.executable, help="a Python that has statsmodels")
    compare(5000, 20, arguments.parse_args().peer_python)
    show_growth()
