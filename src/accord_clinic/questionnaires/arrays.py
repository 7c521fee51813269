"""The answers of many courses to one questionnaire go in; arrays of one scale or of its items come out, by course."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from accord.course import mean_of_all
from accord.instruments import Instrument
from accord.records import RATERS, Answer
from accord.scoring import comparable, score_array
from accord.signals import SCORED, TOGETHER
from accord_clinic.questionnaires.shelf import instrument, shelf

Floats = NDArray[np.float64]
Latest = Mapping[tuple[str, int, int], tuple[str, str, Mapping[str, Answer]]]
"""(version, form, answers by item) of the response that counts, by side, course and number of the session."""


def ratings(name: str, scale: str, latest: Latest) -> dict[str, Floats]:
    """Both voices on `scale` of questionnaire `name`: arrays (courses, sessions), missing as nan, by session number.

    `together`: the mean of the scored answers of both scales.
    """
    if f"{name}/{scale}" != TOGETHER:
        return _ratings(name, scale, latest)
    parts = [_ratings(name, part, latest) for part in SCORED]
    return {rater: mean_of_all([part[rater] for part in parts], instrument(name)) for rater in parts[0]}


def _ratings(name: str, scale: str, latest: Latest) -> dict[str, Floats]:
    place, longest = _axes(latest)
    filled: dict[str, Floats] = {rater: np.full((len(place), longest), np.nan) for rater in RATERS}
    by_form = defaultdict(list)
    for key, (version, form, answers) in latest.items():
        by_form[version, form].append((key, answers))
    for (version, form), responses in by_form.items():
        values = _scores(shelf().answered(name, version), scale, form, [answers for _key, answers in responses])
        for ((side, dyad, number), _answers), value in zip(responses, values, strict=True):
            filled[side][place[dyad], number - 1] = value
    return filled


def item_answers(name: str, scale: str, latest: Latest) -> Floats:
    """The client's answers to the items of a scale: (courses, sessions, items), reversed ones turned round."""
    scales = SCORED if f"{name}/{scale}" == TOGETHER else (scale,)
    return np.concatenate([_item_answers(name, part, latest) for part in scales], axis=2)


def _item_answers(name: str, scale: str, latest: Latest) -> Floats:
    place, longest = _axes(latest)
    questionnaire = instrument(name)
    of = questionnaire.scale(scale)
    filled = np.full((len(place), longest, len(of.items)), np.nan)
    possible = [(item, questionnaire.answer_set(item)) for item in of.items]
    for (side, dyad, number), (version, _form, answers) in latest.items():
        if side == "client" and comparable(scale, shelf().answered(name, version) or questionnaire, questionnaire):
            for nth, (item, answer_set) in enumerate(possible):
                answer = answers.get(item)
                if isinstance(answer, int | float) and answer_set.allows(answer):
                    turned = answer_set.low + answer_set.high - answer if item in of.reversed else answer
                    filled[place[dyad], number - 1, nth] = turned
    return filled


def by_session(latest: Latest, numbers: Mapping[tuple[int, int], float]) -> Floats:
    """A number of each session, by course and number of the session, in the same places: (courses, sessions)."""
    place, longest = _axes(latest)
    filled = np.full((len(place), longest), np.nan)
    for dyad, session in {(dyad, session) for _side, dyad, session in latest}:
        filled[place[dyad], session - 1] = numbers[dyad, session]
    return filled


def _axes(latest: Latest) -> tuple[dict[int, int], int]:
    """The place of each course, and how many sessions the longest has."""
    dyads = sorted({dyad for _side, dyad, _number in latest})
    return {dyad: i for i, dyad in enumerate(dyads)}, max((number for _s, _d, number in latest), default=0)


def _scores(
    questionnaire: Instrument | None, scale: str, form: str, responses: Sequence[Mapping[str, Answer]]
) -> Floats:
    """As a course has them: by the version that was answered, where the scale still is the same; as `kept_scores`."""
    nowhere = np.full(len(responses), np.nan)
    current = shelf().instruments.get(questionnaire.id) if questionnaire else None
    if questionnaire is None or current is None or form not in questionnaire.forms:
        return nowhere
    if not comparable(scale, questionnaire, current):
        return nowhere
    possible = [(item, questionnaire.answer_set(item)) for item in questionnaire.numeric_items(form)]
    table = [
        [float(a) if isinstance(a := r.get(i), int | float) and of.allows(a) else np.nan for i, of in possible]
        for r in responses
    ]
    scored = score_array(np.array(table), questionnaire, form).get(scale)
    return nowhere if scored is None else scored.value
