"""Planned questions on how people fare: the numbers of the analyses themselves, no small group, and what is refused."""

import numpy as np
import pytest
from tests.accord.study_files import packed
from tests.accord.test_report import HEAD, study_rows

from accord.registry.folder import read_folder
from accord.report.answers import Section, answered
from accord.report.plan import BadPlan, parse_plan
from accord.report.sections import TOO_FEW
from accord.stats.change import clinical_change
from accord.stats.expected import expected_course
from accord.stats.hazard import hazard_of_ending
from accord.stats.reliability import reliability

ITEMS = [f"phq{n}" for n in range(1, 10)]
ASKED = {
    "dropout": 'covariates = ["alliance"]',
    "change": 'outcome = "symptoms"\nreliability = 0.8\nfunctional = { mean = 6.0, sd = 4.0 }',
    "expected": 'outcome = "symptoms"',
    "reliability": 'outcome = "symptoms"',
}
ENDINGS = ["by_client", "planned", "ongoing", "agreement", "by_client", ""]


def rows_with_more(dyads: int = 90) -> dict:
    """The study of the other tests with courses of four to eight sessions, how they ended, and answers to items."""
    rows = study_rows(dyads)
    rows["scores"] = [row for row in rows["scores"] if row["session"] <= 4 + row["dyad"] % 5]
    random = np.random.default_rng(5)
    rows["answers"] = []
    for row in rows["scores"]:
        place = {name: row[name] for name in ("dyad", "session", "session_code", "rater")}
        if row["scale"] == "phq-9/total":
            for item in ITEMS:
                value = int(np.clip(round(row["score"] / 9 + random.normal(0, 0.8)), 0, 3))
                rows["answers"].append({**place, "instrument": "phq-9", "item": item, "answer": value})
    for course in rows["dyads"]:
        course["ending"] = ENDINGS[course["dyad"] % len(ENDINGS)]
    return rows


def section(tmp_path, analysis: str, rows: dict | None = None, asked: str | None = None) -> Section:
    study = read_folder(packed(tmp_path / "a.zip", rows or rows_with_more()))
    asked = ASKED[analysis] if asked is None else asked
    question = f'[[questions]]\nasks = "What?"\nanalysis = "{analysis}"\n{asked}\n'
    return answered(study, parse_plan((HEAD + question).encode())).sections[0]


def numbers(made: Section) -> dict[str, float]:
    assert (made.refused, bool(made.estimates)) == ("", True)
    return {estimate.name: estimate.value for estimate in made.estimates}


def used(rows: dict, scale: str) -> list[tuple[int, int, float]]:
    return [(row["dyad"], row["session"], row["score"]) for row in rows["scores"]
            if row["scale"] == scale and row["rater"] == "client" and row["dyad"] > 3]  # fmt: skip


def test_who_leaves(tmp_path):
    rows = rows_with_more()
    who, session, alliance = map(np.array, zip(*used(rows, "accord-check-in/collaboration"), strict=True))
    code = {"by_client": 1.0, "planned": 2, "agreement": 2, "ongoing": 0, "": np.nan}
    event = np.where(session == 4 + who % 5, [code[ENDINGS[dyad % len(ENDINGS)]] for dyad in who], 0.0)
    theirs = hazard_of_ending(
        who, session, event, alliance[:, None], names=("alliance",), smooth=True, therapist=who % 12 + 1
    )  # fmt: skip
    made = numbers(section(tmp_path, "dropout"))
    assert made["log odds of an unplanned ending, alliance"] == pytest.approx(theirs.estimates["alliance"], rel=1e-6)
    assert made["Brier score there"] == pytest.approx(theirs.held_out.brier, rel=1e-6)
    unplanned = made["share with unplanned endings, of courses whose ending is known"]
    assert unplanned * 7 == pytest.approx(3)  # 29 of 70, to tens


