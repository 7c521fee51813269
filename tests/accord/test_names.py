"""Names say what a value is: no name in src/ is a word that says nothing, and no class has the name of another.

A word that turns out to say nothing goes into FILLERS. TO_MEND only shrinks: a file without such a name leaves it,
and FILES_TO_MEND, the number of files on it, may only be lowered.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
FILLERS = {"said", "told", "heard", "found", "known", "kept", "one", "here", "then", "lives", "cases", "twin", "spoken"}
TO_MEND = """
accord_clinic/actions/checkin.py
accord_clinic/models/rights.py
"""
FILES_TO_MEND = 2  # may only go down: a new file has no such name, so nothing is ever added

ROWS = {"Calibration", "Response", "Signal"}
"""Rows of the clinic that bear the name of the core's record of the same thing."""


def _names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each name that a module gives to something, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name.lower()


def _fillers(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [f"{path.relative_to(SRC)}:{line} {name}" for line, name in _names(tree) if name in FILLERS]


def _modules() -> dict[str, Path]:
    return {str(path.relative_to(SRC)): path for path in SRC.rglob("*.py") if "migrations" not in path.parts}


def test_no_name_in_src_is_a_filler():
    mended = set(_modules()) - set(TO_MEND.split())
    wrong = [text for name in sorted(mended) for text in _fillers(_modules()[name])]
    assert not wrong, "Give these a name that says what the value is:\n" + "\n".join(wrong)


def test_a_mended_file_leaves_the_list():
    listed, modules = TO_MEND.split(), _modules()
    done = [name for name in listed if name not in modules or not _fillers(modules[name])]
    assert not done, "Take off TO_MEND:\n" + "\n".join(done)
    assert listed == sorted(set(listed)), "TO_MEND is sorted, each file once"
    assert len(listed) == FILES_TO_MEND, "TO_MEND only shrinks: mend the file; lower FILES_TO_MEND by each one mended"


def test_every_way_of_giving_a_name_is_seen():
    source = "def f(said):\n    for found in said: self.kept = [one for one in found]\nclass Told: known: int\nhere = 1"
    names = Counter(name for _line, name in _names(ast.parse(source)))
    assert {"said", "found", "kept", "one", "told", "known", "here"} <= set(names)


def _classes(tree: ast.Module) -> Iterator[str]:
    """Each class that a module defines, but for those whose name Django prescribes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name not in {"Command", "Meta", "Migration"}:
            yield node.name


def _homes() -> dict[str, list[str]]:
    """Class name to the modules that define one of this name; the row of a record of the core counts with it."""
    homes: dict[str, list[str]] = {}
    for module, path in _modules().items():
        for name in _classes(ast.parse(path.read_text(encoding="utf-8"))):
            if not (name in ROWS and module.startswith("accord_clinic/models/")):
                homes.setdefault(name, []).append(module)
    return homes


def test_a_class_name_stands_for_one_thing():
    wrong = [f"{name}: {', '.join(modules)}" for name, modules in sorted(_homes().items()) if len(modules) > 1]
    assert not wrong, "Give one of each a name of its own:\n" + "\n".join(wrong)
