"""`accord_clinic upgrade`: bring the database and the static files up to this version; on PostgreSQL as the owner."""

from django.core.management.base import BaseCommand

from accord_clinic.database import engine
from accord_clinic.upkeep import grants, serving


class Command(BaseCommand):
    help = "Bring the database up to this version of Accord. On PostgreSQL, run it with the owner's address."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--role", default="accord_app", help="PostgreSQL: the role that serves pages")

    def handle(self, role, **_options):
        serving.prepare()
        if engine.is_postgresql():
            self.stdout.write(grants.give(role))
        self.stdout.write("The database is of this version.")
