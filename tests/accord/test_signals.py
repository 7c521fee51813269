"""What may deserve a word: each detector on answers made for it, through the spine, as the clinic calls it."""

from dataclasses import replace

import numpy as np
import pytest

from accord import calibrate
from accord.course import course
from accord.instruments import catalogue
from accord.records import DyadRecord, Picks, Response, SessionFacts, StrainFacts
from accord.signals import DETECTORS, TOGETHER, Detector
from accord.simulation import simulate
from accord.stats.priors import shipped

pytestmark = pytest.mark.usefixtures("small_twins")
CHECK_IN = "accord-check-in"
USUAL = {"d1": 3, "d2": 3, "m1": 3, "m2": 3, "b1": 1, "b2": 3, "b3": 3, "b4": 3, "t1": 0, "v1": 3}
SHELF, ALL = catalogue().instruments, catalogue().versions


@pytest.fixture(scope="module")
def calibrations():
    """A practice of sixty uneventful courses, with few simulated ones: enough to tell a large drop from noise."""
    prior = shipped()["collaboration"]
    own = simulate(60, 15, 4, "none", items=4)
    drop = calibrate(
        own.client, second=own.therapist, prior=prior.client, second_prior=prior.therapist, draws=2_000
    )  # fmt: skip
    gap = calibrate(own.client - own.therapist, prior=prior.difference, draws=2_000)
    return {f"{CHECK_IN}/collaboration": drop, f"{CHECK_IN}/collaboration/gap": gap}


def said(*sessions, strains=(), picks=(), not_talked=(), therapist=None, **more):
    """A dyad in which the client answered `sessions` (a dict of changed items, or None) one after the other."""
    facts = tuple(SessionFacts(n, True, "room") for n in range(1, len(sessions) + 1))
    responses = [answer(n, "client", items) for n, items in enumerate(sessions, 1) if items is not None]
    for n, items in (therapist or {}).items():
        responses.append(answer(n, "therapist", items))
    return DyadRecord(facts, tuple(responses), strains, picks, not_talked)


def answer(session, rater, items):
    return Response(session, rater, CHECK_IN, "0.2", "full", {**USUAL, **items})


def found(heard, calibrations=None):
    """Kinds of signal by session."""
    return {(s.kind, s.session) for s in course(heard, SHELF, calibrations or {}).signals}


def test_an_uneventful_course_raises_nothing(calibrations):
    assert found(said(*[{}] * 12), calibrations) == set()


LOWER = {"d1": 1, "d2": 1, "m1": 1, "m2": 1, "b2": 1, "b3": 1, "b4": 1}


def test_all_scored_answers_together_are_judged_where_no_scale_is_marked(calibrations):
    """A strain in both scales is marked once: by the scale that shows it, else by both together."""
    own = simulate(60, 15, 4, "none", items=7)
    whole = {TOGETHER: calibrate(own.client, prior=shipped()["together"].client, draws=2_000)}
    heard = said(*[{}] * 8, LOWER)
    alone, both = (course(heard, SHELF, made) for made in (whole, whole | calibrations))
    assert [(s.kind, s.session, s.scale) for s in alone.signals if s.kind == "drop"] == [("drop", 9, TOGETHER)]
    assert [(s.session, s.scale) for s in both.signals if s.kind == "drop"] == [(9, f"{CHECK_IN}/collaboration")]
    assert not alone.trajectories  # it is no course that anybody sees
    assert TOGETHER not in {"/".join(key[1:]) for key in both.scores}
    part = said(*[{}] * 8, {**LOWER, "b2": None, "b3": None})
    assert not [s for s in course(part, SHELF, whole).signals if s.kind == "drop"]  # half of it is not the whole


def test_a_strain_that_the_client_felt_is_reported():
    assert found(said({}, {"t1": 1})) == {("strain_reported", 2)}


def test_a_skipped_strain_question_is_not_a_no():
    heard = said({"t1": 2}, therapist={1: {"t1": None}})
    assert found(heard) == {("strain_reported", 1)}


