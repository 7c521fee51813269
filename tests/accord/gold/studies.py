"""Write the studies of `study_data.STUDIES` as CSV, each by itself, for studies.R.

    python -m tests.accord.gold.studies FOLDER
    Rscript tests/accord/gold/studies.R FOLDER tests/accord/gold/studies.json
"""

import sys
from pathlib import Path

import polars as pl
from tests.accord.study_data import STUDIES

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, study in STUDIES.items():
        pl.DataFrame(study()).fill_nan(None).write_csv(folder / f"{name}.csv", null_value="NA")
