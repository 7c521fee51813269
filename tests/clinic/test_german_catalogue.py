"""German for clients: no string of theirs lacks a translation, and each says Sie, draft and what the English says."""

import ast
import gettext
import re
import tomllib
from pathlib import Path

import pytest
from django.utils.translation.template import templatize
from tests.clinic.test_german import ENGLISH

from accord_clinic.words import wordings

CLINIC = wordings.HERE
TEMPLATES = CLINIC / "templates"
GERMAN = CLINIC / "locale/de/LC_MESSAGES"

PAGES = ["errors/plain.html", "parts/talk_rows.html", "therapist/talk.html"]
"""Templates that clients meet beside those in `client/`, and what those include."""
PYTHON = [
    "exports/chapters.py", "exports/paper.py", "exports/pdf.py", "questionnaires/*.py", "pages/pictures.py",
    "words/introduction.py", "words/phrases.py", "actions/agreements.py", "actions/corrections.py",
    "pages/consent.py", "pages/key_holders.py", "pages/own_space.py",
    "pages/answers.py", "pages/talk_sheet.py", "pages/erasure.py", "forms/treatment_plan.py",
    "pages/treatment_plan.py", "pages/looking_back.py", "pages/outcomes.py", "actions/treatment_plan.py",
    "actions/follow_up.py", "exports/treatment_plan.py",
    "views/checkin_page.py", "views/checkin.py", "views/errors.py", "views/rights.py",
    "views/own_space.py",
]  # fmt: skip
"""Modules whose sentences clients read."""
CALLS = {"_", "gettext", "ngettext", "gettext_lazy"}
LITERAL = re.compile(r"""\b(?:_|gettext|ngettext)\(\s*u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")

FAMILIAR = re.compile(r"\b(du|dich|dir|dein\w*|euch|euer|eure\w*|ihr beide)\b", re.I)
GUESSED = re.compile(r"\b(Klient(in)?|Therapeut(in)?|Patient(in)?|Arzt|Ärztin)\b")


def client_templates() -> list[Path]:
    """Every template that a client meets, found by following what is extended and included."""
    found: set[Path] = set()
    waiting = [*(TEMPLATES / "client").rglob("*.html"), *(TEMPLATES / name for name in PAGES)]
    while waiting:
        path = waiting.pop()
        if path in found or path.name == "base.html" and path.parent == TEMPLATES:
            continue
        found.add(path)
        waiting += [TEMPLATES / name for name in re.findall(r'{% (?:extends|include) "([^"]+)"', path.read_text())]
    return sorted(found)


def in_template(path: Path) -> set[str]:
    return {ast.literal_eval(text) for text in LITERAL.findall(templatize(path.read_text()))}


def in_python(path: Path) -> set[str]:
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    named = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in CALLS)
    return {call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)}


def catalogue() -> dict[str, str]:
    """Singular, or what stands for one, and its translation, of everything that is compiled."""
    with (GERMAN / "django.mo").open("rb") as file:
        rows = gettext.GNUTranslations(file)._catalog
    many = {key[0]: text for key, text in rows.items() if isinstance(key, tuple) and key[1] == 1}
    return many | {key: text for key, text in rows.items() if isinstance(key, str) and key}


class TestTheCatalogue:
    @pytest.mark.parametrize("path", client_templates(), ids=lambda path: str(path.relative_to(TEMPLATES)))
    def test_every_string_of_a_clients_template_is_translated(self, path):
        assert sorted(in_template(path) - set(catalogue())) == []

    @pytest.mark.parametrize("pattern", PYTHON)
    def test_every_string_of_a_module_that_speaks_to_clients_is_translated(self, pattern):
        modules = list(CLINIC.glob(pattern))
        assert modules, "no such module: the list above is out of date"
        said = set().union(*map(in_python, modules))
        assert sorted(said - set(catalogue())) == []

    def test_the_compiled_catalogue_is_the_one_that_people_edit(self):
        """`msgfmt -o django.mo django.po` after each change."""
        text = (GERMAN / "django.po").read_text(encoding="utf-8")
        entries = re.findall(
            r'^msgid (".*")\n(?:msgid_plural ".*"\n)?msgstr(?:\[0\] ".*"\nmsgstr\[1\])? (".*")$', text, re.M
        )
        edited = {ast.literal_eval(key): ast.literal_eval(value) for key, value in entries if key != '""'}
        assert edited == catalogue()
        assert "#, fuzzy" not in text

    def test_names_and_numbers_in_a_sentence_are_the_same_in_both_languages(self):
        holes = re.compile(r"%\(\w+\)s|\{\w+\}")
        rows = catalogue().items()
        different = [key for key, text in rows if set(holes.findall(key)) != set(holes.findall(text))]
        assert different == []

    def test_it_says_sie_and_guesses_nobody(self):
        said = [*catalogue().values(), *texts("consents"), *texts("messages")]
        assert [text for text in said if FAMILIAR.search(text) or GUESSED.search(text)] == []

    @pytest.mark.parametrize("folder", ["consents", "messages"])
    def test_each_text_file_says_all_that_the_english_one_says_and_nothing_of_it_in_english(self, folder):
        german, english = (shape(read(folder, language)) for language in ("de", "en"))
        assert german == english
        assert [text for text in texts(folder) if ENGLISH.search(re.sub(r"\{\w+\}", "", text))] == []

    def test_every_translation_is_marked_as_a_draft(self):
        files = [CLINIC / "consents/de.toml", CLINIC / "messages/de.toml"]
        assert all("Entwurf" in path.read_text(encoding="utf-8")[:300] for path in files)
        assert "draft translation" in (GERMAN / "django.po").read_text(encoding="utf-8")[:200]


def read(folder: str, language: str, clinic: Path = CLINIC) -> dict:
    return tomllib.loads((clinic / folder / f"{language}.toml").read_text(encoding="utf-8"))


def shape(table: dict) -> dict:
    """The same table with how much is said in place of what is said; versions stay."""

    def told(key: str, value: str | list) -> object:
        return value if key == "version" else len(value) if isinstance(value, list) else "text"

    parts = {name: part for name, part in table.items() if name != "status"}
    return {name: {key: told(key, value) for key, value in part.items()} for name, part in parts.items()}


def texts(folder: str) -> list[str]:
    """All sentences of one German file."""
    parts = (part for name, part in read(folder, "de").items() if name != "status")
    values = (value for part in parts for key, value in part.items() if key != "version")
    return [line for value in values for line in (value if isinstance(value, list) else [value])]
