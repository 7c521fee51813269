"""Each room holds what its name says: queries read rows and say nothing, pages speak and read no rows."""

import ast
from pathlib import Path

import pytest

import accord_clinic

ROOMS = Path(accord_clinic.__file__).parent


def files(room):
    return [pytest.param(path, id=path.stem) for path in sorted((ROOMS / room).glob("*.py"))]


def imports(tree):
    """What is imported when the file runs: not what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        else:
            yield from imports(node)


def breaks(path, forbidden):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [name for name in imports(tree) if name.startswith(forbidden)]
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return imported, attributes


@pytest.mark.parametrize("path", files("queries"))
def test_queries_say_no_sentence(path):
    spoken, _attributes = breaks(path, "django.utils.translation")
    assert not spoken


@pytest.mark.parametrize("path", files("pages"))
def test_pages_read_no_rows(path):
    read, attributes = breaks(path, ("accord_clinic.models", "django.db"))
    read += attributes & {"objects"}
    assert not read
