"""CONTRIBUTING's table is true of the core: what somebody adds works from its places, and a forgotten one is named."""

import importlib.util
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest
from tests.accord import test_cards, test_cli_instruments, test_instruments, test_published_numbers

import accord
from accord import cli
from accord.course import course
from accord.instruments import Catalogue, catalogue
from accord.records import DyadRecord, Response, SessionFacts
from accord.scoring import score, wrong_examples
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
    for response in seen.record.responses:
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


def without(folder: Path, beginning: str) -> Catalogue:
    """The catalogue where the new file has been written up to `beginning`, and no further."""
    (folder / "sleep-diary.toml").write_text(QUESTIONNAIRE[: QUESTIONNAIRE.rindex(beginning)], encoding="utf-8")
    return catalogue(folder)


def test_a_questionnaire_without_its_words_is_named(folder: Path) -> None:
    with pytest.raises(AssertionError, match=r"write \[wording\.en\] in .*: \['sleep-diary'\]"):
        test_instruments.TestWhatIsThere().test_every_questionnaire_whose_licence_allows_its_words_has_them(
            without(folder, "[wording.en]")
        )


def test_a_question_without_its_words_is_named(folder: Path) -> None:
    assert without(folder, "[wording.en.items.n2]").problems == (
        "sleep-diary.toml: there is no text for item 'n2'. Add it.",
    )


def test_a_questionnaire_without_its_worked_examples_is_named(folder: Path) -> None:
    assert without(folder, "[[examples]]").problems == (
        "sleep-diary.toml: worked examples: 1; two are the least, since they are the file's test. Add [[examples]].",
    )


def test_a_worked_example_that_is_wrong_is_named(folder: Path) -> None:
    wrong = QUESTIONNAIRE.replace("scores = { sleep = 4 }", "scores = { sleep = 5 }")
    (folder / "sleep-diary.toml").write_text(wrong, encoding="utf-8")
    (sentence,) = wrong_examples(catalogue(folder).get("sleep-diary"))
    assert sentence.startswith("sleep-diary: worked example 1 says sleep is 5")


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


def test_a_signal_without_its_guidance_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_cards, "SIGNALS", ("good_night",))
    with pytest.raises(AssertionError, match=r"write src/accord/guidance/good_night\.toml"):
        test_cards.test_every_signal_and_occasion_has_a_file_of_its_name_and_at_least_one_card_that_always_fits()


COUNT = '''
"""`accord count`: a file comes in; how many lines it has goes out."""


def describe(command):
    """Describe `count`."""
    command.add_argument("file", help="any file")
    command.set_defaults(run=lambda arguments: print(len(open(arguments.file).readlines())))
'''


@pytest.fixture
def count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new subcommand in its module; its line in `SUBCOMMANDS` is still to be written."""
    (tmp_path / "count.py").write_text(COUNT, encoding="utf-8")
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    return tmp_path / "count.py"


def test_a_subcommand_is_one_module_and_one_line(
    count: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.SUBCOMMANDS, "count", "count lines")
    assert cli.main(["count", str(count)]) == 0
    assert capsys.readouterr().out == f"{len(COUNT.splitlines())}\n"


def test_each_module_that_describes_a_subcommand_has_its_line() -> None:
    modules = [module.name for module in pkgutil.iter_modules(cli.__path__) if module.name != "__main__"]
    described = {name for name in modules if hasattr(import_module(f"accord.cli.{name}"), "describe")}
    forgotten = ", ".join(sorted(described - set(cli.SUBCOMMANDS)))
    assert not forgotten, f"add to SUBCOMMANDS in src/accord/cli/__init__.py: {forgotten}"


def test_a_subcommand_without_its_line_is_named(count: Path) -> None:
    with pytest.raises(AssertionError, match="add to SUBCOMMANDS .*: count"):
        test_each_module_that_describes_a_subcommand_has_its_line()


def test_a_subcommand_that_the_reference_lacks_is_named(count: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.SUBCOMMANDS, "count", "count lines")
    with pytest.raises(AssertionError, match="run python -m accord.cli.reference"):
        test_cli_instruments.TestDocumentation().test_every_command_and_option_is_in_the_reference()


def test_an_analysis_without_its_published_number_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accord, "__all__", [*accord.__all__, "fit_moods"])
    monkeypatch.setattr(accord, "fit_moods", lambda answers: answers, raising=False)
    with pytest.raises(AssertionError, match="Add to PUBLISHED the test of a published number: fit_moods"):
        test_published_numbers.test_every_analysis_has_its_published_number()


def test_an_analysis_whose_test_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(test_published_numbers.PUBLISHED, "fit_moods", "test_moods::test_moods")
    with pytest.raises(AssertionError, match="fit_moods: write tests/accord/test_moods.py"):
        test_published_numbers.test_the_tests_named_are_there()
