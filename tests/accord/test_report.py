"""A preregistered plan becomes a report: its numbers, the same bytes each time, and nothing of one person."""

import json
import re

import numpy as np
import pytest
from tests.accord.study_files import packed

from accord.cli import main
from accord.errors import BadInput
from accord.registry.folder import read_folder
from accord.report import report_files
from accord.report.plan import BadPlan, parse_plan
from accord.stats.coupling import coupling

PLAN = """
title = "Alliance & symptoms <in> one practice"
about = "What goes first?"
registered = "https://osf.io/example"
[measures]
alliance = { scale = "accord-check-in/collaboration" }
therapist = { scale = "accord-check-in/collaboration", rater = "therapist" }
symptoms = { scale = "phq-9/total" }
[exclusions]
least_sessions = 4
why = "Fewer say little about change."
[[questions]]
asks = "Who is in it?"
analysis = "describe"
measures = ["alliance", "symptoms"]
[[questions]]
asks = "Do symptoms fall?"
analysis = "growth"
outcome = "symptoms"
[[questions]]
asks = "Does a better session go before fewer symptoms?"
expects = "A negative effect within persons."
analysis = "coupling"
outcome = "symptoms"
alliance = "alliance"
[[questions]]
asks = "Does it hold over five sessions?"
analysis = "riclpm"
x = "alliance"
y = "symptoms"
[[questions]]
asks = "Do both see it alike?"
analysis = "dyads"
judge = "therapist"
truth = "alliance"
[[questions]]
asks = "Do therapists differ?"
analysis = "therapists"
outcome = "symptoms"
"""


def study_rows(dyads: int = 60, sessions: int = 8, codes: bool = True) -> dict:
    """Courses with an effect of the alliance one session later; three of them have two sessions."""
    random = np.random.default_rng(3)
    rows = {"dyads": [], "scores": []}
    for dyad in range(1, dyads + 1):
        whose = {"client": dyad, "course": 1, "therapist": dyad % 12 + 1} if codes else {}
        rows["dyads"].append({"dyad": dyad} | whose)
        level, symptoms, before = random.normal(0, 8), 14 + random.normal(0, 3), 0.0
        for session in range(1, (2 if dyad <= 3 else sessions) + 1):
            within = random.normal(0, 6)
            symptoms = 6 + 0.5 * symptoms - 0.15 * before + random.normal(0, 1.5)
            before = within
            for rater, scale, score in (
                ("client", "accord-check-in/collaboration", 70 + level + within),
                ("therapist", "accord-check-in/collaboration", 66 + level + 0.5 * within + random.normal(0, 4)),
                ("client", "phq-9/total", symptoms),
            ):
                place = {"dyad": dyad, "session": session, "session_code": dyad * 100 + session}
                rows["scores"].append(place | {"rater": rater, "scale": scale, "score": round(score, 4)})
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    path = packed(tmp_path_factory.mktemp("study") / "a.zip", study_rows())
    return path, report_files(read_folder(path), parse_plan(PLAN.encode()))


def test_it_gives_the_numbers_of_the_analysis_itself(files):
    told = json.loads(files[1]["numbers.json"])
    scores = [row for row in study_rows()["scores"] if row["rater"] == "client" and row["dyad"] > 3]
    at = {(r["dyad"], r["session"], r["scale"]): r["score"] for r in scores}
    keys = sorted({key[:2] for key in at})
    columns = [[at[(*key, scale)] for key in keys] for scale in ("phq-9/total", "accord-check-in/collaboration")]
    mine = coupling(columns[0], columns[1], [k[0] for k in keys], [k[1] for k in keys])
    rows = {row["name"]: row for row in told["sections"][2]["estimates"]}
    assert rows["one session later: within"]["value"] == pytest.approx(mine.lagged.fixed["within"], rel=1e-9)
    assert rows["one session later: within"]["se"] == pytest.approx(mine.lagged.se["within"], rel=1e-9)
    assert rows["one session later: within"]["value"] == pytest.approx(-0.15, abs=0.03)


def test_a_second_run_gives_the_same_bytes(files, tmp_path):
    path, first = files
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN)
    assert main(["report", str(path), "--plan", str(plan), "--out", str(tmp_path / "out")]) == 0
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == dict(first)
    assert first["report.pdf"].startswith(b"%PDF")


def test_the_page_says_what_was_registered_and_all_answers(files):
    page, plan = files[1]["report.html"].decode(), parse_plan(PLAN.encode())
    assert plan.sha256 in page
    assert "Alliance &amp; symptoms &lt;in&gt; one practice" in page
    assert page.count("<svg") == 4
    assert "courses with fewer than 4 rated sessions. Fewer say little about change." in page
    for question in plan.questions:
        assert question.asks in page
    assert "Not estimated" not in page


def test_no_script_and_nothing_from_elsewhere(files):
    page = files[1]["report.html"].decode()
    assert "<script" not in page
    assert not re.search(r"(src|href)=", page)


def test_small_counts_and_what_gives_them_away_are_left_out(files):
    """Three courses were left out: neither that nor how many were used is told to the last one."""
    counts = json.loads(files[1]["numbers.json"])["counts"]
    assert counts == {"in the file": 60, "without such scores": 0, "left out": None, "used": 60}
    assert {s["persons"] for s in json.loads(files[1]["numbers.json"])["sections"]} == {60}


def test_no_lowest_or_highest_value_of_a_person(files):
    scores = [row["score"] for row in study_rows()["scores"]]
    text = files[1]["report.html"].decode()
    for value in (min(scores), max(scores)):
        assert f"{value:.3f}" not in text


def test_without_codes_the_question_on_therapists_is_told_as_not_estimated(tmp_path):
    study = read_folder(packed(tmp_path / "a.zip", study_rows(codes=False)))
    last = json.loads(report_files(study, parse_plan(PLAN.encode()))["numbers.json"])["sections"][-1]
    assert "no codes for therapists" in last["refused"]
    assert last["estimates"] == []


def test_nine_courses_are_refused(tmp_path):
    study = read_folder(packed(tmp_path / "a.zip", study_rows(dyads=12)))
    with pytest.raises(BadInput, match="fewer than 10 courses"):
        report_files(study, parse_plan(PLAN.encode()))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "', 'titel = "', "title"),
        ('analysis = "growth"', 'analysis = "magic"', "magic"),
        ('alliance = "alliance"', 'alliance = "bond"', "no measure of the plan"),
        ('rater = "therapist"', 'rater = "doctor"', "doctor"),
        ("least_sessions = 4", 'least_sessions = "four"', "least_sessions"),
        ("[exclusions]", "[exclusion]", "exclusion"),
    ],
)
def test_a_plan_that_cannot_be_followed_says_where(old, new, says):
    with pytest.raises(BadPlan, match=says):
        parse_plan(PLAN.replace(old, new).encode())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"title = ", b""])
def test_what_is_no_plan_is_refused(content):
    with pytest.raises(BadPlan):
        parse_plan(content)


