"""The two secrets of a practice, in a folder of their own outside the data: made at first start, never again."""

import os
import secrets
from pathlib import Path

RECOVERY = """Accord: recovery sheet

This key opens the database of your practice. Print this page, lock it away, then delete this file.
Without the key the data are lost: nobody, including us, can open them. Whoever has the key and the
database file can read everything.

Key file: {path}
Key:      {key}
"""


def ensure(folder: Path) -> bool:
    """Make the database key and the signing secret unless they are there. True when they were made just now."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = _write_once(folder / "database.key", secrets.token_hex(32))
    _write_once(folder / "signing.key", secrets.token_urlsafe(50))
    if made:
        key = (folder / "database.key").read_text().strip()
        _write_once(folder / "recovery-sheet.txt", RECOVERY.format(path=folder / "database.key", key=key))
    return made


def _write_once(path: Path, text: str) -> bool:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
    return True
