"""The catalogue of questionnaires: `load` reads one file, `catalogue` all that can be used.

A questionnaire is one file, `catalogue/ID.toml`. Translations are text files in `catalogue/wording`. A practice has a
folder of its own for questionnaires that it adds and for the wording of licensed ones (WAI-SR, WHO-5, CORE-10).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from accord.errors import BadInput, BadInstrument
from accord.instruments.model import (
    AnswerSet,
    Example,
    Instrument,
    InstrumentWording,
    Item,
    ItemText,
    Licence,
    PublishedThreshold,
    Scale,
    Source,
)
from accord.instruments.reading import read_instrument
from accord.instruments.wording import read_wording
from accord.toml import TomlTable, read_toml

__all__ = [
    "AnswerSet", "Catalogue", "Example", "Instrument", "InstrumentWording", "Item", "ItemText", "Licence",
    "PublishedThreshold", "Scale", "Source", "catalogue", "load",
]  # fmt: skip

SHIPPED = Path(__file__).parent / "catalogue"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The questionnaires that can be used, and a sentence for each file that could not be read.

    `instruments` holds the latest version of each; `versions` holds them all, since old answers keep their version.
    """

    instruments: Mapping[str, Instrument]
    versions: Mapping[tuple[str, str], Instrument]
    problems: tuple[str, ...]

    def get(self, identity: str, version: str | None = None) -> Instrument:
        """The questionnaire with this id (the latest, or one version). Raises `BadInput` with the nearest ids."""
        instrument = self.instruments.get(identity) if version is None else self.versions.get((identity, version))
        if instrument is None:
            near = difflib.get_close_matches(identity, self.instruments, 3, 0.5)
            advice = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(self.instruments)}."
            named = repr(identity) if version is None else f"{identity!r} in version {version}"
            raise BadInput(f"there is no questionnaire {named}. {advice}")
        return instrument

    def answered(self, identity: str, version: str) -> Instrument | None:
        """The questionnaire by which to read what was answered to it in this version.

        That is the version itself; where it is not here any more, the latest; nothing where there is none of this id.
        """
        return self.versions.get((identity, version)) or self.instruments.get(identity)


def load(path: str | Path) -> Instrument:
    """Read one questionnaire file. Raises `BadInstrument`: what is wrong, where, what to do.

    >>> load(SHIPPED / "phq-9.toml").id
    'phq-9'
    """
    return read_instrument(read_toml(Path(path)))


def catalogue(site_folder: str | Path | None = None) -> Catalogue:
    """All questionnaires: those shipped and those of the practice's own folder, with every wording that there is.

    A file that cannot be used is reported in `problems` and skipped; the rest works. A text file of the practice
    brings a licensed questionnaire to life, or replaces a wording that is shipped as a draft translation.

    >>> catalogue().get("phq-9").scale("total").method
    'sum'
    """
    gathered = _shipped(SHIPPED).copy()
    if site_folder is not None:
        folder = Path(site_folder)
        if not folder.is_dir():
            gathered.problems.append(f"{folder}: there is no such folder. Check the path.")
        paths = sorted(folder.glob("*.toml"))
        for path in (*(p for p in paths if not _is_text_file(p)), *(p for p in paths if _is_text_file(p))):
            gathered.take(path, own=True)
    return gathered.catalogue()


@cache
def _shipped(folder: Path) -> _Gathered:
    """What comes with Accord, read once: none of it changes while a program runs."""
    gathered = _Gathered({}, [])
    for path in (*sorted(folder.glob("*.toml")), *sorted((folder / "wording").glob("*.toml"))):
        gathered.take(path, own=False)
    return gathered


def _is_text_file(path: Path) -> bool:
    """A text file names the questionnaire that it words; it is read after the questionnaires."""
    try:
        return "instrument" in read_toml(path).data
    except BadInstrument:
        return False


@dataclass(frozen=True)
class _Gathered:
    """The questionnaires read so far, by id and version, and what could not be used."""

    versions: dict[tuple[str, str], Instrument]
    problems: list[str]

    def copy(self) -> _Gathered:
        return _Gathered(dict(self.versions), list(self.problems))

    def take(self, path: Path, *, own: bool) -> None:
        try:
            file = read_toml(path)
            if "instrument" in file.data:
                self._word(file, own=own)
            else:
                self._add(file)
        except BadInstrument as error:
            self.problems.append(str(error))

    def _add(self, file: TomlTable) -> None:
        instrument = read_instrument(file)
        name = (instrument.id, instrument.version)
        if name in self.versions:
            raise file.wrong(
                f"there is already a questionnaire {' '.join(name)}", "Give this one another id or version."
            )
        self.versions[name] = instrument

    def _word(self, file: TomlTable, *, own: bool) -> None:
        identity, version, language = file.text("instrument"), file.text("version"), file.text("language")
        instrument = self.versions.get((identity, version))
        if instrument is None:
            versions = ", ".join(f"{i} {v}" for i, v in self.versions)
            what = f"it words {identity} {version}, which is not there; there are {versions}"
            raise file.wrong(what, "Correct id or version.")
        if not own and not instrument.licence.text_allowed:
            raise file.wrong(f"the licence of {identity} does not allow its wording to be shipped", "Remove the file.")
        wording = read_wording(file, instrument, language)
        if own and wording.status != "site":
            raise file.wrong(
                f"status is {wording.status!r}", "A text of the practice's own folder has status = 'site'."
            )
        shipped = instrument.wordings.get(language)
        if shipped is not None and shipped.status != "draft translation":
            raise file.wrong(
                f"{identity} already has a wording in {language!r}, which is not a draft", "Remove the file."
            )
        self.versions[identity, version] = replace(instrument, wordings={**instrument.wordings, language: wording})

    def catalogue(self) -> Catalogue:
        by_age = sorted(self.versions.values(), key=lambda i: (i.id, [int(n) for n in i.version.split(".")]))
        return Catalogue({i.id: i for i in by_age}, dict(self.versions), tuple(self.problems))
