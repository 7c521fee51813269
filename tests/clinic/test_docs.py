"""Documents claim only what is so: each test that a table names exists, each link leads somewhere, no machine shows."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLES = ("security", "hazards", "lessons")
NAMED = re.compile(r"`(test_\w+)((?:::\w+)+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
DJANGO_ITSELF = {"__init__.py", "apps.py", "formats", "manage.py", "migrations", "settings.py", "wsgi.py"}
"""What every Django project has, so the map of the rooms leaves it out."""
MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|work|Users/\w+)/|\bfile:///(?!etc/passwd|opt/accord)")
"""Paths of the machine that something was written on, which is nobody else's."""


def named_tests() -> set[str]:
    """Every test of the repository, as `module::test` or `module::Class::test`."""
    found = set()
    for path in ROOT.glob("tests/**/test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            inner = node.body if isinstance(node, ast.ClassDef) else []
            found |= {f"{path.stem}::{node.name}"} if isinstance(node, ast.FunctionDef | ast.ClassDef) else set()
            found |= {f"{path.stem}::{node.name}::{one.name}" for one in inner if isinstance(one, ast.FunctionDef)}
    return found


def rows(name: str) -> list[str]:
    """The rows of the tables of one document, without their headings."""
    lines = (ROOT / "docs" / "explanation" / f"{name}.md").read_text(encoding="utf-8").splitlines()
    rules = {n for n, line in enumerate(lines) if re.fullmatch(r"[|\-: ]+", line) and "-" in line}
    return [x for n, x in enumerate(lines) if x.startswith("|") and not {n, n + 1} & rules]


def tracked() -> list[Path]:
    """Every file that belongs to the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a checkout of the repository")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_a_test_and_every_test_is_there(name):
    known, found = named_tests(), rows(name)
    assert len(found) > 8
    wrong = [f"{name}.md: {one}" for row in found for one in faults(row, known)]
    assert not wrong, "\n".join(wrong)


def faults(row: str, known: set[str]) -> list[str]:
    """What is wrong with a row: it names no test, or one that is not there."""
    named = [module + rest for module, rest in NAMED.findall(row)]
    if not named:
        return [f"this row names no test: {row[:100]}"]
    return [f"there is no test {one}" for one in named if one not in known]


@pytest.mark.parametrize("cell", ["", "test_docs::test_x", "`test_docs::test_nowhere`", "`tests_docs::test_x`"])
def test_a_row_that_names_no_real_test_is_found(cell):
    """The check is worth something only if it can fail."""
    known = {"test_docs::test_x"}
    assert faults("| a threat | a control | 1.2.3 | `test_docs::test_x` | |", known) == []
    assert faults(f"| a threat | a control | 1.2.3 | {cell} | |", known)


def test_every_paragraph_about_a_person_names_its_tests():
    text = (ROOT / "docs" / "explanation" / "security.md").read_text(encoding="utf-8")
    for who in ("A stranger on the network", "A curious colleague", "A stolen laptop", "A lost phone"):
        paragraph = text.split(f"### {who}")[1].split("###")[0]
        assert NAMED.search(paragraph), who


def test_every_threat_names_what_the_standard_calls_it():
    for row in rows("security"):
        assert re.search(r"\| (?:\d+\.\d+\.\d+(?:, )?)+ \|", row), f"no ASVS 5.0 id: {row[:100]}"


def test_links_in_documents_lead_to_files():
    lost = []
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target) and not (path.parent / target).exists():
                lost.append(f"{path.relative_to(ROOT)}: {target}")
    assert not lost, "\n".join(lost)


def named_in_passing(lines: list[str]) -> set[str]:
    """Modules that share a line of the map with the room that they serve."""
    return {name for line in lines for name in re.findall(r"\w+\.py", line)}


def test_the_map_names_every_room_and_no_other():
    """A newcomer finds the room of a function by the map in CONTRIBUTING alone."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for package in ("accord", "accord_clinic"):
        lines = text.split(f"    src/{package}/\n")[1].split("\n\n")[0].splitlines()
        named = {name for line in lines for name in re.findall(r"^ {6}(\w.*?)(?:  |$)", line)}
        named = {part.strip().rstrip("/") for names in named for part in names.split(",")}
        rooms = {path.parent.name for path in (ROOT / "src" / package).glob("*/__init__.py")}
        rooms |= {path.name for path in (ROOT / "src" / package).glob("*.py")}
        assert rooms - named <= DJANGO_ITSELF | named_in_passing(lines)
        assert not {name for name in named if not (ROOT / "src" / package / name).exists()}


def test_the_order_of_the_rooms_is_that_of_the_contracts():
    """`docs/decisions.md` shows the layers of import-linter's contracts, and no other."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    text = " ".join((ROOT / "docs" / "decisions.md").read_text(encoding="utf-8").split())
    layers = [one["layers"] for one in contracts if one["type"] == "layers"]
    assert len(layers) == 2
    for rooms in layers:
        levels = [", ".join(name.removeprefix("accord.") for name in level.split(" | ")) for level in rooms]
        assert " > ".join(f"{{{level}}}" if "," in level else level for level in levels) in text


def test_python_files_that_documents_name_are_there():
    roots = (ROOT, ROOT / "src", ROOT / "src" / "accord", ROOT / "src" / "accord_clinic")
    lost = []
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for name in re.findall(r"`([\w/]+\.py)`", path.read_text(encoding="utf-8")):
            if not any((root / name).exists() for root in roots):
                lost.append(f"{path.relative_to(ROOT)}: {name}")
    assert not lost, "\n".join(lost)


def test_no_file_says_on_which_machine_it_was_written():
    told = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        if path != Path(__file__) and (found := MACHINE.search(text)):
            told.append(f"{path.relative_to(ROOT)}: {text[found.start() : found.start() + 60]!r}")
    assert not told, "\n".join(told)
