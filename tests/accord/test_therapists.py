"""The spread between therapists: lme4's numbers, an interval that covers, nobody named, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.accord.study_data import clients, gold, implement, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.therapists import therapist_spread

R = gold("studies")


def spread(data, **more):
    return therapist_spread(data["y"], data["therapist"], fixed=np.array(data["intake"])[:, None], **more)


def test_clients_of_30_therapists_give_the_numbers_of_lme4():
    theirs, ours = R["clients"], spread(clients())
    assert ours.variance == pytest.approx(theirs["var_therapist"], rel=1e-4)
    assert ours.fit.var_residual == pytest.approx(theirs["var_residual"], rel=1e-5)
    assert list(ours.fit.fixed.values()) == pytest.approx(theirs["fixed"], abs=1e-5)
    assert ours.effects.tolist() == pytest.approx(theirs["effects"], abs=1e-4)
    assert ours.effect_se.tolist() == pytest.approx(theirs["se"], abs=1e-4)
    assert ours.fit.loglik == pytest.approx(theirs["loglik"], abs=1e-5)


def test_sessions_of_clients_of_therapists_give_the_numbers_of_lme4():
    data, theirs = clients(), R["clients_sessions"]
    z = np.concatenate([data["y"] + np.sin(7 * data["client"] + k) for k in (1, 2, 3, 4)])
    columns = {name: np.tile(data[name], 4) for name in ("therapist", "client", "intake")}
    ours = therapist_spread(z, columns["therapist"], person=columns["client"], fixed=columns["intake"][:, None])
    assert ours.variance == pytest.approx(theirs["variance"]["therapist"], rel=1e-3)
    assert ours.fit.var_intercept == pytest.approx(theirs["variance"]["client:therapist"], rel=1e-3)
    assert ours.effects.tolist() == pytest.approx(theirs["effects"], abs=1e-4)
    assert ours.fit.loglik == pytest.approx(theirs["loglik"], abs=1e-5)
    assert ours.variance_low <= ours.variance <= ours.variance_high


def test_a_spread_of_zero_is_an_answer():
    """IMPLEMENT: 13 therapists, lme4 estimates 0 as well; a simulated study likewise."""
    table = implement().drop_nulls("wai")
    session = table["session"].cast(float).to_numpy()[:, None]
    ours = therapist_spread(
        table["wai"].to_numpy(), table["therapist"].to_numpy(), person=table["patient"].to_numpy(), fixed=session
    )
    patient, therapist, residual = (row["vcov"] for row in gold("implement")["therapist_vc"])
    assert ours.variance == therapist == 0.0
    assert ours.fit.var_intercept == pytest.approx(patient, rel=1e-4)
    assert ours.fit.var_residual == pytest.approx(residual, rel=1e-4)
    assert (ours.share_low, ours.telling, ours.p_zero) == (0.0, 0, 1.0)
    assert 0.05 < ours.share_high < 0.5
    assert "not distinguishable from the average" in str(ours)
    assert R["no_spread"]["var_therapist"] == 0.0
    assert spread(clients(12, 0.0, 4)).variance == 0.0


def test_the_profile_is_the_likelihood_of_lme4_at_the_estimate():
    """The interval's own likelihood has its lowest point where `mixed` puts it, with one row a client and several."""
    from accord.stats.therapists import _Profile

    data = clients()
    design = np.column_stack([np.ones(len(data["y"])), data["intake"]])
    profile = _Profile(data["y"], design, data["therapist"], None)
    estimate = R["clients"]["var_therapist"] / R["clients"]["var_residual"]
    lowest = profile.best(estimate)
    assert lowest[1] == pytest.approx(R["clients"]["var_residual"], rel=1e-6)
    assert min(profile.best(estimate * f)[0] for f in (0.99, 1.01)) > lowest[0]


def test_a_known_spread_is_found_and_its_interval_covers_it():
    """60 studies of 40 therapists, variance .15; the share is .13."""
    found = [spread(clients(40, 0.15, 200 + seed)) for seed in range(60)]
    variances = np.array([one.variance for one in found])
    assert abs(variances.mean() - 0.15) < 3 * variances.std(ddof=1) / 60**0.5
    covered = sum(one.share_low <= 0.15 / 1.15 <= one.share_high for one in found)
    assert 52 <= covered <= 60


