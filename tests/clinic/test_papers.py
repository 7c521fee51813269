"""The papers in docs/templates: each blank is answered for the demo's practice, and the filled ones are up to date."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
from tests.accord.reading_grade import grade

SPEC = importlib.util.spec_from_file_location("fill", Path("docs/fill.py"))
fill = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(fill)
ANSWERS = tomllib.loads((fill.TEMPLATES / "old-mill.toml").read_text())
PAPERS = fill.papers()


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.stem)
def test_the_filled_paper_is_the_template_with_every_blank_answered(paper):
    text = fill.filled(paper.read_text(), ANSWERS)
    assert fill.blanks(text) == set()
    assert (fill.TEMPLATES / "old-mill" / paper.name).read_text() == text


def test_every_answer_is_asked_for_and_every_paper_is_listed():
    asked = set().union(*(fill.blanks(paper.read_text()) for paper in PAPERS))
    assert set(ANSWERS) == asked
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", (fill.TEMPLATES / "README.md").read_text()))
    assert listed == {paper.name for paper in PAPERS}


def test_the_practice_is_that_of_the_demo():
    demo = tomllib.loads((fill.TEMPLATES.parents[1] / "src/accord_clinic/data/demo.toml").read_text())
    assert ANSWERS["practice"] == demo["practice"]["name"]


def test_a_blank_without_an_answer_is_named(tmp_path, capsys):
    (tmp_path / "a.toml").write_text('practice = "Here"\n')
    fill.main(str(tmp_path / "a.toml"), str(tmp_path / "out"))
    assert "for-clients.md: crisis is still blank" in capsys.readouterr().out
    assert "stay at Here." in (tmp_path / "out/for-clients.md").read_text()


def test_the_sheet_for_clients_reads_at_grade_six():
    text = re.sub(r"[#*]", "", (fill.TEMPLATES / "old-mill/for-clients.md").read_text())
    sentences = [" ".join(part.split()) for part in re.split(r"(?<=[.?!])\s+|\n\n", text) if part.strip()]
    assert grade(sentences, "en") <= 6
