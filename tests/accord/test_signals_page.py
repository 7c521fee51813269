"""What the page about possible strain says is held to the numbers behind it."""

from pathlib import Path

import pytest

from accord.simulation import simulate
from accord.stats.evidence import QUIET
from accord.stats.limits import BUDGET, allowed
from accord.stats.thresholds import FEWEST_COURSES, LONG, calibrate

DOCS = Path(__file__).parents[2] / "docs/explanation"
PAGE = (DOCS / "signals.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def test_the_page_is_short_enough_to_be_read():
    assert len(PAGE.split()) <= 2000


def test_chances_are_said_with_the_length_of_the_course():
    assert "100 courses of 15 sessions in which nothing happened, about 5 get a drop by chance, 3 a slide" in TEXT
    assert (round(100 * allowed(BUDGET.drop, 15)), round(100 * allowed(BUDGET.slide, 15))) == (5, 3)
    assert "in 60 sessions about 22 in 100 get a drop by chance, and 13 a slide" in TEXT
    assert int(100 * allowed(BUDGET.drop, 60)) + 1 == 22
    assert int(100 * allowed(BUDGET.slide, 60)) == 13


def test_where_no_mark_is_made_is_said_as_it_is():
    assert FEWEST_COURSES == {"drop": 10, "slide": 20, "gap": 10}
    assert (LONG, QUIET) == (6, 3)
    assert "none before ten courses have six ratings, and no slide before twenty have" in TEXT


def test_no_share_of_false_alarms_rests_on_assumed_sizes():
    assert "are nothing" not in PAGE
    assert calibrate(simulate(60, 12, 1).client, draws=1000).false_discovery == {}


@pytest.mark.parametrize(
    "untrue",
    ["strains of every kind and size", "half to three times", "nobody should be compared with them", "best among ten"],
)
def test_sentences_that_were_not_true_are_gone(untrue):
    assert untrue not in TEXT.lower()
    assert untrue not in " ".join((DOCS / "why-these-signals.md").read_text(encoding="utf-8").split()).lower()


def test_lopsided_noise_is_said_to_cost_what_it_was_measured_to():
    row = next(line for line in (DOCS / "signals-tables.md").read_text().splitlines() if "skewed -1" in line)
    assert float(row.split("|")[3]) > 1.5
    assert "on average nearly twice its budget" in TEXT
