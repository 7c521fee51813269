"""Find what is worth talking about in the next session, in the answers, scores and expected courses of one dyad.

`DETECTORS` lists them all. To add one: a function from `Evidence` to Signals, an entry here, a guidance file, a test.
Each signal says what it rests on in ids and numbers, under which rule, and, when inferred, under which calibration.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from accord.records import DyadRecord, Rater, Response, Score, Signal

CHECK_IN = "accord-check-in"
STRAIN, HELD_BACK, VOICE = "t1", "b1", "v1"
WHAT_FELT_OFF, LINE_CROSSED = "t3", "line_crossed"
STARTING_SESSIONS = 3
REVIEW_EVERY = 6
"""After so many sessions the two look back over a longer time."""
HELD_BACK_MATTERS = 3
"""From this answer on, what was held back is said to matter (0: nothing, 1 and 2: small things)."""
QUIET_RUN = 3
SCORED = ("collaboration", "connection")
TOGETHER = f"{CHECK_IN}/together"
"""The mean of all scored answers of the check-in: judged beside the two scales, and shown to nobody as a score."""
LITTLE_ROOM = 1
FEWEST_SCORED, FEWEST_SAME = 4, 5
SILENT_RUN = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a detector may look at. Trajectories and gaps are batches of one dyad, shape (1, T)."""

    record: DyadRecord
    instruments: Mapping[str, Any]
    scores: Mapping[tuple[Rater, str, str], tuple[Score | None, ...]]
    trajectories: Mapping[tuple[str, str], Any]
    gaps: Mapping[tuple[str, str], Any]
    versions: Mapping[tuple[str, str], Any] = field(default_factory=dict)

    def as_answered(self, response: Response) -> Any:
        """The questionnaire in the version that was answered; its latest where that is not here."""
        latest = self.instruments[response.instrument]
        return self.versions.get((response.instrument, response.version), latest)

    def check_ins(self) -> Iterator[tuple[int, Response | None, Response | None]]:
        """Per session in order: its number, the client's check-in and the therapist's, `None` where missing."""
        sent = {(r.session, r.rater): r for r in self.record.responses if r.instrument == CHECK_IN}
        for session in self.record.sessions:
            yield session.number, sent.get((session.number, "client")), sent.get((session.number, "therapist"))


@dataclass(frozen=True, slots=True)
class Detector:
    """One kind of signal: reported (somebody said it) or inferred (it has a share of the false-alarm budget)."""

    kind: str
    reported: bool
    version: int
    find: Callable[[Evidence, Detector], Iterator[Signal]]

    def detect(self, evidence: Evidence) -> Iterator[Signal]:
        return self.find(evidence, self)

    def signal(self, session: int, **rest: Any) -> Signal:
        return Signal(self.kind, session, self.reported, f"{self.kind}/{self.version}", **rest)


