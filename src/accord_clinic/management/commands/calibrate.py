"""`accord_clinic calibrate`: estimate what is usual from the practice's own ratings, as a new calibration."""

from django.core.management.base import BaseCommand

from accord_clinic.actions import calibration


class Command(BaseCommand):
    help = "Estimate what is usual on each followed scale from this practice's own ratings. Earlier versions stay."
    requires_system_checks = []

    def handle(self, **_options):
        for line in calibration.calibrate(calibration.followed(), by=None):
            self.stdout.write(line)
