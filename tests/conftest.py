"""What holds for every test: a busy machine fails nothing, since how long something takes is a benchmark's question.

How long each test took is noted for the table of `make test`.
"""

import gc
import json
import os
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.suites import NOTES

# As in the clinic's commands: the matrices are small, and threads that wait for each other take a fifth of all time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

settings.register_profile("accord", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("accord")


def pytest_collection_finish():
    """What was imported and collected stays until the end: the garbage collector need not look at it again each time.

    Its looks take a tenth of what tests without much arithmetic take.
    """
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Seconds by test, its fixtures included. With workers, only the process that hears from all of them sums up."""
    if NOTES not in os.environ:
        return
    seconds = Counter()
    for outcome in ("passed", "failed", "error", "skipped", ""):
        for report in terminalreporter.stats.get(outcome, ()):
            seconds[report.nodeid] += report.duration
    Path(os.environ[NOTES]).write_text(json.dumps(seconds), encoding="utf-8")
