"""A questionnaire file in, a checked `Instrument` out. Every mistake gets a sentence: what, where, what to do."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import get_args

from accord.instrument_parts import (
    AnswerKind,
    AnswerSet,
    Direction,
    Example,
    Instrument,
    Item,
    Licence,
    Scale,
    Source,
    SourceType,
    Threshold,
)
from accord.instrument_wording import read_wording
from accord.records import RATERS, Rater
from accord.toml_part import Part

NAME = re.compile(r"[a-z][a-z0-9_]*")
INSTRUMENT_ID = re.compile(r"[a-z][a-z0-9-]*")
VERSION = re.compile(r"\d+(\.\d+)*")
DATE = re.compile(r"\d{4}-\d\d-\d\d")
METHODS = ("mean", "sum", "mean100", "tscore")
FULL = "full"


def read_instrument(file: Part) -> Instrument:
    """Build and check a questionnaire from its file. Raises `BadInstrument`."""
    identity = file.text("id")
    if not INSTRUMENT_ID.fullmatch(identity):
        raise file.wrong(f"id {identity!r} may hold small letters, digits and hyphens only. Rename it.")
    version = file.text("version")
    if not VERSION.fullmatch(version):
        raise file.wrong(f"version is {version!r}. Write numbers with points, such as '1.0'.")
    raters = _raters(file, RATERS)
    sets = {name: _answer_set(name, part) for name, part in file.named("answers").items()}
    items = _items(file, sets, raters)
    forms, seconds = _forms(file, items)
    scales = _scales(file, items, sets, forms)
    instrument = Instrument(
        id=identity,
        version=version,
        name=file.text("name"),
        status=file.text("status"),
        about=file.text("about"),
        raters=raters,
        answer_sets=sets,
        items=tuple(items.values()),
        scales=scales,
        forms=forms,
        seconds=seconds,
        thresholds=tuple(_threshold(part, scales) for part in file.parts("thresholds")),
        licence=_licence(file.part("licence", "the licence")),
        wordings={},
        examples=(),
        loinc=_loinc(file),
    )
    instrument = replace(instrument, examples=_examples(file, instrument))
    instrument = _with_own_wording(file, instrument)
    file.done()
    return instrument


def _raters(part: Part, default: tuple[Rater, ...]) -> tuple[Rater, ...]:
    named = part.texts("raters", default)
    for rater in named:
        if rater not in RATERS:
            raise part.wrong(f"{part.where}: rater {rater!r} is unknown. Write 'client', 'therapist' or both.")
    if not named:
        raise part.wrong(f"{part.where}: 'raters' is empty. Say who is asked: 'client', 'therapist' or both.")
    return tuple(rater for rater in RATERS if rater in named)


def _answer_set(name: str, part: Part) -> AnswerSet:
    kind: AnswerKind = part.one_of("kind", get_args(AnswerKind))
    values, codes, groups = part.integers("values", ()), part.texts("codes", ()), part.texts("groups", ())
    low, high = part.number("low", math.nan), part.number("high", math.nan)
    part.done()
    if kind == "choice":
        if len(values) < 2 or list(values) != list(range(values[0], values[0] + len(values))):
            raise part.wrong(f"{part.where}: the values of a choice rise in steps of one; it has {list(values)}. Correct them.")
        low, high = float(values[0]), float(values[-1])
    if kind == "number" and not low < high:
        raise part.wrong(f"{part.where}: a number needs 'low' below 'high'. Add or correct them.")
    if kind == "many" and not codes:
        raise part.wrong(f"{part.where}: a choice of many needs 'codes'. Add them.")
    for parallel, of in ((codes if kind == "choice" else (), values), (groups, codes)):
        if parallel and len(parallel) != len(of):
            raise part.wrong(f"{part.where}: {len(parallel)} codes or groups for {len(of)} answers. Give one for each.")
    return AnswerSet(name, kind, values, codes, groups, low, high)


def _items(file: Part, sets: Mapping[str, AnswerSet], raters: tuple[Rater, ...]) -> dict[str, Item]:
    items: dict[str, Item] = {}
    for part in file.parts("items"):
        item = _item(part, sets, raters)
        if item.id in items:
            raise part.wrong(f"{part.where} is there twice. Rename or remove one.")
        if item.asked_if and item.asked_if[0] not in items:
            raise part.wrong(f"{part.where} is asked after an answer to {item.asked_if[0]!r}, which is no item before it. Correct it.")
        items[item.id] = item
    if not items:
        raise file.wrong("there is no item. Add at least one [[items]].")
    return items


def _item(part: Part, sets: Mapping[str, AnswerSet], raters: tuple[Rater, ...]) -> Item:
    identity, answers = part.text("id"), part.text("answers")
    if not NAME.fullmatch(identity):
        raise part.wrong(f"{part.where}: an id holds small letters, digits and underscores only. Rename it.")
    if answers not in sets:
        raise part.wrong(f"{part.where} uses the answers {answers!r}; the file has {', '.join(sets) or 'none'}. Correct the name or add them.")
    kind = sets[answers].kind
    condition = part.part("asked_if", f"{part.where}, asked_if") if part.has("asked_if") else None
    item = Item(
        id=identity,
        answers=answers,
        kind=kind,
        construct=part.text("construct"),
        raters=_raters(part, raters),
        asked_if=(condition.text("item"), condition.integer("at_least")) if condition else None,
        sharing=part.truth("sharing", False),
        safety=part.integer("safety") if part.has("safety") else None,
        commensurate=part.truth("commensurate", False),
    )
    if item.commensurate and (item.raters != RATERS or kind != "choice"):
        raise part.wrong(f"{part.where} is called commensurate, but it is not a choice that both are asked. Correct one of the two.")
    if item.safety is not None and item.safety not in sets[answers].values:
        raise part.wrong(f"{part.where}: safety is {item.safety}, which is no possible answer. Correct it.")
    part.done()
    return item


def _forms(file: Part, items: Mapping[str, Item]) -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    forms, seconds = {}, {}
    for name, part in file.named("forms").items():
        asked = part.texts("items")
        for position, item_id in enumerate(asked):
            if item_id not in items:
                raise part.wrong(f"{part.where} asks item {item_id!r}; the questionnaire has {', '.join(items)}. Remove it or add the item.")
            if item_id in asked[:position]:
                raise part.wrong(f"{part.where} asks item {item_id!r} twice. Remove one.")
            condition = items[item_id].asked_if
            if condition and condition[0] not in asked[:position]:
                raise part.wrong(f"{part.where} asks {item_id!r} but not {condition[0]!r} before it, on which it depends. Add {condition[0]!r}.")
        if not asked:
            raise part.wrong(f"{part.where} asks nothing. Add items or remove the form.")
        forms[name], seconds[name] = asked, part.integer("seconds")
        part.done()
    if not forms:
        raise file.wrong("there is no form. Add [forms.full] with its items and seconds.")
    return forms, seconds


def _scales(
    file: Part, items: Mapping[str, Item], sets: Mapping[str, AnswerSet], forms: Mapping[str, tuple[str, ...]]
) -> tuple[Scale, ...]:
    parts = file.parts("scales")
    if not parts:
        return ()
    if FULL not in forms:
        raise file.wrong("there are scales but no form 'full', which asks every item of a scale. Add [forms.full].")
    key = _source(file.part("key", "the key"))
    missing_rule = _source(file.part("missing_rule", "the missing rule"))
    scales: dict[str, Scale] = {}
    for part in parts:
        scale = _scale(part, items, sets, forms, key, missing_rule)
        if scale.name in scales:
            raise part.wrong(f"{part.where} is there twice. Rename or remove one.")
        scales[scale.name] = scale
    return tuple(scales.values())


def _scale(
    part: Part,
    items: Mapping[str, Item],
    sets: Mapping[str, AnswerSet],
    forms: Mapping[str, tuple[str, ...]],
    key: Source,
    missing_rule: Source,
) -> Scale:
    name, asked, method = part.text("name"), part.texts("items"), part.one_of("method", METHODS)
    flipped, weights = part.texts("reversed", ()), part.texts("weights", ())
    if not NAME.fullmatch(name):
        raise part.wrong(f"{part.where}: a name holds small letters, digits and underscores only. Rename it.")
    for item_id in (*asked, *weights):
        _check_scale_item(part, name, item_id, items)
    for item_id in flipped:
        if item_id not in asked:
            raise part.wrong(f"scale {name!r} reverses item {item_id!r}, which is not among its items. Remove it.")
    if weights and (method != "tscore" or len(weights) != len(asked)):
        raise part.wrong(f"scale {name!r} has {len(weights)} weights; only a tscore has them, one for each item. Correct them.")
    low, high = _range(part, name, asked, method, {item_id: sets[items[item_id].answers] for item_id in asked})
    scale = Scale(
        name=name,
        items=asked,
        reversed=flipped,
        method=method,
        at_least=_at_least(part, name, asked, method, forms),
        low=low,
        high=high,
        direction=part.one_of("direction", get_args(Direction)),
        commensurate=all(items[item_id].commensurate for item_id in asked),
        key=key,
        missing_rule=missing_rule,
        weights=weights,
    )
    part.done()
    return scale


def _check_scale_item(part: Part, scale: str, item_id: str, items: Mapping[str, Item]) -> None:
    if item_id not in items:
        raise part.wrong(
            f"scale {scale!r} uses item {item_id!r}; the questionnaire has {', '.join(items)}. Remove it or add the item."
        )
    if items[item_id].kind not in ("choice", "number"):
        raise part.wrong(f"scale {scale!r} uses item {item_id!r}, which is answered with {items[item_id].kind}. Only numbers can be scored.")


def _range(part: Part, name: str, asked: tuple[str, ...], method: str, sets: Mapping[str, AnswerSet]) -> tuple[float, float]:
    """The lowest and highest possible score. A file that states another range contradicts its own key."""
    if not asked or len(set(asked)) < len(asked):
        raise part.wrong(f"scale {name!r} has no items, or one of them twice. Correct them.")
    ranges = {(answers.low, answers.high) for answers in sets.values()}
    if len(ranges) > 1:
        raise part.wrong(f"scale {name!r} mixes items with different ranges of answers. Use items with one range.")
    ((low, high),) = ranges
    if method == "sum":
        low, high = low * len(asked), high * len(asked)
    if method == "mean100":
        low, high = 0.0, 100.0
    if method == "tscore":
        return part.number("low"), part.number("high")
    stated = part.number("low", low), part.number("high", high)
    if stated != (low, high):
        raise part.wrong(f"scale {name!r} says {stated[0]:g} to {stated[1]:g}; its key gives {low:g} to {high:g}. Correct one of the two.")
    return low, high


def _at_least(
    part: Part, name: str, items: tuple[str, ...], method: str, forms: Mapping[str, tuple[str, ...]]
) -> dict[str, int]:
    """How many answers each form needs. One number holds for every form that asks the whole scale."""
    asked = {form: len(set(items) & set(ids)) for form, ids in forms.items()}
    if isinstance(part.data.get("at_least"), int):
        rule = part.integer("at_least")
        needed = {form: rule for form, count in asked.items() if count == len(items)}
    else:
        rules = part.part("at_least", f"scale {name!r}, at_least")
        needed = {form: rules.integer(form) for form in rules.data}
    if not needed:
        raise part.wrong(f"scale {name!r} lacks 'at_least' or no form asks all its items. Say how many answers each form needs.")
    for form, count in needed.items():
        if form not in forms:
            raise part.wrong(f"scale {name!r}: at_least names the form {form!r}; the file has {', '.join(forms)}. Correct it.")
        if not 1 <= count <= asked[form]:
            raise part.wrong(f"scale {name!r} needs {count} answers in the form {form!r}, which asks {asked[form]} of its items. Correct it.")
        if method == "sum" and asked[form] < len(items):
            raise part.wrong(f"scale {name!r} is a sum, and the form {form!r} asks only {asked[form]} of its {len(items)} items: another range. Use a mean.")
    return needed


def _source(part: Part) -> Source:
    source = Source(
        source=part.text("source"),
        source_type=part.one_of("source_type", get_args(SourceType)),
        verified=part.truth("verified"),
        verified_on=_date(part, "verified_on", "") or None,
    )
    part.done()
    _check_source(part, source.source_type, source.verified, source.verified_on)
    return source


def _check_source(part: Part, source_type: str, verified: bool, verified_on: str | None) -> None:
    if verified and source_type == "unverified":
        raise part.wrong(f"{part.where} is called verified, but its source_type is 'unverified'. Correct one of the two.")
    if verified and source_type != "our own" and verified_on is None:
        raise part.wrong(f"{part.where} is called verified, but not when. Add verified_on = 'YYYY-MM-DD'.")


def _date(part: Part, key: str, default: str | None = None) -> str:
    value = part.text(key) if default is None else part.text(key, default)
    if value and not DATE.fullmatch(value):
        raise part.wrong(f"{part.where}: {key} is {value!r}. Write a date as 'YYYY-MM-DD'.")
    return value


def _threshold(part: Part, scales: Iterable[Scale]) -> Threshold:
    scale = part.text("scale")
    part.where = f"the threshold {part.text('label')!r}"
    names = [s.name for s in scales]
    if scale not in names:
        raise part.wrong(f"{part.where} is about the scale {scale!r}; the file has {', '.join(names) or 'none'}. Correct it.")
    threshold = Threshold(
        scale=scale,
        kind=part.text("kind"),
        label=part.text("label"),
        op=part.one_of("op", (">=", ">", "<=", "<")),
        value=part.number("value"),
        sample=part.text("sample"),
        source=part.text("source"),
        source_type=part.one_of("source_type", get_args(SourceType)),
        verified=part.truth("verified"),
        verified_on=_date(part, "verified_on", "") or None,
    )
    part.done()
    _check_source(part, threshold.source_type, threshold.verified, threshold.verified_on)
    return threshold


def _licence(part: Part) -> Licence:
    licence = Licence(
        spdx=part.text("spdx"),
        holder=part.text("holder"),
        text_allowed=part.truth("text_allowed"),
        redistribution_allowed=part.truth("redistribution_allowed"),
        modification_allowed=part.truth("modification_allowed"),
        commercial_allowed=part.truth("commercial_allowed"),
        notice=part.text("notice"),
        evidence=part.text("evidence"),
        checked_on=_date(part, "checked_on"),
    )
    part.done()
    return licence


def _loinc(file: Part) -> dict[str, str]:
    part = file.part("loinc")
    return {name: part.text(name) for name in part.data}


def _examples(file: Part, instrument: Instrument) -> tuple[Example, ...]:
    examples = tuple(_example(part, instrument) for part in file.parts("examples"))
    if instrument.scales and len(examples) < 2:
        raise file.wrong(f"{len(examples)} worked examples; two are the least, since they are the file's test. Add [[examples]].")
    return examples


def _example(part: Part, instrument: Instrument) -> Example:
    form, answers, scores = part.text("form"), part.part("answers"), part.part("scores")
    if form not in instrument.forms:
        raise part.wrong(f"{part.where} is about the form {form!r}; the file has {', '.join(instrument.forms)}. Correct it.")
    for item_id, answer in answers.data.items():
        if item_id not in instrument.forms[form]:
            raise part.wrong(f"{part.where} answers {item_id!r}, which the form {form!r} does not ask. Remove it.")
        if not instrument.answer_set(item_id).allows(tuple(answer) if isinstance(answer, list) else answer):
            allowed = instrument.answer_set(item_id).range()
            raise part.wrong(f"{part.where}: {item_id} is {answer!r}. Write {allowed}.")
    for name, value in scores.data.items():
        if name not in {scale.name for scale in instrument.scales}:
            raise part.wrong(f"{part.where} gives a score of {name!r}, which is no scale of the file. Correct it.")
        if value != "none" and not isinstance(value, int | float):
            raise part.wrong(f"{part.where}: the score of {name} is {value!r}. Write a number, or 'none' for no score.")
    example = Example(
        form=form,
        answers={i: tuple(a) if isinstance(a, list) else a for i, a in answers.data.items()},
        scores={name: None if value == "none" else float(value) for name, value in scores.data.items()},
        note=part.text("note", ""),
    )
    part.done()
    return example


def _with_own_wording(file: Part, instrument: Instrument) -> Instrument:
    wordings = file.named("wording")
    if wordings and not instrument.licence.text_allowed:
        raise file.wrong(
            f"the licence of {instrument.id} does not allow its wording here, and the file holds some. "
            "Move it to a text file in the practice's own folder."
        )
    return replace(instrument, wordings={lang: read_wording(part, instrument, lang) for lang, part in wordings.items()})
