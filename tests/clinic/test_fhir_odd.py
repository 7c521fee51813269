"""Schemathesis asks the FHIR API in every odd way: each answer is FHIR, and none is an error of ours."""

from datetime import date

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from tests.clinic.people import a_course
from tests.clinic.program import NUMBERS, Key, a_served, a_service, agree, for_numbers
from tests.clinic.test_service import a_closed

from accord.tables.fhir_search import PARAMETERS

TEXT = {"schema": {"type": "string"}}
FHIR = {"application/fhir+json": {"schema": {"type": "object"}}}
RESPONSES = {"default": {"description": "an answer", "content": FHIR}}


def _get(parameters, **more):
    return {"get": {"parameters": parameters, "responses": RESPONSES} | more}


def _query(names):
    return [{"name": name, "in": "query", **TEXT} for name in names]


PATHS = {
    "/fhir/r4/metadata": _get(_query(["_format"])),
    "/fhir/r4/.well-known/smart-configuration": _get([]),
    "/fhir/r4/{kind}": _get([{"name": "kind", "in": "path", "required": True, **TEXT}]),
    **{
        f"/fhir/r4/{kind}": _get(_query([*names, "_count", "_page", "_format"])) for kind, names in PARAMETERS.items()
    },
    **{
        f"/fhir/r4/{kind}/{{identity}}": _get([{"name": "identity", "in": "path", "required": True, **TEXT}])
        for kind in PARAMETERS
    },
    "/fhir/token/": {
        "post": {
            "requestBody": {
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                name: {"type": "string"}
                                for name in ("grant_type", "code", "client_id", "client_assertion", "scope", "patient")
                            },
                        }
                    }
                }
            },
            "responses": {"default": {"description": "an answer"}},
        }
    },
}
schema = schemathesis.openapi.from_dict(
    {"openapi": "3.1.0", "info": {"title": "FHIR", "version": "4.0.1"}, "paths": PATHS}
)
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.same_on_postgresql(reason="what is asked for is read and refused before any row is"),
]


@schema.parametrize()
@settings(max_examples=6, suppress_health_check=list(HealthCheck))
def test_no_question_is_odd_enough_for_an_error_of_ours(case, live_server, people):
    response = case.call(base_url=live_server.url, headers={"Authorization": f"Bearer {_token(people, case.path)}"})
    case.validate_response(response, checks=[not_a_server_error])
    if "/fhir/r4/" in case.path and not case.path.endswith("configuration"):
        kinds = ("Bundle", "CapabilityStatement", "OperationOutcome", *PARAMETERS)
        where = f"{case.method} {response.status_code} {response.request.url} {response.content[:80]!r}"
        kind = response.headers.get("content-type", [""])[0]
        assert not response.content or kind.startswith("application/fhir+json"), where
        assert not response.content or response.json()["resourceType"] in kinds, where


def _token(people, path):
    """Of a service that may read of Ana, or of one that may read the numbers; both once for each practice."""
    if not hasattr(people, "tokens"):
        key = Key()
        service = a_service(people.ada, key, asks_answers=True)
        agree(people.ana, service, answers=True)
        a_course(people.dyad, 1)
        a_closed(date(2026, 3, 1), held=150, client=120, therapist=130, rule=2)
        office = for_numbers(people.ada, key, people.mo)
        object.__setattr__(people, "tokens", [a_served(program, key).token for program in (service, office)])
    return people.tokens[any(kind in path for kind in NUMBERS)]
