"""A release says what it is made of, and that nothing in it has known holes: neither may be falsely green."""

import importlib.util
import json
import re
from pathlib import Path

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


def test_it_is_cyclonedx():
    made = supply.sbom(TEXT, "0.1.0")
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    serial = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(serial, made["serialNumber"])
    references = [one["bom-ref"] for one in made["components"]]
    assert len(references) == len(set(references))


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
