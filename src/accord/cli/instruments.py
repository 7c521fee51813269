"""`accord instruments` shows the catalogue; `accord score` turns a table of answers into a table of scores."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from accord.errors import BadInstrument
from accord.instruments import Catalogue, Instrument, catalogue
from accord.scoring import wrong_examples
from accord.tables.scores import score_file
from accord.tables.study import check_ending, write_table

LIST_EXAMPLE = """examples:
  accord instruments
  accord instruments phq-9 --json

Files in the practice's folder that cannot be used, and worked examples that do not hold, are named; the exit code is
then 2, so that this command checks a questionnaire that you are writing."""
SCORE_EXAMPLE = """example:
  accord score answers.csv --instrument phq-9 --out scores.csv

answers.csv has one column for each item id (`accord instruments phq-9` lists them) and any others, such as client and
session, which are passed through. An empty cell or NA is a missing answer."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `instruments` and `score`."""
    raw = argparse.RawDescriptionHelpFormatter
    listing = commands.add_parser(
        "instruments",
        help="list the questionnaires, or show one",
        description="List the questionnaires: id, version, languages, wording, licence. With an id, show that one.",
        epilog=LIST_EXAMPLE,
        formatter_class=raw,
    )
    listing.add_argument("id", nargs="?", metavar="ID", help="the questionnaire to show")
    listing.add_argument("--json", action="store_true", help="print everything about it as JSON")
    _add_folder(listing)
    listing.set_defaults(run=run_instruments)

    scoring = commands.add_parser(
        "score",
        help="score a table of answers",
        description="Score a CSV or Parquet file: one column a scale, empty where too few items were answered, and one "
        "called NAME_answered.",
        epilog=SCORE_EXAMPLE,
        formatter_class=raw,
    )
    scoring.add_argument("file", metavar="FILE", type=Path, help="the answers, one row a response")
    scoring.add_argument("--instrument", metavar="ID", required=True, help="the questionnaire that was answered")
    scoring.add_argument("--form", default="full", help="which set of its items was asked (default: full)")
    scoring.add_argument("--out", metavar="FILE", type=Path, help="write CSV or Parquet here, not to the screen")
    _add_folder(scoring)
    scoring.set_defaults(run=run_score)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", metavar="FOLDER", type=Path, help="the practice's own questionnaires and texts")


def run_instruments(arguments: argparse.Namespace) -> None:
    """List the catalogue or show one questionnaire. Raises when a file or a worked example is wrong."""
    found = catalogue(arguments.folder)
    if arguments.id is None:
        shown = [_summary(i) for i in found.instruments.values()]
        print(json.dumps(shown, ensure_ascii=False, indent=2) if arguments.json else _aligned(shown))
    else:
        instrument = found.get(arguments.id)
        print(json.dumps(instrument.to_dict(), ensure_ascii=False, indent=2) if arguments.json else _page(instrument))
    _check(found)


def run_score(arguments: argparse.Namespace) -> None:
    """Score a file and write the result."""
    if arguments.out is not None:
        check_ending(arguments.out)
    instrument = catalogue(arguments.folder).get(arguments.instrument)
    scores = score_file(arguments.file, instrument, arguments.form)
    if arguments.out is None:
        scores.write_csv(sys.stdout)
    else:
        write_table(scores, arguments.out)


def _check(found: Catalogue) -> None:
    wrong = [*found.problems, *(text for i in found.instruments.values() for text in wrong_examples(i))]
    if wrong:
        raise BadInstrument("\n".join(wrong))


def _summary(instrument: Instrument) -> dict[str, str]:
    drafts = {lang: " (draft)" if w.status == "draft translation" else "" for lang, w in instrument.wordings.items()}
    return {
        "id": instrument.id,
        "version": instrument.version,
        "languages": ", ".join(lang + draft for lang, draft in drafts.items()) or "-",
        "wording": "yes" if instrument.has_wording() else "no",
        "licence": instrument.licence.spdx,
    }


def _aligned(rows: list[dict[str, str]]) -> str:
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table)


def _page(instrument: Instrument) -> str:
    """One questionnaire for reading: what it is, its items, scales and thresholds, its licence."""
    lines = [f"{instrument.name} ({instrument.id} {instrument.version}, {instrument.status})", instrument.about, ""]
    wording = next(iter(instrument.wordings.values()), None)
    for item in instrument.items:
        text = f": {wording.text(item.id, item.raters[0])}" if wording else ""
        lines.append(f"  {item.id:10} {item.construct}{text}")
    lines.append("")
    for form, items in instrument.forms.items():
        lines.append(f"form {form} ({instrument.seconds[form]} s): {' '.join(items)}")
    for scale in instrument.scales:
        flipped = f", reversed {' '.join(scale.reversed)}" if scale.reversed else ""
        needs = ", ".join(f"{n} in {form}" for form, n in scale.at_least.items())
        span = f"{scale.low:g} to {scale.high:g}, {scale.direction}"
        needs = needs if scale.missing_rule.verified else "all answers: its rule for missing ones is not verified"
        lines.append(f"scale {scale.name}: {scale.method} of {' '.join(scale.items)}{flipped}; {span}; needs {needs}")
        if not scale.key.verified:
            lines.append(f"scale {scale.name}: its key is not verified; no possible strain is inferred from it")
    for threshold in instrument.thresholds:
        known = threshold.sample if threshold.verified else "not verified, so not used"
        lines.append(
            f"{threshold.kind} {threshold.scale} {threshold.op} {threshold.value:g}: {threshold.label} ({known})"
        )
    lines += ["", f"{instrument.licence.spdx}. {instrument.licence.notice}"]
    return "\n".join(lines)
