"""What clients agree to and what messages say, from one text file a language; English where there is none."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent.parent
PURPOSES = ("care", "research", "studies", "transcripts", "supervision")
OF_PROGRAMS = ("record", "record_answers")
"""What a client agrees to for each program of others by itself; the second adds to the first."""


@dataclass(frozen=True, slots=True)
class ConsentWording:
    """What a client agrees to for one purpose, and what withdrawing it does, in one language and version."""

    purpose: str
    language: str
    version: str
    title: str
    text: tuple[str, ...]
    withdrawn: str
    draft: bool = False


def consent(purpose: str, language: str, **names: str) -> ConsentWording:
    """The wording of today for one purpose; `names` are those of a program, its keeper and its use."""
    shown_language, texts = _texts("consents", language)
    wording = texts[purpose]

    def filled(text: str) -> str:
        return text.format(**names) if names else text

    return ConsentWording(
        purpose=purpose,
        language=shown_language,
        version=wording["version"],
        title=filled(wording["title"]),
        text=tuple(map(filled, wording["text"])),
        withdrawn=filled(wording["withdrawn"]),
        draft=texts["status"] == "draft translation",
    )


def message(kind: str, language: str) -> tuple[str, str]:
    """Subject and body of one kind of message; kinds without a text of their own say only: please look."""
    texts = _texts("messages", language)[1]
    text = texts.get(kind, texts["look"])
    return text["subject"], text["body"]


def stop_line(language: str) -> str:
    """The last line of every message that a client did not ask for."""
    return _texts("messages", language)[1]["stop"]["line"]


@cache
def _texts(folder: str, language: str) -> tuple[str, Mapping]:
    path = HERE / folder / f"{language}.toml"
    if not path.exists():
        return _texts(folder, "en")
    return language, tomllib.loads(path.read_text(encoding="utf-8"))
