"""The rule by which the client of a practice case answers: from an ordinary course and the learner's choices.

`docs/explanation/practice-cases.md` says the rule in words. A new effect of a choice gets a row in `CHANGES`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache

from accord.instruments import catalogue
from accord.lessons import SCALES
from accord.practice_cases import MOST_WAYS, SCORED, STOPS, PracticeCase, Way
from accord.records import RATERS, DyadRecord, Response, SessionFacts
from accord.scoring import scores
from accord.signals import CHECK_IN
from accord.simulation import simulate

CHANGES = {"asks": (-0.5, 0.75), "mends": (-0.5, 0.25), "waits": (0.25, 0.0), "hurts": (0.75, -0.25)}
"""What a choice adds to the depth of the strain, in steps of an answer, and to the share that is said aloud."""
MENDED = -1.5
"""What *mends* adds instead, once at least half of the strain is said: it is easier to put right what was named."""
HALF_SAID = 0.5
SHOWS = 0.75
"""A strain of fewer steps shows in no answer: rounding takes it to nothing. It counts as resolved."""
BESIDE = 0.25
"""The share of a strain that shows in questions which it does not touch: a deep one spreads to them."""
EASED = 0.5
"""So many steps less than after the session before, and it is getting better."""
ROOM, BEST = 3, 4
"""The answer to how much room there was while nothing is held back; the highest step."""
PARTLY, STILL, NOT_TALKED = 1, 2, 3
"""Answers to whether it is resolved."""
SEES = ("open", "hidden", "mending", "chance", "overread")
"""What a learner may say to see in a check-in."""
VISIBLE_DIP = 10.0
"""So many points under the mean of all sessions before, a score looks like a drop to somebody who reads the chart."""


@dataclass(frozen=True, slots=True)
class Played:
    """One session as it was lived and answered; `depth` and `openness` are the truth behind the answers.

    `talked`: the two have spoken about the strain by then. `applied`: the ways that led to this session.
    """

    number: int
    depth: float
    openness: float
    talked: bool
    client: dict[str, object]
    therapist: dict[str, object]
    applied: tuple[Way, ...] = ()

    @property
    def is_strained(self) -> bool:
        return self.depth >= SHOWS


@dataclass(frozen=True, slots=True)
class _State:
    depth: float
    openness: float
    talked: bool = False


def play(case: PracticeCase, choices: Sequence[Collection[str]]) -> tuple[Played, ...]:
    """The sessions up to the one after the last choice: `choices` holds the ids of the ways chosen at each stop.

    >>> from accord.practice_cases import practice_cases
    >>> case = practice_cases()[0]
    >>> len(play(case, [])) == case.first_stop
    True
    >>> play(case, [[], [], []])[-1].depth > case.depth
    True
    """
    state = _State(0.0, case.openness)
    sessions: list[Played] = []
    for number in range(1, case.first_stop + min(len(choices), STOPS) + 1):
        applied: tuple[Way, ...] = ()
        if number == case.onset:
            state = _State(case.depth, case.openness)
        if number > case.first_stop:
            stop = number - case.first_stop - 1
            applied = tuple(way for way in case.stops[stop].ways if way.id in choices[stop])[:MOST_WAYS]
            state = _after(state, [way.effect_at(state.depth >= SHOWS) for way in applied])
        before = sessions[-1].depth if sessions else 0.0
        sessions.append(_answered(case, number, state, before, applied))
    return tuple(sessions)


def seen(sessions: Sequence[Played], case: PracticeCase) -> frozenset[str]:
    """Which of `SEES` are true of the latest session.

    >>> from accord.practice_cases import practice_cases
    >>> case = practice_cases()[0]
    >>> sorted(seen(play(case, []), case))
    ['hidden']
    """
    latest, earlier = sessions[-1], sessions[-2]
    true = {
        "open": latest.client["t1"] != 0,
        "hidden": latest.depth * (1 - latest.openness) >= SHOWS,
        "mending": earlier.is_strained and earlier.depth - latest.depth >= EASED,
        "chance": not latest.is_strained,
    }
    return frozenset(name for name, holds in true.items() if holds)


def record(sessions: Sequence[Played], case: PracticeCase) -> DyadRecord:
    """The same as answers of a dyad, for all that reads one."""
    facts = tuple(SessionFacts(s.number, held=True, modality=case.where[s.number - 1]) for s in sessions)
    responses = tuple(
        Response(s.number, rater, CHECK_IN, "0.2", "full", answers)  # type: ignore[arg-type]
        for s in sessions
        for rater, answers in (("client", s.client), ("therapist", s.therapist))
    )
    return DyadRecord(facts, responses)


def scale_values(sessions: Sequence[Played]) -> dict[str, tuple[float | None, ...]]:
    """The scores of both by session, from 0 to 100; `None` where too little was answered.

    >>> from accord.practice_cases import practice_cases
    >>> sorted(scale_values(play(practice_cases()[0], [])))[0]
    'client_collaboration'
    """
    check_in = catalogue().get(CHECK_IN)
    values: dict[str, tuple[float | None, ...]] = {}
    for rater in RATERS:
        rows = scores([getattr(played, rater) for played in sessions], check_in)
        for scale in SCALES:
            values[f"{rater}_{scale}"] = tuple(next(s.value for s in row if s.scale == scale) for row in rows)
    return values


def got_better(before: Played, after: Played) -> bool:
    """Whether the strain got smaller from one session to the next, or there is none."""
    return after.depth < before.depth or not after.is_strained


def by_chance(sessions: Sequence[Played], series: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """The sessions in which a score looks like a drop and no strain was there. `series`: the scores of each scale."""
    low = {
        played.number
        for values in series
        for i, played in enumerate(sessions)
        if i and not played.is_strained and values[i] <= sum(values[:i]) / i - VISIBLE_DIP
    }
    return tuple(sorted(low))


def _after(state: _State, effects: Sequence[str]) -> _State:
    """What asks comes first, since it makes the rest easier. Where nothing was chosen, that is waiting.

    Waiting changes nothing where there is no strain.
    """
    depth, openness = state.depth, state.openness
    for effect in sorted(effects or ["waits"], key=tuple(CHANGES).index):
        if effect == "waits" and depth < SHOWS:
            continue
        deeper, more_open = CHANGES[effect]
        depth += MENDED if effect == "mends" and openness >= HALF_SAID else deeper
        openness += more_open
    talked = state.talked or bool({"asks", "mends"} & set(effects))
    return _State(max(depth, 0.0), min(max(openness, 0.0), 1.0), talked)


def _answered(case: PracticeCase, number: int, state: _State, before: float, applied: tuple[Way, ...]) -> Played:
    """What both answer after this session."""
    ours, theirs = _ordinary(case)
    noticed = 1.0 if state.talked else case.seen
    shown = state.depth * (state.openness if case.masks else 1.0)
    off = _steps(state.depth * state.openness)
    client: dict[str, object] = {"t1": min(off, BEST)}
    therapist: dict[str, object] = {"t1": min(_steps(state.depth * noticed), BEST)}
    lower = {share: (_steps(shown * share), _steps(state.depth * share * noticed)) for share in (1.0, BESIDE)}
    for item, client_usual, therapist_usual in zip(SCORED, ours[number - 1], theirs[number - 1], strict=True):
        by_client, by_therapist = lower[1.0 if item in case.touches else BESIDE]
        client[item] = _on_scale(client_usual - by_client)
        therapist[item] = _on_scale(therapist_usual - by_therapist)
    client["v1"] = _on_scale(ROOM - _steps(state.depth * (1 - state.openness)))
    therapist["v1"] = ROOM
    if off:
        eased = PARTLY if state.depth < before else STILL
        client |= {"t3": case.kinds, "t2": eased if state.talked else NOT_TALKED}
    return Played(number, state.depth, state.openness, state.talked, client, therapist, applied)


@cache
def _ordinary(case: PracticeCase) -> tuple[list[list[int]], list[list[int]]]:
    """The answers of both, 0 to 4 by session and question, of a course in which no strain happens."""
    made = simulate(1, case.sessions, case.seed, "none", items=len(SCORED))
    assert made.client_items is not None and made.therapist_items is not None  # noqa: PT018 - `items` was given
    return (made.client_items[0] - 1).astype(int).tolist(), (made.therapist_items[0] - 1).astype(int).tolist()


def _steps(depth: float) -> int:
    """Whole steps, a half rounded down."""
    return int(depth + 0.49)


def _on_scale(answer: int) -> int:
    return min(max(answer, 0), BEST)
