"""`accord_clinic import-ratings FILE --mapping MAP`: turn a spreadsheet of past ratings into courses of care."""

from pathlib import Path

from django.core.management.base import BaseCommand

from accord_clinic.actions import calibration, signals
from accord_clinic.imports import ratings
from accord_clinic.imports.column_map import ColumnMap, read_map
from accord_clinic.imports.spreadsheet import Fault, read_sheet
from accord_clinic.questionnaires.shelf import shelf


class Command(BaseCommand):
    help = (
        "Import a CSV of past ratings. Every row that does not fit is reported with its line and the reason. "
        "All or nothing, unless told otherwise; importing the same file twice adds nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the spreadsheet, saved as CSV")
        parser.add_argument("--mapping", type=Path, required=True, help="which column is what (TOML)")
        parser.add_argument("--take-what-fits", action="store_true", help="import the rows that fit, report the others")
        parser.add_argument("--dry-run", action="store_true", help="report only; keep nothing")

    def handle(self, file, mapping, take_what_fits, dry_run, **_options):
        columns = read_map(mapping, shelf().instruments)
        sheet, already = ratings.fit(read_sheet(file, columns), columns)
        self._tell_shifts(columns)
        self._tell_faults(sheet.faults)
        if already:
            self.stdout.write(f"{already} rows were imported before and are left as they are.")
        if dry_run:
            self.stdout.write(f"{len(sheet.rows)} rows would be imported. Nothing was kept, since this is a dry run.")
            return
        if sheet.faults and not take_what_fits:
            raise ratings.NotTaken(
                f"{len(sheet.faults)} rows do not fit, so nothing was imported. Mend them, or add --take-what-fits."
            )
        taken = ratings.take(sheet, columns, by=None)
        self.stdout.write(
            f"Imported {taken.rows} rows: {taken.clients} new people, {taken.courses} new courses, "
            f"{taken.sessions} new sessions, {taken.responses} answered questionnaires."
        )
        self._learn(columns)

    def _learn(self, columns: ColumnMap) -> None:
        """What is usual changes with the new courses; only then can signals be told from noise. Harmless to repeat."""
        added = [f"{asked.instrument.id}/{scale}" for asked in columns.asked for scale in asked.follow]
        for line in calibration.calibrate(dict.fromkeys([*calibration.followed(), *added]), by=None):
            self.stdout.write(line)
        signals.refresh_imported(ratings.earlier(columns))

    def _tell_shifts(self, columns: ColumnMap) -> None:
        for asked in columns.asked:
            for item, column in asked.items.items():
                if column.shift:
                    what = f"{asked.instrument.id} {item}: column {column.name!r}"
                    self.stdout.write(f"{what} shifted by {column.shift:+.6g}")

    def _tell_faults(self, faults: tuple[Fault, ...]) -> None:
        for fault in faults:
            self.stderr.write(str(fault))
