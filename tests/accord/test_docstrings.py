"""Public functions of the core say what a caller has to know; what a docstring lacks is named.

The rule, kept simple: each has an example that runs; one that raises says so; one with arrays says their shape and what
missing does; one of `stats/` has a source, in its docstring or in that of its module. Whether the sentences are true is
for the reader and for `test_examples.py`. A function that callers of the core may use, and that is not seen here, needs
its module in `ROOMS`.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CORE = Path(__file__).parents[2] / "src" / "accord"
ROOMS = (
    "scoring.py", "trajectories.py", "signals.py", "course.py", "simulation.py", "disclosure.py", "cards.py",
    "stats/*.py", "tables/*.py", "instruments/__init__.py", "tables/fhir_reading/__init__.py",
)  # fmt: skip
"""What has an inner module for each step (`instruments`, `fhir_reading`) is called by what its `__init__` defines."""
ARRAY = re.compile(r"\b(ArrayLike|NDArray|Floats|FloatArray|Flags|Ints|ndarray)\b")
SHAPE = re.compile(r"\([a-zA-Z_]+(, ?[a-zA-Z0-9_·]+)*,?\)|shape|\baxes\b")
MISSING = re.compile(r"missing|nan\b|\bNone\b|without|left out", re.IGNORECASE)
SOURCE = re.compile(r"\b(19|20)\d\d\b|Source:|\.json")


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """What a caller may use: functions of the module without an underscore.

    Detectors are left out: only `DETECTORS` calls them, and each has its example in `test_signals.py`.
    """
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not (node.returns and ast.unparse(node.returns) == "Iterator[Signal]"):
            yield node


def _raises(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(function))


def _lacks(function: ast.FunctionDef, about: str, has_source: bool) -> Iterator[str]:
    """What the docstring `about` a function does not say."""
    if ">>>" not in about:
        yield "an example"
    if _raises(function) and "Raises" not in about:
        yield "what it Raises"
    signature = f"{ast.unparse(function.args)} -> {ast.unparse(function.returns) if function.returns else None}"
    if ARRAY.search(signature) and not SHAPE.search(about):
        yield "shapes, as (n, T)"
    if ARRAY.search(signature) and not MISSING.search(about):
        yield "what missing does"
    if not has_source:
        yield "a source, here or at the top of the module"


def lacking(path: Path) -> list[str]:
    """A line for each public function of a module whose docstring lacks something."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = ast.get_docstring(tree) or ""
    lines = []
    for function in _functions(tree):
        about = ast.get_docstring(function) or ""
        has_source = path.parent.name != "stats" or bool(SOURCE.search(module + about))
        lacks = list(_lacks(function, about, has_source))
        if lacks:
            lines.append(f"{path.name}:{function.lineno} {function.name} lacks {'; '.join(lacks)}")
    return lines


def _modules() -> dict[str, Path]:
    paths = [path for room in ROOMS for path in CORE.glob(room)]
    return {path.relative_to(CORE).as_posix(): path for path in paths}


def test_every_public_function_says_what_a_caller_has_to_know() -> None:
    wrong = [line for _name, path in sorted(_modules().items()) for line in lacking(path)]
    assert not wrong, "Write into the docstring:\n" + "\n".join(wrong)


def test_each_thing_that_a_docstring_can_lack_is_seen(tmp_path: Path) -> None:
    (tmp_path / "stats").mkdir()
    path = tmp_path / "stats" / "bare.py"
    path.write_text('"""Bare."""\n\ndef bare(y: Floats) -> Floats:\n    """Bare."""\n    raise ValueError\n')
    [line] = lacking(path)
    for what in ("an example", "what it Raises", "shapes", "what missing does", "a source"):
        assert what in line


def test_every_room_of_the_rule_has_modules() -> None:
    assert all(list(CORE.glob(room)) for room in ROOMS)
