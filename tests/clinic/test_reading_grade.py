"""How hard pages are to read, measured on what is rendered: grade 6 for clients, 9 for those who work here.

Questionnaires of others and what people wrote are left out: they are shown as they are.
"""

import re
from html import unescape

import pytest
from tests.accord.reading_grade import grade
from tests.clinic import test_german
from tests.clinic.test_german import (  # noqa: F401
    check_in_pages,
    listening,
    own_pages,
    rights_pages,
    walk,
)
from tests.journeys.test_every_page import practice, staff_pages  # noqa: F401

pytestmark = pytest.mark.same_on_postgresql(reason="how pages read depends on no database; they are asked for there")

CLIENT, STAFF, GERMAN = 6.0, 9.0, 8.0
FEWEST_WORDS, FEWEST_SENTENCES = 4, 5
"""Shorter texts are labels and no sentences; with fewer sentences a grade says little."""
WRITTEN_BY_PEOPLE = r'<(\w+)[^>]*class="[^"]*(?:own-words|said)[^"]*"[^>]*>.*?</\1>'
BLOCKS = r"</?(?:p|li|h[1-6]|div|legend|label|td|th|dt|dd|summary|button|option|span|a|section|caption|br)\b[^>]*>"


def sentences(html: str) -> list[str]:
    """The sentences of a page's main part."""
    main = html.partition("<main")[2].partition(">")[2].partition("</main>")[0]
    main = re.sub(r"<(script|style|svg|select|textarea|nav)\b.*?</\1>", " ", main, flags=re.S)
    main = re.sub(WRITTEN_BY_PEOPLE, " ", main, flags=re.S)
    main = re.sub(r"</?(?:a|strong|em|span|b|i)\b[^>]*>", "", main)
    blocks = [unescape(re.sub(r"<[^>]+>|\s+", " ", block)).strip() for block in re.split(BLOCKS, main)]
    parts = [part for block in blocks for part in re.split(r"(?<=[.?!])[”“\"]?\s+", block)]
    return sorted({part for part in parts if len(part.split()) >= FEWEST_WORDS})


def too_hard(pages: dict[str, str], most: dict[str, float]) -> list[str]:
    """The pages above the grade of their language, each with its hardest sentence."""
    hard = []
    for name, html in pages.items():
        found = re.search(r'<html lang="(\w+)"', html)
        language = found[1] if found else "en"
        read = sentences(html)
        if len(read) >= FEWEST_SENTENCES and (level := grade(read, language)) > most[language]:
            worst = max(read, key=lambda sentence: grade([sentence], language))
            hard.append(f"{name}: {level:.1f}. Hardest: {worst}")
    return hard


@pytest.fixture
def html(monkeypatch):
    """Keep pages as HTML."""
    monkeypatch.setattr(test_german, "words_of", lambda page: page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_pages_for_clients_read_easily(html, walk, language):  # noqa: F811
    walk.ana.language = language
    walk.ana.save()
    for part in (check_in_pages, own_pages, rights_pages):
        part(walk)
    del walk.pages["away"]  # a recipe, to look harmless
    hard = too_hard(walk.pages, {"en": CLIENT, "de": GERMAN})
    assert not hard, "\n".join(hard)


def test_pages_for_those_who_work_here_read_easily(practice, as_member):  # noqa: F811
    opened = [(as_member(member), path) for member, paths in staff_pages(practice).items() for path in paths]
    pages = {path: browser.get(path).content.decode() for browser, path in opened}
    hard = too_hard(pages, {"en": STAFF, "de": GERMAN})
    assert not hard, "\n".join(hard)
