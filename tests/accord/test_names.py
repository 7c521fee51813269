"""Names say what a value is: nothing in src/ that a name is given to is called by a word that says nothing.

A word that turns out to say nothing goes into FILLERS. TO_MEND only shrinks: a file without such a name leaves it.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
FILLERS = {"said", "told", "heard", "found", "known", "kept", "one", "here", "then", "lives", "cases", "twin", "spoken"}
TO_MEND = """
accord/signals.py
accord/simulation.py
accord/stats/mixed.py
accord/stats/mixed_likelihood.py
accord/stats/mixed_optimum.py
accord/stats/moment_matching.py
accord/stats/reliability.py
accord/stats/rules.py
accord/stats/simulated_practice.py
accord/stats/thresholds.py
accord/tables/strains.py
accord/trajectories.py
accord_clinic/actions/checkin.py
accord_clinic/actions/erasure.py
accord_clinic/actions/private_lines.py
accord_clinic/models/rights.py
accord_clinic/views/agreements.py
accord_clinic/words/wordings.py
"""


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


def test_every_way_of_giving_a_name_is_seen():
    source = "def f(said):\n    for found in said: self.kept = [one for one in found]\nclass Told: known: int\nhere = 1"
    names = Counter(name for _line, name in _names(ast.parse(source)))
    assert {"said", "found", "kept", "one", "told", "known", "here"} <= set(names)
