"""What a command loads before it has done anything: nobody waits for scipy to be shown a list."""

import subprocess
import sys

import pytest

import accord

HEAVY = ("numpy", "scipy", "polars")


def loaded(code: str) -> list[str]:
    """Which of the heavy packages a new process has loaded once it has run this."""
    tell = f"import sys, contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()):\n    {code}\n"
    tell += f"print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    "code",
    [
        "import accord.errors, accord.cards",
        "import accord.cli; accord.cli.main(['instruments'])",
        "import accord.cli; accord.cli.main(['instruments', 'phq-9', '--json'])",
        "import accord.cli; accord.cli.parser(()).print_help()",
    ],
    ids=["errors", "instruments", "one instrument", "help"],
)
def test_starts_without_numpy_scipy_and_polars(code: str) -> None:
    assert loaded(code) == []


def test_scoring_answers_needs_numpy_only() -> None:
    assert loaded("import accord; accord.score({}, accord.catalogue().get('phq-9'))") == ["numpy"]


def test_every_public_name_loads_when_it_is_asked_for() -> None:
    assert sorted(accord.HOMES) == accord.__all__
    for name in accord.__all__:
        assert getattr(accord, name).__module__ == accord.HOMES[name], name


def test_no_module_hides_a_public_name() -> None:
    """`import accord.simulate` would put the module where the function was."""
    homes = {path.rsplit(".", 1)[1] for path in sys.modules if path.startswith("accord.") and path.count(".") == 1}
    assert not homes & set(accord.__all__)
