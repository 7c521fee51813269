"""Lessons, misconceptions, questions, glossary, pages for clients and every *Why?*: read from one folder a language.

A new lesson is a file in `learning/<language>/lessons` and a course in `learning/courses.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from accord.errors import BadGuidance
from accord.toml import TomlTable, read_toml

FOLDER = Path(__file__).parent / "learning"
VERDICTS = ("good", "depends", "not")
MOST_WORDS = 400
MOST_WORDS_OF_A_WHY = 60
WHYS = ("signals", "scales", "questions")
NO_ANSWER = -1
SCALES = ("collaboration", "connection")
"""The scales that an invented course has, of each side."""


@dataclass(frozen=True, slots=True)
class LessonPoint:
    """One line of a list; `name` is set off at its beginning, where there is one."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class LessonSection:
    """A heading with paragraphs or points under it."""

    heading: str
    text: tuple[str, ...]
    points: tuple[LessonPoint, ...]


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """One answer to a review question: `good`, `depends` or `not`, and why."""

    text: str
    verdict: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewQuestion:
    """A review question. At least one answer is good; several can be."""

    ask: str
    answers: tuple[ReviewAnswer, ...]


@dataclass(frozen=True, slots=True)
class Lesson:
    """One theme in at most 400 words, with one thing to try and review questions."""

    slug: str
    title: str
    lead: str
    sections: tuple[LessonSection, ...]
    caption: str
    to_try: str
    sure: str
    sources: str
    questions: tuple[ReviewQuestion, ...]

    def reading(self) -> tuple[str, ...]:
        """What is read before the questions, in pieces: the text whose words are counted."""
        return (self.title, self.lead, *_texts(self.sections), self.caption, self.to_try, self.sure)


@dataclass(frozen=True, slots=True)
class GuidePage:
    """A page of sections, as clients read it."""

    slug: str
    title: str
    lead: str
    sections: tuple[LessonSection, ...]

    def reading(self) -> tuple[str, ...]:
        """All of it, in pieces."""
        return (self.title, self.lead, *_texts(self.sections))


@dataclass(frozen=True, slots=True)
class Explained:
    """A misconception, a frequent question or a word, what there is to say about it, and the lesson it leads to."""

    name: str
    text: str
    lesson: str = ""


