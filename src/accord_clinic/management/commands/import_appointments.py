"""`accord_clinic import-appointments FILE`: plan sessions from a CSV of appointments."""

from pathlib import Path

from django.core.management.base import BaseCommand

from accord_clinic.management.handed_in import add_arguments, bring_in


class Command(BaseCommand):
    help = (
        "Plan sessions from a CSV of appointments, for clients who have a number of another system. Every line that "
        "does not fit is reported with the reason. All or nothing, unless told otherwise."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="the CSV")
        add_arguments(parser)

    def handle(self, file, take_what_fits, dry_run, **_options):
        bring_in(self, "appointments", file, dry_run, take_what_fits)
