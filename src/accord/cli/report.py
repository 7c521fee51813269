"""`accord report`: a study and a preregistered plan become a report, the same bytes each time."""

from __future__ import annotations

import argparse
from pathlib import Path

from accord.registry.folder import read_folder
from accord.report import report_files
from accord.report.plan import read_plan

EXAMPLE = """example:
  accord report accord-study-2026-11-30-0900.zip --plan plan.toml --out report

writes report.html, report.pdf, numbers.json and the plan into the folder, and prints the plan's SHA-256. Nothing in
them is about one person: no row, no lowest or highest value, no count below 10. Let a second person look before you
send it.

plan.toml:
  title = "Does a better session go before fewer symptoms?"
  registered = "https://osf.io/..."          # where, if anywhere
  [measures]
  alliance = { scale = "accord-check-in/collaboration", rater = "client" }
  symptoms = { scale = "phq-9/total" }
  [exclusions]
  least_sessions = 4
  why = "Fewer say little about change."
  [[questions]]
  asks = "Does a session with a better alliance go before fewer symptoms?"
  expects = "A negative effect within persons, one session later."
  analysis = "coupling"
  outcome = "symptoms"
  alliance = "alliance"
  [[questions]]
  asks = "How many change for good?"
  analysis = "change"
  outcome = "symptoms"
  reliability = 0.84                         # of the score; from your own source
  functional = { mean = 3.3, sd = 3.8 }      # of people without the problem, if known; likewise

Each analysis names measures of the plan:
  describe                                   measures = ["alliance", ...]
  growth, therapists, expected, reliability  outcome
  change                                     outcome, reliability; functional, method, higher_is_better if you like
  coupling                                   outcome, alliance
  dyads                                      judge, truth
  riclpm                                     x, y, waves (default 5)
  dropout                                    covariates = ["alliance", ...], known in each session; or none
dropout needs files that say how courses ended, reliability those with answers to single items, and therapists those of
an approved study."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `report`."""
    command.description = "Answer a preregistered plan from a study file: HTML, PDF and numbers."
    command.epilog = EXAMPLE
    command.add_argument("study", metavar="STUDY", type=Path, help="zip or folder of a study")
    command.add_argument("--plan", metavar="PLAN", type=Path, required=True, help="the preregistered plan (TOML)")
    command.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where the report is written")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Read both, answer, write."""
    plan = read_plan(arguments.plan)
    files = report_files(read_folder(arguments.study), plan)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (arguments.out / name).write_bytes(content)
        print(arguments.out / name)
    print(f"plan: SHA-256 {plan.sha256}")
