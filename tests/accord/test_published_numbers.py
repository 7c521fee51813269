"""Each analysis of the Python interface is held to a number that somebody else has published or computed.

A new function of `accord.__all__` gets its line in PUBLISHED, with the test of the number; what is our own, so that
there is no such number, gets one in OUR_OWN, with the test of what judges it instead.
"""

import importlib

import accord
from accord import cli

PUBLISHED = {
    "coupling": "test_coupling::test_the_trial_gives_the_numbers_of_lme4",
    "fit_mixed": "test_mixed_gold::test_simulated_studies_give_the_numbers_of_lme4_and_nlme",
    "reliability": "test_reliability::test_real_ratings_give_the_numbers_of_lme4",
    "riclpm": "test_riclpm::test_simulated_studies_give_the_numbers_of_lavaan",
    "truth_bias": "test_dyads::TestTruthAndBias",
    "actor_partner": "test_dyads::TestActorAndPartner",
    "surface": "test_dyads::TestSurface",
    "clinical_change": "test_change::TestClinicalChange",
    "sudden_changes": "test_change::TestSuddenChanges",
    "therapist_spread": "test_therapists::test_clients_of_30_therapists_give_the_numbers_of_lme4",
    "hazard_of_ending": "test_hazard::test_simulated_courses_give_the_numbers_of_glm",
    "invariance": "test_invariance::TestGroups",
    "multilevel_omega": "test_invariance::TestOmega",
    "invariance_of_sides": "test_invariance::TestSides",
    "expected_course": "test_expected::test_the_trial_gives_the_numbers_of_lme4",
    "describe_ratings": "test_describe::test_the_trial_gives_the_variances_of_lme4",
}
OUR_OWN = {
    "calibrate": "test_thresholds::test_the_budget_holds_on_average_over_practices",
    "find_strains": "test_trajectories::test_the_page_of_one_client_and_the_table_of_many_agree",
    "power_by_simulation": "test_power::test_power_is_what_the_standard_error_promises",
    "score": "test_scoring::TestWorkedExamples",
    "score_array": "test_scoring::TestWorkedExamples",
    "simulate": "test_simulation::test_courses_have_the_parameters_of_the_trial_they_come_from",
    "criterion.agreement": "test_criterion::test_the_interval_covers_as_often_as_it_says",
    "trajectory": "test_innovation::test_expectation_is_the_conditional_mean_given_all_earlier_ratings",
}
"""A score is judged by the worked examples of its questionnaire file, which name their source."""
NO_ANALYSIS = {"catalogue"}
FITS = {
    "change": "clinical_change",
    "coupling": "coupling",
    "criterion": "criterion.agreement",
    "describe": "describe_ratings",
    "dropout": "hazard_of_ending",
    "dyads": "surface",
    "expected": "expected_course",
    "invariance": "invariance",
    "mixed": "fit_mixed",
    "power": "power_by_simulation",
    "reliability": "reliability",
    "riclpm": "riclpm",
    "therapists": "therapist_spread",
}
"""The analyses of `accord fit`, with the function that each calls."""


def test_every_analysis_has_its_published_number() -> None:
    functions = {name for name in accord.__all__ if not isinstance(getattr(accord, name), type)}
    forgotten = sorted(functions - set(PUBLISHED) - set(OUR_OWN) - NO_ANALYSIS)
    assert not forgotten, f"Add to PUBLISHED the test of a published number: {', '.join(forgotten)}"
    gone = sorted((set(PUBLISHED) | set(OUR_OWN)) - functions - set(FITS.values()))
    assert not gone, f"No function of accord any more: {', '.join(gone)}"


def test_every_analysis_of_the_command_line_is_one_of_them() -> None:
    fit = cli.parser(["fit"])._subparsers._group_actions[0].choices["fit"]
    analyses = fit._subparsers._group_actions[0].choices
    assert set(analyses) == set(FITS), "Name in FITS the function that each analysis of `accord fit` calls"
    assert set(FITS.values()) <= set(PUBLISHED) | set(OUR_OWN), "Name the test of each in PUBLISHED or OUR_OWN"


def test_the_tests_named_are_there() -> None:
    for function, place in (PUBLISHED | OUR_OWN).items():
        module, test = place.split("::")
        try:
            tests = importlib.import_module(f"tests.accord.{module}")
        except ModuleNotFoundError:
            raise AssertionError(f"{function}: write tests/accord/{module}.py") from None
        assert hasattr(tests, test), f"{function}: write {test} in tests/accord/{module}.py"
