"""Who leaves, and when: R's numbers, known effects, predictions judged on therapists not seen, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from tests.accord.study_data import STUDIES, gold, leaving, processed, refused, written

from accord.cli import main
from accord.errors import BadInput
from accord.stats.hazard import LINKS, hazard_of_cells, hazard_of_ending
from accord.stats.hazard_rows import PersonPeriods

R = gold("studies")


def fitted(data, **more):
    columns = (data["id"], data["time"], data["event"], np.array(data["alliance"])[:, None])
    return hazard_of_ending(*columns, names=("alliance",), **more)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
@pytest.mark.parametrize("smooth", [False, True])
def test_simulated_courses_give_the_numbers_of_glm(link, smooth):
    theirs = R[f"hazard_{'smooth_' if smooth else ''}{link}"]
    fit = fitted(leaving(), link=link, smooth=smooth)
    assert fit.loglik == pytest.approx(theirs["loglik"], abs=1e-8)
    for name, value in theirs["fit"]["estimate"].items():
        ours = name.replace("factor(time)", "time=")
        assert fit.estimates[ours] == pytest.approx(value, abs=1e-6)
        assert fit.se[ours] == pytest.approx(theirs["fit"]["se"][name], abs=1e-6)


def test_two_kinds_of_endings_give_the_numbers_of_multinom():
    theirs, fit = R["hazard_competing"], fitted(STUDIES["competing"](), smooth=True)
    assert fit.loglik == pytest.approx(theirs["loglik"], abs=1e-7)
    assert list(fit.estimates.values()) == pytest.approx(np.ravel(theirs["estimate"]).tolist(), abs=1e-5)
    assert list(fit.se.values()) == pytest.approx(np.ravel(theirs["se"]).tolist(), abs=1e-5)
    assert list(fit.estimates)[-1] == "planned:alliance"


def drawn(seed, persons=300, effect=-0.6):
    """Courses of up to eight sessions with a known effect of the alliance and a constant baseline of −2."""
    rng = np.random.default_rng(seed)
    alliance = rng.standard_normal((persons, 8))
    ends = rng.random((persons, 8)) < 1 / (1 + np.exp(2.0 - effect * alliance))
    lasts = np.where(ends.any(axis=1), ends.argmax(axis=1), 7)
    who, session = np.nonzero(np.arange(8) <= lasts[:, None])
    event = ends[who, session].astype(int)
    return {"id": who, "time": session + 1, "event": event, "alliance": alliance[who, session], "therapist": who % 15}


def test_a_known_effect_is_found_and_its_interval_covers_it():
    fits = [fitted(drawn(seed)) for seed in range(24)]
    values, errors = (np.array([getattr(fit, what)["alliance"] for fit in fits]) for what in ("estimates", "se"))
    assert abs(values.mean() + 0.6) < 3.5 * values.std(ddof=1) / 24**0.5
    assert np.sum(np.abs(values + 0.6) < 1.96 * errors) >= 20


def test_predictions_for_therapists_not_seen_are_calibrated():
    judged = [fitted(drawn(seed, 400), therapist=drawn(seed, 400)["therapist"]).held_out for seed in range(8)]
    assert 0.85 < np.mean([one.slope for one in judged]) < 1.1
    assert all(one.brier < one.brier_baseline for one in judged)
    assert np.mean([one.auc for one in judged]) > 0.6


def test_a_covariate_without_any_effect_predicts_nothing():
    data = drawn(3, 400, 0.0)
    assert abs(fitted(data, therapist=data["therapist"]).held_out.auc - 0.5) < 0.06


def test_one_row_a_person_is_the_same_as_one_a_session():
    data = drawn(1)
    last = np.flatnonzero(np.append(np.diff(data["id"]) != 0, True))
    one = hazard_of_ending(data["id"][last], data["time"][last], data["event"][last])
    every = hazard_of_ending(data["id"], data["time"], data["event"])
    assert one.loglik == pytest.approx(every.loglik)
    assert one.estimates == pytest.approx(every.estimates)


def test_a_session_in_which_nobody_ended_is_said_and_changes_nothing():
    data = drawn(1)
    silent = {**data, "event": np.where(data["time"] == 4, 0, data["event"])}
    fit = fitted(silent)
    without = {name: column[silent["time"] != 4] for name, column in silent.items()}
    assert fit.silent == (4.0,)
    assert fit.loglik == pytest.approx(fitted(without).loglik)
    assert "time=4" not in fit.estimates


def test_the_unit_of_a_covariate_does_not_matter():
    data = drawn(1)
    other = fitted({**data, "alliance": 1000 * data["alliance"] + 5})
    assert other.estimates["alliance"] == pytest.approx(fitted(data).estimates["alliance"] / 1000, rel=1e-6)


def column(name, change):
    return lambda d: {**d, name: change(d)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            column("event", lambda d: np.where(np.cumsum(d["event"]) <= 3, d["event"], 0)),
            "there are 3 unplanned endings",
        ),
        (column("event", lambda d: np.zeros(len(d["id"]))), "there are 0 unplanned endings"),
        (column("alliance", lambda d: np.ones(len(d["id"]))), "covariate 'alliance' is constant"),
        (column("alliance", lambda d: d["time"] * 2.0), "say the same"),
        (column("alliance", lambda d: 1.0 * d["event"]), "'alliance' foretells endings without exception"),
        (column("alliance", lambda d: np.full(len(d["id"]), np.nan)), "rows of fewer than two persons"),
        (column("alliance", lambda d: np.where(d["time"] == 2, np.inf, d["alliance"])), "covariate 1 of row"),
        (column("event", lambda d: d["event"] * 3), "the event of row"),
        (column("time", lambda d: d["time"] - 1), "no number of a session"),
        (column("time", lambda d: d["time"] + 0.5), "no number of a session"),
        (column("time", lambda d: np.where(d["time"] == 2, 1, d["time"])), "two rows in session 1"),
        (column("event", lambda d: 1 - d["event"]), "a row after the ending"),
        (lambda d: {name: values[:1] for name, values in d.items()}, "fewer than two persons"),
        (column("id", lambda d: d["id"][1:]), "different lengths"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        fitted(change(drawn(1)))


@pytest.mark.parametrize("smooth", [False, True])
def test_without_covariates_the_hazard_is_that_of_the_life_table(smooth):
    data = drawn(2)
    fit = hazard_of_ending(data["id"], data["time"], data["event"], smooth=smooth)
    chances = [np.mean(np.array(data["event"])[np.array(data["time"]) == t]) for t in range(1, 9)]
    if smooth:
        level, line, bend = fit.estimates.values()
        curve = [1 / (1 + np.exp(-(level + line * t + bend * np.log(t)))) for t in range(1, 9)]
        assert curve == pytest.approx(chances, abs=0.05)
    else:
        assert [1 / (1 + np.exp(-value)) for value in fit.estimates.values()] == pytest.approx(chances)


def test_the_search_ends_as_soon_for_millions_of_courses_as_for_a_few(monkeypatch):
    """Their log-likelihood is so large that the last rise is lost in its rounding."""
    rows = leaving()
    columns = [np.array(rows[name], dtype=float) for name in ("time", "event", "alliance", "therapist")]
    time, event, alliance, therapist = columns
    evaluated, plain = [], LINKS["logit"]
    monkeypatch.setitem(LINKS, "logit", lambda *given: evaluated.append(1) or plain(*given))
    fits, searched = [], []
    for times in (1.0, 1e6):
        group, count = therapist.astype(np.intp), np.full(len(time), times)
        cells = PersonPeriods(time, event.astype(np.intp), alliance[:, None], group, count, len(time), 0)
        fits.append(hazard_of_cells(cells, names=("alliance",), groups="therapist", smooth=True))
        searched.append(len(evaluated) - sum(searched))
    assert searched[1] <= 1.2 * searched[0]
    assert fits[1].estimates == pytest.approx(fits[0].estimates, rel=1e-6)
    assert fits[1].se["alliance"] == pytest.approx(fits[0].se["alliance"] / 1e3, rel=1e-6)


def test_two_kinds_need_the_logit_and_sessions_with_both():
    data = STUDIES["competing"]()
    with pytest.raises(BadInput, match="need the logit link"):
        fitted(data, link="cloglog")
    few = {**data, "event": np.where((data["time"] == 3) & (data["event"] == 2), 0, data["event"])}
    with pytest.raises(BadInput, match="in session 3 not all"):
        fitted(few)
    with pytest.raises(BadInput, match="link 'probit' is not known"):
        fitted(data, link="probit")


class TestTheCommand:
    ASKED = ("--id", "id", "--time", "time", "--event", "event")

    def test_it_prints_what_r_gives(self, tmp_path, capsys):
        path = written(tmp_path / "a.csv", **leaving())
        told = processed(capsys, "dropout", path, *self.ASKED, "--fixed", "alliance", "--link", "cloglog")
        theirs = R["hazard_cloglog"]
        assert told["loglik"] == pytest.approx(theirs["loglik"], abs=1e-8)
        assert told["estimates"]["alliance"]["estimate"] == pytest.approx(theirs["fit"]["estimate"]["alliance"])
        assert list(processed(capsys, "dropout", path, *self.ASKED)["estimates"]) == [f"time={t}" for t in range(1, 11)]
        more = ("--fixed", "alliance", "--smooth", "--therapist", "therapist")
        assert main(["fit", "dropout", str(path), *self.ASKED, *more]) == 0
        shown = capsys.readouterr().out
        assert "held out by therapist (12): calibration slope" in shown

    def test_slips_are_said_by_line_and_column(self, tmp_path, capsys):
        data = drawn(1, 30)
        path = written(tmp_path / "a.csv", **{**data, "event": ["gone", *data["event"][1:].tolist()]})
        assert "line 2, column 'event': 'gone' is not a finite number" in refused(capsys, "dropout", path, *self.ASKED)
        text = path.read_text().replace("gone", "0").splitlines()
        path.write_text("\n".join([*text[:2], text[1], *text[2:]]))
        assert "line 3: id 0, time 1 is there twice" in refused(capsys, "dropout", path, *self.ASKED)
        path.write_text("id,time,event\n1,1,0\n1,2,1\n2,1,1\n3,1,1\n3,2,\n")
        assert "a.csv: " in refused(capsys, "dropout", path, *self.ASKED)
