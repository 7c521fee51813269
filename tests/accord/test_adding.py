"""CONTRIBUTING's table is true of the core: a questionnaire is one file, a signal one function and one entry."""

import importlib.util
from pathlib import Path

import pytest

from accord.course import course
from accord.instruments import catalogue
from accord.records import DyadRecord, Response, SessionFacts
from accord.scoring import score
from accord.signals import DETECTORS

QUESTIONNAIRE = """
id = "sleep-diary"
version = "1.0"
name = "Sleep diary"
status = "experimental"
about = "How the last night was."
raters = ["client"]

[answers.night]
kind = "choice"
values = [0, 1, 2, 3]

[[items]]
id = "n1"
construct = "sleep"
answers = "night"

[[items]]
id = "n2"
construct = "rest"
answers = "night"

[forms.full]
items = ["n1", "n2"]
seconds = 10

[key]
source = "Written for this test"
source_type = "our own"
verified = true

[missing_rule]
source = "Written for this test"
source_type = "our own"
verified = true

[[scales]]
name = "sleep"
items = ["n1", "n2"]
method = "sum"
at_least = 2
direction = "high is good"

[licence]
spdx = "CC0-1.0"
holder = "Nobody"
text_allowed = true
redistribution_allowed = true
modification_allowed = true
commercial_allowed = true
notice = "None needed."
evidence = "Written for this test"
checked_on = "2026-11-22"

[[examples]]
form = "full"
answers = { n1 = 1, n2 = 3 }
scores = { sleep = 4 }

[[examples]]
note = "One of two is too few."
form = "full"
answers = { n1 = 1 }
scores = { sleep = "none" }

[wording.en]
status = "original"

[wording.en.answers]
night = ["Not at all", "A little", "Well", "Very well"]

[wording.en.items.n1]
client = "How well did you sleep?"
short = "Sleep"

[wording.en.items.n2]
client = "How rested are you?"
short = "Rest"
"""

SIGNAL = '''
"""A good night is worth a word, too."""

from accord.signals import Detector


def good_night(seen, detector):
    """The client slept as well as can be."""
    for response in seen.said.responses:
        if response.answers.get("n1") == 3:
            yield detector.signal(response.session, strength=1.0, evidence={"n1": 3})


ENTRY = Detector("good_night", True, 1, good_night)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds one new questionnaire and one new signal."""
    (tmp_path / "sleep-diary.toml").write_text(QUESTIONNAIRE, encoding="utf-8")
    (tmp_path / "good_night.py").write_text(SIGNAL, encoding="utf-8")
    return tmp_path


def test_a_questionnaire_is_one_file(folder: Path) -> None:
    known = catalogue(folder)
    added = known.instruments["sleep-diary"]
    assert not known.problems
    assert [(s.scale, s.value) for s in score({"n1": 2, "n2": 3}, added)] == [("sleep", 5.0)]
    assert added.wordings["en"].text("n1", "client") == "How well did you sleep?"


def test_a_signal_is_one_function_and_one_entry(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("good_night", folder / "good_night.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answered = Response(2, "client", "sleep-diary", "1.0", "full", {"n1": 3, "n2": 1})
    said = DyadRecord((SessionFacts(1, True, "room"), SessionFacts(2, True, "room")), (answered,))
    found = course(said, catalogue(folder).instruments, {}, (*DETECTORS, module.ENTRY)).signals
    assert [(s.kind, s.session, s.rule) for s in found] == [("good_night", 2, "good_night/1")]