def test_without_a_spread_it_is_called_one_in_few_studies():
    found = [spread(clients(25, 0.0, 400 + seed)) for seed in range(60)]
    assert sum(one.p_zero < 0.05 for one in found) <= 8
    assert np.mean([one.variance == 0.0 for one in found]) > 0.3


def test_no_report_names_a_therapist_or_an_effect():
    found = spread(clients())
    shown = str(found) + repr(found.to_dict())
    assert not any(f"{effect:.3f}" in shown or f"{effect:.4g}" in shown for effect in found.effects)
    assert "effects" not in found.to_dict()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d | {"therapist": np.zeros(len(d["y"]))}, "only one therapist"),
        (lambda d: d | {"therapist": np.arange(len(d["y"]))}, "each therapist has one client"),
        (lambda d: d | {"y": np.ones(len(d["y"]))}, "the outcome is constant"),
        (lambda d: d | {"y": np.full(len(d["y"]), np.nan)}, "no row is complete"),
        (lambda d: d | {"y": np.where(np.arange(len(d["y"])) == 1, np.inf, d["y"])}, "infinite"),
        (lambda d: d | {"intake": np.ones(len(d["y"]))}, "constant or a combination"),
    ],
)
def test_what_cannot_be_told_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        spread(change(clients()))


def test_the_command(tmp_path, capsys):
    path = written(tmp_path / "a.csv", **clients())
    asked = ("--outcome", "y", "--therapist", "therapist")
    told = processed(capsys, "therapists", path, *asked, "--fixed", "intake")
    assert told["variance"] == pytest.approx(R["clients"]["var_therapist"], rel=1e-4)
    assert main(["fit", "therapists", str(path), *asked]) == 0
    assert "share of variance" in capsys.readouterr().out
    assert "what they bring is in the spread unless it is in the model" in told["warnings"][0]
    assert len(told["warnings"]) == 1
    few = clients(5)
    few_told = processed(capsys, "therapists", written(tmp_path / "f.csv", **few), *asked)
    assert few_told["warnings"][1].startswith("5 therapists say little about therapists")
    twice_rated = {name: np.repeat(values, 2) for name, values in clients().items()}
    twice_rated["y"] = twice_rated["y"] + np.tile([-0.05, 0.05], len(clients()["y"]))
    both = written(tmp_path / "g.csv", **twice_rated)
    of_sessions = processed(capsys, "therapists", both, *asked, "--person", "client", "--fixed", "intake")
    assert of_sessions["variance"] == pytest.approx(told["variance"], rel=0.01), "nothing new of therapists"
    assert "Leave out --person" in refused(
        capsys, "therapists", written(tmp_path / "o.csv", y=[1, 2], therapist=[1, 2], client=[5, 6]),
        *asked, "--person", "client",
    )  # fmt: skip
    torn = written(tmp_path / "b.csv", y=[1, 2, 3], therapist=[1, 2, 2], client=[5, 5, 6])
    assert "client 5 appears under several" in refused(capsys, "therapists", torn, *asked, "--person", "client")
    twice = written(tmp_path / "e.csv", y=[1, 2, 3], therapist=[1, 1, 2], client=[5, 5, 6], t=[1, 1, 1])
    of_sessions = ("--person", "client", "--time", "t")
    assert "client 5, t 1 is there twice" in refused(capsys, "therapists", twice, *asked, *of_sessions)
    assert "--time needs --person" in refused(capsys, "therapists", twice, *asked, *of_sessions[2:])
    text = written(tmp_path / "c.csv", y=["a", "2"], therapist=[1, 2])
    assert "line 2, column 'y'" in refused(capsys, "therapists", text, *asked)
    alike = written(tmp_path / "d.csv", y=[1, 1, 1], therapist=[1, 2, 2])
    assert "d.csv: the outcome is constant" in refused(capsys, "therapists", alike, *asked)
