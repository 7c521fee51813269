"""Every answer of the FHIR API in the suite is judged: by HL7's JSON schema at once, by Medplum's validator at the end.

Both come with `make fhir-of-others`; without them nothing is judged. A further judge is one more call in `judge`.
"""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse

FOREIGN = Path(__file__).parents[1] / "fhir"
SCHEMA = FOREIGN / "node_modules" / "@medplum" / "definitions" / "dist" / "fhir" / "r4" / "fhir.schema.json"
PLAIN = ("/fhir/r4/.well-known/smart-configuration",)
"""Addresses under the API whose answer is no FHIR."""
ANSWERED: set[str] = set()
"""What this process was answered so far; an outcome with the same words counts once."""


class JudgedAnswers:
    """The outermost middleware of the tests: an answer that is no FHIR R4 fails the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not SCHEMA.exists():
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/fhir/r4/") and request.path not in PLAIN and response.status_code != 204:
            judge(request, response)
        return response


def judge(request: HttpRequest, response: HttpResponse) -> None:
    """By its type and HL7's schema; Medplum's turn comes later."""
    about = f"{request.method} {request.path} {response.status_code}"
    assert response["Content-Type"].startswith("application/fhir+json"), about
    answer = json.loads(response.content)
    assert r4_schema().is_valid(answer), f"{about}: {answer}"
    ANSWERED.update(json.dumps(one, sort_keys=True) for one in (answer, *inside(answer)))


def inside(answer: dict) -> list[dict]:
    """The resources of a bundle, which Medplum reads one by one."""
    return [entry["resource"] for entry in answer.get("entry", [])]


@cache
def r4_schema():
    """HL7's JSON schema of R4, as Medplum carries it: two of the types that it names are not in it."""
    import jsonschema_rs

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["definitions"] |= {"Resource": {"$ref": "#/definitions/ResourceList"}, "integer64": {}}
    return jsonschema_rs.validator_for(schema)


def by_medplum(answers: Iterable[str]) -> list[str]:
    """What Medplum's validator finds in answers (JSON), its warnings too; nothing where there is no node."""
    if not shutil.which("node"):
        return []
    done = subprocess.run(
        ["node", "validate.mjs"], cwd=FOREIGN, input=f"[{','.join(answers)}]", capture_output=True, text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
