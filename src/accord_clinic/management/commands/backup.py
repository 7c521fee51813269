"""`accord_clinic backup [FOLDER]`: make an encrypted copy of the practice while people work, open and check it."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from accord.errors import BadInput
from accord_clinic.upkeep import audit_anchor, backups


class Command(BaseCommand):
    help = "Copy the practice, encrypted with its own key; open the copy and check it; write a manifest beside it."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, default=settings.BACKUPS, help="default: ACCORD_BACKUPS")
        parser.add_argument("--keep", type=int, metavar="N", help="then delete all but the newest N backups there")

    def handle(self, folder, keep, **_options):
        if folder is None:
            raise BadInput("Say where to, or set ACCORD_BACKUPS. Best is a disk that is not in this machine.")
        if keep is not None and keep < 1:
            raise BadInput("Keep at least one backup.")
        file, manifest = backups.make(folder)
        self.stdout.write(
            f"{file}: {manifest.bytes / 1e6:.1f} MB, opened and checked.\n"
            "It opens with this practice's key and with nothing else."
        )
        for old in backups.prune(folder, keep) if keep else ():
            self.stdout.write(f"Deleted {old.name}.")
        # Last: a log that was tampered with is said loudly, but never keeps a backup from being made.
        audit_anchor.note()
