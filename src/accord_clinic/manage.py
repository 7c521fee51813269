"""The `accord_clinic` command: everything that the person who keeps a practice running types."""

import os
import sys

from django.core.management import execute_from_command_line

from accord.errors import AccordError


def main() -> int:
    """Run one command; what a person can mend is a sentence and exit code 2, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord_clinic.settings")
    if sys.argv[1:2] == ["demo"]:
        # Settings are read once and by the web server's processes too, so the demo says so before anything else.
        os.environ["ACCORD_DEMO"] = "1"
        os.environ.setdefault("ACCORD_DATA", "demo-data")
    # Commands are modules, so their names have underscores; people also type hyphens.
    arguments = [*sys.argv[:1], *(name.replace("-", "_") for name in sys.argv[1:2]), *sys.argv[2:]]
    try:
        execute_from_command_line(arguments)
    except AccordError as error:
        print(f"accord_clinic: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
