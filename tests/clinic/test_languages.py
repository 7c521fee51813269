"""A language is a message catalogue and one text file for consents, messages and each of Accord's own questionnaires.

The walk goes through `LANGUAGES`, so a language that is added there fails until all of it is here, and the message
names each file that is missing.
"""

import gettext
import shutil
from pathlib import Path

import pytest
from django.conf import locale, settings
from tests.clinic.test_german_catalogue import CLINIC, PYTHON, client_templates, in_python, in_template, read, shape

from accord.instruments import SHIPPED, catalogue

DJANGO = Path(locale.__file__).parent
SOURCE = "en"
"""What sentences are written in: it needs no translation of them."""


def missing(code: str, clinic: Path = CLINIC, shipped: Path = SHIPPED) -> list[str]:
    """What this language lacks, a line each; `clinic` and `shipped` are the folders in which its files are."""
    lacks = [] if code in locale.LANG_INFO else [f"Django knows no language {code!r}, so it has no name"]
    lacks += _translations(code, clinic / "locale" / code / "LC_MESSAGES" / "django.mo")
    for folder in ("consents", "messages"):
        file = clinic / folder / f"{code}.toml"
        if not file.exists():
            lacks.append(f"{folder}/{file.name}")
        elif shape(read(folder, SOURCE)).keys() - shape(read(folder, code, clinic)).keys():
            lacks.append(f"{folder}/{file.name}: parts that {SOURCE}.toml has")
    for own in (one for one in catalogue().instruments.values() if one.status == "experimental"):
        if own.wordings[SOURCE].status == "original" and code != SOURCE:
            file = shipped / "wording" / f"{own.id}.{code}.toml"
            lacks += [] if file.exists() else [f"accord/instruments/catalogue/wording/{file.name}"]
    if not any((folder / code / "formats.py").exists() for folder in (clinic / "formats", DJANGO)):
        lacks.append(f"formats/{code}/formats.py, since Django has no date formats for it")
    return lacks


def _translations(code: str, compiled: Path) -> list[str]:
    if not compiled.exists():
        return [f"locale/{code}/LC_MESSAGES/django.mo (and django.po, from which it is made)"]
    if code == SOURCE:
        return []
    with compiled.open("rb") as file:
        keys = gettext.GNUTranslations(file)._catalog
    translated = {key[0] if isinstance(key, tuple) else key for key in keys}
    modules = [path for pattern in PYTHON for path in CLINIC.glob(pattern)]
    needed = set().union(*map(in_template, client_templates()), *map(in_python, modules))
    return [f"locale/{code}/LC_MESSAGES/django.po: {text!r}" for text in sorted(needed - translated)]


@pytest.mark.parametrize("code", dict(settings.LANGUAGES))
def test_every_language_is_whole(code):
    lacks = "\n".join(f"  {line}" for line in missing(code))
    assert not lacks, f"{code} is in LANGUAGES and lacks\n{lacks}"


def test_a_language_without_its_files_is_told_each_of_them():
    assert missing("fr") == [
        "locale/fr/LC_MESSAGES/django.mo (and django.po, from which it is made)",
        "consents/fr.toml",
        "messages/fr.toml",
        *(
            f"accord/instruments/catalogue/wording/{name}.fr.toml"
            for name in ("accord-already-together", "accord-asking-again", "accord-check-in", "accord-starting-path",
                         "accord-wider-look", "goal-rating")
        ),
    ]  # fmt: skip
    assert missing("tlh")[0] == "Django knows no language 'tlh', so it has no name"
    assert missing("tlh")[-1] == "formats/tlh/formats.py, since Django has no date formats for it"


@pytest.fixture
def french(tmp_path):
    """A copy of the folders in which the texts of a language are; French stands for any, with the German texts."""
    for folder in ("consents", "messages"):
        (tmp_path / folder).mkdir()
        shutil.copy(CLINIC / folder / "de.toml", tmp_path / folder / "fr.toml")
    (tmp_path / "wording").mkdir()
    for file in (SHIPPED / "wording").glob("*.de.toml"):
        shutil.copy(file, tmp_path / "wording" / file.name.replace(".de.", ".fr."))
    shutil.copytree(CLINIC / "locale" / "de", tmp_path / "locale" / "fr")
    return tmp_path


@pytest.mark.parametrize(
    "forgotten",
    ["consents/fr.toml", "messages/fr.toml", "wording/accord-check-in.fr.toml", "locale/fr/LC_MESSAGES/django.mo"],
)
def test_each_file_that_a_language_forgot_is_named(french, forgotten):
    assert missing("fr", french, french) == []
    (french / forgotten).unlink()
    (line,) = missing("fr", french, french)
    assert forgotten in line


def test_a_part_that_a_text_file_forgot_is_named(french):
    file = french / "consents" / "fr.toml"
    file.write_text(file.read_text().split("[research]")[0])
    assert missing("fr", french, french) == ["consents/fr.toml: parts that en.toml has"]
