"""Names say what a value is: no name in src/ is a word that says nothing, and no class has the name of another.

A word that turns out to say nothing goes into FILLERS.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
TEMPLATES = SRC / "accord_clinic" / "templates"
FILLERS = {"said", "told", "heard", "found", "known", "kept", "one", "here", "then", "lives", "cases", "twin", "spoken"}
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


@cache
def _read(path: Path) -> tuple[list[str], list[str]]:
    """The fillers among a module's names, with their lines, and its classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    fillers = [f"{path.relative_to(SRC)}:{line} {name}" for line, name in _names(tree) if name in FILLERS]
    return fillers, [*_classes(tree)]


def _templates() -> list[Path]:
    return [path for path in sorted(TEMPLATES.rglob("*")) if path.is_file()]


def _modules() -> dict[str, Path]:
    return {str(path.relative_to(SRC)): path for path in SRC.rglob("*.py") if "migrations" not in path.parts}


def test_no_name_in_src_is_a_filler():
    wrong = [text for _name, path in sorted(_modules().items()) for text in _read(path)[0]]
    assert not wrong, "Give these a name that says what the value is:\n" + "\n".join(wrong)


def _given_in_templates(path: Path) -> set[str]:
    """Each name that a template gives to something: in a loop, beside a tag (`name=`) or as its result (`as name`)."""
    text = path.read_text(encoding="utf-8")
    names: set[str] = set()
    for tag in re.findall(r"{%(.*?)%}", text, re.S):
        words = tag.split()
        if words[0] == "for":
            names |= set(" ".join(words[1 : words.index("in")]).replace(",", " ").split())
        else:
            names |= set(re.findall(r"(?<![\w.|])(\w+)=", tag)) | set(re.findall(r"\bas (\w+)", tag))
    return names


def test_no_name_in_a_template_is_a_filler():
    fillers = {str(path.relative_to(TEMPLATES)): _given_in_templates(path) & FILLERS for path in _templates()}
    wrong = [f"{name}: {', '.join(sorted(names))}" for name, names in sorted(fillers.items()) if names]
    assert not wrong, "Give what these name a name that says what it is:\n" + "\n".join(wrong)


def test_every_way_of_giving_a_name_is_seen():
    source = "def f(said):\n    for found in said: self.kept = [one for one in found]\nclass Told: known: int\nhere = 1"
    names = Counter(name for _line, name in _names(ast.parse(source)))
    assert {"said", "found", "kept", "one", "told", "known", "here"} <= set(names)


def _classes(tree: ast.Module) -> Iterator[str]:
    """Each class that a module defines, but for those whose name Django prescribes."""
    within: list[ast.AST] = [tree]
    while within:
        node = within.pop()
        if isinstance(node, ast.ClassDef) and node.name not in {"Command", "Meta", "Migration"}:
            yield node.name
        inner = ast.stmt | ast.excepthandler | ast.match_case
        within += [child for child in ast.iter_child_nodes(node) if isinstance(child, inner)]


def test_a_class_is_seen_wherever_it_is_defined():
    source = "try:\n    class A: pass\nexcept E:\n    class B: pass\nmatch x:\n    case 1:\n        class C: pass"
    assert set(_classes(ast.parse(source))) == {"A", "B", "C"}


def _homes() -> dict[str, list[str]]:
    """Class name to the modules that define one of this name; the row of a record of the core counts with it."""
    homes: dict[str, list[str]] = {}
    for module, path in _modules().items():
        for name in _read(path)[1]:
            if not (name in ROWS and module.startswith("accord_clinic/models/")):
                homes.setdefault(name, []).append(module)
    return homes


def test_a_class_name_stands_for_one_thing():
    wrong = [f"{name}: {', '.join(modules)}" for name, modules in sorted(_homes().items()) if len(modules) > 1]
    assert not wrong, "Give one of each a name of its own:\n" + "\n".join(wrong)
