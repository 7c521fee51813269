"""HL7's own examples: every response in them is a row or a named refusal, and nothing is passed over in silence."""

import json
import re
from pathlib import Path

import pytest

from accord.errors import BadTable
from accord.tables.fhir_reading import read_responses
from accord.tables.fhir_reading.collecting import collect
from accord.tables.fhir_reading.kinds import kinds

PACKAGES = Path(__file__).parents[1] / "fhir" / "node_modules"
EXAMPLES = {"hl7.fhir.r4.examples": 5, "hl7.fhir.uv.sdc": 8}
"""How many responses each package has, counted with grep when it was locked."""

RESPONSE = re.compile(rb'"resourceType"\s*:\s*"QuestionnaireResponse"')


@pytest.fixture(scope="module", params=sorted(EXAMPLES))
def folder(request):
    if not (PACKAGES / request.param).is_dir():
        pytest.skip("HL7's examples are not here: `make fhir-of-others` fetches them (it needs node and npm)")
    return PACKAGES / request.param


@pytest.fixture(scope="module")
def files(folder):
    """Those of them that hold a response."""
    holds = [path for path in sorted(folder.rglob("*.json")) if RESPONSE.search(path.read_bytes())]
    return {path: names for path in holds if (names := _responses(json.loads(path.read_bytes())))}


def test_every_response_is_a_row_or_a_named_refusal(folder, files, tmp_path_factory):
    there = [name for names in files.values() for name in names]
    assert len(there) == EXAMPLES[folder.name]
    collected = collect(folder)
    assert not [one for one in collected.refused if one.is_wrong]
    assert set(collected.responses) == set(there)
    alone = tmp_path_factory.mktemp("responses")
    for path in files:
        (alone / path.name).symlink_to(path)
    rows, named = 0, [one.resource for one in collect(alone).refused]
    for kind in {kind.name for kind in kinds(collected).values()}:
        try:
            table = read_responses(alone, kind)
        except BadTable as error:  # nobody finished any of this kind, and the sentence names each
            named += [name for name in set(there) if f"{name} is in-progress" in str(error)]
        else:
            rows += table.rows.height
            named += [one.resource for one in table.refused if "status" in one.reason]
    assert rows + sum(name in there for name in named) == len(there)


def test_each_file_alone_gives_the_same(files):
    for path, names in files.items():
        try:
            rows, sentence = read_responses(path).rows.height, ""
        except BadTable as error:
            rows, sentence = 0, str(error)
        assert rows + sum(f"{name} is in-progress" in sentence for name in names) == len(names)


def _responses(value):
    """Wherever they stand: counted without the program that is tested."""
    if isinstance(value, list):
        return [name for one in value for name in _responses(one)]
    if not isinstance(value, dict):
        return []
    own = [f"QuestionnaireResponse/{value['id']}"] if value.get("resourceType") == "QuestionnaireResponse" else []
    return own + [name for one in value.values() for name in _responses(one)]
