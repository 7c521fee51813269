"""Write the studies of `study_data.PANELS` as CSV, each by itself, for riclpm.R.

    python -m tests.accord.gold.riclpm FOLDER
    Rscript tests/accord/gold/riclpm.R FOLDER tests/accord/gold/riclpm.json
"""

import sys
from pathlib import Path

import polars as pl
from tests.accord.study_data import PANELS, panel

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, recipe in PANELS.items():
        x, y = panel(*recipe)
        columns = {f"{letter}{k + 1}": score[:, k] for letter, score in (("x", x), ("y", y)) for k in range(x.shape[1])}
        pl.DataFrame(columns).fill_nan(None).write_csv(folder / f"{name}.csv", null_value="NA")
