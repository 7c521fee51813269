"""Write the simulated studies of `study_data.PLANNED` as CSV, one file a design, for power.R.

    python -m tests.accord.gold.power FOLDER
    Rscript tests/accord/gold/power.R FOLDER tests/accord/gold/power.json
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from tests.accord.study_data import PLANNED, RUNS

from accord.stats.power import StudyDesign, simulated_study

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for model, design in PLANNED.items():
        rng, parts = np.random.default_rng(1), []
        for run in range(RUNS):
            x, y = simulated_study(StudyDesign(**design), rng)
            who, session = np.divmod(np.arange(x.size), x.shape[1])
            part = {"run": run, "person": who, "session": session, "x": x.ravel(), "y": y.ravel()}
            parts.append(pl.DataFrame(part).fill_nan(None))
        pl.concat(parts).write_csv(folder / f"{model}.csv", null_value="NA")
