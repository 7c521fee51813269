"""The table of statements is kept: each row names pages, lessons and cards that are there."""

import re
from pathlib import Path

import pytest
from django.urls import get_resolver

from accord.cards import cards
from accord.lessons import client_pages, lessons

TABLE = Path(__file__).parents[2] / "docs/explanation/statements.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| statement")
]
STATEMENTS = 56
OTHER_NAMES = {"start": "link"}
"""What the table calls a page where its address has another name."""


def test_each_statement_has_one_row() -> None:
    assert len(ROWS) == STATEMENTS
    assert len({row[0] for row in ROWS}) == STATEMENTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_pages_of_a_row_are_there(row) -> None:
    statement, where, pages, _missing = row
    there = {
        "lesson": {lesson.slug for lesson in lessons()},
        "guide-page": {page.slug for page in client_pages()},
        "card": {card.id for card in cards()},
    }
    addresses = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    named = re.findall(r"`([^`]+)`", pages)
    assert where
    assert named, f"{statement}: name a page"
    for name in named:
        kind, _gap, what = name.partition(" ")
        if what:
            assert what in there[kind], name
        else:
            assert OTHER_NAMES.get(kind, kind) in addresses, name
