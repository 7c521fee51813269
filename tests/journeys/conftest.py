"""The same people as in the clinic's tests, and a browser."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright
from tests.clinic.conftest import *  # noqa: F403

CHROMIUM = os.environ.get("ACCORD_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
# Django's ORM refuses to work beside the event loop that playwright runs in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, one for all journeys; it asks nobody but this machine."""
    if not os.path.exists(CHROMIUM):
        pytest.skip("no Chromium here: install Debian's package `chromium`, or set ACCORD_CHROMIUM")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()