@pytest.mark.parametrize(("client", "therapist"), [(2, 0), (0, 1)])
def test_a_strain_seen_by_one_of_the_two_is_told(client, therapist):
    heard = said({"t1": client}, therapist={1: {"t1": therapist}})
    assert ("seen_by_one", 1) in found(heard)


def test_a_line_that_was_crossed_is_told_besides_what_felt_off():
    crossed = said({"t1": 2, "t3": ("line_crossed", "quiet")}, {"t1": 1, "t3": ("quiet",)})
    assert found(crossed) >= {("line_crossed", 1), ("strain_reported", 1)}
    assert ("line_crossed", 2) not in found(crossed)


def test_only_what_matters_counts_as_not_said_yet():
    assert found(said({"b1": 2}, {"b1": 3})) == {("not_said_yet", 2)}


def test_goals_are_apart_when_no_pick_is_shared():
    apart = Picks(2, frozenset({"sleep"}), frozenset({"work"}))
    near = Picks(1, frozenset({"sleep", "work"}), frozenset({"work"}))
    one_sided = Picks(3, frozenset({"sleep"}), frozenset())
    assert found(said({}, {}, {}, picks=(near, apart, one_sided))) == {("goals_apart", 2)}


def test_a_concern_that_was_not_talked_about_is_told():
    assert found(said({}, {}, not_talked=((2, 1),))) == {("not_talked_about", 2)}


def test_an_answer_about_self_harm_is_told_without_a_grade():
    low = Response(1, "client", "phq-9", SHELF["phq-9"].version, "full", {"phq9": 1})
    heard = DyadRecord((SessionFacts(1, True, "room"),), (low,))
    (signal,) = [s for s in course(heard, SHELF, {}).signals if s.kind == "safety"]
    assert signal.strength == 0.0
    assert "value" not in signal.evidence


def test_a_large_drop_after_the_first_three_sessions_is_a_drop(calibrations):
    low = {"d1": 0, "d2": 0, "m1": 0, "m2": 0}
    early = found(said({}, low, {}, {}), calibrations)
    late = found(said({}, {}, {}, {}, {}, low), calibrations)
    assert ("drop", 2) not in early
    assert ("drop", 6) in late


def test_a_scale_of_three_items_is_judged_like_any_other():
    own = simulate(60, 15, 4, "none", items=3)
    made = {f"{CHECK_IN}/connection": calibrate(own.client, prior=shipped()["connection"].client, draws=2000)}
    signals = course(said(*[{}] * 7, {"b2": 0, "b3": 0, "b4": 0}), SHELF, made).signals
    assert ("drop", 8) in {(s.kind, s.session) for s in signals}


def test_a_practice_with_too_few_courses_is_followed_and_not_judged():
    key = CHECK_IN, "collaboration"
    low = {"d1": 0, "d2": 0, "m1": 0, "m2": 0}
    heard = course(said({}, {}, {}, {}, {}, low), SHELF, {"/".join(key): calibrate(shipped()["collaboration"].client)})
    assert heard.silent == {key}
    assert np.isfinite(heard.trajectories[key].low).all()
    assert not [s for s in heard.signals if not s.reported]


def test_a_mark_that_the_therapists_rating_raised_says_so(calibrations):
    usual = {}, {"d1": 4, "m2": 4}, {"m1": 1}, {"d2": 4}, {"m2": 1}, {}
    heard = said(*usual, {"d1": 2, "d2": 2, "m1": 2}, therapist={n: {} for n in range(1, 7)})
    low = dict.fromkeys(("d1", "d2", "m1", "m2"), 0)
    joint = replace(heard, responses=(*heard.responses, answer(7, "therapist", low)))
    assert not [s for s in course(heard, SHELF, calibrations).signals if s.kind == "drop"]
    (mark,) = [s for s in course(joint, SHELF, calibrations).signals if s.kind == "drop"]
    assert mark.evidence["raised_by"] == "both"


def test_every_inferred_signal_names_its_calibration_and_shows_its_numbers(calibrations):
    low = {"d1": 0, "d2": 0, "m1": 0, "m2": 0}
    signals = course(said({}, {}, {}, {}, {}, low), SHELF, calibrations).signals
    (drop,) = [s for s in signals if s.kind == "drop"]
    assert drop.calibration == calibrations[f"{CHECK_IN}/collaboration"].id
    assert drop.evidence["z"] < -2
    assert drop.rule == "drop/2"


