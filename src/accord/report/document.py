"""The report as a tagged PDF (PDF/UA-1), by typst; the layout is `report.typ`. The same report gives the same bytes."""

from __future__ import annotations

import json
from pathlib import Path

from accord.errors import BadInput
from accord.report import texts
from accord.report.answers import Report
from accord.report.figure import forest

LAYOUT = Path(__file__).parent / "report.typ"


def as_pdf(report: Report) -> bytes:
    """The document on A4. Typst reads one JSON string, so nothing that somebody wrote is ever compiled.

    Raises `BadInput` where the extra is not installed, or a sign cannot be printed.
    """
    try:
        import typst  # noqa: PLC0415 - only where the extra is installed
    except ImportError:
        raise BadInput("A report as PDF needs an extra. Install it with: pip install 'accord[research]'") from None
    sections = [
        {
            "asks": f"{number}. {section.asks}", "question": section.asks, "expects": section.expects,
            "refused": section.refused,
            "basis": texts.basis(section), "picture": forest(section.estimates) if not section.refused else "",
            "heads": texts.heads(section), "rows": [] if section.refused else texts.numbers(section),
            "caption": texts.caption(section), "cautions": section.cautions, "methods": section.methods,
        }
        for number, section in enumerate(report.sections, start=1)
    ]  # fmt: skip
    sheet = {
        "title": report.plan.title, "about": report.plan.about, "counts": texts.counts(report), "sections": sections,
        "limits": texts.LIMITS, "facts": texts.about(report),
    }  # fmt: skip
    try:
        made = typst.compile(
            str(LAYOUT), format="pdf", pdf_standards="ua-1", sys_inputs={"sheet": json.dumps(sheet)},
            ignore_system_fonts=True,
        )  # fmt: skip
    except typst.TypstError as error:
        raise BadInput(f"The PDF cannot be made: {error}. Take signs out of the plan that are no letters.") from error
    assert isinstance(made, bytes)
    return made
