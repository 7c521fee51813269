"""Guidance cards: read them from their files, and choose the ones that fit a case.

A new card is an entry in a file of `guidance/`; its words in another language are in the folder of that language.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from accord.errors import BadGuidance
from accord.signals import DETECTORS
from accord.toml import TomlTable, read_toml

FOLDER = Path(__file__).parent / "guidance"
SOURCES = "sources.toml"
CONVENTION = {
    "en": "Clinical convention; no trial is known to us.",
    "de": "Klinische Erfahrung; eine Studie dazu kennen wir nicht.",
}
NOT_CHECKED = {"en": "not checked", "de": "nicht geprüft"}
MOST_WORDS = 80  # what is read before a session: 20 seconds at 240 words a minute
MOST_WORDS_OF_A_WHY = 60  # how sure it is and its publications by name; what each found opens below

ASPECTS = ("goal", "task", "bond")
STRAIN_KINDS = ("withdrawal", "confrontation", "unclear")
APPROACHES = (
    "any", "cbt", "psychodynamic", "person-centred", "systemic", "integrative", "medical", "dbt", "act", "motivational",
)  # fmt: skip
INTEGRATIVE = "integrative"
DRAWN_FROM = tuple(approach for approach in APPROACHES if approach != INTEGRATIVE)
MODALITIES = ("any", "room", "video", "phone", "text")
FILE_KINDS = ("signal", "occasion", "theme")
INFERRED = frozenset(detector.kind for detector in DETECTORS if not detector.reported)


@dataclass(frozen=True, slots=True)
class Card:
    """One thing to try, short enough to read before a session. An offer, never an order.

    `signals` are the kinds of signal (or occasions, such as `ending`) that it answers. No `aspects` or no
    `strain_kinds` means that it fits each of them. Cards of one `theme` say the same thing for different
    approaches or modalities, so only one of them is shown. `unless` names where it must not be used. `verified` is true
    when each source was read. `source` says what each publication found, `cited` only which they are.
    """

    id: str
    title: str
    signals: tuple[str, ...]
    aspects: tuple[str, ...]
    strain_kinds: tuple[str, ...]
    approaches: tuple[str, ...]
    modalities: tuple[str, ...]
    why: str
    tries: tuple[str, ...]
    words: tuple[str, ...]
    avoid: str | None
    unless: str | None
    source: str
    cited: str
    evidence: str
    verified: bool
    theme: str

    def reading(self) -> str:
        """What is read before a session, as one text; source and evidence are small print and left out."""
        return " ".join((self.title, self.why, *self.tries, *self.words, self.avoid or "", self.unless or ""))


@dataclass(frozen=True, slots=True)
class _Source:
    cite: str
    verified: bool


def cards(folder: str | Path | None = None, language: str = "en") -> tuple[Card, ...]:
    """All cards of a guidance folder (default: the ones that come with Accord): signals, occasions, themes.

    A folder of one's own may cite the sources that come with Accord and add a `sources.toml`. A card without words in
    `language` keeps its English ones. Raises `BadGuidance` with what is wrong, where, and what to do.

    >>> deck = cards()
    >>> all(card.source and card.tries for card in deck)
    True
    >>> [card.id for card in cards(language="de")] == [card.id for card in deck]
    True
    """
    folder = Path(folder) if folder is not None else FOLDER
    if not folder.is_dir():
        raise BadGuidance(f"{folder}: there is no such folder. Check the path.")
    sources = _sources(FOLDER, language) | _sources(folder, language)
    files = _files(folder)
    kinds = _kinds(files) | _kinds(_files(FOLDER))
    deck: dict[str, Card] = {}
    for file in files.values():
        for card in _cards(file, kinds, sources, language):
            if card.id in deck:
                raise file.wrong(f"card {card.id!r} exists already", "Give this one another id.")
            deck[card.id] = card
    for path in sorted((folder / language).glob("*.toml")) if language != "en" else ():
        _translate(deck, path)
    return tuple(deck.values())


def occasions(folder: str | Path | None = None, language: str = "en") -> dict[str, str]:
    """What a therapist may choose cards for besides signals: the name of each occasion, by its key.

    >>> occasions()["medication"]
    'Talking about medication'
    """
    return dict(_shipped_occasions(language)) if folder is None else _occasions(Path(folder), language)


@cache
def _shipped_occasions(language: str) -> dict[str, str]:
    """Those that come with Accord, read once: a form asks for them each time it is shown."""
    return _occasions(FOLDER, language)


def _occasions(folder: Path, language: str) -> dict[str, str]:
    names = {}
    for path, file in _files(folder).items():
        if file.text("kind") == "occasion":
            words = folder / language / path.name
            source = read_toml(words, BadGuidance) if words.is_file() else file
            names[path.stem] = source.text("name", file.text("name", path.stem))
    return names


def fitting(
    deck: Sequence[Card],
    signals: Sequence[str],
    *,
    strain_kind: str | None = None,
    aspect: str | None = None,
    approach: str,
    modality: str,
    session: int = 0,
    most: int = 3,
) -> tuple[Card, ...]:
    """At most `most` cards for these signals, best first; the same input always gives the same cards.

    A card fits when each of its tags names what is asked for or is open; a tag that names something else
    rules it out (without `strain_kind` a strain counts as `unclear`, without `aspect` each one will do).
    `integrative` draws from every approach: which one comes first changes with the number of the `session`.
    Safety comes first, then what somebody reported, then what was inferred, each in the order given. Each
    signal gets one card before any gets a second, and no two cards share a theme. To leave out cards that
    were set aside, pass the rest of the deck.

    >>> [card.signals for card in fitting(cards(), ["ending"], approach="cbt", modality="room", most=1)]
    [('ending',)]
    """
    order = sorted(dict.fromkeys(signals), key=_rank)
    ways = (approach,) if approach != INTEGRATIVE else (DRAWN_FROM[session % len(DRAWN_FROM)], *DRAWN_FROM)
    ranked = {signal: _ranked(deck, signal, strain_kind, aspect, ways, modality) for signal in order}
    picked: list[Card] = []
    while len(picked) < most:
        before = len(picked)
        for signal in order:
            themes = {card.theme for card in picked}
            fresh = next((card for card in ranked[signal] if card.theme not in themes), None)
            if fresh is not None and len(picked) < most:
                picked.append(fresh)
        if len(picked) == before:
            break
    return tuple(picked)


def listing(deck: Sequence[Card]) -> str:
    """The deck as a page of Markdown: the reference list in the documentation.

    >>> listing(cards()).splitlines()[0]
    '# Guidance cards'
    """
    lines = [
        "# Guidance cards",
        "",
        f"All {len(deck)} cards that come with Accord: offers for the therapist to use, change or set aside.",
        "",
        "This page is made from the files in `src/accord/guidance` with `python -m accord.cards`;"
        " to change it, change those ([how](../how-to/write-a-guidance-card.md)).",
    ]
    for card in deck:
        lines += ["", f"## {card.title}", "", f"`{card.id}`. {_tags(card)}", "", card.why, ""]
        lines += [f"- {step}" for step in card.tries]
        if card.words:
            lines += ["", "Possible words: " + " / ".join(f"*{words}*" for words in card.words)]
        if card.avoid:
            lines += ["", f"Better not: {card.avoid}"]
        if card.unless:
            lines += ["", f"Not then: {card.unless}"]
        lines += ["", f"How sure: {card.evidence} Source: {card.source}"]
    return "\n".join(lines) + "\n"


def _tags(card: Card) -> str:
    tags_by_kind = {
        "For": card.signals,
        "Strain": card.strain_kinds,
        "Aspect": card.aspects,
        "Approach": card.approaches,
        "Modality": card.modalities,
    }
    return " ".join(f"{name}: {', '.join(tags)}." for name, tags in tags_by_kind.items() if tags and tags != ("any",))


def _rank(signal: str) -> int:
    if signal == "safety":
        return 0
    return 2 if signal in INFERRED else 1


def _ranked(
    deck: Sequence[Card],
    signal: str,
    strain_kind: str | None,
    aspect: str | None,
    ways: Sequence[str],
    modality: str,
) -> list[Card]:
    """The cards of one signal that nothing rules out, the closest first; ties keep the order of the deck.

    The subject (kind of strain, aspect) counts first, then the setting: approach, modality, and whether the
    card was made for this signal, which it names first, or also serves it.
    """
    ranked: list[tuple[tuple[int, int], Card]] = []
    for card in deck:
        strain = _closeness(card.strain_kinds, strain_kind or "unclear")
        part = _closeness(card.aspects, aspect)
        way, medium = _closest_way(card.approaches, ways), _closeness(card.modalities, modality)
        if signal not in card.signals or strain is None or part is None or way is None or medium is None:
            continue
        ranked.append(((strain + part, way + medium + (card.signals[0] != signal)), card))
    return [card for _, card in sorted(ranked, key=lambda entry: entry[0])]


def _closest_way(approaches: tuple[str, ...], ways: Sequence[str]) -> int | None:
    """As `_closeness`, for the approach whose turn it is; those that follow it count like cards for each approach."""
    first = _closeness(approaches, ways[0])
    return 1 if first is None and set(approaches) & set(ways) else first


def _closeness(tags: tuple[str, ...], wanted: str | None) -> int | None:
    """0 when the tags name it, 1 when they are open to all, `None` when they rule it out.

    When it is not known what is wanted, nothing is ruled out and open tags are the closer ones.
    """
    is_open = not tags or "any" in tags
    if wanted is None:
        return 0 if is_open else 1
    if wanted in tags:
        return 0
    return 1 if is_open else None


def _files(folder: Path) -> dict[Path, TomlTable]:
    """The guidance files of a folder: those of signals first, then occasions, then themes, each by name."""
    files = {path: read_toml(path, BadGuidance) for path in sorted(folder.glob("*.toml")) if path.name != SOURCES}
    return dict(sorted(files.items(), key=lambda entry: FILE_KINDS.index(entry[1].one_of("kind", FILE_KINDS))))


def _kinds(files: Mapping[Path, TomlTable]) -> frozenset[str]:
    """The signals and occasions that cards may name: each is a file, so a slip of the pen is found."""
    return frozenset(path.stem for path, file in files.items() if file.text("kind") != "theme")


def _sources(folder: Path, language: str) -> dict[str, _Source]:
    path, words = folder / SOURCES, folder / language / SOURCES
    if not path.is_file():
        return {}
    file = read_toml(path, BadGuidance)
    cites = read_toml(words, BadGuidance) if words.is_file() else file
    tables = {key: file.part(key, f"source {key!r}") for key in file.data}
    return {
        key: _Source(cites.part(key).text("cite", source.text("cite")), source.truth("verified", False))
        for key, source in tables.items()
    }


def _translate(deck: dict[str, Card], path: Path) -> None:
    """Put the words of one file in another language in the place of the English ones."""
    file = read_toml(path, BadGuidance)
    for key in [key for key in file.data if path.name != SOURCES and key != "name"]:
        table = file.part(key, f"card {key!r}")
        if key not in deck:
            raise file.wrong(f"there is no card {key!r}", "Check its id.")
        card = deck[key]
        deck[key] = replace(
            card,
            title=table.text("title"),
            why=table.text("why"),
            tries=table.texts("tries"),
            words=table.texts("words", ()),
            avoid=table.text("avoid", "") or None,
            unless=table.text("unless", "") or None,
            evidence=table.text("evidence"),
        )
        table.done()


def _cards(file: TomlTable, kinds: Collection[str], sources: Mapping[str, _Source], language: str) -> list[Card]:
    tables = file.parts("card")
    if not tables:
        raise file.wrong("there is no card in it", "Add a [[card]] or remove the file.")
    file.text("about", "")
    file.text("name", "")
    file.done()
    return [_card(table, kinds, sources, language) for table in tables]


def _card(table: TomlTable, kinds: Collection[str], sources: Mapping[str, _Source], language: str) -> Card:
    cited = [sources[key] for key in table.some_of("sources", sources, ())]
    not_checked = f" ({NOT_CHECKED.get(language, NOT_CHECKED['en'])})"
    cites = [entry.cite + ("" if entry.verified else not_checked) for entry in cited]
    convention = CONVENTION.get(language, CONVENTION["en"])
    card = Card(
        id=table.text("id"),
        title=table.text("title"),
        signals=table.some_of("signals", kinds),
        aspects=table.some_of("aspects", ASPECTS, ()),
        strain_kinds=table.some_of("strain_kinds", STRAIN_KINDS, ()),
        approaches=table.some_of("approaches", APPROACHES),
        modalities=table.some_of("modalities", MODALITIES),
        why=table.text("why"),
        tries=table.texts("tries"),
        words=table.texts("words", ()),
        avoid=table.text("avoid", "") or None,
        unless=table.text("unless", "") or None,
        source="; ".join(cites) or convention,
        cited="; ".join(entry.cite.partition(": ")[0] for entry in cited) or convention,
        evidence=table.text("evidence"),
        verified=bool(cited) and all(entry.verified for entry in cited),
        theme=table.text("theme", table.text("id")),
    )
    table.done()
    for key in ("signals", "approaches", "modalities"):
        if not getattr(card, key):
            raise table.wrong(f"{table.where}: {key!r} is empty", "Fill it in.")
    _check_size(card, table)
    return card


def _check_size(card: Card, table: TomlTable) -> None:
    if not 2 <= len(card.tries) <= 4:
        raise table.wrong(f"{table.where}: it has {len(card.tries)} steps in 'tries'", "Give two to four short ones.")
    length = len(card.reading().split())
    if length > MOST_WORDS:
        raise table.wrong(f"{table.where}: it has {length} words to read", f"Shorten it to {MOST_WORDS}.")


if __name__ == "__main__":
    print(listing(cards()), end="")
