"""A practice that has learnt what is usual: calibrations from simulated courses, for tests that need a mark."""

from functools import cache

from django.utils import timezone
from tests.clinic.people import CHECK_IN

from accord import calibrate, simulate
from accord.stats.priors import shipped
from accord.stats.thresholds import BUDGET, Calibration
from accord_clinic.models import Calibration as Row

COURSES = 60


@cache
def _made(series: str) -> Calibration:
    _name, scale, *gap = series.split("/")
    prior, own = shipped()[scale], simulate(COURSES, 15, 4, "none", items=4 if scale == "collaboration" else 3)
    if gap:
        return calibrate(own.client - own.therapist, prior=prior.difference, budget=BUDGET.over(2), draws=1000)
    return calibrate(
        own.client, second=own.therapist, prior=prior.client, second_prior=prior.therapist, budget=BUDGET.over(2),
        draws=1000,
    )  # fmt: skip


def learned() -> dict[str, str]:
    """Keep a calibration of each series of the check-in; their versions by series."""
    versions = {}
    for scale in ("collaboration", "connection"):
        for series in (f"{CHECK_IN}/{scale}", f"{CHECK_IN}/{scale}/gap"):
            made = _made(series)
            Row.objects.create(
                version=made.id, scale=series, made_at=timezone.now(), dyads=made.n, body=made.to_dict()
            )
            versions[series] = made.id
    return versions
