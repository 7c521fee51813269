"""`accord_clinic move-to-postgresql`: copy the embedded practice to PostgreSQL and compare both; safe to repeat."""

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from accord.errors import BadInput
from accord_clinic.database import engine
from accord_clinic.upkeep import audit_anchor, grants, moving, serving


class Command(BaseCommand):
    help = "Copy the embedded practice into the PostgreSQL database of ACCORD_POSTGRESQL (the owner's address)."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--role", default="accord_app", help="the role that will serve pages")

    def handle(self, role, **_options):
        if not engine.is_postgresql():
            raise BadInput(f"Set {engine.POSTGRESQL} to the owner's address of an empty database first.")
        if moving.SOURCE not in settings.DATABASES:
            raise BadInput(f"{settings.DATA / 'accord.db'}: there is no embedded practice to move.")
        serving.prepare()
        # A practice that was moved right after the program was renewed has the tables of the program before.
        call_command("migrate", database=moving.SOURCE, verbosity=0, interactive=False)
        given = grants.give(role)
        counts, copied = moving.move()
        entries = audit_anchor.verify()
        self.stdout.write(
            f"{'Copied' if copied else 'Already there'}: {sum(counts.values())} rows in {len(counts)} tables, "
            "the same on both sides; "
            f"the audit log's {entries} entries hold."
        )
        self.stdout.write(given)
        self.stdout.write(
            "Now start the practice with the address of the role that serves pages, look around, and then "
            f"put {settings.DATA / 'accord.db'} away with its key: nothing uses it any more."
        )
