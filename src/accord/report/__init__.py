"""From a study and a preregistered plan to a report: the same bytes each time, and nothing in it about one person.

`plan` reads the plan, `answers` runs its analyses, `page`, `document` and `figure` say them as HTML, PDF and SVG. A new
analysis is a function in `answers.ANALYSES`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from accord.registry.folder import StudyFolder
from accord.report.answers import Report, answered
from accord.report.document import as_pdf
from accord.report.page import as_html
from accord.report.plan import Plan


def report_files(study: StudyFolder, plan: Plan) -> Mapping[str, bytes]:
    """The report as files by name: `report.html`, `report.pdf`, `numbers.json`, and the plan itself, as `plan.toml`.

    Raises `BadInput` where the study has too few persons for any report, or the extra for PDF is not installed.
    """
    report: Report = answered(study, plan)
    return {
        "numbers.json": json.dumps(report.to_dict(), indent=1, ensure_ascii=False).encode(),
        "plan.toml": plan.text,
        "report.html": as_html(report).encode(),
        "report.pdf": as_pdf(report),
    }
