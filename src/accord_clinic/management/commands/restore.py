"""`accord_clinic restore FILE`: check a backup and make it the practice; on a new machine, with the recovery sheet."""

import getpass
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction

from accord.errors import BadInput
from accord_clinic.actions import audit, erasure
from accord_clinic.database import keys
from accord_clinic.database.sqlcipher import files
from accord_clinic.models import AuditEntry
from accord_clinic.upkeep import audit_anchor, backups, serving


class Command(BaseCommand):
    help = "Check a backup and make it the practice. The practice that was there is put aside, never deleted."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="put it in the place of the practice that is here")
        parser.add_argument("--key", type=Path, metavar="FILE", help="a file with the key from the recovery sheet")
        parser.add_argument("--check", action="store_true", help="only check the backup; change nothing")

    def handle(self, file, replace, key, check, **_options):
        if "sqlcipher" not in connection.settings_dict["ENGINE"]:
            raise BadInput("ACCORD_POSTGRESQL is set. Restore into the embedded database, then move-to-postgresql.")
        fits, contents, manifest = backups.check(file, _keys(file, key))
        when = f" of {manifest.made_at}" if manifest else ", whose manifest is not here,"
        self.stdout.write(f"{file}: a good backup{when} with {contents.rows} rows.")
        if contents.audit:
            self.stdout.write("Its log ends with entry {}, {}.".format(*contents.audit))
        if not contents.has_practice:
            raise BadInput(f"{file}: there is no practice in it.")
        if check:
            return
        connection.close()
        aside = backups.put_back(file, fits, replace=replace)
        merged, erased = _go_on_from_here(file)
        for line in merged:
            self.stdout.write(line)
        if erased:
            self.stdout.write(f"{erased} people asked to be erased after that day. They are erased from it too.")
        if aside:
            self.stdout.write(f"The practice that was here is now {aside}.")
        self.stdout.write(
            f"It is the practice now. Its key is in {settings.KEYS / keys.DATABASE}; print "
            f"{settings.KEYS / keys.SHEET} and delete that file. On a new machine everybody signs in again."
        )


def _keys(file: Path, given: Path | None) -> list[str]:
    """The key that was given, else those of the keys folder, else the one that somebody types from the sheet."""
    if given:
        return [keys.database_key(given)]
    candidates = backups.known_keys()
    if file.is_file() and not any(files.opens(file, k) for k in candidates) and sys.stdin.isatty():
        return [keys.typed(getpass.getpass("The key from the recovery sheet: "), "What you typed")]
    return candidates


def _go_on_from_here(file: Path) -> tuple[list[str], int]:
    """Bring an older backup up to this version, log where it came from, merge and erase again what was since."""
    serving.prepare()
    with transaction.atomic():
        audit.record(None, "restore", f"backup:{file.name}"[:80])
    merged = serving.merged_again()
    erased = erasure.reapply()
    last = AuditEntry.objects.latest("id")
    audit_anchor.write(audit_anchor.Anchor(last.id, last.chain))
    return merged, erased
