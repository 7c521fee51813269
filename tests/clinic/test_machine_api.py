"""What answers machines is what `docs/reference/machines.openapi.json` says: schemathesis asks it in every odd way."""

from pathlib import Path

import pytest
import schemathesis
from django.urls import get_resolver
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import unsupported_method

DESCRIBED = Path(__file__).parents[2] / "docs" / "reference" / "machines.openapi.json"
schema = schemathesis.openapi.from_path(DESCRIBED)
pytestmark = pytest.mark.django_db(transaction=True)


@schema.parametrize()
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_described(case, live_server, people):
    # What is not GET meets the guard of forms first: 403 instead of 405 is no less a refusal.
    case.call_and_validate(base_url=live_server.url, excluded_checks=[unsupported_method])


def test_all_that_answers_machines_is_described():
    ours = [one for one in get_resolver().url_patterns if getattr(one, "callback", None)]
    machines = {f"/{one.pattern}" for one in ours if one.callback.__module__ == "accord_clinic.views.health"}
    assert {one.ok().path for one in schema.get_all_operations()} == machines
