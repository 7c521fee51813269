"""`accord_clinic rotate-key`: make new secrets for the practice; if interrupted, run it again."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accord_clinic.actions import audit
from accord_clinic.database import engine, keys
from accord_clinic.upkeep import audit_anchor, backups


class Command(BaseCommand):
    help = (
        "Encrypt the practice with a new key, write a new recovery sheet, and sign everybody out with a new signing "
        "secret. On PostgreSQL, where the key is not ours, the signing secret alone. Stop the practice first."
    )
    requires_system_checks = []

    def handle(self, **_options):
        old = None if engine.is_postgresql() else self._new_database_key()
        keys.new_signing(settings.KEYS)
        with transaction.atomic():
            if old:
                audit.record(None, "rotate_key", "key:database")
            audit.record(None, "rotate_key", "key:signing")
        audit_anchor.note()
        if old:
            self.stdout.write(
                f"The practice has a new key. Print {settings.KEYS / keys.SHEET}, lock it away, then delete the file.\n"
                f"Backups made until now open with the old key only; it is kept as {old}.\n"
                "Make a new backup now. When the last old backup is deleted, delete the old key too."
            )
        self.stdout.write(
            "The signing secret is new: at the next start everybody who works here signs in again. Links to choose a "
            "password, and codes, that are on their way are dead; links to check-ins are not."
        )

    def _new_database_key(self) -> Path:
        database = backups.database_file()
        connection.close()
        return keys.rotate(database, settings.KEYS)
