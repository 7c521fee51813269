"""Guidance cards: the ones that come with Accord are fit to be read, and the right ones are offered."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from reading_grade import grade

from accord.cards import (
    APPROACHES,
    ASPECTS,
    CONVENTION,
    FOLDER,
    INTEGRATIVE,
    MODALITIES,
    MOST_WORDS,
    MOST_WORDS_OF_A_WHY,
    STRAIN_KINDS,
    cards,
    fitting,
    listing,
    occasions,
)
from accord.errors import BadGuidance
from accord.signals import DETECTORS

ROOT = Path(__file__).parents[2]
SIGNALS = tuple(detector.kind for detector in DETECTORS)
OCCASIONS = tuple(occasions())
DECK = cards()
GERMAN = cards(language="de")
CARD = """
[[card]]
id = "one"
title = "A card"
signals = ["drop"]
approaches = ["any"]
modalities = ["any"]
why = "Because."
tries = ["This.", "That."]
evidence = "None."
"""


def ids(found: tuple) -> list[str]:
    return [card.id for card in found]


# The cards that come with Accord


def test_every_signal_and_occasion_has_a_file_of_its_name_and_at_least_one_card_that_always_fits() -> None:
    for signal in (*SIGNALS, *OCCASIONS):
        assert (FOLDER / f"{signal}.toml").is_file(), f"write src/accord/guidance/{signal}.toml"
        assert fitting(DECK, [signal], approach="any other", modality="room"), signal


@pytest.mark.parametrize("strain_kind", STRAIN_KINDS)
def test_a_reported_strain_of_each_kind_brings_three_cards_in_each_setting(strain_kind: str) -> None:
    for approach, modality in product(APPROACHES, MODALITIES):
        if "any" not in (approach, modality):
            found = fitting(DECK, ["strain_reported"], strain_kind=strain_kind, approach=approach, modality=modality)
            assert len(found) == 3, (approach, modality)
            assert strain_kind in found[0].strain_kinds, (approach, modality)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_a_drop_in_each_aspect_brings_a_card_about_that_aspect_first(aspect: str) -> None:
    for approach in APPROACHES:
        found = fitting(DECK, ["drop"], aspect=aspect, approach=approach, modality="room")
        assert aspect in found[0].aspects


def test_a_card_is_read_in_twenty_seconds() -> None:
    for card in DECK:
        assert len(card.reading().split()) <= MOST_WORDS, card.id
        assert len(re.findall(r"[.!?](?:\s|$)", card.why)) <= 2, card.id


def test_its_why_has_at_most_sixty_words_with_its_sources_by_name() -> None:
    for card in (*DECK, *GERMAN):
        assert len(f"{card.evidence} {card.cited}".split()) <= MOST_WORDS_OF_A_WHY, card.id
        assert card.cited.count("(") == card.cited.count(")"), card.id
        for cite in card.cited.split("; "):
            assert cite in card.source, card.id


def test_a_card_offers_and_never_orders() -> None:
    for card in DECK:
        assert not re.search(r"\b(must|should|have to|need to|always|never)\b", " ".join(card.words)), card.id
        assert not re.search(r"\b(must|should)\b(?! report)", card.reading()), card.id


def test_a_card_guesses_no_pronoun_and_speaks_plainly() -> None:
    for card in DECK:
        text = " ".join((card.reading(), card.evidence)).lower()
        assert not re.search(r"\b(he|she|him|her|his|hers|himself|herself)\b", text), card.id
        jargon = "rupture|transference|metacommunic|complian|adheren|resistan|psychoeducat|patholog|disorder"
        assert not re.search(jargon, text), card.id


def test_a_card_says_how_sure_it_is_and_calls_nothing_published_that_was_not_read() -> None:
    for card in DECK:
        assert card.evidence.endswith("."), card.id
        assert card.verified or card.source == CONVENTION["en"], card.id


def test_the_safety_card_is_neutral_and_comes_first_whatever_else_there_is() -> None:
    first = fitting(DECK, SIGNALS, approach="cbt", modality="video")[0]
    assert first.id == "safety-procedure"
    assert first.words == ()
    assert "your practice" in first.reading()


def test_cards_for_silence_ask_first_whether_contact_is_safe_and_whether_there_is_a_risk() -> None:
    for card in (card for card in DECK if "silence" in card.signals):
        assert "contact safe" in card.tries[0], card.id
        assert "risk" in card.tries[0], card.id
        assert "our last" not in " ".join(card.words), f"{card.id}: a message carries no content of therapy"


@pytest.mark.parametrize("approach", APPROACHES)
def test_what_is_offered_after_a_confrontation_excepts_threats_violence_and_stalking(approach: str) -> None:
    for card in DECK:
        if "confrontation" in card.strain_kinds:
            assert card.unless, f"{card.id}: say where it must not be used"
    offered = fitting(DECK, ["strain_reported"], strain_kind="confrontation", approach=approach, modality="room")
    unless = " ".join(card.unless or "" for card in offered)
    assert all(word in unless for word in ("Threats", "violence", "stalking", "safety procedure"))


def test_two_cards_of_one_theme_differ_in_approach_or_modality() -> None:
    seen = set()
    for card in DECK:
        for setting in ((card.theme, way, medium) for way in card.approaches for medium in card.modalities):
            assert setting not in seen
            seen.add(setting)


def test_every_source_is_cited_and_says_whether_it_was_read() -> None:
    sources = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))
    cited = " ".join(card.source for card in DECK)
    for key, source in sources.items():
        assert set(source) == {"cite", "verified"}, key
        assert source["cite"] in cited, f"no card cites {key}"


def test_the_reference_list_is_current() -> None:
    page = (ROOT / "docs/reference/guidance.md").read_text(encoding="utf-8")
    assert page == listing(DECK), "run: python -m accord.cards > docs/reference/guidance.md"


@pytest.mark.parametrize("kind", SIGNALS)
def test_every_signal_is_explained(kind: str) -> None:
    page = (ROOT / "docs/explanation/why-these-signals.md").read_text(encoding="utf-8")
    assert f"| `{kind}` |" in page


def cases(card, approaches, sessions=(1,)):
    """The cases that could lead to a card: signal or occasion, kind of strain, aspect, approach, modality, session."""
    kinds, aspects = card.strain_kinds or STRAIN_KINDS, card.aspects or (None, *ASPECTS)
    media = card.modalities if card.modalities != ("any",) else MODALITIES[1:]
    for signal, kind, aspect, way, medium, number in product(
        card.signals, kinds, aspects, approaches, media, sessions
    ):
        yield [signal], {
            "strain_kind": kind, "aspect": aspect, "approach": way, "modality": medium, "session": number,
        }  # fmt: skip


def test_there_is_a_case_that_leads_to_each_card() -> None:
    for card in DECK:
        ways = card.approaches if card.approaches != ("any",) else APPROACHES[1:]
        possible = cases(card, ways, range(len(APPROACHES)))
        assert any(card in fitting(DECK, signals, **case) for signals, case in possible), card.id


def test_who_works_integratively_meets_each_card_in_some_session() -> None:
    """*Integrative* draws from every approach: which comes first changes from session to session."""
    for card in DECK:
        drawn = cases(card, (INTEGRATIVE,), range(len(APPROACHES)))
        assert any(card in fitting(DECK, signals, **case) for signals, case in drawn), card.id


def test_a_card_is_there_in_german_and_says_as_much() -> None:
    for english, german in zip(DECK, GERMAN, strict=True):
        assert german.title != english.title, f"{english.id}: write it in src/accord/guidance/de"
        for part in ("tries", "words"):
            assert len(getattr(german, part)) == len(getattr(english, part)), english.id
        for part in ("avoid", "unless"):
            assert bool(getattr(german, part)) == bool(getattr(english, part)), english.id
        assert english.source != german.source, english.id
        assert len(german.reading().split()) <= MOST_WORDS, english.id
        assert not re.search(r"\b(Du|Dein\w*|dir|dich|Ihnen gegenüber)\b", german.reading()), english.id


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!])\s+", text) if part]


def test_a_card_reads_easily() -> None:
    for card in DECK:
        assert grade(parts_of(card), "en") <= 9, card.id


def test_a_german_card_reads_easily() -> None:
    for card in GERMAN:
        assert grade(parts_of(card), "de") <= 8, card.id


def parts_of(card) -> list[str]:
    texts = (card.title, card.why, *card.tries, *card.words, card.avoid or "", card.unless or "", card.evidence)
    return [sentence for text in texts for sentence in sentences(text)]


def test_every_occasion_has_a_name_in_each_language() -> None:
    assert occasions().keys() == occasions(language="de").keys()
    assert not set(occasions().values()) & set(OCCASIONS)


# Which cards are offered


def test_no_signal_no_card() -> None:
    assert fitting(DECK, [], approach="cbt", modality="room") == ()


def test_reported_signals_come_before_inferred_ones_and_each_gets_a_card_before_any_gets_two() -> None:
    found = fitting(DECK, ["drop", "gap", "not_talked_about"], approach="cbt", modality="room")
    assert ids(found) == ["not-talked-first", "drop-ask", "gap-compare"]


def test_the_closest_approach_is_offered_and_its_general_twin_is_not() -> None:
    own = fitting(DECK, ["strain_reported"], strain_kind="withdrawal", approach="psychodynamic", modality="room")
    other = fitting(DECK, ["strain_reported"], strain_kind="withdrawal", approach="gestalt", modality="room")
    assert "withdrawal-psychodynamic" in ids(own)
    assert "withdrawal-room" not in ids(own)
    assert "withdrawal-room" in ids(other)


def test_the_medium_counts() -> None:
    assert "phone-silence" in ids(fitting(DECK, ["drop"], approach="cbt", modality="phone"))
    assert "phone-silence" not in ids(fitting(DECK, ["drop"], approach="cbt", modality="room"))


def test_a_card_about_one_kind_of_strain_is_not_offered_for_another_or_when_the_kind_is_not_known() -> None:
    for strain_kind in ("confrontation", None):
        found = fitting(DECK, ["strain_reported"], strain_kind=strain_kind, approach="cbt", modality="room", most=99)
        assert found
        assert all(not card.strain_kinds or (strain_kind or "unclear") in card.strain_kinds for card in found)


def test_never_more_than_asked_for_never_one_theme_twice_and_always_the_same() -> None:
    found = fitting(DECK, SIGNALS, approach="systemic", modality="text")
    assert len(found) == 3
    every = fitting(DECK, SIGNALS, approach="systemic", modality="text", most=99)
    assert len({card.theme for card in every}) == len(every)
    assert every[:3] == found == fitting(DECK, SIGNALS, approach="systemic", modality="text")


def test_what_was_set_aside_makes_room_for_the_next() -> None:
    first = fitting(DECK, ["gap"], approach="cbt", modality="room")
    rest = [card for card in DECK if card not in first]
    assert not set(ids(first)) & set(ids(fitting(rest, ["gap"], approach="cbt", modality="room")))


# A folder of one's own


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_a_folder_of_ones_own_may_add_a_signal_and_cite_its_own_source(write) -> None:
    write("sources.toml", '[ours]\ncite = "Our own audit"\nverified = false\n')
    text = CARD.replace('"drop"', '"late_evening"') + 'sources = ["ours"]\n'
    deck = cards(write("late_evening.toml", 'kind = "signal"' + text))
    assert ids(fitting(deck, ["late_evening"], approach="cbt", modality="room")) == ["one"]
    assert deck[0].source == "Our own audit (not checked)"
    assert not deck[0].verified


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = ", "drop.toml: this is not TOML"),
        ('kind = "mood"', "drop.toml: the file: kind is 'mood'. Write one of 'signal', 'occasion', 'theme'."),
        ('kind = "signal"', "drop.toml: there is no card in it. Add a [[card]]"),
        (
            CARD.replace('"drop"', '"dorp"'),
            "drop.toml: card 'one': signals names 'dorp'. Use one of again,",
        ),
        (
            CARD.replace('modalities = ["any"]', 'modalities = ["fax"]'),
            "modalities names 'fax'. Use one of any,",
        ),
        (CARD.replace('why = "Because."', ""), "card 'one' lacks 'why'. Add it."),
        (CARD.replace('"Because."', "3"), "card 'one': 'why' is 3. Write text."),
        (CARD.replace('["drop"]', '"drop"'), "card 'one': 'signals' is 'drop'. Write a list."),
        (CARD + 'mood = "x"\n', "card 'one': 'mood' means nothing here. Remove it"),
        (CARD.replace('["This.", "That."]', '["This."]'), "it has 1 steps in 'tries'. Give two to four"),
        (CARD.replace("Because.", "word " * 90), "words to read. Shorten it to 80."),
        (CARD + CARD, "card 'one' exists already. Give this one another id."),
        (CARD + 'sources = ["nobody"]\n', "sources names 'nobody'."),
        (CARD.replace('id = "one"', ""), "card 1 lacks 'id'. Add it."),
    ],
)
def test_a_bad_file_gets_a_sentence_that_says_what_where_and_what_to_do(text: str, said: str, write) -> None:
    folder = write("drop.toml", text if text.startswith("kind") else 'kind = "signal"\n' + text)
    with pytest.raises(BadGuidance, match=re.escape(said)):
        cards(folder)


def test_a_bad_source_or_a_missing_folder_is_said(write, tmp_path: Path) -> None:
    with pytest.raises(BadGuidance, match="there is no such folder"):
        cards(tmp_path / "nowhere")
    with pytest.raises(BadGuidance, match="source 'ours' lacks 'cite'. Add it"):
        cards(write("sources.toml", "[ours]\nverified = true\n"))
