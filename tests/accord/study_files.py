"""Small study files for tests: made of rows, as folders or zips that `accord study` reads."""

import csv
import io
import json
import zipfile
from pathlib import Path

PACKAGE = {"created": "2026-11-30", "accord": "0.1.0", "consent": {"purpose": "studies", "version": "2026-11"}}


def tables(dyads: int = 4, sessions: int = 3, first: float = 50.0) -> dict[str, list[dict]]:
    """Courses of two clients for each therapist, with two scores a session."""
    code = iter(range(1, 10_000))
    rows = {"dyads": [], "sessions": [], "scores": []}
    for dyad in range(1, dyads + 1):
        whose = {"dyad": dyad, "client": dyad, "course": 1, "therapist": (dyad + 1) // 2}
        rows["dyads"].append({**whose, "ending": "planned"})
        for session in range(1, sessions + 1):
            place = {"dyad": dyad, "session": session, "session_code": next(code)}
            rows["sessions"].append({**place, "state": "held", "revealed_by": "both", "asked": "true"})
            for scale, score in (("wai/total", first + session + dyad), ("phq-9/total", first - session - dyad)):
                about = {"rater": "client", "scale": scale, "score": score, "answered": 9, "asked": 9}
                rows["scores"].append({**place, **about})
    return rows


def packed(path: Path, rows: dict[str, list[dict]], package: dict | None = None) -> Path:
    """The rows as a zip at this path."""
    with zipfile.ZipFile(path, "w") as folder:
        folder.writestr("datapackage.json", json.dumps(PACKAGE if package is None else package))
        for name, table in rows.items():
            text = io.StringIO()
            writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
            folder.writestr(f"{name}.csv", text.getvalue())
    return path
