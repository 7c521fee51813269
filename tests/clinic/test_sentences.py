"""What the therapist reads about a case: every signal has its words; what was said comes before what was inferred."""

from dataclasses import replace

import pytest

from accord.records import Signal
from accord.signals import DETECTORS
from accord_clinic.exports.chapters import coded
from accord_clinic.records.findings import FalseAlarms
from accord_clinic.records.strains import OpenStrain
from accord_clinic.words.sentences import TO_TALK, WAITS, Names, findings, how_sure, in_a_list, judged_by

TO_BEN = Names("Ana", "Ben")
TO_CY = Names("Ana", "Ben", you=False)


def a_signal(kind, session, reported, strength=0.0, scale="", evidence=None):
    return Signal(kind, session, reported, f"{kind}/1", scale, strength, evidence or {})


def a_strain(session, opened_by, state, talked=""):
    return OpenStrain(session, opened_by, state, talked)


def lines(signals=(), strains=(), last=9, names=TO_BEN):
    return [finding.line for finding in findings(signals, strains, last, names)]


def test_a_moment_that_one_of_the_two_felt():
    seen = a_signal("seen_by_one", 9, True, evidence={"felt_by": "client", "level": 2})
    strain = a_strain(9, "client", "opened")
    assert lines([seen], [strain]) == ["Ana says something felt off in session 9; you answered that nothing did."]
    assert lines([seen], [strain], names=TO_CY) == [
        "Ana says something felt off in session 9; Ben answered that nothing did."
    ]
    assert findings([seen], [strain], 9, TO_BEN)[0].title == "You and Ana see session 9 differently."


@pytest.mark.parametrize(
    ("state", "talked", "line"),
    [
        ("opened", "", "Ana says something felt off in session 9."),
        ("opened", "no", "Ana says something felt off in session 9 and you have not talked about it."),
        ("opened", "ticked", "You ticked talked about for session 9; Ana has not been asked yet."),
        ("talked_about", "ticked", "You ticked talked about for session 9; Ana has not been asked yet."),
        ("still_there", "ticked", "You ticked talked about for session 9; Ana has not been asked yet."),
        ("talked_about", "unsaid", "You ticked talked about for session 9; Ana has not said so."),
        ("talked_about", "in_part", "Ana says that what felt off in session 9 was talked about in part."),
        (
            "talked_about",
            "yes",
            "Ana says that what felt off in session 9 was talked about. Ana has not said where it stands now.",
        ),
        (
            "repair_tried",
            "",
            "Something was tried to resolve what felt off in session 9. Ana has not said where it stands now.",
        ),
        ("still_there", "yes", "Ana says that what felt off in session 9 is not resolved."),
        ("partly", "yes", "Ana says that what felt off in session 9 is partly resolved."),
        ("partly", "unsaid", "Ana says that what felt off in session 9 is partly resolved."),
        ("open_at_ending", "ticked", "What felt off in session 9 was not resolved when treatment ended."),
    ],
)
def test_a_strain_says_where_it_stands(state, talked, line):
    assert lines(strains=[a_strain(9, "client", state, talked)]) == [line]


def test_what_is_put_aside_comes_after_what_was_said():
    ranks = [findings([], [a_strain(9, "client", "opened", talked)], 9, TO_BEN)[0].rank for talked in ("ticked", "no")]
    assert ranks == [WAITS, TO_TALK]


def test_both_voices_about_one_session_are_one_finding():
    both = [a_strain(4, "client", "opened"), a_strain(4, "therapist", "opened")]
    assert lines(strains=both) == ["You and Ana both say something felt off in session 4."]


def test_safety_first_then_what_was_said_then_what_was_inferred():
    signals = [
        a_signal("drop", 9, False, 3.1, "accord-check-in/collaboration"),
        a_signal("goals_apart", 9, True, 1.0),
        a_signal("safety", 8, True),
        a_signal("gap", 9, False, 4.0, "accord-check-in/connection"),
    ]
    kinds = lines(signals, [a_strain(3, "client", "still_there")])
    assert [line.split()[0] for line in kinds] == ["Read", "Ana", "In", "Connection:", "Collaboration"]


