"""Two sides' ratings: R's numbers, known truth, dyads shrunken as they should be, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from tests.accord.study_data import agreeing, couples, couples_over_time, gold, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.actor_partner import EFFECTS, actor_partner
from accord.stats.surface import TERMS, surface
from accord.stats.truth_bias import truth_bias

R = gold("studies")


@pytest.fixture(scope="module")
def couples_of_21_days(shared_data):
    """Bolger and Laurenceau 2013, the judge and the truth, and lme4's numbers."""
    table = pl.read_csv(shared_data / "BL2013_dyads_long.csv")
    theirs = json.loads((shared_data / "golden" / "golden_bl2013.json").read_text())
    columns = (table[name].to_numpy() for name in ("m_reldis", "f_reldis", "coupleid"))
    return truth_bias(*columns), theirs


class TestTruthAndBias:
    def test_couples_give_the_numbers_of_lme4(self, couples_of_21_days):
        fit, theirs = couples_of_21_days
        names = {"(Intercept)": "bias", "Tw": "congruence", "Tb": "congruence_between"}
        for model, entry in ((fit.within, "truthbias_tb2"), (fit.both, "truthbias_tb3")):
            for name, value in theirs[entry]["fixed" if "fixed" in theirs[entry] else "fixef"].items():
                assert model.fixed[names[name]] == pytest.approx(value, abs=2e-6)
                assert model.se[names[name]] == pytest.approx(theirs[entry]["se"][name], abs=2e-5)
            assert model.criterion == pytest.approx(theirs[entry]["reml"], abs=2e-4)
            variances = [row["vcov"] for row in theirs[entry]["vc"]]
            ours = (model.var_intercept, model.var_slope, model.cov, model.var_residual)
            assert ours == pytest.approx(variances, rel=2e-3, abs=1e-5)
        assert fit.within.boundary == ("the correlation of intercept and slope is at its limit (singular covariance)",)

    def test_known_bias_and_congruence_are_found(self):
        runs = [truth_bias(*self.drawn(seed)) for seed in range(12)]
        for name, truth in (("bias", -0.5), ("congruence", 0.4)):
            values = np.array([run.within.fixed[name] for run in runs])
            errors = np.array([run.within.se[name] for run in runs])
            assert abs(values.mean() - truth) < 3 * values.std(ddof=1) / len(runs) ** 0.5
            assert np.sum(np.abs(values - truth) < 2.1 * errors) >= 9

    def drawn(self, seed, dyads=50, sessions=8):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(dyads), sessions)
        truth = 5 + rng.standard_normal(dyads)[who] + rng.standard_normal(len(who))
        own = np.array([np.mean(truth[who == k]) for k in range(dyads)])[who]
        bias = -0.5 + 0.5 * rng.standard_normal(dyads)[who]
        congruence = 0.4 + 0.2 * rng.standard_normal(dyads)[who]
        return own + bias + congruence * (truth - own) + 0.4 * rng.standard_normal(len(who)), truth, who

    def test_a_dyad_of_few_sessions_is_drawn_to_the_mean_more(self):
        judge, truth, who = self.drawn(3)
        few = (who != 0) | (np.arange(len(who)) < 2)
        fit = truth_bias(judge[few], truth[few], who[few])
        assert fit.each_se[0, 1] > fit.each_se[1:, 1].max()
        plain = np.polyfit(truth[who == 1] - truth[who == 1].mean(), judge[who == 1], 1)[0]
        level = fit.within.fixed["congruence"]
        assert abs(fit.each[1, 1] - level) < abs(plain - level)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda j, t, w: (j, np.repeat(t[::8], 8), w), "does not differ within any dyad"),
            (lambda j, t, w: (j, np.tile(t[:8], 50), w), "does not differ between dyads"),
            (lambda j, t, w: (j, t, np.zeros_like(w)), "does not differ between dyads"),
            (lambda j, t, w: (np.full_like(j, np.nan), t, w), "all values of the judge are missing"),
            (lambda j, t, w: (np.where(j == j[1], np.inf, j), t, w), "the judge of row 2 is infinite"),
            (lambda j, t, w: (j[1:], t, w), "different lengths"),
        ],
    )
    def test_what_cannot_be_fitted_is_refused(self, change, says):
        with pytest.raises(BadInput, match=says):
            truth_bias(*change(*self.drawn(1)))


