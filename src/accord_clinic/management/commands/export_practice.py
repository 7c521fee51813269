"""`accord_clinic export-practice FILE`: the whole practice in one zip, every table, readable without Accord."""

from pathlib import Path

from django.core.management.base import BaseCommand

from accord_clinic.upkeep import carrying


class Command(BaseCommand):
    help = "Write every table of this practice, with what it means, into a new file. It is not encrypted."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="a new file, for example practice.zip")

    def handle(self, file, **_options):
        counts = carrying.export(file)
        self.stdout.write(f"{sum(counts.values())} rows of {len(counts)} tables are in {file}.")
        self.stdout.write("It is not encrypted and holds everything. Keep it as you keep the care records.")
