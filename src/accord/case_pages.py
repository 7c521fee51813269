"""A practice case as a folder of pages that any browser opens, for teaching without the clinic.

Each page stands for what was chosen so far, one thing a step. Its words: `learning/<language>/case_pages.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import product
from pathlib import Path

from accord.cards import Card, cards
from accord.case_rule import Played, got_better, play, scale_values
from accord.errors import BadGuidance, BadTable
from accord.instruments import catalogue
from accord.lessons import FOLDER, SCALES
from accord.practice_cases import GUESSED, SCORED, STOPS, PracticeCase, Way
from accord.records import RATERS
from accord.signals import CHECK_IN
from accord.toml import TomlTable, read_toml

ASKED = (GUESSED, *SCORED, "v1")
STYLE = (
    "body{font:17px/1.5 Verdana,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#23262b;"
    "background:#fbf8f3}h1,h2{font-family:Georgia,serif}blockquote{border-left:3px solid #a94a24;margin:1rem 0;"
    "padding-left:1rem;font-style:italic}table{border-collapse:collapse;width:100%}th,td{text-align:left;"
    "padding:.35rem .8rem .35rem 0;border-bottom:1px solid #e4ddd0}summary{padding:.6rem 0;cursor:pointer}"
    "li{margin:.5rem 0}a{color:inherit}"
)


Ways = tuple[str, ...]
"""The way that was chosen at each stop so far."""


def case_pages(case: PracticeCase, language: str = "en") -> dict[str, str]:
    """The pages of a case by the name of their file: `index.html`, a page for each choice, `teacher.html`.

    >>> from accord.practice_cases import practice_cases
    >>> pages = case_pages(practice_cases()[0])
    >>> len(pages), "step-1.html" in pages
    (87, True)
    """
    made = _Pages(case, language)
    pages = {"index.html": made.start(), "teacher.html": made.teacher()}
    for chosen in made.courses:
        pages[file_of(chosen)] = made.step(chosen) if len(chosen) < STOPS else made.end(chosen)
    return pages


def write_case(case: PracticeCase, folder: Path, language: str = "en") -> int:
    """Write the pages of a case into a folder, and return how many. Raises `BadTable` where that cannot be."""
    pages = case_pages(case, language)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, page in pages.items():
            (folder / name).write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadTable(f"{folder}: nothing can be written there ({error.strerror}). Choose another folder.") from error
    return len(pages)


def file_of(chosen: Sequence[str]) -> str:
    """The file of the page after these choices.

    >>> file_of([]), file_of(["ask"])
    ('step-1.html', 'step-2-ask.html')
    """
    first = "end" if len(chosen) == STOPS else f"step-{len(chosen) + 1}"
    return "-".join((first, *chosen)) + ".html"


class _Pages:
    """The pages of one case in one language."""

    def __init__(self, case: PracticeCase, language: str) -> None:
        self.case, self.language = case, language
        folder = FOLDER / language if (FOLDER / language / "case_pages.toml").is_file() else FOLDER / "en"
        self.words: TomlTable = read_toml(folder / "case_pages.toml", BadGuidance)
        self.check_in = catalogue().get(CHECK_IN)
        self.wording = self.check_in.wordings.get(language) or self.check_in.wordings["en"]
        self.deck: dict[str, Card] = {card.id: card for card in cards(language=language)}
        ids = [[way.id for way in stop.ways] for stop in case.stops]
        ways = [chosen for stops in range(STOPS + 1) for chosen in product(*ids[:stops])]
        self.courses = {chosen: play(case, [(way,) for way in chosen]) for chosen in ways}
        self.values = _values_of(self.courses)

    def start(self) -> str:
        case = self.case
        body = [_p(case.lead), *map(_p, case.brief), _p(self._say("you_are")), _p(self._say("how"))]
        body += [_p(self._say("all_invented")), _link(file_of(()), self._say("begin"))]
        return self._page(case.title, [*body, _link("teacher.html", self._say("teacher"))])

    def step(self, chosen: Ways) -> str:
        """One session: the scene, the answers to open, what to do next."""
        stop = self.case.stops[len(chosen)]
        sessions = self.courses[chosen]
        latest = sessions[-1]
        scene = stop.scene(latest.is_strained)
        guesses = [self._fill(self.wording.text(item, "client")) for item in (GUESSED, stop.guess)]
        compare = _list([*stop.checklist, self._say("once_more")])
        opened = [*([_p(self._say("writes")), _quote(scene.words)] if scene.words else []), self._answers(latest)]
        links = _list([_link(file_of((*chosen, way.id)), way.text) for way in stop.ways], is_html=True)
        return self._page(self._say("session", number=latest.number), [
            _p(scene.scene), _quote(scene.line), _p(self._say("say")), _fold(self._say("compare"), compare),
            _h(self._say("guess")), _list(guesses), _fold(self._say("open"), "".join(opened)),
            _h(self._say("course")), self._course(chosen), _h(self._say("see")), _h(self._say("do")), links,
        ])  # fmt: skip

    def end(self, chosen: Ways) -> str:
        """The whole course with the truth, what was done, and three points."""
        case = self.case
        sessions = self.courses[chosen]
        last = sessions[-1]
        body = [
            _p(case.ending_strained if last.is_strained else case.ending_eased), _h(self._say("truth")),
            *map(_p, case.truth), _p(self._say("strained" if last.is_strained else "eased")), self._course(chosen),
            _h(self._say("did")),
        ]  # fmt: skip
        points = []
        for stop, played in zip(case.stops, sessions[case.first_stop :], strict=True):
            before = sessions[played.number - 2]
            for way in played.applied:
                body += [_p(self._worth(way, before.is_strained)), self._card(way.card)]
            points.append(stop.met if got_better(before, played) else stop.missed)
        body += [_h(self._say("points")), _list(points), _link("index.html", self._say("again"))]
        return self._page(self._say("end"), body)

    def teacher(self) -> str:
        """The truth and the worth of each choice while the strain is there; where a case has none, without it."""
        case, body = self.case, [_p(self._say("teacher_note")), _h(self._say("truth")), *map(_p, self.case.truth)]
        for number, stop in enumerate(case.stops, case.first_stop):
            body.append(_h(self._say("after", number=number)))
            body.append(_list([self._worth(way, bool(case.onset)) for way in stop.ways]))
        return self._page(self._say("teacher"), body)

    def _worth(self, way: Way, is_strained: bool) -> str:
        return f"{way.text} {self._effect(way.effect_at(is_strained))} {way.reason_at(is_strained)}"

    def _answers(self, played: Played) -> str:
        rows = []
        for item in ASKED:
            both = (self._label(item, side, getattr(played, side)[item]) for side in RATERS)
            rows.append((self._fill(self.wording.shared_item(item)), *both))
        return _table((self._say("question"), self.case.client, self.case.therapist), rows)

    def _course(self, chosen: Ways) -> str:
        columns = [(scale, side) for scale in SCALES for side in RATERS]
        values, called = self.values[chosen], self.words.part("scales")
        names = {"client": self.case.client, "therapist": self.case.therapist}
        heads = [f"{called.text(scale)}: {names[side]}" for scale, side in columns]
        rows = []
        for place, played in enumerate(self.courses[chosen]):
            row = (values[f"{side}_{scale}"][place] for scale, side in columns)
            rows.append((str(played.number), *("–" if value is None else f"{value:.0f}" for value in row)))
        return _table((self._say("session", number=""), *heads), rows)

    def _card(self, card: str) -> str:
        of = self.deck.get(card)
        if of is None:
            return ""
        text = _p(of.why) + _list(of.tries) + _p(of.evidence) + _p(self._say("sources", source=of.source))
        return _fold(self._say("card", title=of.title), text)

    def _label(self, item: str, side: str, answer: int) -> str:
        return self._fill(self.wording.labels(item, side)[answer])  # type: ignore[arg-type]

    def _effect(self, effect: str) -> str:
        return self.words.part("effects").text(effect)

    def _say(self, key: str, **more: object) -> str:
        return self._fill(self.words.text(key), **more).strip()

    def _fill(self, text: str, **more: object) -> str:
        names = {"session": self.words.text("session").split()[0], "client": self.case.client, **more}
        for name, value in {**names, "therapist": self.case.therapist}.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def _page(self, title: str, body: Iterable[str]) -> str:
        return (
            f'<!doctype html><html lang="{self.language}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
            f"<style>{STYLE}</style><main><h1>{escape(title)}</h1>\n" + "\n".join(body) + "\n</main></html>\n"
        )


def _values_of(courses: Mapping[Ways, Sequence[Played]]) -> dict[Ways, dict[str, tuple[float | None, ...]]]:
    """The scores of each course by scale and side: all are scored at once, which costs little more than one alone."""
    every = scale_values([played for sessions in courses.values() for played in sessions])
    values, first = {}, 0
    for chosen, sessions in courses.items():
        after = first + len(sessions)
        values[chosen] = {name: scored[first:after] for name, scored in every.items()}
        first = after
    return values


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _h(text: str) -> str:
    return f"<h2>{escape(text)}</h2>"


def _quote(text: str) -> str:
    return f"<blockquote>{escape(text)}</blockquote>"


def _link(to: str, text: str) -> str:
    return f'<p><a href="{to}">{escape(text)}</a></p>'


def _list(texts: Iterable[str], is_html: bool = False) -> str:
    return "<ul>" + "".join(f"<li>{text if is_html else escape(text)}</li>" for text in texts) + "</ul>"


def _fold(title: str, html: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