class TestActorAndPartner:
    def test_dyads_with_missing_cells_give_the_numbers_of_lavaan(self):
        theirs, data = R["actor_partner"], couples()
        fit = actor_partner(*np.array(list(data.values())).reshape(2, 2, -1).transpose(0, 2, 1))
        for name in EFFECTS:
            assert fit.effects[name] == pytest.approx(theirs["estimate"][name], abs=1e-5)
            assert fit.se[name] == pytest.approx(theirs["se"][name], rel=1e-4)
        assert fit.loglik == pytest.approx(theirs["loglik"], abs=1e-6)
        assert fit.equal_chi2 == pytest.approx(theirs["equal_chi2"], abs=1e-5)
        assert fit.residual_correlation == pytest.approx(theirs["correlation"], abs=1e-5)

    def test_sessions_give_the_numbers_of_lme4(self):
        theirs, data = R["actor_partner_sessions"], couples_over_time()
        y, x = (np.column_stack([data[name + "c"], data[name + "t"]]) for name in "yx")
        fit = actor_partner(y, x, data["dyad"])
        assert fit.n == theirs["rows"]
        assert fit.loglik == pytest.approx(theirs["loglik"], abs=1e-4)
        for side in "ct":
            kinds = {"ow": f"actor_{side}", "pw": f"partner_{side}"}
            kinds |= {"ob": f"actor_{side}_between", "pb": f"partner_{side}_between"}
            for name, ours in kinds.items():
                key = next(key for key in (f"{side}:{name}", f"{name}:{side}") if key in theirs["fit"]["estimate"])
                assert fit.effects[ours] == pytest.approx(theirs["fit"]["estimate"][key], abs=1e-5)
                assert fit.se[ours] == pytest.approx(theirs["fit"]["se"][key], rel=1e-4)

    def test_known_effects_are_found_and_their_intervals_cover_them(self):
        fits = []
        for seed in range(25):
            data = couples(100, 0.1, 100 + seed)
            fits.append(actor_partner(*np.array(list(data.values())).reshape(2, 2, -1).transpose(0, 2, 1)))
        covered = 0
        for name, truth in zip(EFFECTS, (0.5, -0.1, 0.3, 0.2), strict=True):
            values, errors = np.array([fit.effects[name] for fit in fits]), np.array([fit.se[name] for fit in fits])
            assert abs(values.mean() - truth) < 3.5 * values.std(ddof=1) / 5
            covered += int((np.abs(values - truth) < 1.96 * errors).sum())
        assert 88 <= covered <= 100

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda y, x: (y[:4], x[:4]), "4 rows for 4 columns"),
            (lambda y, x: (y, x[:, :1]), "give both two columns"),
            (lambda y, x: (y, x[:, [0, 0]]), "columns x_c, x_t say the same"),
            (lambda y, x: (y * [1, 0], x), "column 'y_t' is constant"),
            (lambda y, x: (y, x, np.arange(len(y)) // 2 * 0), "only one person"),
            (lambda y, x: (y, np.repeat(x[::2], 2, axis=0), np.arange(len(y)) // 2), "x_c moves within no dyad"),
        ],
    )
    def test_what_cannot_be_fitted_is_refused(self, change, says):
        data = couples(100, 0.0)
        y, x = np.array(list(data.values())).reshape(2, 2, -1).transpose(0, 2, 1)
        with pytest.raises(BadInput, match=says):
            actor_partner(*change(y, x))


class TestSurface:
    @pytest.mark.parametrize("with_dyads", [False, True])
    def test_a_surface_has_the_numbers_of_r(self, with_dyads):
        theirs, data = R["surface_dyads" if with_dyads else "surface"], agreeing()
        fit = surface(data["z"], data["x"], data["y"], data["dyad"] if with_dyads else None)
        assert [fit.coefficients[name] for name in TERMS] == pytest.approx(theirs["b"], abs=1e-7)
        assert [fit.se[name] for name in TERMS] == pytest.approx(theirs["se"], abs=1e-6)
        assert list(fit.a.values()) == pytest.approx(list(theirs["surface"]["a"].values()), abs=1e-7)
        assert list(fit.a_se.values()) == pytest.approx(list(theirs["surface"]["a_se"].values()), abs=1e-6)
        if not with_dyads:
            assert fit.r2 == pytest.approx(theirs["r2"], abs=1e-9)

    def test_a_known_surface_is_found_and_its_intervals_cover_it(self):
        truth = {"a1": 0.6, "a2": 0.0, "a3": 0.2, "a4": -1.0, "a5": -0.1}
        fits = [surface(*(agreeing(100, seed)[name] for name in "zxy")) for seed in range(200)]
        for name, value in truth.items():
            values, errors = np.array([fit.a[name] for fit in fits]), np.array([fit.a_se[name] for fit in fits])
            assert abs(values.mean() - value) < 3.5 * values.std(ddof=1) / 200**0.5
            assert 0.9 <= np.mean(np.abs(values - value) < 1.985 * errors) <= 0.99

    def test_another_middle_moves_the_slopes_and_leaves_the_curves(self):
        data = agreeing()
        fit, moved = (surface(data["z"], data["x"], data["y"], center=middle) for middle in (0.0, 1.0))
        assert (moved.a["a2"], moved.a["a4"], moved.a["a5"]) == pytest.approx((fit.a["a2"], fit.a["a4"], fit.a["a5"]))
        assert moved.a["a1"] == pytest.approx(fit.a["a1"] + 2 * fit.a["a2"])

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda z, x, y: (z[:1], x[:1], y[:1]), "there are 1 complete rows"),
            (lambda z, x, y: (z, x, 2 * x + 1), "x and y say the same"),
            (lambda z, x, y: (z, x > 0, y > 0), "take too few values"),
            (lambda z, x, y: (z, x, np.ones_like(y)), "y is constant"),
            (lambda z, x, y: (z, np.full_like(x, np.nan), y), "there are 0 complete rows"),
            (lambda z, x, y: (np.where(z == z[4], np.inf, z), x, y), "outcome is infinite in row 5"),
            (lambda z, x, y: (z, x, y[1:]), "different lengths"),
        ],
    )
    def test_what_cannot_be_fitted_is_refused(self, change, says):
        data = agreeing()
        with pytest.raises(BadInput, match=says):
            surface(*change(data["z"], data["x"], data["y"]))


