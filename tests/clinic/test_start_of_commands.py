"""What `accord_clinic` loads before it has done anything, and what it answers to an option instead of a command."""

import pkgutil
import subprocess
import sys

import pytest

from accord import __version__
from accord_clinic import manage
from accord_clinic.management import commands

HEAVY = ("numpy", "scipy", "polars", "typst")
ALLOWED = {
    "audit": (),
    "backup": (),
    "check": (),
    "export_practice": (),
    "forget_pin": (),
    "import_practice": (),
    "move_to_postgresql": (),
    "reset_second_factor": (),
    "restore": (),
    "rotate_key": (),
    "serve": (),
    "upgrade": (),
    "sweep": ("numpy", "scipy"),  # it opens sessions, which raises their signals, and renews calibrations
    "read_calendars": ("numpy", "scipy"),  # it moves sessions, which may open others
    "calibrate": ("numpy", "scipy"),
    "demo": ("numpy", "scipy"),
    "import_appointments": ("numpy", "scipy"),
    "import_clients": ("numpy", "scipy"),
    "import_ratings": ("numpy", "scipy"),
    "init": ("numpy", "scipy"),  # the first calibration
}
"""Each command and which heavy packages it may load to start; those that may load most come last."""


def test_each_command_loads_no_more_than_it_may():
    """One process imports one command after the other, so each is asked what came with it and those before."""
    assert sorted(ALLOWED) == sorted(module.name for module in pkgutil.iter_modules(commands.__path__)), "Add the row."
    asks = f"""
import sys, importlib, django
django.setup()
for name in {list(ALLOWED)}:
    importlib.import_module("accord_clinic.management.commands." + name)
    print(name, *(package for package in {HEAVY} if package in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines():
        name, *loaded = line.split()
        assert set(loaded) <= set(ALLOWED[name]), f"accord_clinic {name} loads {loaded} before it has done anything"


@pytest.fixture
def typed(monkeypatch, capsys):
    """What `accord_clinic` prints when this is typed behind it."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["accord_clinic", *words])
        assert manage.main() == 0
        return capsys.readouterr().out

    return run


def test_version_is_that_of_accord(typed):
    assert typed("--version") == f"accord_clinic {__version__}\n"


@pytest.mark.parametrize("option", ["--help", "-h", "help"])
def test_help_lists_the_commands(typed, option):
    page = typed(option)
    assert "Type 'accord_clinic help <subcommand>'" in page
    assert "move_to_postgresql" in page


def test_a_command_is_found_with_hyphens_and_keeps_its_options(typed):
    assert "--dry-run" in typed("help", "import_ratings")
    assert manage._as_module("move-to-postgresql") == "move_to_postgresql"
    assert manage._as_module("--dry-run") == "--dry-run"
