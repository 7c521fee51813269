"""A release says what it is made of, and that nothing in it has known holes: neither may be falsely green."""

import importlib.util
import json
import re
from importlib import resources
from pathlib import Path

import jsonschema_rs
import pytest

SPEC = importlib.util.spec_from_file_location("supply", Path("deploy/supply.py"))
supply = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(supply)

TEXT = Path("requirements.txt").read_text()
BAD = {"vulns": [{"id": "PYSEC-2019-1"}]}


def answers(per_package: dict, bad=BAD, drop: int = 0):
    """An OSV that answers so for the one known to be bad, and for packages by name."""

    def ask(body):
        asked = [(query["package"]["name"], query["version"]) for query in body["queries"]]
        results = [bad if version == "2.2.0" else per_package.get(name, {}) for name, version in asked]
        return {"results": results[drop:]}

    return ask


def test_every_package_of_the_lock_file_is_in_the_list():
    listed = {(one["name"], one["version"]) for one in supply.sbom(TEXT, "0.1.0")["components"]}
    lines = set(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==(\S+)", TEXT, re.M))
    assert listed == lines
    assert len(listed) > 20


def test_every_hash_is_in_it_and_each_time_it_is_the_same():
    first = json.dumps(supply.sbom(TEXT, "0.1.0"))
    assert set(re.findall(r"sha256:([0-9a-f]{64})", TEXT)) <= set(re.findall(r"[0-9a-f]{64}", first))
    assert first == json.dumps(supply.sbom(TEXT, "0.1.0"))
    assert first != json.dumps(supply.sbom(TEXT, "0.1.1"))


@pytest.fixture(scope="module")
def cyclonedx():
    """The published schema of CycloneDX 1.6, with the two that it refers to, from the package of its makers."""
    schemas = {
        name: json.loads((resources.files("cyclonedx.schema._res") / f"{name}.SNAPSHOT.schema.json").read_text())
        for name in ("bom-1.6", "jsf-0.82", "spdx")
    }
    addresses = [(f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json", schemas[name]) for name in schemas]
    registry = jsonschema_rs.Registry(addresses)
    return jsonschema_rs.validator_for(schemas["bom-1.6"], registry=registry, validate_formats=True)


def test_it_is_cyclonedx(cyclonedx):
    made = supply.sbom(TEXT, "0.1.0")
    cyclonedx.validate(made)
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    serial = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(serial, made["serialNumber"])
    references = [one["bom-ref"] for one in made["components"]]
    assert len(references) == len(set(references))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bom: bom.pop("bomFormat"),
        lambda bom: bom.update(serialNumber="urn:uuid:1"),
        lambda bom: bom["components"][0].pop("name"),
        lambda bom: bom["components"][0].update(licenses="MIT"),
        lambda bom: bom["components"][0]["externalReferences"][0]["hashes"][0].update(content="0"),
        lambda bom: bom["components"].append(bom["components"][0]),
    ],
)
def test_the_schema_finds_what_is_wrong(cyclonedx, spoil):
    """The check is worth something only if it can fail."""
    made = supply.sbom(TEXT, "0.1.0")
    spoil(made)
    assert not cyclonedx.is_valid(made)


def test_without_known_holes_it_is_green():
    assert supply.main("holes", answers({})) == 0


def test_with_one_it_is_red_and_names_it(capsys):
    assert supply.main("holes", answers({"gunicorn": {"vulns": [{"id": "GHSA-x"}]}})) == 1
    assert "GHSA-x" in capsys.readouterr().out


def _unreachable(_body):
    raise OSError("no network")


@pytest.mark.parametrize(
    "ask",
    [
        _unreachable, lambda _body: {}, lambda _body: {"results": []}, lambda _body: {"results": None},
        lambda _body: [], answers({}, bad={}), answers({}, drop=1), lambda _body: {"results": "ok"},
    ],
)  # fmt: skip
def test_what_cannot_be_relied_on_is_never_green(ask):
    assert supply.main("holes", ask) == 2


def test_an_empty_lock_file_is_not_green():
    with pytest.raises(ValueError, match="no package"):
        supply.holes([], answers({}))


def test_how_to_report_a_hole_is_said():
    said = Path("SECURITY.md").read_text()
    for word in ("working days", "Supported versions", "make sbom", "make holes", "signed"):
        assert word in said