def test_the_therapists_voice_never_takes_a_drop_away(calibrations):
    low = {"d1": 0, "d2": 0, "m1": 0, "m2": 0}
    high = {n: {"d1": 4, "d2": 4, "m1": 4, "m2": 4} for n in range(1, 7)}
    assert ("drop", 6) in found(said({}, {}, {}, {}, {}, low, therapist=high), calibrations)


def test_voices_that_part_suddenly_are_a_gap(calibrations):
    top = {"d1": 4, "d2": 4, "m1": 4, "m2": 4}
    low = {"d1": 0, "d2": 1, "m1": 0, "m2": 0}
    together = {n: {} for n in range(1, 8)}
    assert ("gap", 7) in found(said({}, {}, {}, {}, {}, {}, low, therapist={**together, 7: top}), calibrations)


def test_perfect_answers_without_room_to_speak_are_quiet():
    perfect = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b1": 0, "b2": 4, "b3": 4, "b4": 4, "v1": 0}
    assert found(said({}, {}, perfect, perfect, perfect)) == {("quiet", 5)}
    open_voice = {**perfect, "v1": 4}
    assert found(said({}, {}, open_voice, open_voice, open_voice)) == set()


def test_what_stays_quiet_is_told_again_after_six_check_ins_and_not_before():
    perfect = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b1": 0, "b2": 4, "b3": 4, "b4": 4, "v1": 0}
    told = found(said({}, {}, *[perfect] * 10))
    assert told == {("quiet", 5), ("quiet", 11)}
    ended_and_begun_anew = found(said({}, {}, *[perfect] * 5, {}, {}, *[perfect] * 3))
    assert ended_and_begun_anew == {("quiet", 5), ("quiet", 12)}


def test_the_same_place_on_every_question_is_quiet():
    same = dict.fromkeys(USUAL, 2)
    assert ("quiet", 5) in found(said({}, {}, same, same, same))


def of_version(version, sessions):
    """The same answers, all as sent with one version."""
    responses = tuple(replace(r, version=version) for r in sessions.responses)
    signals = course(replace(sessions, responses=responses), SHELF, {}, versions=ALL).signals
    return {(signal.kind, signal.session) for signal in signals}


@pytest.mark.parametrize(("version", "held_back"), [("0.1", set()), ("0.2", {("quiet", 5)})])
def test_quiet_goes_by_the_scored_questions_of_the_version_that_was_answered(version, held_back):
    """In 0.1 what was held back is scored, and best at 0; in 0.2 it is not, and trust is."""
    perfect = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b2": 4, "b3": 4, "b4": 4, "v1": 0}
    sessions = said({}, {}, *[perfect | {"b1": 1}] * 3)
    assert of_version(version, sessions) == held_back
    assert of_version(version, said({}, {}, *[perfect | {"b1": 0}] * 3)) == {("quiet", 5)}


def test_a_run_may_begin_in_one_version_and_go_on_in_the_next():
    perfect = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b1": 0, "b2": 4, "b3": 4, "b4": 4, "v1": 0}
    sessions = said({}, {}, perfect, perfect, perfect | {"b4": 3}, {}, perfect, perfect, perfect)

    def mixed(upgraded_at):
        responses = tuple(replace(r, version="0.1" if r.session < upgraded_at else "0.2") for r in sessions.responses)
        signals = course(replace(sessions, responses=responses), SHELF, {}, versions=ALL).signals
        return [s.session for s in signals if s.kind == "quiet"]

    assert mixed(upgraded_at=6) == [5, 9], "0.1 knows no b4, so that session 5 was perfect there"
    assert mixed(upgraded_at=5) == [9], "in 0.2 it was not"
    assert mixed(upgraded_at=8) == [5, 9], "a run over both versions"


def test_two_sessions_without_an_answer_are_silence_told_once():
    assert found(said({}, {}, {}, None, None, None)) == {("silence", 5)}
    assert found(said(None, None, None)) == set(), "the first three sessions infer nothing"


