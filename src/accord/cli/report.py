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
  analysis = "coupling"                      # describe, growth, coupling, dyads, riclpm or therapists
  outcome = "symptoms"
  alliance = "alliance\""""


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