class TestTheCommand:
    def test_a_surface(self, tmp_path, capsys):
        path, asked = written(tmp_path / "a.csv", **agreeing()), ("--outcome", "z", "--x", "x", "--y", "y")
        told = processed(capsys, "dyads", path, *asked)
        assert told["surface"]["a4"]["estimate"] == pytest.approx(R["surface"]["surface"]["a"]["a4"])
        assert told["surface"]["a4"]["se"] == pytest.approx(R["surface"]["surface"]["a_se"]["a4"])
        assert main(["fit", "dyads", str(path), *asked, "--person", "dyad"]) == 0
        assert "a4: curve where x = -y" in capsys.readouterr().out

    def test_actor_and_partner(self, tmp_path, capsys):
        path = written(tmp_path / "a.csv", **couples_over_time())
        asked = ("--outcomes", "yc,yt", "--predictors", "xc,xt", "--person", "dyad")
        text = path.read_text().replace("NaN", "")
        path.write_text(text)
        told = processed(capsys, "dyads", path, *asked)
        assert told["loglik"] == pytest.approx(R["actor_partner_sessions"]["loglik"], abs=1e-4)
        assert told["residual_correlation"] is None
        assert "need two columns each" in refused(capsys, "dyads", path, *asked[:3], "xc")

    def test_truth_and_bias_with_each_dyad(self, tmp_path, capsys):
        judge, truth, who = TestTruthAndBias().drawn(1, 12, 6)
        names = [f"d{k:02}" for k in who]
        path = written(tmp_path / "a.csv", j=judge, t=truth, dyad=names, session=np.tile(np.arange(6), 12))
        asked = ("--judge", "j", "--truth", "t", "--person", "dyad")
        told = processed(capsys, "dyads", path, *asked, "--each")
        fit = truth_bias(judge, truth, who)
        assert [row["congruence"] for row in told["dyads"]] == pytest.approx(fit.each[:, 1].tolist(), abs=1e-6)
        assert [row["dyad"] for row in told["dyads"]] == sorted(set(names))
        assert main(["fit", "dyads", str(path), *asked, "--each"]) == 0
        assert "d07" in capsys.readouterr().out

    def test_slips_are_said(self, tmp_path, capsys):
        path = written(tmp_path / "a.csv", j=[1, 2], t=[1, 2], dyad=[1, 1], session=[1, 1])
        assert "give all options of one model" in refused(capsys, "dyads", path)
        assert "give all options of one model" in refused(capsys, "dyads", path, "--judge", "j")
        both = ("--judge", "j", "--truth", "t", "--outcome", "j", "--x", "j", "--y", "t")
        assert "and no other" in refused(capsys, "dyads", path, *both)
        asked = ("--judge", "j", "--truth", "t")
        assert "needs --person" in refused(capsys, "dyads", path, *asked)
        twice = refused(capsys, "dyads", path, *asked, "--person", "dyad", "--time", "session")
        assert "line 3: dyad 1, session 1 is there twice" in twice
