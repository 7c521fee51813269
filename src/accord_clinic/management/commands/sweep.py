"""`accord_clinic sweep`: reveal sessions whose time has come, make due links, deliver notices; once or repeatedly."""

import subprocess
import sys
import time

from django.core.management.base import BaseCommand

from accord_clinic.actions import (
    calibration,
    erasure,
    expectations,
    follow_up,
    planning,
    programs,
    reveal,
    schedule,
    service,
    step_in,
    study_forgotten,
)
from accord_clinic.imports.calendar import job
from accord_clinic.messages import notices
from accord_clinic.upkeep import audit_anchor, health


class Command(BaseCommand):
    help = "Open the sessions whose time has come and deliver waiting notices."
    requires_system_checks = []
    reader: subprocess.Popen | None = None

    def add_arguments(self, parser):
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on until stopped, pausing so long")

    def handle(self, every, **_options):
        while True:
            opened, closed = reveal.sweep(), service.close_months()
            planning.plan_rhythms()
            planning.assume_held()
            schedule.due()
            follow_up.ask_due()
            expectations.open_due()
            erasure.purge()
            step_in.send_codes()
            study_forgotten.forget_old()
            programs.drop_expired()
            sent = notices.deliver()
            if every is not None:
                self._read_calendars()
            # Last, since it may take a minute, and somebody waits for a code or a link.
            for line in calibration.renew():
                self.stdout.write(line)
            calibration.follow_levels()
            audit_anchor.note_or_warn()
            health.swept()
            if every is None:
                job.read_feeds()
                self.stdout.write(f"Opened {opened} sessions, closed {closed} months, sent {sent} notices.")
                return
            time.sleep(every)

    def _read_calendars(self) -> None:
        """In a process of its own, one at a time: a feed may take long, and a code that somebody waits for may not."""
        if self.reader is not None and self.reader.poll() is None:
            return
        if job.due():
            command = [sys.executable, "-m", "accord_clinic.manage", "read_calendars"]
            self.reader = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
