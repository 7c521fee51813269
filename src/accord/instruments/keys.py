"""Read the key of a questionnaire file: scales with their missing rule, and published thresholds."""

from __future__ import annotations

from typing import get_args

from accord.instruments.model import (
    Direction,
    Instrument,
    Method,
    Operator,
    PublishedThreshold,
    Scale,
    Source,
    SourceType,
)
from accord.toml import TomlTable

FULL = "full"


def read_scales(file: TomlTable, instrument: Instrument) -> tuple[Scale, ...]:
    """The scales of a questionnaire whose items and forms are known. Raises `BadInstrument`."""
    parts = file.parts("scales")
    if not parts:
        return ()
    if FULL not in instrument.forms:
        raise file.wrong("there are scales but no form 'full', which asks every item of a scale", "Add [forms.full].")
    key = _source(file.part("key", "the key"))
    missing_rule = _source(file.part("missing_rule", "the missing rule"))
    scales: dict[str, Scale] = {}
    for part in parts:
        scale = _scale(part, instrument, key, missing_rule)
        if scale.name in scales:
            raise part.wrong(f"{part.where} is there twice", "Rename or remove one.")
        scales[scale.name] = scale
    return tuple(scales.values())


def read_thresholds(file: TomlTable, instrument: Instrument) -> tuple[PublishedThreshold, ...]:
    """The published numbers of a questionnaire whose scales are known. Raises `BadInstrument`."""
    return tuple(_threshold(part, instrument) for part in file.parts("thresholds"))


def _scale(part: TomlTable, instrument: Instrument, key: Source, missing_rule: Source) -> Scale:
    name, items, method = part.name("name"), part.texts("items"), part.one_of("method", get_args(Method))
    flipped, weights = part.texts("reversed", ()), part.texts("weights", ())
    _check_items(part, instrument, items, weights)
    for item_id in flipped:
        if item_id not in items:
            raise part.wrong(f"{part.where} reverses item {item_id!r}, which is not among its items", "Remove it.")
    if weights and (method != "tscore" or len(weights) != len(items)):
        what = f"{part.where}: weights ({len(weights)}) are for a tscore only, one for each item ({len(items)})"
        raise part.wrong(what, "Correct them.")
    low, high = _range(part, instrument, items, method)
    scale = Scale(
        name=name,
        items=items,
        reversed=flipped,
        method=method,
        at_least=_at_least(part, instrument, items, method),
        low=low,
        high=high,
        direction=part.one_of("direction", get_args(Direction)),
        commensurate=all(instrument.item(item_id).commensurate for item_id in items),
        key=key,
        missing_rule=missing_rule,
        weights=weights,
    )
    part.done()
    return scale


def _check_items(part: TomlTable, instrument: Instrument, items: tuple[str, ...], weights: tuple[str, ...]) -> None:
    if not items or len(set(items)) < len(items):
        raise part.wrong(f"{part.where} has no items, or one of them twice", "Correct them.")
    items_by_id = {item.id: item for item in instrument.items}
    for item_id in (*items, *weights):
        if item_id not in items_by_id:
            what = f"{part.where} uses item {item_id!r}; the questionnaire has {', '.join(items_by_id)}"
            raise part.wrong(what, "Remove it or add the item.")
        if items_by_id[item_id].kind not in ("choice", "number"):
            what = f"{part.where} uses item {item_id!r}, whose answers are {items_by_id[item_id].kind}"
            raise part.wrong(what, "Remove it: only numbers can be scored.")


def _range(part: TomlTable, instrument: Instrument, items: tuple[str, ...], method: Method) -> tuple[float, float]:
    """The lowest and highest possible score. A file that states another range contradicts its own key."""
    ranges = {(instrument.answer_set(i).low, instrument.answer_set(i).high) for i in items}
    if len(ranges) > 1:
        raise part.wrong(f"{part.where} mixes items with different ranges of answers", "Use items with one range.")
    if method == "tscore":
        return part.number("low"), part.number("high")
    ((low, high),) = ranges
    if method == "sum":
        low, high = low * len(items), high * len(items)
    if method == "mean100":
        low, high = 0.0, 100.0
    stated = part.number("low", low), part.number("high", high)
    if stated != (low, high):
        what = f"{part.where} says {stated[0]:g} to {stated[1]:g}; its key gives {low:g} to {high:g}"
        raise part.wrong(what, "Correct one of the two.")
    return low, high


def _at_least(part: TomlTable, instrument: Instrument, items: tuple[str, ...], method: Method) -> dict[str, int]:
    """How many answers each form needs. One number holds for every form that asks the whole scale."""
    asked = {form: len(set(items) & set(ids)) for form, ids in instrument.forms.items()}
    if isinstance(part.data.get("at_least"), int):
        rule = part.integer("at_least")
        needed = {form: rule for form, count in asked.items() if count == len(items)}
    else:
        rules = part.part("at_least", f"{part.where}, at_least")
        needed = {form: rules.integer(form) for form in rules.data}
    if not needed:
        what = f"{part.where} lacks 'at_least', or no form asks all of its items"
        raise part.wrong(what, "Say how many answers each form needs.")
    for form, count in needed.items():
        if form not in asked:
            what = f"{part.where}: at_least names the form {form!r}; the file has {', '.join(asked)}"
            raise part.wrong(what, "Correct it.")
        if not 1 <= count <= asked[form]:
            what = f"{part.where} needs {count} answers in the form {form!r}, which asks {asked[form]} of its items"
            raise part.wrong(what, "Correct it.")
        if method == "sum" and asked[form] < len(items):
            what = f"{part.where} is a sum, and the form {form!r} asks only {asked[form]} of its {len(items)} items"
            raise part.wrong(what, "Use a mean: a sum of fewer items has another range.")
    return needed


def _source(part: TomlTable) -> Source:
    source = Source(*_evidence(part))
    part.done()
    return source


def _threshold(part: TomlTable, instrument: Instrument) -> PublishedThreshold:
    scale, label = part.text("scale"), part.text("label")
    part.where = f"threshold {label!r}"
    names = [s.name for s in instrument.scales]
    if scale not in names:
        what = f"{part.where} is about the scale {scale!r}; the file has {', '.join(names) or 'none'}"
        raise part.wrong(what, "Correct it.")
    kind, op, value = part.text("kind"), part.one_of("op", get_args(Operator)), part.number("value")
    threshold = PublishedThreshold(scale, kind, label, op, value, part.text("sample"), *_evidence(part))
    part.done()
    return threshold


def _evidence(part: TomlTable) -> tuple[str, SourceType, bool, str | None]:
    """Source, its type, whether and when somebody read it. Memory is never verified; reading has a date."""
    source, source_type = part.text("source"), part.one_of("source_type", get_args(SourceType))
    verified, verified_on = part.truth("verified"), part.date("verified_on") if part.has("verified_on") else None
    if verified and source_type == "unverified":
        what = f"{part.where} is called verified, but its source_type is 'unverified'"
        raise part.wrong(what, "Correct one of the two.")
    if verified and source_type != "our own" and verified_on is None:
        raise part.wrong(f"{part.where} is called verified, but not when", "Add verified_on = 'YYYY-MM-DD'.")
    return source, source_type, verified, verified_on
