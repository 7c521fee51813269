"""`accord_clinic import-practice FILE`: a whole practice back from one zip, into an empty one, compared."""

from pathlib import Path

from django.core.management.base import BaseCommand

from accord_clinic.upkeep import carrying, serving


class Command(BaseCommand):
    help = "Read a file of export-practice into an empty practice of the same version, and compare table by table."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, file, **_options):
        serving.prepare()
        counts = carrying.put_back(file)
        self.stdout.write(f"{sum(counts.values())} rows of {len(counts)} tables are here, the same as in the file.")
        self.stdout.write("Everybody signs in once more. Connect calendars again if the signing key is another one.")
