"""Practice cases: an invented client whose next answers depend on what the learner does. This module reads them.

The numbers of a case are a file in `learning/cases`, its words a file in `learning/<language>/cases`; a new case is
both. The rule by which answers follow from choices is in `case_rule`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accord.cards import APPROACHES, MODALITIES
from accord.errors import BadGuidance
from accord.lessons import FOLDER
from accord.toml import TomlTable, read_toml

STOPS = 3
"""So often the learner guesses, looks and chooses. Three take under ten minutes and leave time for a repair."""
MOST_WAYS = 2
"""So many things fit into one session; with more, the learner would choose everything."""
EFFECTS = ("asks", "mends", "waits", "hurts")
SCORED = ("d1", "d2", "m1", "m2", "b2", "b3", "b4")
GUESSED = "t1"
"""Whether something felt off: guessed at every stop, beside one other question."""


@dataclass(frozen=True, slots=True)
class Way:
    """Something that can be done in the next session. `otherwise` is its effect where there is no strain to meet."""

    id: str
    effect: str
    otherwise: str
    card: str
    text: str
    reason: str
    reason_otherwise: str

    def effect_at(self, is_strained: bool) -> str:
        return self.effect if is_strained else self.otherwise

    def reason_at(self, is_strained: bool) -> str:
        return self.reason if is_strained else self.reason_otherwise


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens in the session, the client's line to answer, and what the client writes in the check-in."""

    scene: str
    line: str
    words: str


@dataclass(frozen=True, slots=True)
class CaseStop:
    """One session after which the learner guesses, looks and chooses. `met`, `missed`: its point for supervision."""

    guess: str
    strained: Scene
    eased: Scene
    checklist: tuple[str, ...]
    met: str
    missed: str
    ways: tuple[Way, ...]

    def scene(self, is_strained: bool) -> Scene:
        return self.strained if is_strained else self.eased


@dataclass(frozen=True, slots=True)
class PracticeCase:
    """One case. `onset` is the first session of its strain (0: there is none); `depth` its size in steps of an answer.

    `openness`: which share of it the client says when asked; `seen`: which share the therapist's own answers show
    before the two have talked about it; `touches`: the questions that it lowers fully. `masks`: the client's answers
    show only what is also said aloud, as those of somebody who fears to say more.
    """

    slug: str
    seed: int
    approach: str
    where: tuple[str, ...]
    onset: int
    depth: float
    openness: float
    seen: float
    touches: tuple[str, ...]
    kinds: tuple[str, ...]
    masks: bool
    title: str
    client: str
    therapist: str
    lead: str
    brief: tuple[str, ...]
    overread: str
    truth: tuple[str, ...]
    ending_strained: str
    ending_eased: str
    stops: tuple[CaseStop, ...]

    @property
    def sessions(self) -> int:
        return len(self.where)

    @property
    def first_stop(self) -> int:
        """The session after which the learner first stops; one session follows the last stop."""
        return self.sessions - STOPS

    def reading(self) -> list[str]:
        """All that can be read of it, in pieces."""
        scenes = [scene for stop in self.stops for scene in (stop.strained, stop.eased)]
        ways = [way for stop in self.stops for way in stop.ways]
        return [
            self.title, self.lead, *self.brief, self.overread, *self.truth, self.ending_strained, self.ending_eased,
            *(text for scene in scenes for text in (scene.scene, scene.line, scene.words)),
            *(text for stop in self.stops for text in (*stop.checklist, stop.met, stop.missed)),
            *(text for way in ways for text in (way.text, way.reason, way.reason_otherwise)),
        ]  # fmt: skip


@cache
def practice_cases(language: str = "en") -> tuple[PracticeCase, ...]:
    """The cases, in order; in English where a language has none.

    >>> [case.slug for case in practice_cases()][0]
    'milan'
    """
    folder = FOLDER / language / "cases"
    if not folder.is_dir():
        folder = FOLDER / "en" / "cases"
    files = sorted(folder.glob("*.toml"), key=lambda path: int(path.stem.partition("-")[0]))
    return tuple(_read(words) for words in files)


def practice_case(slug: str, language: str = "en") -> PracticeCase | None:
    """One case by its name, or `None`."""
    return next((case for case in practice_cases(language) if case.slug == slug), None)


def _read(path: Path) -> PracticeCase:
    slug = path.stem.partition("-")[2]
    words = read_toml(path, BadGuidance)
    facts = read_toml(FOLDER / "cases" / f"{slug}.toml", BadGuidance)
    stops = [_stop(*pair) for pair in zip(facts.parts("stops"), words.parts("stops"), strict=False)]
    case = PracticeCase(
        slug=slug,
        seed=facts.integer("seed"),
        approach=facts.one_of("approach", APPROACHES),
        where=facts.some_of("where", MODALITIES),
        onset=facts.integer("onset"),
        depth=facts.number("depth"),
        openness=facts.number("openness"),
        seen=facts.number("seen"),
        touches=facts.some_of("touches", SCORED),
        kinds=facts.texts("kinds"),
        masks=facts.truth("masks", False),
        title=words.text("title"),
        client=words.text("client"),
        therapist=words.text("therapist"),
        lead=words.text("lead"),
        brief=words.texts("brief"),
        overread=words.text("overread"),
        truth=words.texts("truth"),
        ending_strained=words.text("ending_strained"),
        ending_eased=words.text("ending_eased"),
        stops=tuple(stops),
    )
    facts.done()
    words.done()
    if len(case.stops) != STOPS or case.sessions <= STOPS:
        raise words.wrong(f"it has {len(case.stops)} stops in {case.sessions} sessions", f"Give it {STOPS} stops.")
    return case


def _stop(facts: TomlTable, words: TomlTable) -> CaseStop:
    ways = facts.named("ways", "way")
    texts = words.named("ways", "way")
    if ways.keys() != texts.keys():
        raise words.wrong(f"{words.where}: its ways are {', '.join(texts)}", f"Use {', '.join(ways)}.")
    eased = _scene(words.part("eased", f"{words.where}, eased"))
    stop = CaseStop(
        guess=facts.one_of("guess", SCORED),
        strained=_scene(words.part("strained")) if words.has("strained") else eased,
        eased=eased,
        checklist=words.texts("checklist"),
        met=words.text("met"),
        missed=words.text("missed"),
        ways=tuple(_way(key, ways[key], texts[key]) for key in ways),
    )
    facts.done()
    words.done()
    return stop


def _scene(table: TomlTable) -> Scene:
    scene = Scene(table.text("scene"), table.text("line"), table.text("words", ""))
    table.done()
    return scene


def _way(key: str, facts: TomlTable, words: TomlTable) -> Way:
    reason = words.text("reason")
    way = Way(
        id=key,
        effect=facts.one_of("effect", EFFECTS),
        otherwise=facts.one_of("otherwise", EFFECTS, "waits"),
        card=facts.text("card", ""),
        text=words.text("text"),
        reason=reason,
        reason_otherwise=words.text("reason_otherwise", reason),
    )
    facts.done()
    words.done()
    return way
