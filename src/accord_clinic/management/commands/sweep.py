"""`accord_clinic sweep`: reveal sessions whose time has come, make due links, deliver notices; once or repeatedly."""

import time

from django.core.management.base import BaseCommand

from accord_clinic.actions import calibration, erasure, reveal, schedule, service, step_in
from accord_clinic.messages import notices
from accord_clinic.upkeep import audit_anchor, health


class Command(BaseCommand):
    help = "Open the sessions whose time has come and deliver waiting notices."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on until stopped, pausing so long")

    def handle(self, every, **_options):
        while True:
            opened, closed = reveal.sweep(), service.close_months()
            schedule.due()
            erasure.purge()
            calibration.renew()
            step_in.send_codes()
            sent = notices.deliver()
            audit_anchor.note_or_warn()
            health.swept()
            if every is None:
                self.stdout.write(f"Opened {opened} sessions, closed {closed} months, sent {sent} notices.")
                return
            time.sleep(every)
