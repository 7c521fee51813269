"""Each room holds what its name says: queries read rows and say nothing, records are what was read, pages speak."""

import ast
from pathlib import Path

import pytest
from django.template import TemplateDoesNotExist
from django.template.loader import get_template

import accord_clinic

ROOMS = Path(accord_clinic.__file__).parent
VIEWS = ROOMS / "views"
WITH_TOPICS = {f"accord_clinic.{room}" for room in ("pages", "queries", "records", "rules")}
ASKS = {"objects", "all", "filter", "exclude", "first", "last", "exists", "count", "values_list", "order_by"}
"""What a manager or a queryset is asked by."""


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


@pytest.mark.parametrize("path", [*files("queries"), *files("rules"), *files("records")])
def test_what_reads_says_no_sentence(path):
    spoken, _attributes = breaks(path, "django.utils.translation")
    assert not spoken


@pytest.mark.parametrize("path", [*files("queries"), *files("rules")])
def test_what_asks_the_database_defines_no_record(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert not classes, f"Give these a place in records/{path.name}: {', '.join(classes)}"


@pytest.mark.parametrize("path", files("records"))
def test_records_ask_nothing(path):
    """What may be imported is a contract in pyproject.toml; a row that is given could still be asked for more rows."""
    _imported, attributes = breaks(path, "django")
    assert not attributes & ASKS


@pytest.mark.parametrize("path", files("pages"))
def test_pages_read_no_rows(path):
    read, attributes = breaks(path, ("accord_clinic.models", "django.db"))
    read += attributes & {"objects"}
    assert not read


def views():
    for path in sorted(VIEWS.glob("*.py")):
        yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def test_every_template_that_a_view_names_is_there():
    named = {
        (node.value, name)
        for name, tree in views()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html")
    }
    missing = [f"write templates/{template} ({view})" for template, view in sorted(named) if not is_template(template)]
    assert not missing, "; ".join(missing)


def is_template(name):
    try:
        get_template(name)
    except TemplateDoesNotExist as error:
        return error.args[0] != name
    return True


def test_every_module_that_a_view_names_is_there():
    """A view that imports what is not there keeps the whole clinic from starting; this says which file to write."""
    wanted = {
        (node.module.removeprefix("accord_clinic."), alias.name, name)
        for name, tree in views()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in WITH_TOPICS
        for alias in node.names
    }
    missing = [
        f"write {room}/{module}.py ({view})"
        for room, module, view in sorted(wanted)
        if not (ROOMS / room / f"{module}.py").is_file()
    ]
    assert not missing, "; ".join(missing)