def test_a_settled_strain_and_an_old_signal_are_no_longer_worth_a_line():
    signals = [a_signal("strain_reported", 9, True), a_signal("seen_by_one", 9, True), a_signal("drop", 7, False, 3.0)]
    assert lines(signals, strains=()) == []


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.kind)
@pytest.mark.parametrize("names", [TO_BEN, TO_CY], ids=["therapist", "supervisor"])
def test_every_signal_has_its_words(detector, names):
    signal = a_signal(detector.kind, 9, detector.reported, 1.0, "accord-check-in/collaboration", {"about_session": 9})
    [finding] = findings([signal], [a_strain(9, "client", "opened")] if detector.kind in STRAINS else [], 9, names)
    assert "There may be something" not in finding.title, f"{detector.kind}: write its sentences in words/sentences.py"
    assert "Ana" in finding.title + finding.line or detector.kind == "goals_apart"
    assert "{" not in finding.title + finding.line


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.kind)
def test_every_signal_has_its_word_in_the_clients_copy(detector):
    assert detector.kind in coded("kind"), f"{detector.kind}: write its words in _kinds of exports/chapters.py"


STRAINS = ("strain_reported", "line_crossed", "seen_by_one", "not_talked_about")


def test_a_signal_that_a_practice_added_is_told_too():
    told = "There may be something to talk about in session 9: late again."
    assert lines([a_signal("late_again", 9, True)]) == [told]


def test_an_inferred_mark_says_how_sure_it_is():
    gap, drop = FalseAlarms("innovation-4:2", 0.03, 57), FalseAlarms("innovation-4:1", 0.05, 57, (0.4, 0.31, 0.49))
    assert how_sure(gap) == (
        "By chance alone, about 3 in 100 courses of 15 sessions get a mark like this. "
        "How many marks here are false alarms is not known yet, so ask."
    )
    assert how_sure(replace(gap, by_chance=0.015)).startswith("By chance alone, about 3 in 200 courses of 15 sessions")
    assert how_sure(drop) == (
        "About 40 in 100 marks like this are false alarms here (likely between 31 and 49). The others may not be "
        "strains either, so ask."
    )
    few = how_sure(replace(drop, courses=4))
    assert few.endswith("Accord is still working out what is usual here: ratings of 4 of 20 clients so far.")
    assert how_sure(None) == "What it means is not known."


def test_a_mark_in_a_list_says_in_short_how_often_it_is_nothing():
    """Today, People and supervision show one line for each person; what was said needs no such word."""
    gap, drop = FalseAlarms("innovation-4:2", 0.03, 57), FalseAlarms("innovation-4:1", 0.05, 57, (0.4, 0.31, 0.49))
    scale = "accord-check-in/collaboration"
    low, apart, said, quiet = (
        in_a_list(findings([signal], [], 9, TO_BEN)[0], alarms)
        for signal, alarms in (
            (a_signal("drop", 9, False, 3.1, scale), drop), (a_signal("gap", 9, False, 4.0, scale), gap),
            (a_signal("goals_apart", 9, True), None), (a_signal("silence", 9, False, 1.0), None),
        )
    )  # fmt: skip
    assert low.endswith("in session 9. About 40 in 100 marks like this are false alarms here.")
    assert apart.endswith("for you both. By chance alone, about 3 in 100 courses of 15 sessions get one.")
    assert "100" not in said + quiet


@pytest.mark.parametrize(
    ("kind", "words"), [("drop", "this mark is due to your rating"), ("slide", "This mark is due to your ratings")]
)
def test_a_mark_that_the_therapists_rating_raised_says_whose_it_was(kind, words):
    mark = replace(a_signal(kind, 9, False, 2.6, "accord-check-in/collaboration"), evidence={"raised_by": "both"})
    (finding,) = findings([mark], [], 9, TO_BEN)
    assert words in finding.line
    assert "usual for Ana" not in finding.line


def test_a_mark_names_the_calibration_that_judged_it():
    made = FalseAlarms("innovation-4:3f2a90c1d5e4", 0.05, 57)
    assert judged_by(made) == "Based on calibration innovation-4:3f2a90c1d5e4, from 57 clients here."
    assert judged_by(replace(made, courses=0)).endswith("from starting values.")


def test_the_top_of_a_page_does_not_say_the_same_twice():
    [alone] = findings([], [a_strain(9, "client", "opened")], 9, TO_BEN)
    assert alone.title == "Something felt off for Ana in session 9."
    assert alone.more == "As far as Accord knows, it has not been talked about yet."
    [talked] = findings([], [a_strain(9, "client", "talked_about", "yes")], 9, TO_BEN)
    assert talked.title == "Ana says that what felt off in session 9 was talked about."
    assert talked.more == "Ana has not said where it stands now."
    [silent] = findings([a_signal("silence", 9, False, 1.0)], [], 9, TO_BEN)
    assert silent.more == ""
