"""Write simulated dyads of two sides, and sessions of persons, as CSV for invariance.R.

python -m tests.accord.gold.invariance FOLDER
Rscript tests/accord/gold/invariance.R FOLDER tests/accord/gold/invariance.json
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from tests.accord.study_data import answers_of_sessions, two_sides

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    sides = np.hstack(two_sides())
    names = [f"{side}{item}" for side in "ct" for item in range(1, 5)]
    pl.DataFrame(dict(zip(names, sides.T, strict=True))).fill_nan(None).write_csv(folder / "sides.csv", null_value="NA")
    answers = answers_of_sessions()
    person, session = np.nonzero(~np.isnan(answers).any(axis=2))
    columns = {"person": person, **{f"i{k + 1}": answers[person, session, k] for k in range(4)}}
    pl.DataFrame(columns).write_csv(folder / "levels.csv")