@dataclass(frozen=True, slots=True)
class ExplainedList:
    """A page of entries."""

    title: str
    lead: str
    entries: tuple[Explained, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is shown or asked, and how sure that is. `client`: the same for a client, where one meets it."""

    text: str
    sure: str
    lesson: str
    client: str


@dataclass(frozen=True, slots=True)
class InventedCourse:
    """The numbers of an invented course, by session; `None` where there is no answer. `strain`: see `courses.toml`."""

    client: str
    therapist: str
    scores: dict[str, tuple[float | None, ...]]
    strain: tuple[int, ...]
    where: tuple[str, ...]


@cache
def lessons(language: str = "en") -> tuple[Lesson, ...]:
    """The lessons, in order; in English where a language has none.

    >>> len(lessons())
    8
    """
    return tuple(_lesson(path) for path in sorted((_folder(language) / "lessons").glob("*.toml")))


@cache
def client_pages(language: str = "en") -> tuple[GuidePage, ...]:
    """The pages for clients, in order.

    >>> [page.slug for page in client_pages()][0]
    'working-well'
    """
    return tuple(_page(path) for path in sorted((_folder(language) / "client").glob("*.toml")))


@cache
def misconceptions(language: str = "en") -> ExplainedList:
    """Sentences that sound right, and what is known."""
    return _entries(_folder(language) / "misconceptions.toml", "said")


@cache
def frequent_questions(language: str = "en") -> ExplainedList:
    """What people ask, and short answers."""
    return _entries(_folder(language) / "questions.toml", "asked")


@cache
def glossary(language: str = "en") -> ExplainedList:
    """What each word means, by name."""
    file = read_toml(_folder(language) / "glossary.toml", BadGuidance)
    words = file.part("entries")
    entries = sorted((Explained(*words.texts(key)) for key in words.data), key=lambda entry: entry.name.casefold())
    return ExplainedList(file.text("title"), file.text("lead"), tuple(entries))


@cache
def whys(language: str = "en") -> dict[tuple[str, str], Why]:
    """What a *Why?* says, by what it stands beside: `("signals", "drop")`, `("scales", "connection")`.

    >>> whys()["signals", "drop"].lesson
    'feedback'
    """
    file = read_toml(_folder(language) / "why.toml", BadGuidance)
    return {(part, key): _why(table) for part in WHYS for key, table in file.named(part, "why").items()}


@cache
def courses() -> dict[str, InventedCourse]:
    """The invented course of each lesson, by the lesson's name."""
    file = read_toml(FOLDER / "courses.toml", BadGuidance)
    return {key: _course(file.part(key)) for key in file.data}


@cache
def lesson_of(kind: str) -> str:
    """The lesson to which a signal or an occasion leads: the one that its *Why?* names, else that of `occasions.toml`.

    >>> lesson_of("starting")
    'how-it-is-built'
    """
    why = whys().get(("signals", kind))
    return why.lesson if why else read_toml(FOLDER / "occasions.toml", BadGuidance).text(kind)


def _folder(language: str) -> Path:
    return FOLDER / language if (FOLDER / language).is_dir() else FOLDER / "en"


def _texts(sections: Iterable[LessonSection]) -> list[str]:
    points = [(s.heading, *s.text, *(f"{p.name} {p.text}".strip() for p in s.points)) for s in sections]
    return [text for part in points for text in part]


def _slug(path: Path) -> str:
    return path.stem.partition("-")[2]


def _lesson(path: Path) -> Lesson:
    file = read_toml(path, BadGuidance)
    lesson = Lesson(
        slug=_slug(path),
        title=file.text("title"),
        lead=file.text("lead"),
        sections=_sections(file),
        caption=file.text("caption"),
        to_try=file.text("try"),
        sure=file.text("sure"),
        sources=file.text("sources"),
        questions=tuple(_question(table) for table in file.parts("questions")),
    )
    file.done()
    words = sum(len(text.split()) for text in lesson.reading())
    if words > MOST_WORDS:
        raise file.wrong(f"it has {words} words to read", f"Shorten it to {MOST_WORDS}.")
    return lesson


def _page(path: Path) -> GuidePage:
    file = read_toml(path, BadGuidance)
    page = GuidePage(_slug(path), file.text("title"), file.text("lead"), _sections(file))
    file.done()
    return page


def _sections(file: TomlTable) -> tuple[LessonSection, ...]:
    return tuple(
        LessonSection(part.text("heading"), part.texts("text", ()), tuple(map(_point, part.texts("points", ()))))
        for part in file.parts("sections")
    )


def _point(text: str) -> LessonPoint:
    """`**Name.** The rest` in two."""
    if not text.startswith("**"):
        return LessonPoint("", text)
    name, _end, rest = text[2:].partition("**")
    return LessonPoint(name, rest.strip())


def _question(table: TomlTable) -> ReviewQuestion:
    answers = tuple(
        ReviewAnswer(part.text("text"), part.one_of("verdict", VERDICTS), part.text("reason"))
        for part in table.parts("answers")
    )
    if not any(answer.verdict == "good" for answer in answers):
        raise table.wrong(f"{table.where}: no answer is good", "Give at least one the verdict 'good'.")
    return ReviewQuestion(table.text("ask"), answers)


def _entries(path: Path, name: str) -> ExplainedList:
    file = read_toml(path, BadGuidance)
    entries = tuple(
        Explained(part.text(name), part.text("answer"), part.text("lesson", "")) for part in file.parts("entries")
    )
    return ExplainedList(file.text("title"), file.text("lead"), entries)


def _why(table: TomlTable) -> Why:
    why = Why(table.text("text"), table.text("sure"), table.text("lesson"), table.text("client", ""))
    table.done()
    words = len(f"{why.text} {why.sure}".split())
    if words > MOST_WORDS_OF_A_WHY:
        raise table.wrong(f"{table.where}: it has {words} words", f"Shorten it to {MOST_WORDS_OF_A_WHY}.")
    return why


def _course(table: TomlTable) -> InventedCourse:
    scores = {
        key: tuple(None if value == NO_ANSWER else float(value) for value in table.integers(key))
        for key in table.data
        if key.partition("_")[2]
    }
    return InventedCourse(
        table.text("client"), table.text("therapist"), scores, table.integers("strain", ()), table.texts("where", ())
    )
