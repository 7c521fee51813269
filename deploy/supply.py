#!/usr/bin/env python3
"""The lock file in; what Accord is made of (CycloneDX), or which known holes that has, out: `make sbom`, `make holes`.

`holes` asks OSV, and is green only when it has shown that it can be red: a version that is known to have holes is asked
about with the others, each package has to be answered, and whatever cannot be read or reached is a failure.
"""

import hashlib
import json
import re
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKED = re.compile(r"^([a-z0-9][\w.-]*)(?:\[[\w,-]+\])?==([\w.!+]+)", re.M)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
OSV = "https://api.osv.dev/v1/querybatch"
KNOWN_BAD = ("django", "2.2.0")
"""Has holes since years. When OSV does not say so, it says nothing that can be relied on."""


def locked(text: str) -> list[tuple[str, str, list[str]]]:
    """Name, version and hashes of each package of a lock file."""
    starts = list(LOCKED.finditer(text))
    ends = [one.start() for one in starts[1:]] + [len(text)]
    return [
        (one[1], one[2], HASH.findall(text[one.start() : end])) for one, end in zip(starts, ends, strict=True)
    ]


def sbom(text: str, version: str) -> dict:
    """CycloneDX 1.6. The same lock file gives the same bytes: no time, and a serial number made of what it lists."""
    digest = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()
    serial = f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "accord", "version": version, "bom-ref": f"accord@{version}"}
        },
        "components": [_component(*package) for package in locked(text)],
    }


def _component(name: str, version: str, hashes: list[str]) -> dict:
    purl = f"pkg:pypi/{name}@{version}"
    files = [
        {"type": "distribution", "url": f"https://pypi.org/project/{name}/{version}/#files",
         "hashes": [{"alg": "SHA-256", "content": one}]}
        for one in hashes
    ]  # fmt: skip
    return {
        "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        "externalReferences": files,
    }  # fmt: skip


def holes(packages: list[tuple[str, str]], ask) -> list[str]:
    """A line for each package with a known hole. Raises `ValueError` when the answer is not one to rely on."""
    if not packages:
        raise ValueError("the lock file names no package")
    asked = [*packages, KNOWN_BAD]
    queries = [{"package": {"name": name, "ecosystem": "PyPI"}, "version": version} for name, version in asked]
    results = ask({"queries": queries}).get("results")
    if not isinstance(results, list) or len(results) != len(asked):
        raise ValueError("not every package was answered")
    found = [[hole["id"] for hole in (one or {}).get("vulns", [])] for one in results]
    if not found.pop():
        raise ValueError(f"{'=='.join(KNOWN_BAD)} came back without a hole, so nothing that was answered counts")
    return [f"{name}=={version}: {', '.join(ids)}" for (name, version), ids in zip(packages, found, strict=True) if ids]


def ask_osv(body: dict) -> dict:
    request = urllib.request.Request(OSV, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def main(what: str, ask=ask_osv) -> int:
    text = (ROOT / "requirements.txt").read_text()
    if what == "sbom":
        version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
        print(json.dumps(sbom(text, version), indent=1))
        return 0
    packages = [(name, version) for name, version, _hashes in locked(text)]
    try:
        found = holes(packages, ask)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"Not known: {error}. This is no answer; look again where there is a network.", file=sys.stderr)
        return 2
    print("\n".join(found) or f"{len(packages)} packages, no known hole; a version with holes was told apart.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
