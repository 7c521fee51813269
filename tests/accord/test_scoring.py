"""Scores: the worked examples of every file, what missing does, and a slow, obvious second version as the judge."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.errors import BadInput
from accord.instruments import Instrument, Scale, catalogue
from accord.scoring import score, score_array, t_score, wrong_examples

CATALOGUE = catalogue()
EXAMPLES = [(i.id, n) for i in CATALOGUE.instruments.values() for n in range(len(i.examples))]
SCORED = [
    (i.id, form)
    for i in CATALOGUE.instruments.values()
    for form in i.forms
    if any(form in scale.at_least for scale in i.scales)
]


def scores(instrument_id: str, answers: dict, form: str = "full") -> dict:
    return {s.scale: s for s in score(answers, CATALOGUE.get(instrument_id), form)}


def plain_score(scale: Scale, instrument: Instrument, form: str, answers: dict) -> float | None:
    """The slow, obvious second version: one person, one scale, one loop. For T-scores see the published vectors."""
    keyed = []
    for item_id in scale.items:
        if item_id not in instrument.forms[form] or answers.get(item_id) is None:
            continue
        lowest, highest = instrument.answer_set(item_id).low, instrument.answer_set(item_id).high
        keyed.append(lowest + highest - answers[item_id] if item_id in scale.reversed else answers[item_id])
    if len(keyed) < scale.at_least[form]:
        return None
    mean = sum(keyed) / len(keyed)
    if scale.method == "sum":
        return mean * len(scale.items)
    return 100 * (mean - lowest) / (highest - lowest) if scale.method == "mean100" else mean


@st.composite
def answered(draw) -> tuple[Instrument, str, dict]:
    """A questionnaire, one of its forms, and possible answers with some items skipped."""
    identity, form = draw(st.sampled_from(SCORED))
    instrument = CATALOGUE.get(identity)
    answers = {}
    for item_id in instrument.numeric_items(form):
        of = instrument.answer_set(item_id)
        possible = st.sampled_from(of.values) if of.kind == "choice" else st.floats(of.low, of.high)
        answers[item_id] = draw(st.none() | possible)
    return instrument, form, answers


class TestWorkedExamples:
    @pytest.mark.parametrize(("identity", "number"), EXAMPLES, ids=[f"{i}-{n + 1}" for i, n in EXAMPLES])
    def test_each_file_is_right_about_itself(self, identity, number):
        example = CATALOGUE.get(identity).examples[number]
        got = {name: s.value for name, s in scores(identity, example.answers, example.form).items()}
        assert {name: got[name] for name in example.scores} == pytest.approx(example.scores, abs=0.005)

    def test_a_wrong_example_is_named(self):
        phq = CATALOGUE.get("phq-2")
        wrong = replace(phq.examples[0], scores={"total": 4.0})
        (sentence,) = wrong_examples(replace(phq, examples=(wrong,)))
        assert sentence == "phq-2: worked example 1 says total is 4.0; its answers give 3.0. Correct one of the two."


class TestMissing:
    def test_nothing_answered_gives_no_score(self):
        for identity, form in SCORED:
            for s in score({}, CATALOGUE.get(identity), form):
                assert s.value is None
                assert s.answered == 0

    def test_too_few_answers_give_no_score_and_say_so(self):
        total = scores("phq-9", {"phq1": 3, "phq2": 3, "phq3": 3})["total"]
        assert total.value is None
        assert total.completeness() == "answered 3 of 9"

    def test_a_skipped_answer_is_not_zero(self):
        seven = {f"phq{n}": 2 for n in range(1, 8)}
        assert scores("phq-9", seven)["total"].value == 18
        assert scores("phq-9", {**seven, "phq8": 0, "phq9": 0})["total"].value == 14

    def test_all_zero_is_a_score(self):
        assert scores("gad-7", {f"gad{n}": 0 for n in range(1, 8)})["total"].value == 0

    @given(answered())
    def test_leaving_an_item_out_is_the_same_as_skipping_it(self, case):
        instrument, form, answers = case
        left_out = {item_id: answer for item_id, answer in answers.items() if answer is not None}
        assert score(answers, instrument, form) == score(left_out, instrument, form)


class TestForms:
    def test_each_form_says_how_much_of_the_scale_it_asked(self):
        full = scores("accord-check-in", {"d1": 4, "m1": 4, "d2": 4, "m2": 4})["collaboration"]
        minimum = scores("accord-check-in", {"d1": 4, "m1": 4}, "minimum")["collaboration"]
        assert (full.value, full.asked, full.of) == (100, 4, 4)
        assert (minimum.value, minimum.asked, minimum.of) == (100, 2, 4)

    def test_the_minimum_set_needs_both_answers(self):
        assert scores("accord-check-in", {"d1": 4}, "minimum")["collaboration"].value is None

    def test_an_answer_to_an_item_that_the_form_does_not_ask_is_refused(self):
        with pytest.raises(BadInput, match="the form 'minimum' does not ask 'd2'; it asks t1, d1, m1"):
            scores("accord-check-in", {"d2": 4}, "minimum")

    def test_a_form_that_is_not_there(self):
        with pytest.raises(BadInput, match="accord-check-in: there is no form 'tiny'; it has full, minimum."):
            scores("accord-check-in", {}, "tiny")

    def test_words_choices_of_many_and_guesses_are_no_scores(self):
        answers = {"t3": ("quiet",), "o1": "Walking", "g1": 4, "t2": 3}
        assert all(s.value is None for s in scores("accord-check-in", answers).values())


class TestImpossibleAnswers:
    @pytest.mark.parametrize("answer", [5, -1, 2.5, "3", True, ("quiet",)])
    def test_they_are_refused(self, answer):
        with pytest.raises(BadInput, match=r"accord-check-in: item d1 is .*; it can be one of 0, 1, 2, 3, 4\."):
            scores("accord-check-in", {"d1": answer})

    def test_a_code_that_is_not_there_is_refused(self):
        with pytest.raises(BadInput, match="item t3 is .* it can be one of hurried, pressed"):
            scores("accord-check-in", {"t3": ("silent",)})

    @pytest.mark.parametrize("value", [4.0, -0.5, 1.5, np.inf])
    def test_in_arrays_too(self, value):
        with pytest.raises(BadInput, match="phq-2: item phq2 is .*; it can be one of 0, 1, 2, 3"):
            score_array([[1.0, 2.0], [1.0, value]], CATALOGUE.get("phq-2"))

    def test_decimals_are_possible_where_the_answers_are_numbers(self):
        assert scores("implement-bai-3", {"bai1": 0.25, "bai2": 0.5})["anxiety"].value == 0.375

    def test_rounding_of_a_shifted_column_does_no_harm(self):
        shifted = np.full((1, 9), 4.0) - 2.647 + 2.647
        assert score_array(shifted, CATALOGUE.get("implement-wai-9"))["total"].value[0] == pytest.approx(4)


class TestArithmetic:
    @given(answered())
    def test_it_agrees_with_the_slow_obvious_version(self, case):
        instrument, form, answers = case
        for s in score(answers, instrument, form):
            scale = instrument.scale(s.scale)
            if scale.method != "tscore":
                assert s.value == pytest.approx(plain_score(scale, instrument, form, answers))
            if s.value is not None:
                assert scale.low - 1e-9 <= s.value <= scale.high + 1e-9

    @given(st.lists(answered(), min_size=1, max_size=6), st.randoms())
    def test_the_order_of_columns_and_the_company_of_others_do_not_matter(self, cases, random):
        instrument, form, _ = cases[0]
        people = [answers for other, its_form, answers in cases if (other.id, its_form) == (instrument.id, form)]
        columns = list(instrument.numeric_items(form))
        random.shuffle(columns)
        table = np.array([[np.nan if a[c] is None else a[c] for c in columns] for a in people], dtype=float)
        together = score_array(table, instrument, form, items=columns)
        for row, answers in enumerate(people):
            for s in score(answers, instrument, form):
                value = together[s.scale].value[row]
                assert (None if np.isnan(value) else value) == pytest.approx(s.value)
                assert together[s.scale].answered[row] == s.answered

    @given(st.lists(st.sampled_from([0, 1, 2, 3, 4, np.nan]), min_size=10, max_size=10))
    def test_reversing_twice_changes_nothing(self, answers):
        # CORE-10 reverses items 2 and 3: turning their answers round by hand gives the score of a key without reversal.
        core = CATALOGUE.get("core-10")
        turned = [4 - a if position in (1, 2) else a for position, a in enumerate(answers)]
        by_key = score_array([answers], core)["distress"].value[0]
        plain = 10 * np.nanmean(turned) if np.sum(~np.isnan(turned)) >= 9 else np.nan
        np.testing.assert_allclose(by_key, plain)

    def test_columns_that_are_not_there_count_as_missing(self):
        result = score_array([[1.0, 2.0]], CATALOGUE.get("phq-9"), items=["phq1", "phq2"])["total"]
        assert np.isnan(result.value[0])
        assert (result.answered[0], result.asked) == (2, 9)

    def test_a_wrong_shape_says_which_columns_are_needed(self):
        with pytest.raises(BadInput, match=r"the answers have shape \(1, 3\); 2 columns are needed: phq1, phq2\."):
            score_array([[1.0, 2.0, 3.0]], CATALOGUE.get("phq-2"))

    def test_nobody_is_a_batch_too(self):
        assert score_array(np.empty((0, 2)), CATALOGUE.get("phq-2"))["total"].value.shape == (0,)


class TestGoalAttainment:
    @pytest.mark.parametrize(
        ("attainment", "weights", "expected"),
        [
            ((0, 0, 0), None, 50),
            ((1, 1, 1), (1, 1, 1), 63.69),
            ((2, 1, 0), (3, 2, 1), 67.63),
            ((-2, -2, -2), None, 22.61),
        ],
    )
    def test_the_published_vectors(self, attainment, weights, expected):
        assert t_score([attainment], weights)[0] == pytest.approx(expected, abs=0.005)

    def test_only_the_proportions_of_weights_matter(self):
        np.testing.assert_allclose(t_score([[2, 1, 0]], [3, 2, 1]), t_score([[2, 1, 0]], [30, 20, 10]))

    def test_an_unrated_goal_is_left_out_and_not_as_expected(self):
        np.testing.assert_allclose(t_score([[2, np.nan, 1]], [3, 5, 1]), t_score([[2, 1]], [3, 1]))
        assert np.isnan(t_score([[np.nan, np.nan]])[0])

    def test_better_and_worse_lie_symmetrically_around_50(self):
        up, down = t_score([[2, 1, -1], [-2, -1, 1]], [3, 2, 1])
        assert up - 50 == pytest.approx(50 - down)

    @pytest.mark.parametrize(("attainment", "weights"), [([1, 1], None), ([[1, 1]], [1, 1, 1]), ([[1, 1]], 2)])
    def test_shapes_that_do_not_fit_are_refused(self, attainment, weights):
        with pytest.raises(BadInput, match=r"give \(n, g\) and \(g,\) or \(n, g\)\."):
            t_score(attainment, weights)

    def test_a_weight_of_zero_is_refused(self):
        with pytest.raises(BadInput, match="a goal's weight must be above zero"):
            t_score([[1, 1]], [1, 0])


class TestWhatNobodyHasRead:
    """A rule for missing answers, or a key, that nobody has checked is not leant on."""

    def test_without_a_read_rule_only_whole_answers_are_scored(self):
        read = CATALOGUE.get("phq-9")
        rule = replace(read.scales[0].missing_rule, verified=False, source_type="unverified")
        unread = replace(read, scales=(replace(read.scales[0], missing_rule=rule),))
        eight = {f"phq{n}": 2 for n in range(1, 9)}
        [total] = score(eight, unread)
        assert (total.value, total.completeness()) == (None, "answered 8 of 9")
        [total] = score({**eight, "phq9": 2}, unread)
        assert total.value == 18

    def test_with_a_read_rule_the_mean_of_the_others_stands_in(self):
        assert scores("phq-9", {f"phq{n}": 2 for n in range(1, 8)})["total"].value == 18
        assert scores("core-10", {f"core{n}": 2 for n in range(1, 10)})["distress"].value == 20

    def test_every_shipped_key_and_rule_was_read_or_is_our_own_but_one_that_says_so(self):
        """Of the SPARQ only the abstract was read: no course, no signal and no FHIR resource holds its scales."""
        unread = [
            (i.id, s.name) for i in CATALOGUE.instruments.values() for s in i.scales
            if not (s.key.verified and s.missing_rule.verified)
        ]  # fmt: skip
        assert unread == [("sparq", "positive"), ("sparq", "negative")]
