"""`accord_clinic read_calendars`: read every calendar feed whose time has come; the sweep starts it."""

from django.core.management.base import BaseCommand

from accord_clinic.imports.calendar import job


class Command(BaseCommand):
    help = "Read the calendars that are due, and change the sessions that they changed."
    requires_system_checks = []

    def handle(self, **_options):
        self.stdout.write(f"Calendars read: {job.read_feeds()}.")
