"""`accord study`: check a study file, join many into a registry, write it for `accord fit`, SPSS and Stata."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from accord.errors import BadInput, BadTable
from accord.registry.faults import check_faultless, faults
from accord.registry.folder import StudyFolder, read_folder
from accord.registry.join import join
from accord.registry.labelled import ENDINGS, write_labelled
from accord.registry.mapped import LongMap, read_map, read_mapped
from accord.registry.measures import session_rows
from accord.tables.study import check_ending, write_table

CHECK = """example:
  accord study check accord-study-2026-11-30-0900.zip

names each table, row (the line of the CSV, the header being 1) and column with something that cannot be: a missing
column, text in numbers, an unknown code, an impossible value, a row twice, a course that is not there. With --map, a
foreign table of ratings is checked as it would be joined."""
JOIN = """example:
  accord study join north=north.zip south=south.zip --out registry
  accord study join east=ratings.csv --map east.toml --out registry

The name before = stays the practice's from year to year: its new file takes the place of the one before. Repeating it
changes nothing. registry/manifest.json says which files count, from which versions and consents, and how many rows.

A mapping file for a long table (one row a rating):
  [columns]
  person = "patient"        # and score; session or date; measure, rater and therapist where there are such columns
  score = "value"
  session = "week"
  measure = "scale"
  rater = "who"
  [raters]
  patient = "client"        # the file's word = ours
  [measures]
  "BDI total" = "bdi/total\""""
LABELS = """example:
  accord study labels accord-study-2026-11-30-0900.zip --to stata --out labelled

needs the extra `accord[research]`. Codes become numbers from 1, each with a label."""

SESSIONS = """example:
  accord study sessions accord-study-2026-11-30-0900.zip --out sessions.csv
  accord fit coupling sessions.csv --person dyad --time session --outcome client:phq-9/total \\
    --alliance client:accord-check-in/collaboration
  accord fit dropout sessions.csv --id dyad --time session --event event --fixed client:accord-check-in/collaboration

One row for each session that took place, in the shape that accord fit reads: dyad, session, each score by side and
scale, client, course and therapist where the file has them. event is 1 in the last row of a course that the client
ended without a plan, 2 where both had planned it, empty where the file does not say how it ended, else 0: also where
the therapist left or somebody moved on, after which nothing is known."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `study`: one subcommand for each thing that is done with study files."""
    command.description = "Check study files, join them into a registry, write them for other programs."
    acts = command.add_subparsers(dest="act", required=True, metavar="ACT")
    check = _add(acts, "check", "name all that is wrong in a study file", CHECK)
    check.add_argument("file", metavar="FILE", type=Path, help="zip or folder of a study, or a table with --map")
    check.add_argument("--map", metavar="MAP", type=Path, help="how a foreign table is read (TOML)")
    check.add_argument("--json", action="store_true", help="print JSON instead of lines")
    check.set_defaults(run=_check)
    joined = _add(acts, "join", "join practices' study files into a registry", JOIN)
    joined.add_argument("files", metavar="NAME=FILE", nargs="+", help="a practice's name and its study file")
    joined.add_argument("--map", metavar="MAP", type=Path, help="how foreign tables are read (TOML)")
    joined.add_argument("--out", metavar="REGISTRY", type=Path, required=True, help="the folder of the registry")
    joined.set_defaults(run=_join)
    rows = _add(acts, "sessions", "write a study file with a row for each session", SESSIONS)
    rows.add_argument("file", metavar="FILE", type=Path, help="zip or folder of a study, or a table with --map")
    rows.add_argument("--map", metavar="MAP", type=Path, help="how a foreign table is read (TOML)")
    rows.add_argument("--out", metavar="FILE", type=Path, required=True, help="CSV or Parquet")
    rows.set_defaults(run=_sessions)
    labels = _add(acts, "labels", "write a study file for SPSS or Stata", LABELS)
    labels.add_argument("file", metavar="FILE", type=Path, help="zip or folder of a study")
    labels.add_argument("--to", choices=sorted(ENDINGS), required=True, help="the program")
    labels.add_argument("--out", metavar="FOLDER", type=Path, required=True, help="where the files are written")
    labels.set_defaults(run=_labels)


def _add(
    acts: argparse._SubParsersAction[argparse.ArgumentParser], name: str, text: str, example: str
) -> argparse.ArgumentParser:
    return acts.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip


def _check(arguments: argparse.Namespace) -> None:
    file = _read(arguments.file, read_map(arguments.map) if arguments.map else None)
    wrong = faults(file)
    rows = {name: len(table) for name, table in file.tables.items()}
    if arguments.json:
        print(json.dumps({"faults": [asdict(fault) for fault in wrong], "rows": rows}, indent=2))
    else:
        for fault in wrong:
            print(fault)
        counts = ", ".join(f"{name} {n:,}" for name, n in rows.items())
        print(f"{arguments.file}: rows: {counts}")
    if wrong:
        raise BadTable(f"{arguments.file}: faults: {len(wrong)}. Correct them, or ask the practice for a new file.")


def _join(arguments: argparse.Namespace) -> None:
    columns = read_map(arguments.map) if arguments.map else None
    sources: dict[str, StudyFolder] = {}
    for given in arguments.files:
        name, equals, path = given.partition("=")
        if not equals or not path:
            raise BadInput(f"{given!r}: say whose file it is, as in north={given}.")
        if name in sources:
            raise BadInput(f"{name!r} is named twice. A practice has one file.")
        sources[name] = _read(Path(path), columns)
    print(join(sources, arguments.out))


def _sessions(arguments: argparse.Namespace) -> None:
    check_ending(arguments.out)
    study = _read(arguments.file, read_map(arguments.map) if arguments.map else None)
    check_faultless(study)
    rows = session_rows(study)
    write_table(rows, arguments.out)
    print(f"{arguments.out}: sessions {len(rows):,}, courses {rows['dyad'].n_unique():,}")


def _labels(arguments: argparse.Namespace) -> None:
    for path in write_labelled(read_folder(arguments.file), arguments.to, arguments.out):
        print(path)


def _read(path: Path, columns: LongMap | None) -> StudyFolder:
    """With a mapping, single tables are read by it; zips and folders are study files."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        return read_folder(path)
    if columns is None:
        raise BadInput(f"{path}: a table by itself is read by a mapping. Give --map; accord study join --help has one.")
    return read_mapped(path, columns)
