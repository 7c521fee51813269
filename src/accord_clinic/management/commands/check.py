"""`accord_clinic check`: examine settings, keys, TLS, mail, backups, clock and log, and say what to do."""

import sys

from django.core.management.base import BaseCommand

from accord_clinic.upkeep import examination


class Command(BaseCommand):
    help = "Look the installation over, Django's own checks included. Exit code 1 when something needs doing."
    # It runs them itself and goes on after what they find. `serve` runs them before it begins; where every command
    # did, each would load every page first, which is half of what a start takes.
    requires_system_checks = []

    def handle(self, **_options):
        findings = examination.examine()
        for finding in findings:
            self.stdout.write(f"{'ok  ' if finding.well else 'TODO'} {finding.about}: {finding.says}")
        if not all(finding.well for finding in findings):
            sys.exit(1)
