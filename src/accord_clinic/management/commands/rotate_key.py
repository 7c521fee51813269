"""`accord_clinic rotate-key`: encrypt the practice with a new key; interrupted anywhere, it can be run again."""

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accord_clinic import anchor, backups, keys
from accord_clinic.actions import audit


class Command(BaseCommand):
    help = "Encrypt the practice with a new key and write a new recovery sheet. Stop the practice first."
    requires_system_checks = []

    def handle(self, **_options):
        database = backups.database_file()
        connection.close()
        old = keys.rotate(database, settings.KEYS)
        with transaction.atomic():
            audit.record(None, "rotate_key", "key:database")
        anchor.note()
        self.stdout.write(
            f"The practice has a new key. Print {settings.KEYS / keys.SHEET}, lock it away, then delete that file.\n"
            f"Backups made until now open with the old key only; it is kept as {old}.\n"
            "Make a new backup now. When the last old backup is deleted, delete the old key too."
        )
