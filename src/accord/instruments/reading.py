"""Read and check a questionnaire file. Every mistake gets a sentence: what, where, what to do.

A new key of the file is read here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from accord.instruments.keys import read_scales, read_thresholds
from accord.instruments.model import AnswerKind, AnswerSet, Example, Instrument, Item, Licence
from accord.instruments.wording import read_wording
from accord.records import RATERS, Rater
from accord.toml import TomlTable

INSTRUMENT_ID = re.compile(r"[a-z][a-z0-9-]*")
VERSION = re.compile(r"\d+(\.\d+)*")

Forms = dict[str, tuple[str, ...]]


def read_instrument(file: TomlTable) -> Instrument:
    """Build and check a questionnaire from its file, step by step. Raises `BadInstrument`."""
    raters = _raters(file, RATERS)
    sets = {name: _answer_set(name, part) for name, part in file.named("answers", "the answers").items()}
    items = _items(file, sets, raters)
    forms, seconds = _forms(file, items)
    instrument = Instrument(
        id=file.text("id"),
        version=file.text("version"),
        name=file.text("name"),
        status=file.text("status"),
        about=file.text("about"),
        raters=raters,
        answer_sets=sets,
        items=tuple(items.values()),
        scales=(),
        forms=forms,
        seconds=seconds,
        thresholds=(),
        licence=_licence(file.part("licence", "the licence")),
        wordings={},
        examples=(),
        loinc=_loinc(file),
        youngest=file.integer("youngest", 0),
    )
    _check_identity(file, instrument)
    instrument = replace(instrument, scales=read_scales(file, instrument))
    instrument = replace(instrument, thresholds=read_thresholds(file, instrument))
    instrument = replace(instrument, examples=_examples(file, instrument))
    instrument = _with_own_wording(file, instrument)
    file.done()
    return instrument


def _check_identity(file: TomlTable, instrument: Instrument) -> None:
    if not INSTRUMENT_ID.fullmatch(instrument.id):
        raise file.wrong(f"id {instrument.id!r} may hold small letters, digits and hyphens only", "Rename it.")
    if not VERSION.fullmatch(instrument.version):
        raise file.wrong(f"version is {instrument.version!r}", "Write numbers with points, such as '1.0'.")


def _raters(part: TomlTable, default: tuple[Rater, ...]) -> tuple[Rater, ...]:
    named = part.texts("raters", default)
    for rater in named:
        if rater not in RATERS:
            raise part.wrong(f"{part.where}: rater {rater!r} is unknown", "Write 'client', 'therapist' or both.")
    if not named:
        raise part.wrong(f"{part.where}: 'raters' is empty", "Say who is asked: 'client', 'therapist' or both.")
    return tuple(rater for rater in RATERS if rater in named)


def _answer_set(name: str, part: TomlTable) -> AnswerSet:
    kind: AnswerKind = part.one_of("kind", get_args(AnswerKind))
    values, codes, groups = part.integers("values", ()), part.texts("codes", ()), part.texts("groups", ())
    low, high = part.number("low", math.nan), part.number("high", math.nan)
    only: dict[Rater, frozenset[str]] = {r: frozenset(part.texts(f"{r}_only", ())) for r in RATERS}
    highest_first = part.truth("highest_first", False)
    part.done()
    if kind == "choice":
        if len(values) < 2 or list(values) != list(range(values[0], values[0] + len(values))):
            raise part.wrong(
                f"{part.where}: the values are {list(values)}", "Write two or more, rising in steps of one."
            )
        low, high = float(values[0]), float(values[-1])
    if kind == "number" and not low < high:
        raise part.wrong(f"{part.where}: a number needs 'low' below 'high'", "Add or correct them.")
    if kind == "many" and not codes:
        raise part.wrong(f"{part.where}: a choice of many needs 'codes'", "Add them.")
    for parallel, answers in ((codes if kind == "choice" else (), values), (groups, codes)):
        if parallel and len(parallel) != len(answers):
            what = f"{part.where}: codes or groups ({len(parallel)}) do not match the answers ({len(answers)})"
            raise part.wrong(what, "Give one for each.")
    if strange := sorted(frozenset().union(*only.values()) - set(codes if kind == "many" else ())):
        what = f"{part.where}: client_only or therapist_only names {', '.join(strange)}"
        raise part.wrong(what, "Name codes of this choice of many.")
    offered_to = {r: names for r, names in only.items() if names}
    return AnswerSet(name, kind, values, codes, groups, low, high, offered_to, highest_first)


def _items(file: TomlTable, sets: Mapping[str, AnswerSet], raters: tuple[Rater, ...]) -> dict[str, Item]:
    items: dict[str, Item] = {}
    for part in file.parts("items"):
        item = _item(part, sets, raters)
        if item.id in items:
            raise part.wrong(f"{part.where} is there twice", "Rename or remove one.")
        if item.asked_if:
            _check_condition(part, *item.asked_if, items, sets)
        items[item.id] = item
    if not items:
        raise file.wrong("there is no item", "Add at least one [[items]].")
    return items


def _item(part: TomlTable, sets: Mapping[str, AnswerSet], raters: tuple[Rater, ...]) -> Item:
    answers = part.text("answers")
    if answers not in sets:
        what = f"{part.where} uses the answers {answers!r}; the file has {', '.join(sets) or 'none'}"
        raise part.wrong(what, "Correct the name or add them.")
    if part.text("id") in sets and part.text("id") != answers:
        what = f"{part.where} has the name of other answers, so that labels of the two would be mixed up"
        raise part.wrong(what, "Rename one of them.")
    part.truth("sharing", False)  # read until 0.1: some answers could be kept; now every one can
    condition = part.part("asked_if", f"{part.where}, asked_if") if part.has("asked_if") else None
    item = Item(
        id=part.name("id"),
        answers=answers,
        kind=sets[answers].kind,
        construct=part.text("construct"),
        raters=_raters(part, raters),
        asked_if=(condition.text("item"), condition.integer("at_least")) if condition else None,
        safety=part.integer("safety") if part.has("safety") else None,
        commensurate=part.truth("commensurate", False),
    )
    if item.commensurate and (item.raters != RATERS or item.kind != "choice"):
        what = f"{part.where} is called commensurate, but it is not a choice that both are asked"
        raise part.wrong(what, "Correct one of the two.")
    if item.safety is not None and item.safety not in sets[answers].values:
        raise part.wrong(f"{part.where}: safety is {item.safety}, which is no possible answer", "Correct it.")
    part.done()
    return item


def _check_condition(
    part: TomlTable, on: str, at_least: int, before: Mapping[str, Item], sets: Mapping[str, AnswerSet]
) -> None:
    if on not in before:
        what = f"{part.where} depends on an answer to {on!r}, which is no item before it"
        raise part.wrong(what, "Correct the name or the order.")
    answers = sets[before[on].answers]
    if at_least not in answers.values:
        what = f"{part.where} is asked when {on!r} is {at_least} or more, which is no possible answer"
        raise part.wrong(what, "Correct it.")


def _forms(file: TomlTable, items: Mapping[str, Item]) -> tuple[Forms, dict[str, int]]:
    forms, seconds = {}, {}
    for name, part in file.named("forms", "form").items():
        forms[name], seconds[name] = part.texts("items"), part.integer("seconds")
        part.done()
        if seconds[name] < 1:
            raise part.wrong(f"{part.where}: seconds is {seconds[name]}", "Say how long the form takes.")
        _check_form(part, forms[name], items)
    if not forms:
        raise file.wrong("there is no form", "Add [forms.full] with its items and seconds.")
    return forms, seconds


def _check_form(part: TomlTable, asked: tuple[str, ...], items: Mapping[str, Item]) -> None:
    for position, item_id in enumerate(asked):
        if item_id not in items:
            what = f"{part.where} asks item {item_id!r}; the questionnaire has {', '.join(items)}"
            raise part.wrong(what, "Remove it or add the item.")
        if item_id in asked[:position]:
            raise part.wrong(f"{part.where} asks item {item_id!r} twice", "Remove one.")
        condition = items[item_id].asked_if
        if condition and condition[0] not in asked[:position]:
            what = (
                f"{part.where} asks {item_id!r}, which depends on {condition[0]!r}, but not {condition[0]!r} before it"
            )
            raise part.wrong(what, f"Add {condition[0]!r}.")
    if not asked:
        raise part.wrong(f"{part.where} asks nothing", "Add items or remove the form.")


def _licence(part: TomlTable) -> Licence:
    licence = Licence(
        spdx=part.text("spdx"),
        holder=part.text("holder"),
        text_allowed=part.truth("text_allowed"),
        redistribution_allowed=part.truth("redistribution_allowed"),
        modification_allowed=part.truth("modification_allowed"),
        commercial_allowed=part.truth("commercial_allowed"),
        notice=part.text("notice"),
        evidence=part.text("evidence"),
        checked_on=part.date("checked_on"),
    )
    part.done()
    return licence


def _loinc(file: TomlTable) -> dict[str, str]:
    part = file.part("loinc")
    return {name: part.text(name) for name in part.data}


def _examples(file: TomlTable, instrument: Instrument) -> tuple[Example, ...]:
    examples = tuple(_example(part, instrument) for part in file.parts("examples"))
    if instrument.scales and len(examples) < 2:
        what = f"worked examples: {len(examples)}; two are the least, since they are the file's test"
        raise file.wrong(what, "Add [[examples]].")
    return examples


def _example(part: TomlTable, instrument: Instrument) -> Example:
    form, answers, scores = part.text("form"), part.part("answers"), part.part("scores")
    if form not in instrument.forms:
        what = f"{part.where} is about the form {form!r}; the file has {', '.join(instrument.forms)}"
        raise part.wrong(what, "Correct it.")
    for item_id, answer in answers.data.items():
        if item_id not in instrument.forms[form]:
            raise part.wrong(f"{part.where} answers {item_id!r}, which the form {form!r} does not ask", "Remove it.")
        if not instrument.answer_set(item_id).allows(tuple(answer) if isinstance(answer, list) else answer):
            allowed = instrument.answer_set(item_id).range()
            raise part.wrong(f"{part.where}: {item_id} is {answer!r}", f"Write {allowed}.")
    for name, value in scores.data.items():
        if name not in {scale.name for scale in instrument.scales}:
            raise part.wrong(f"{part.where} gives a score of {name!r}, which is no scale of the file", "Correct it.")
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if value != "none" and not number:
            what = f"{part.where}: the score of {name} is {value!r}"
            raise part.wrong(what, "Write a number, or 'none' for no score.")
    if instrument.scales and not scores.data:
        raise part.wrong(f"{part.where} gives no score", "Add what its answers must give.")
    example = Example(
        form=form,
        answers={i: tuple(a) if isinstance(a, list) else a for i, a in answers.data.items()},
        scores={name: None if value == "none" else float(value) for name, value in scores.data.items()},
        note=part.text("note", ""),
    )
    part.done()
    return example


def _with_own_wording(file: TomlTable, instrument: Instrument) -> Instrument:
    wordings = file.named("wording", "wording")
    if wordings and not instrument.licence.text_allowed:
        what = f"the licence of {instrument.id} does not allow its wording here, and the file holds some"
        raise file.wrong(what, "Move it to a text file in the practice's own folder.")
    return replace(instrument, wordings={lang: read_wording(part, instrument, lang) for lang, part in wordings.items()})
