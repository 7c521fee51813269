"""What the commands that take a file of many rows have in common: their options, and what they print."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand

from accord.errors import BadTable
from accord_clinic.imports import door
from accord_clinic.models import Member


def add_arguments(parser: ArgumentParser) -> None:
    """The options that each of them has."""
    parser.add_argument("--take-what-fits", action="store_true", help="take the lines that fit, report the others")
    parser.add_argument("--dry-run", action="store_true", help="report only; keep nothing")


def bring_in(
    command: BaseCommand, kind: str, file: Path, dry_run: bool, take_what_fits: bool, therapist: Member | None = None
) -> None:
    """Report each line that does not fit, then take the file, unless this is a dry run."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise BadTable(f"{file}: cannot be read ({error.strerror}). Check the path.") from error
    handed = door.HandedIn(kind, raw, therapist=therapist)
    preview = door.look(handed, by=None)
    for fault in preview.faults:
        command.stderr.write(str(fault))
    if preview.already:
        command.stdout.write(f"{preview.already} are here already and are left as they are.")
    if dry_run:
        command.stdout.write(f"{preview.new} would be added. Nothing was kept, since this is a dry run.")
        return
    door.bring_in(handed, by=None, take_what_fits=take_what_fits)
    command.stdout.write(f"{preview.new} added.")