def strain_reported(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """Somebody says that a moment felt off."""
    for number, client, therapist in seen.check_ins():
        levels = {"client": _level(client, STRAIN), "therapist": _level(therapist, STRAIN)}
        felt = {side: level for side, level in levels.items() if level}
        if felt:
            yield detector.signal(number, strength=float(max(felt.values())), evidence=felt)


def says_line_crossed(answers: Mapping[str, Any]) -> bool:
    """Whether a client's check-in, as far as it is shown, says that a line was crossed.

    >>> says_line_crossed({"t1": 2, "t3": ["line_crossed"]}), says_line_crossed({"t1": 2})
    (True, False)
    """
    chosen = answers.get(WHAT_FELT_OFF)
    return isinstance(chosen, list | tuple) and LINE_CROSSED in chosen


def line_crossed(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """The client says that a line was crossed, and chose to show that. How grave it was is not asked."""
    for number, client, _therapist in seen.check_ins():
        if client and says_line_crossed(client.answers):
            yield detector.signal(number, strength=1.0, evidence={"client": LINE_CROSSED})


def not_said_yet(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """The client held something back that matters, and chose to show that."""
    for number, client, _therapist in seen.check_ins():
        held = _level(client, HELD_BACK)
        if held is not None and held >= HELD_BACK_MATTERS:
            yield detector.signal(number, strength=float(held), evidence={"held_back": held})


def seen_by_one(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """One of the two felt a strain, and the other saw none."""
    for number, client, therapist in seen.check_ins():
        ours, theirs = _level(client, STRAIN), _level(therapist, STRAIN)
        if ours is not None and theirs is not None and (ours > 0) != (theirs > 0):
            felt = {"felt_by": "client" if ours else "therapist", "level": ours + theirs}
            yield detector.signal(number, strength=float(ours + theirs), evidence=felt)


def goals_apart(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """Both said what matters most now, and nothing is on both lists."""
    for picks in seen.record.picks:
        if picks.client and picks.therapist and not picks.client & picks.therapist:
            counts = {"client": len(picks.client), "therapist": len(picks.therapist), "in_common": 0}
            yield detector.signal(picks.session, strength=1.0, evidence=counts)


def not_talked_about(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """The client says that an earlier concern was not talked about."""
    for session, about in seen.record.not_talked:
        yield detector.signal(session, strength=float(session - about), evidence={"about_session": about})


def safety(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """An answer about self-harm above the level that its questionnaire names. Not graded, and not an urgency."""
    for response in seen.record.responses:
        instrument = seen.instruments.get(response.instrument)
        for item in instrument.safety_items(response.answers) if instrument else ():
            yield detector.signal(response.session, evidence={"instrument": response.instrument, "item": item})


def drop(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """Below what was to be expected from this person's own course."""
    yield from _flagged(seen, detector, seen.trajectories)


def slide(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """A slow decline over several sessions. Raised once, when it is noticed, and not again while it lasts."""
    yield from _flagged(seen, detector, seen.trajectories)


def gap(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """The two voices lie further apart than is usual for them."""
    yield from _flagged(seen, detector, seen.gaps)


def quiet(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """Perfect scores with low voice, or the same answer throughout, three check-ins in a row: little new is said.

    Told again every six check-ins while it lasts: what goes on is no less worth a word than what begins.
    """
    run, told_at = 0, 0
    for number, client, _therapist in seen.check_ins():
        if client is None:
            continue
        run = run + 1 if _says_little(seen, client) else 0
        told_at = told_at if run else 0
        # A run that began in the starting path is raised once that is over, not never.
        if run >= QUIET_RUN and number > STARTING_SESSIONS and (not told_at or run - told_at >= REVIEW_EVERY):
            told_at = run
            yield detector.signal(number, strength=1.0, evidence={"check_ins": run})


def silence(seen: Evidence, detector: Detector) -> Iterator[Signal]:
    """Two whole check-ins in a row without any answer of the client; stronger while a strain is open.

    A session after which the client was not asked is no silence, and ends none.
    """
    held = {s.number for s in seen.record.sessions if s.held and s.asked}
    # Any questionnaire counts: past ratings that were imported hold no check-in.
    answered = {r.session for r in seen.record.responses if r.rater == "client"}
    run, raised = 0, False
    for number, _client, _therapist in seen.check_ins():
        if number not in held:
            continue
        run = 0 if number in answered else run + 1
        raised = raised and run > 0
        if run >= SILENT_RUN and number > STARTING_SESSIONS and not raised:
            raised = True
            after = any(s.state not in ("settled", "at_rest") and s.session < number for s in seen.record.strains)
            quiet = {"sessions": run, "after_strain": after}
            yield detector.signal(number, strength=2.0 if after else 1.0, evidence=quiet)


DETECTORS: tuple[Detector, ...] = (
    Detector("strain_reported", True, 1, strain_reported),
    Detector("line_crossed", True, 1, line_crossed),
    Detector("not_said_yet", True, 1, not_said_yet),
    Detector("seen_by_one", True, 1, seen_by_one),
    Detector("goals_apart", True, 1, goals_apart),
    Detector("not_talked_about", True, 1, not_talked_about),
    Detector("safety", True, 1, safety),
    Detector("drop", False, 2, drop),
    Detector("slide", False, 2, slide),
    Detector("gap", False, 1, gap),
    Detector("quiet", False, 2, quiet),
    Detector("silence", False, 2, silence),
)


def _level(response: Response | None, item: str) -> int | None:
    answer = response.answers.get(item) if response else None
    return answer if isinstance(answer, int) else None


def _flagged(seen: Evidence, detector: Detector, paths: Mapping[Any, Any]) -> Iterator[Signal]:
    """Marks of the detector's kind, and whether the client's rating alone would have raised each."""
    marked = set()
    for (instrument, scale), path in sorted(paths.items(), key=lambda item: "/".join(item[0]) == TOGETHER):
        for i, session in enumerate(seen.record.sessions):
            # A scale that was marked says more than all together.
            again = f"{instrument}/{scale}" == TOGETHER and session.number in marked
            if getattr(path, f"flag_{detector.kind}")[0, i] and not again:
                marked.add(session.number)
                joint = detector.kind != "gap" and getattr(path, f"joint_{detector.kind}")[0, i]
                numbers = {name: round(float(getattr(path, name)[0, i]), 3) for name in ("expected", "sd", "z")}
                yield detector.signal(
                    session.number,
                    scale=f"{instrument}/{scale}",
                    strength=abs(numbers["z"]),
                    evidence=numbers | ({"raised_by": "both"} if joint else {}),
                    calibration=path.calibration,
                )


def _says_little(seen: Evidence, response: Response) -> bool:
    """The best answer to every scored question with little room to speak, or the same place on every question.

    Which questions are scored, and which answer is the best, goes by the version that was answered.
    """
    instrument = seen.as_answered(response)
    if response.form not in instrument.forms:
        return False
    places: dict[str, int] = {
        item.id: answer
        for item in instrument.asked(response.form, "client")
        if item.kind == "choice" and not item.asked_if and (answer := _level(response, item.id)) is not None
    }
    scales = [s for s in instrument.scales if s.name in SCORED]
    best = {i: 0 if i in s.reversed else max(instrument.answer_set(i).values) for s in scales for i in s.items}
    scored = [item for item in places if item in best]
    perfect = len(scored) >= FEWEST_SCORED and all(places[item] == best[item] for item in scored)
    little_room = places.get(VOICE, LITTLE_ROOM + 1) <= LITTLE_ROOM
    return (perfect and little_room) or (len(places) >= FEWEST_SAME and len(set(places.values())) == 1)
