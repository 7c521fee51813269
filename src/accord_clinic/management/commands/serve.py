"""`accord_clinic serve`: bring the database up to date, then run the web server and the sweep until told to stop."""

import sys

from django.conf import settings
from django.core.management.base import BaseCommand

from accord.errors import BadInput
from accord_clinic.actions import erasure
from accord_clinic.models import Practice
from accord_clinic.upkeep import serving


class Command(BaseCommand):
    help = "Run the practice: web server and, beside it, the sweep that opens sessions and delivers notices."

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=2)

    def handle(self, host, port, workers, **_options):
        serving.check_port(host, port)
        serving.prepare()
        practice = Practice.objects.first()
        if practice is None:
            raise BadInput("There is no practice here yet. Run accord_clinic init first.")
        if practice.demo != settings.DEMO:
            raise BadInput("The demo practice is for accord_clinic demo only, and a real practice never for it.")
        # Whichever way an older database came back, of PostgreSQL's own restore too: who was erased stays erased, and
        # two records that became one are one.
        for line in serving.merged_again():
            self.stdout.write(line)
        if again := erasure.reapply():
            self.stdout.write(f"{again} people asked to be erased after the day of this database. They are, again.")
        self.stdout.write(f"{practice.name}: listening on {host}, port {port}. Ctrl-C stops it.")
        sys.exit(serving.run(host, port, workers))