def test_a_session_after_which_nobody_was_asked_is_no_silence_and_ends_none():
    heard = said({}, {}, {}, None, None, {}, None, None, None)
    asked = {4, 6, 7, 9}
    facts = tuple(replace(s, asked=s.number < 4 or s.number in asked) for s in heard.sessions)
    assert found(replace(heard, sessions=facts)) == {("silence", 9)}


@pytest.mark.parametrize(("kind", "what"), [("silence", None), ("quiet", "perfect")])
def test_a_run_that_began_in_the_first_three_sessions_is_told_in_the_fourth(kind, what):
    perfect = {"d1": 4, "d2": 4, "m1": 4, "m2": 4, "b1": 0, "b2": 4, "b3": 4, "b4": 4, "v1": 1}
    assert found(said(*[perfect if what else None] * 6)) == {(kind, 4)}


def test_silence_after_an_open_strain_is_stronger():
    calm = course(said({}, {}, {}, None, None), SHELF, {}).signals
    open_strain = StrainFacts(2, "unclear", "client", "opened")
    after = course(said({}, {}, {}, None, None, strains=(open_strain,)), SHELF, {}).signals
    assert after[0].strength > calm[0].strength


def test_a_session_that_was_not_held_is_not_silence():
    heard = said({}, {}, {}, None, None)
    held = tuple(SessionFacts(s.number, s.number < 4, "room") for s in heard.sessions)
    assert found(DyadRecord(held, heard.responses)) == set()


def test_a_signal_is_added_by_one_function_and_one_entry():
    def long_course(seen, detector):
        if len(seen.record.sessions) >= 3:
            yield detector.signal(seen.record.sessions[-1].number, evidence={"sessions": len(seen.record.sessions)})

    mine = Detector("long_course", True, 1, long_course)
    signals = course(said({}, {}, {}), SHELF, {}, detectors=(*DETECTORS, mine)).signals
    assert [(s.kind, s.session, s.rule) for s in signals] == [("long_course", 3, "long_course/1")]


def test_the_course_keeps_missing_answers_missing():
    whole = course(said({}, None, {"d1": None, "d2": None}), SHELF, {})
    values = whole.values("client", CHECK_IN, "collaboration")
    assert np.isnan(values[1])
    assert np.isnan(values[2]), "two of four answers give no score"
    assert whole.scores["client", CHECK_IN, "collaboration"][2].completeness() == "answered 2 of 4"


def test_an_unknown_questionnaire_is_passed_over():
    other = Response(1, "client", "somebody-elses", "1", "full", {"x": 1})
    assert course(DyadRecord((SessionFacts(1, True, "room"),), (other,)), SHELF, {}).scores == {}


def test_a_scale_whose_key_nobody_has_read_is_not_followed(calibrations):
    heard = said(*[{} for _ in range(8)])
    read = catalogue().get("accord-check-in")
    unread = replace(read, scales=tuple(replace(s, key=replace(s.key, verified=False)) for s in read.scales))
    assert course(heard, {read.id: read}, calibrations).trajectories
    assert not course(heard, {read.id: unread}, calibrations).trajectories


def test_a_scale_that_began_anew_keeps_its_earlier_scores_apart():
    best = dict.fromkeys(("d1", "d2", "m1", "m2", "b2", "b3"), 4) | {"b1": 0}
    old = Response(1, "client", CHECK_IN, "0.1", "full", best)
    new = Response(2, "client", CHECK_IN, "0.2", "full", {**USUAL})
    facts = tuple(SessionFacts(n, True, "room") for n in (1, 2))
    found = catalogue()
    whole = course(DyadRecord(facts, (old, new)), found.instruments, {}, versions=found.versions)
    assert [s and s.value for s in whole.scores["client", CHECK_IN, "collaboration"]] == [100, 75]
    assert [s and s.value for s in whole.scores["client", CHECK_IN, "connection"]] == [None, 75]
    assert [s and s.value for s in whole.earlier["client", CHECK_IN, "0.1", "connection"]] == [100, None]