def test_who_changes(tmp_path):
    scores = {(dyad, session): score for dyad, session, score in used(rows_with_more(), "phq-9/total")}
    ends = [[scores[dyad, last * (3 + dyad % 5) + 1] for dyad in range(4, 91)] for last in (0, 1)]
    theirs = clinical_change(*ends, 0.8, functional=(6.0, 4.0))
    made = section(tmp_path, "change")
    told = numbers(made)
    assert told["mean after"] == pytest.approx(theirs.post_mean)
    assert told["share unchanged"] == pytest.approx(round(theirs.counts["unchanged"] / 10) / 9)
    small = [name for name, count in theirs.counts.items() if 0 < count < 10]
    assert small
    assert made.cautions == (f"fewer than 10 persons each, so not told: {', '.join(small)}",)
    assert not any(f"share {name}" in told for name in small)


def test_what_is_expected(tmp_path):
    who, session, score = map(np.array, zip(*used(rows_with_more(), "phq-9/total"), strict=True))
    theirs = expected_course(score, who, session.astype(float))
    told = numbers(section(tmp_path, "expected"))
    assert told["ratings in the 80% band, persons left out"] == theirs.coverage[0.8]
    middle = theirs.band(5, float(score[session == 1].mean()))[1]
    assert told["mean intake, session 5: expected"] == pytest.approx(float(middle))
    assert "mean intake, session 10: expected" not in told


def test_how_well_it_is_measured(tmp_path):
    rows = rows_with_more()
    cube = np.full((87, 8, 9), np.nan)
    for row in rows["answers"]:
        if row["dyad"] > 3:
            cube[row["dyad"] - 4, row["session"] - 1, ITEMS.index(row["item"])] = row["answer"]
    told = numbers(section(tmp_path, "reliability", rows))
    assert told["of a change (R_C)"] == pytest.approx(reliability(cube).change, rel=1e-4)


@pytest.mark.parametrize(
    ("analysis", "column", "says"),
    [("dropout", ("dyads", "ending"), "no dyads.ending"), ("reliability", ("answers", "answer"), "no answers.answer")],
)
def test_a_file_without_what_it_needs_is_refused(tmp_path, analysis, column, says):
    rows = rows_with_more()
    table, name = column
    for row in rows[table]:
        del row[name]
    assert says in section(tmp_path, analysis, rows).refused


def test_few_persons_and_scales_that_nobody_knows_are_refused(tmp_path):
    rows = rows_with_more()
    rows["answers"] = [row for row in rows["answers"] if row["dyad"] < 12]
    assert section(tmp_path, "reliability", rows).refused == TOO_FEW
    for row in rows["dyads"]:
        row["ending"] = "by_client" if row["dyad"] < 8 else "ongoing"
    assert "there are 4 unplanned endings" in section(tmp_path, "dropout", rows).refused
    foreign = HEAD.replace("phq-9/total", "bdi/total") + '[[questions]]\nasks = "?"\nanalysis = "reliability"\n'
    for row in rows["scores"]:
        row["scale"] = row["scale"].replace("phq-9", "bdi")
    study = read_folder(packed(tmp_path / "b.zip", rows))
    told = answered(study, parse_plan((foreign + 'outcome = "symptoms"\n').encode())).sections[0]
    assert "Accord has no scale bdi/total" in told.refused


@pytest.mark.parametrize(
    ("analysis", "asked", "says"),
    [
        ("change", 'outcome = "symptoms"', "lacks 'reliability'"),
        ("change", 'outcome = "symptoms"\nreliability = 1.0', "reliability is 1. Write a number between 0 and 1"),
        ("change", 'outcome = "symptoms"\nreliability = 0.8\nfunctional = { mean = 3.0 }', "lacks 'sd'"),
        ("change", 'outcome = "symptoms"\nreliability = 0.8\nmethod = "XX"', "method is 'XX'"),
        ("dropout", 'covariates = ["age"]', "covariates is 'age', which is no measure of the plan"),
        ("expected", 'outcome = "symptoms"\nreliability = 0.8', "'reliability' means nothing here"),
    ],
)
def test_slips_in_a_plan_are_named(tmp_path, analysis, asked, says):
    with pytest.raises(BadPlan, match=says):
        section(tmp_path, analysis, asked=asked)
