"""A running demo in; the pictures of the README out. `make pictures` starts a demo of its own and takes them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
CHROMIUM = os.environ.get("ACCORD_CHROMIUM", "/usr/bin/chromium")
PATIENCE = 300


def main() -> None:
    """Start a fresh demo, take every picture, stop it."""
    PICTURES.mkdir(exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [HERE.parent / ".venv/bin/accord_clinic", "demo", "--port", str(port)]
        demo = subprocess.Popen(command, env={**os.environ, "ACCORD_DATA": f"{folder}/demo"})  # noqa: S603
        try:
            address = f"http://localhost:{port}"
            wait_for(f"{address}/demo/")
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
                take(browser, address)
                browser.close()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(30)


def wait_for(address: str) -> None:
    """Until the page is there, which takes as long as inventing a practice does."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def take(browser: Browser, address: str) -> None:
    """Ana's page, her talk sheet, Today, and a phone."""
    wide = browser.new_page(viewport={"width": 1280, "height": 960})
    wide.goto(f"{address}/demo/")
    wide.get_by_role("button", name="Ben", exact=True).click()
    shoot(wide, "today")
    wide.goto(f"{address}/people/")
    wide.locator("main").get_by_role("link", name="Ana", exact=True).first.click()
    shoot(wide, "dyad")
    wide.get_by_role("link", name="Open the talk sheet").click()
    shoot(wide, "talk")
    phone = browser.new_page(viewport={"width": 390, "height": 780}, device_scale_factor=2)
    phone.goto(f"{address}/demo/")
    phone.locator("section[aria-labelledby=phones] button").first.click()
    if (start := phone.get_by_role("button", name="Start")).count():
        start.click()
    phone.get_by_role("button", name="No", exact=True).click()  # past what stands above the first question alone
    phone.wait_for_timeout(500)
    shoot(phone, "phone")


def shoot(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
