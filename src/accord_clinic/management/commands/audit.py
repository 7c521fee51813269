"""`accord_clinic audit verify`: check that nobody has changed the audit log."""

from django.core.management.base import BaseCommand

from accord_clinic.upkeep import audit_anchor


class Command(BaseCommand):
    help = "verify: walk the chain of the audit log and compare its end with the note beside the keys."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("what", choices=["verify"])

    def handle(self, **_options):
        entries = audit_anchor.verify()
        noted = audit_anchor.read()
        until = f"up to entry {noted.entry}, which was noted outside the database" if noted else "nothing was noted yet"
        self.stdout.write(f"{entries} entries, each follows from the one before it ({until}).")
