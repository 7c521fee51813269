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


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables of a page, by their first cell."""
    lines = (line.strip("|").split("|") for line in text.splitlines() if line.startswith("| "))
    return {first.strip(): [cell.strip() for cell in cells] for first, *cells in lines}


SHORT, LONG_TABLES = rows(PAGE), rows((DOCS / "signals-tables.md").read_text(encoding="utf-8"))
CONDITIONS = {
    "nothing": ["nothing differs from the model"],
    "noise falls by a third, or rises": ["noise falls, SD 1.19 to .85", "noise rises, SD .85 to 1.19"],
    "noise falls to less than half, or rises": ["noise falls, SD 1.6 to .6", "noise rises, SD .6 to 1.6"],
    "ratings rise and level off, 6, 15 or 60 sessions": [f"mean levels off, {n} sessions" for n in (6, 15, 60)],
    "calibrated on 15 sessions, read to 60": ["calibrated on 15 sessions, read to 60"],
    "all 1 SD lower from a date on": ["all 1 SD lower from a date on"],
    "four five-point items, mean 1.7, 4.7, 5.0": [f"four five-point items, mean {m}" for m in (1.7, 4.7, 5.0)],
    "heavy tails (t, 4 df)": ["t noise, 4 df"],
    "20 or 37 % of the practice's courses strained": ["20 % of the practice's courses strained", "37 % strained"],
    "noise skewed -1, -2": ["noise skewed -1", "noise skewed -2"],
}
STRAINS = (
    "one session, 2 SD lower", "one session, 3 SD lower", "three sessions, 2 SD lower",
    "a slide to 3 SD over six sessions",
)  # fmt: skip
STEPS = ("Accord's steps, one at a time", "EWMA (.3) of Accord's steps", "CUSUM (k = 1) of Accord's steps")
OWN = ("Accord (drop)", *STEPS)


@pytest.mark.parametrize("row", CONDITIONS)
def test_what_becomes_of_the_budget_is_said_as_the_tables_have_it(row):
    for cell, column in zip(SHORT[row], (0, 2), strict=True):
        measured = [float(LONG_TABLES[name][column]) for name in CONDITIONS[row]]
        assert [float(number) for number in cell.split(",")] == measured


@pytest.mark.parametrize("row", STRAINS)
def test_what_is_found_is_said_beside_the_best_classical_rule(row):
    column = STRAINS.index(row)
    classical = [cells for name, cells in LONG_TABLES.items() if len(cells) == 9 and name not in OWN]
    for ours, best, place in ((0, 1, column), (2, 3, column + 4)):
        assert float(SHORT[row][ours]) == float(LONG_TABLES["Accord (drop)"][place])
        assert float(SHORT[row][best]) == max(float(cells[place]) for cells in classical if cells[place][0] in "01")


def test_accord_is_best_where_persons_differ_and_near_the_best_where_they_are_alike():
    classical = {name: cells for name, cells in LONG_TABLES.items() if len(cells) == 9 and cells[0][0] in "01"}
    accord = [float(cell) for cell in classical.pop("Accord (drop)")]
    rules = [[float(cell) for cell in cells] for name, cells in classical.items() if name not in OWN]
    for column in range(4):
        assert accord[column] > max(rule[column] for rule in rules)
        assert accord[column + 4] >= round(max(rule[column + 4] for rule in rules) - 0.01, 2)
    assert accord[8] >= max(float(cells[8]) for cells in classical.values())


def test_statistics_made_for_one_shape_find_as_much_more_of_it_as_is_said():
    accord = LONG_TABLES["Accord (drop)"]
    more = [float(LONG_TABLES[name][n]) - float(accord[n]) for name in STEPS for n in range(8)]
    assert round(max(more), 2) == 0.09
    kinds = " ".join((DOCS / "why-these-signals.md").read_text(encoding="utf-8").split())
    assert "at most one in a hundred below the best of them" in kinds
    assert "made for one shape find up to nine in a hundred more of it" in kinds


def test_what_three_series_find_beside_two_is_what_was_measured():
    two, three = ([float(cell) for cell in LONG_TABLES[name][:6]] for name in ("two scales", "all three"))
    gained = [round(after - before, 2) for before, after in zip(two, three, strict=True)]
    assert (min(gained), max(gained)) == (-0.02, 0.09)
    text = " ".join((DOCS / "signals-tables.md").read_text(encoding="utf-8").split())
    assert "never lose more than .02 against two, and find up to .09 more" in text


def test_how_far_one_practice_may_lie_from_the_budget_is_what_was_measured():
    spreads = [float(LONG_TABLES["nothing differs from the model"][column]) for column in (1, 3)]
    assert "With 200 courses the true rate usually lies within about 40 % of the budget." in TEXT
    assert 0.3 < 1.645 * max(spreads) <= 0.45  # nine in ten practices
    assert all(float(LONG_TABLES[few][2]) > max(spreads) for few in ("10", "20", "30"))


def test_lopsided_noise_is_said_to_be_allowed_for_where_it_is():
    assert "from about 200 courses on. Such a practice keeps its budget" in TEXT
    assert all(float(LONG_TABLES[row][0]) < 1.4 for row in ("noise skewed -1", "noise skewed -2"))
