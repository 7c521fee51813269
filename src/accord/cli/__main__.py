"""`python -m accord.cli` does what `accord` does."""

import sys

from accord.cli import main

sys.exit(main())
