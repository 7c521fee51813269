"""Score answers by the key of their questionnaire. The arithmetic is written once, on arrays.

One response is a batch of one. A skipped answer is missing, never zero. Too few answers give no score. Forms are never
mixed: each score says how many of the scale's items its form asked. A new method of scoring goes into `_score_scale`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from accord.errors import BadInput
from accord.instruments import Instrument, Scale
from accord.records import Answer, Score

FloatArray = NDArray[np.float64]

GOAL_CORRELATION = 0.3  # between goals, as assumed by Kiresuk & Sherman 1968; it makes the T-score's SD 10
SLACK = 1e-9  # a value that was shifted by an import may be off by rounding


@dataclass(frozen=True, slots=True)
class ScaleScores:
    """One scale of n responses: `value` (nan: no score) and `answered` items; `asked` by the form, `of` in all."""

    value: FloatArray
    answered: NDArray[np.int64]
    asked: int
    of: int


def score(response_answers: Mapping[str, Answer], instrument: Instrument, form: str = "full") -> tuple[Score, ...]:
    """Score one response: one `Score` for each scale that this form is scored on.

    `response_answers`: item id to answer; `None` or absent is missing. Raises `BadInput` for an item that the form does
    not ask and for an answer that is not possible.

    >>> from accord.instruments import catalogue
    >>> answers = {"d1": 4, "d2": 3, "m1": 4, "m2": 3, "b2": 4, "b4": 3}
    >>> [(s.scale, s.value, s.completeness()) for s in score(answers, catalogue().get("accord-check-in"))][:2]
    [('collaboration', 87.5, 'answered 4 of 4'), ('connection', None, 'answered 2 of 3')]
    """
    return scores([response_answers], instrument, form)[0]


def scores(
    responses: Sequence[Mapping[str, Answer]], instrument: Instrument, form: str = "full"
) -> list[tuple[Score, ...]]:
    """Score many responses to one form at once, each as `score` would: a tuple of `Score` for each, in their order.

    A missing answer is `None` or absent. Raises `BadInput` as `score` does, before anything is scored.

    >>> from accord.instruments import catalogue
    >>> all_twos = {f"phq{i}": 2 for i in range(1, 10)}
    >>> [total.value for (total,) in scores([all_twos, {}], catalogue().get("phq-9"))]
    [18.0, None]
    """
    possible = {item_id: instrument.answer_set(item_id) for item_id in instrument.form(form)}
    for response in responses:
        for item_id, answer in response.items():
            if item_id not in possible:
                asked = ", ".join(possible)
                raise BadInput(f"{instrument.id}: the form {form!r} does not ask {item_id!r}; it asks {asked}.")
            if not possible[item_id].allows(answer):
                allowed = possible[item_id].range()
                raise BadInput(f"{instrument.id}: item {item_id} is {answer!r}; it can be {allowed}.")
    items = instrument.numeric_items(form)
    rows = [[_number(response.get(item_id)) for item_id in items] for response in responses]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), len(items))
    by_scale = [
        [
            Score(name, None if np.isnan(value) else value, answered, s.asked, s.of)
            for value, answered in zip(s.value.tolist(), s.answered.tolist(), strict=True)
        ]
        for name, s in score_array(table, instrument, form).items()
    ]
    return list(zip(*by_scale, strict=True)) if by_scale else [()] * len(rows)


def kept_scores(
    responses: Sequence[Mapping[str, Answer]], instrument: Instrument, form: str = "full"
) -> list[tuple[Score, ...]]:
    """As `scores`, for what was kept: what cannot be answered any more counts as missing, and nothing is refused.

    A practice may change the answers of its own questionnaire, or take an item out; pages about what was said before
    must not break by it, and each score says of how many answers it was made. A form that is not there any more gives
    no score.

    >>> from accord.instruments import catalogue
    >>> kept_scores([{"phq1": 4, "gone": 1}], catalogue().get("phq-9"))[0][0].completeness()
    'answered 0 of 9'
    """
    if form not in instrument.forms:
        return [()] * len(responses)
    try:
        return scores(responses, instrument, form)
    except BadInput:
        return scores([possible(response, instrument, form) for response in responses], instrument, form)


def comparable(scale: str, earlier: Instrument, now: Instrument) -> bool:
    """Whether a scale of one version of a questionnaire means the same number in another, so that both make one course.

    It does where items, reversals, method, range and direction are the same. With another item it begins anew: a step
    in the line would look like a change in the person.

    >>> from accord.instruments import catalogue
    >>> old, new = (catalogue().get("accord-check-in", version) for version in ("0.1", "0.2"))
    >>> comparable("collaboration", old, new), comparable("connection", old, new)
    (True, False)
    """
    if earlier is now:
        return True
    old, new = ({s.name: _measures(s) for s in version.scales} for version in (earlier, now))
    return scale in old and old[scale] == new.get(scale)


def _measures(scale: Scale) -> tuple[object, ...]:
    """What gives a number on this scale its meaning, except the wording."""
    items = frozenset(scale.items), frozenset(scale.reversed)
    return *items, scale.method, scale.low, scale.high, scale.direction


def possible(answers: Mapping[str, Answer], instrument: Instrument, form: str) -> dict[str, Answer]:
    """Those of the answers that the form still asks for and allows; none where there is no such form any more.

    >>> from accord.instruments import catalogue
    >>> possible({"phq1": 3, "phq2": 4, "gone": 1}, catalogue().get("phq-9"), "full")
    {'phq1': 3}
    """
    asked = {item_id: instrument.answer_set(item_id) for item_id in instrument.forms.get(form, ())}
    return {i: answer for i, answer in answers.items() if i in asked and asked[i].allows(answer)}


def score_array(
    answers: ArrayLike, instrument: Instrument, form: str = "full", items: Sequence[str] | None = None
) -> dict[str, ScaleScores]:
    """Score n responses at once: scale name to `ScaleScores`, for each scale that this form is scored on.

    `answers`: (n, k), nan where missing; its columns are `items`, or `instrument.numeric_items(form)` where not given.
    An item of the form without a column counts as missing. A reversed item counts as low + high − answer.
    `mean`, `mean100` and `sum` are means of the items that were answered (the sum: times the number of items), so a
    missing answer is replaced by the mean of the others; `at_least` of the scale and form must be answered, and all
    of them where nobody has read the source of the rule for missing answers. Key, method and rule of a scale come from
    its questionnaire file, which names their source. Values are in the units of the scale (`low` to `high`).
    Raises `BadInput` for a wrong shape, an unknown column, and an answer that is not possible.

    >>> from accord.instruments import catalogue
    >>> answers = [[3.0] * 9, [float("nan")] * 9]
    >>> score_array(answers, catalogue().get("phq-9"))["total"].value
    array([27., nan])
    """
    columns = tuple(items) if items is not None else instrument.numeric_items(form)
    table = np.asarray(answers, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(columns):
        needed = f"{len(columns)} columns are needed: {', '.join(columns)}"
        raise BadInput(f"{instrument.id}: the answers have shape {table.shape}; {needed}.")
    by_item: dict[str, FloatArray] = dict(zip(columns, table.T, strict=True))
    for item_id, values in by_item.items():
        _check(instrument, form, item_id, values)
    absent = np.full(len(table), np.nan)
    asked = {item_id: by_item.get(item_id, absent) for item_id in instrument.numeric_items(form)}
    return {
        scale.name: _score_scale(scale, instrument, form, asked)
        for scale in instrument.scales
        if form in scale.at_least
    }


def t_score(attainment: ArrayLike, weights: ArrayLike | None = None) -> FloatArray:
    """Goal Attainment Scaling: the T-score of n people from g goals. (n, g) and weights (g,) or (n, g) -> (n,).

    T = 50 + 10·Σwx / √((1 − ρ)·Σw² + ρ·(Σw)²), ρ = .3, x from −2 to +2 (Kiresuk & Sherman 1968); 50 is "as expected".
    Goals without attainment (nan) are left out of all sums; no goal gives nan. Weights are 1 where not given or nan.
    Raises `BadInput` for shapes that do not fit and for a weight that is not above zero.

    >>> t_score([[2, 1, 0]], [3, 2, 1]).round(2)
    array([67.63])
    """
    x = np.asarray(attainment, dtype=np.float64)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=np.float64)
    if x.ndim != 2 or w.shape not in (x.shape, x.shape[1:]):
        raise BadInput(f"attainment has shape {x.shape} and weights {w.shape}; give (n, g) and (g,) or (n, g).")
    w = np.broadcast_to(w, x.shape)
    if np.any(w <= 0):
        raise BadInput("a goal's weight must be above zero. Correct it, or leave it out to weigh goals equally.")
    rated = ~np.isnan(x)
    w = np.where(rated, np.where(np.isnan(w), 1.0, w), 0.0)
    total = w.sum(axis=1)
    spread = np.sqrt((1 - GOAL_CORRELATION) * (w**2).sum(axis=1) + GOAL_CORRELATION * total**2)
    with np.errstate(invalid="ignore"):
        result: FloatArray = 50 + 10 * np.where(rated, w * x, 0.0).sum(axis=1) / spread
    return result


def wrong_examples(instrument: Instrument) -> tuple[str, ...]:
    """Run the worked examples of a questionnaire file; a sentence for each score that is not what the file says.

    Scores are compared to half of the last of two decimals (.005); `"none"` in the file is no score.
    Raises `BadInput` where an example answers what its form does not ask.

    >>> from accord.instruments import catalogue
    >>> wrong_examples(catalogue().get("phq-9"))
    ()
    """
    wrong = []
    for number, example in enumerate(instrument.examples, 1):
        got = {s.scale: s.value for s in score(example.answers, instrument, example.form)}
        for name, expected in example.scores.items():
            value = got.get(name)
            same = value == expected if value is None or expected is None else abs(value - expected) < 0.005
            if not same:
                what = f"worked example {number} says {name} is {expected}; its answers give {value}"
                wrong.append(f"{instrument.id}: {what}. Correct one of the two.")
    return tuple(wrong)


def _score_scale(scale: Scale, instrument: Instrument, form: str, columns: Mapping[str, FloatArray]) -> ScaleScores:
    asked = [i for i in scale.items if i in columns]
    x = np.column_stack([_keyed(instrument, scale, i, columns[i]) for i in asked])
    answered = (~np.isnan(x)).sum(axis=1)
    if scale.method == "tscore":
        value = t_score(x, _weights(scale, columns, asked))
    else:
        with np.errstate(invalid="ignore"):
            value = np.nansum(x, axis=1) / answered
        if scale.method == "sum":
            value = value * len(scale.items)
        if scale.method == "mean100":
            ends = instrument.answer_set(asked[0])
            value = 100 * (value - ends.low) / (ends.high - ends.low)
    needed = scale.needed(form, len(asked))
    value = np.where(answered >= needed, value, np.nan)
    return ScaleScores(value, answered, len(asked), len(scale.items))


def _weights(scale: Scale, columns: Mapping[str, FloatArray], asked: Sequence[str]) -> FloatArray | None:
    """The weights of the items that were asked; a weight that the form does not ask is missing, which counts as 1."""
    if not scale.weights:
        return None
    weight_of = dict(zip(scale.items, scale.weights, strict=True))
    absent = np.full_like(columns[asked[0]], np.nan)
    return np.column_stack([columns.get(weight_of[i], absent) for i in asked])


def _keyed(instrument: Instrument, scale: Scale, item_id: str, values: FloatArray) -> FloatArray:
    """The answers, turned round where the key reverses the item."""
    if item_id not in scale.reversed:
        return values
    ends = instrument.answer_set(item_id)
    return ends.low + ends.high - values


def _check(instrument: Instrument, form: str, item_id: str, values: FloatArray) -> None:
    if item_id not in instrument.form(form):
        raise BadInput(f"{instrument.id}: the form {form!r} does not ask {item_id!r}. Remove the column.")
    answers = instrument.answer_set(item_id)
    given = values[~np.isnan(values)]
    wrong = (given < answers.low - SLACK) | (given > answers.high + SLACK)
    if answers.kind == "choice":
        wrong |= ~np.isclose(given, np.rint(given), rtol=0, atol=SLACK)
    if wrong.any():
        raise BadInput(f"{instrument.id}: item {item_id} is {given[wrong][0]:g}; it can be {answers.range()}.")


def _number(answer: Answer) -> float:
    """A number for the array; words and lists of codes are never scored."""
    return float(answer) if isinstance(answer, int | float) else np.nan
