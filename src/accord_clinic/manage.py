"""The `accord_clinic` command: everything that the person who keeps a practice running types."""

import os
import sys

from django.core.management import execute_from_command_line

from accord.errors import AccordError


def main() -> int:
    """Run one command; what a person can mend is a sentence and exit code 2, never a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord_clinic.settings")
    try:
        execute_from_command_line(sys.argv)
    except AccordError as error:
        print(f"accord_clinic: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
