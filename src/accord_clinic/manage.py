"""The `accord_clinic` command: everything that the person who keeps a practice running types."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import DatabaseError

from accord import __version__
from accord.errors import AccordError


def main() -> int:
    """Run one command; what a person can mend is a sentence and exit code 2, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord_clinic.settings")
    # The matrices of a practice are small: more threads cost a fifth more than one, and take cores from its pages.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.argv[1:2] == ["demo"]:
        # Settings are read once and by the web server's processes too, so the demo says so before anything else.
        os.environ["ACCORD_DEMO"] = "1"
        os.environ.setdefault("ACCORD_DATA", "demo-data")
    if sys.argv[1:2] == ["--version"]:  # Django would say its own
        print(f"accord_clinic {__version__}")
        return 0
    try:
        execute_from_command_line([*sys.argv[:1], *map(_as_module, sys.argv[1:2]), *sys.argv[2:]])
    except AccordError as error:
        print(f"accord_clinic: {error}", file=sys.stderr)
        return error.exit_code
    except DatabaseError as error:
        print(f"accord_clinic: {_what_ails_it(error)}", file=sys.stderr)
        return AccordError.exit_code
    return 0


def _as_module(command: str) -> str:
    """Commands are modules, so their names have underscores; people also type hyphens. An option stays as it is."""
    return command if command.startswith("-") else command.replace("-", "_")


def _what_ails_it(error: DatabaseError) -> str:
    """A database that is down or of another version, in a sentence. Anything else is our mistake and stays one."""
    # Only here: without the settings, nothing that knows a model can be imported.
    from accord_clinic.database import engine  # noqa: PLC0415

    try:
        other = engine.lacks_migrations()
    except DatabaseError as silent:
        return f"The database does not answer ({str(silent).strip().splitlines()[0]}). Start it, then try again."
    if not other:
        raise error
    return "The database is of another version. Run accord_clinic upgrade first."


if __name__ == "__main__":
    sys.exit(main())
