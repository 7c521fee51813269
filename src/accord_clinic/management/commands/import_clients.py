"""`accord_clinic import-clients FILE`: add clients from a CSV or from FHIR `Patient`, matched by their numbers."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accord_clinic.management.handed_in import add_arguments, bring_in
from accord_clinic.models import Member


class Command(BaseCommand):
    help = (
        "Add clients from a CSV or from FHIR Patient (JSON or NDJSON). They are matched by number, never by name. "
        "Every line that does not fit is reported with the reason. All or nothing, unless told otherwise."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, help="a CSV, or FHIR R4 as JSON or NDJSON")
        parser.add_argument("--therapist", metavar="EMAIL", help="whose clients they are, where the file does not say")
        add_arguments(parser)

    def handle(self, file, therapist, take_what_fits, dry_run, **_options):
        member = Member.objects.at(therapist) if therapist else None
        if therapist and (member is None or not member.is_a("therapist")):
            raise CommandError(f"No therapist here has the address {therapist!r}.")
        bring_in(self, "clients", file, dry_run, take_what_fits, therapist=member)
