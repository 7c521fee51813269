"""`python -m benchmarks.fhir`: how long `accord fhir` takes for a large bulk export, and how much memory.

A file is made from a seed: clients, their sessions (encounters), and for each session the client's PHQ-9 and the
therapist's, as another program writes them: LOINC ids, words, codes with numbers. It is read in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
LABELS = ("Not at all", "Several days", "More than half the days", "Nearly every day")
CODES = ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")
ITEMS = ("44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8")
MEASURE = """
import resource, sys, time
from accord.cli import main
began = time.perf_counter()
code = main(["fhir", sys.argv[1], "--out", sys.argv[2]])
seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
print(f"{seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} CPU s, peak {used.ru_maxrss / 1024:.0f} MB")
sys.exit(code)
"""


def resources(seed: int) -> Iterator[dict]:
    """Clients one after the other, without end, each with 12 to 60 sessions."""
    chance = random.Random(seed)
    for client in range(10**9):
        yield {"resourceType": "Patient", "id": f"p{client}", "birthDate": str(chance.randrange(1940, 2010))}
        start = datetime(2024, 1, 8, 8, tzinfo=UTC) + timedelta(hours=chance.randrange(10))
        for nth in range(chance.randrange(12, 60)):
            yield from a_session(chance, client, nth, start + timedelta(weeks=nth))


def a_session(chance: random.Random, client: int, nth: int, start: datetime) -> Iterator[dict]:
    patient, therapist = {"reference": f"Patient/p{client}"}, {"reference": f"Practitioner/t{client % 50}"}
    visit = f"e{client}-{nth}"
    yield {
        "resourceType": "Encounter", "id": visit, "status": "finished", "class": {"code": "AMB"}, "subject": patient,
        "participant": [{"individual": therapist}], "period": {"start": start.isoformat()},
    }  # fmt: skip
    for side, source in ("client", patient), ("therapist", therapist):
        yield {
            "resourceType": "QuestionnaireResponse", "id": f"{visit}-{side}", "status": "completed",
            "meta": {"versionId": "1", "lastUpdated": (start + timedelta(hours=1)).isoformat()},
            "questionnaire": "http://example.org/fhir/Questionnaire/phq-9|2.1", "subject": patient, "source": source,
            "encounter": {"reference": f"Encounter/{visit}"}, "authored": (start + timedelta(hours=1)).isoformat(),
            "item": [an_item(item, chance.randrange(4)) for item in ITEMS],
        }  # fmt: skip


def an_item(item: str, answer: int) -> dict:
    coding = {
        "extension": [{"url": ORDINAL, "valueDecimal": answer}],
        "system": "http://loinc.org", "code": CODES[answer], "display": LABELS[answer],
    }  # fmt: skip
    return {"linkId": f"/{item}", "text": "Over the last two weeks", "answer": [{"valueCoding": coding}]}


def write(path: Path, seed: int, megabytes: int) -> int:
    """Fill a file up to a size; how many resources it holds."""
    size = count = 0
    with path.open("w", encoding="utf-8") as out:
        for one in resources(seed):
            size += out.write(json.dumps(one) + "\n")
            count += 1
            if size >= megabytes * 1_000_000:
                return count
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fhir", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=143)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "export.ndjson"), Path(folder, "out.csv")
        count = write(path, asked.seed, asked.megabytes)
        print(f"{asked.megabytes} MB, {count:,} resources, seed {asked.seed}")
        done = subprocess.run([sys.executable, "-c", MEASURE, str(path), str(out)], check=False)
        rows = sum(1 for _line in out.open()) - 1 if out.exists() else 0
        print(f"{rows:,} rows, {out.stat().st_size / 1e6:.1f} MB of CSV")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
