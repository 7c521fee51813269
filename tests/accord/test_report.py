"""A preregistered plan becomes a report: its numbers, the same bytes each time, and nothing of one person."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from tests.accord.study_files import packed

from accord.cli import main
from accord.errors import BadInput, BadTable
from accord.registry.folder import read_folder
from accord.report import answers, report_files
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


HEAD, *QUESTIONS = PLAN.split("[[questions]]")
DESCRIBE, GROWTH, _COUPLING, PANEL, _DYADS, THERAPISTS = (f"[[questions]]{text}" for text in QUESTIONS)


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


def reported(tmp_path, rows: dict, plan: str) -> answers.Report:
    return answers.answered(read_folder(packed(tmp_path / "a.zip", rows)), parse_plan(plan.encode()))


def test_without_codes_the_question_on_therapists_is_told_as_not_estimated(tmp_path):
    [section] = reported(tmp_path, study_rows(codes=False), HEAD + THERAPISTS).sections
    assert "no codes for therapists" in section.refused
    assert section.estimates == ()


def test_nine_courses_are_refused(tmp_path):
    with pytest.raises(BadInput, match="fewer than 10 courses"):
        reported(tmp_path, study_rows(dyads=12), HEAD + GROWTH)


def test_a_measure_of_fewer_than_ten_persons_is_left_out_beside_one_of_many(tmp_path):
    """The mean of nine, of whom one knows eight, would be the ninth's."""
    rows = study_rows(dyads=20)
    rows["scores"] = [row for row in rows["scores"] if row["scale"] != "phq-9/total" or row["dyad"] > 11]
    [section] = reported(tmp_path, rows, HEAD + DESCRIBE).sections
    assert {number.name.split(":")[0] for number in section.estimates} == {"alliance"}
    assert section.cautions == ("symptoms was rated by fewer than 10 persons and is left out",)
    [section] = reported(tmp_path, rows, HEAD + DESCRIBE.replace('"alliance", ', "")).sections
    assert (section.refused, section.estimates) == (answers.TOO_FEW, ())


@pytest.mark.parametrize(("plan", "name"), [(PANEL, "riclpm"), (THERAPISTS, "therapist_spread")])
def test_no_number_of_a_fit_that_did_not_converge_is_told(tmp_path, monkeypatch, plan, name):
    fitted = getattr(answers, name)

    def lost(*given, **named):
        made = fitted(*given, **named)
        return replace(made, fit=replace(made.fit, converged=False, message="no maximum"))

    monkeypatch.setattr(answers, name, lost)
    [section] = reported(tmp_path, study_rows(dyads=30), HEAD + plan).sections
    assert section.estimates == ()
    assert section.cautions == ("not converged: no maximum",)


def test_what_is_no_number_is_not_told_as_one(tmp_path):
    rows = study_rows(dyads=20)
    rows["scores"] = [{**row, "score": 3} for row in rows["scores"]]
    told = json.dumps(reported(tmp_path, rows, HEAD + DESCRIBE).to_dict(), allow_nan=False)
    assert "alliance: mean" in told


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [("score", "high", "line 4, column 'score': 'high'"), ("session", 0, "line 4, column 'session': '0'"),
     ("session", 2, "line 5, column 'dyad, session, rater, scale': this row is there twice")],
)  # fmt: skip
def test_a_file_with_a_fault_gets_a_sentence(tmp_path, column, value, says):
    rows = study_rows(dyads=20)
    rows["scores"] = [row for row in rows["scores"] if row["scale"] == "phq-9/total"]
    rows["scores"][2][column] = value
    with pytest.raises(BadTable, match=says):
        reported(tmp_path, rows, HEAD + GROWTH)


def test_a_file_without_scores_says_what_to_ask_for(tmp_path):
    rows = study_rows(dyads=20)
    for row in rows["scores"]:
        row["answered"] = row.pop("score")
    with pytest.raises(BadInput, match=r"needs scores\.score"):
        reported(tmp_path, rows, HEAD + GROWTH)


def test_a_scale_that_nobody_rated_is_named(tmp_path):
    wrong = (HEAD + GROWTH).replace("phq-9/total", "phq9/total")
    [section] = reported(tmp_path, study_rows(dyads=20), wrong).sections
    assert section.refused == "nobody who is left rated symptoms as the plan names it"
    with pytest.raises(BadInput, match="Nobody rated alliance, symptoms, therapist as the plan names it"):
        reported(tmp_path, study_rows(dyads=20), wrong.replace("accord-check-in", "check-in"))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "', 'titel = "', "title"),
        ('analysis = "growth"', 'analysis = "magic"', "magic"),
        ('alliance = "alliance"', 'alliance = "bond"', "no measure of the plan"),
        ('rater = "therapist"', 'rater = "doctor"', "doctor"),
        ("least_sessions = 4", 'least_sessions = "four"', "least_sessions"),
        ("[exclusions]", "[exclusion]", "exclusion"),
        ('y = "symptoms"', 'y = "symptoms"\nwaves = 1000000000', "question 4: waves is 1000000000. Write 3 to 20"),
        ('y = "symptoms"', 'y = "alliance"', "question 4: a measure is named twice"),
    ],
)
def test_a_plan_that_cannot_be_followed_says_where(old, new, says):
    with pytest.raises(BadPlan, match=says):
        parse_plan(PLAN.replace(old, new).encode())


@pytest.mark.parametrize("content", [b"\xff\xfe", b"title = ", b"", b"x = " + b"[" * 9_000, b"x = " + b"9" * 9_000])
def test_what_is_no_plan_is_refused(content):
    with pytest.raises(BadPlan):
        parse_plan(content)


