"""A course for the care record as files: a tagged PDF with the picture, and a CSV of its numbers.

What is in them is decided in `pages/care_record`; the layout of the PDF is `exports/print/course.typ`.
"""

import csv
import io
from dataclasses import astuple, fields
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accord_clinic.charts import Chart
from accord_clinic.exports.csv_safe import csv_safe
from accord_clinic.exports.pdf import printed
from accord_clinic.pages.care_record import CourseRecord, ScoreRow

INKS = """<style>
svg { text-anchor: middle; font-family: sans-serif; font-size: 13px } text { fill: #5d6169 }
.name { font-weight: 600; font-size: 16px; fill: #23262b }
.client { fill: none; stroke: #a94a24; stroke-width: 2 } .therapist { fill: none; stroke: #1d5f6d; stroke-width: 2 }
.mark { fill: #fff } .band { fill: #f7e8e0 } .rule { fill: none; stroke: #e4ddd0 }
.strain { fill: none; stroke: #7a5c0c; stroke-width: 5 } .strain-later { stroke: #d6c48f }
.strain-mark { fill: #f7edd0; stroke: #7a5c0c; stroke-width: 2 } text.open { fill: #7a5c0c; font-weight: 700 }
text.client { fill: #a94a24; stroke: none } text.therapist { fill: #1d5f6d; stroke: none }
</style>"""
"""The inks of paper, for a picture that stands alone: what prints it knows no style sheet."""


def course_pdf(record: CourseRecord, practice: str) -> bytes:
    """The course on A4, in the language that is active."""
    names = {"client": record.names.client, "therapist": record.names.therapist}
    since, chart = date_format(record.since, "DATE_FORMAT"), record.picture.wide if record.picture else None
    texts: dict[str, Any] = {
        "lang": get_language() or "en",
        "title": _("{client} and {therapist}: ratings over time").format(**names),
        "kicker": _("{practice} · since {day} · printed on {today}").format(
            practice=practice, day=since, today=date_format(timezone.localdate(), "DATE_FORMAT")
        ),
        **names,
        "picture": _alone(chart) if chart else "",
        "picture_says": chart.words.description if chart else "",
        "band": _("Shaded: {usual}").format(usual=chart.words.usual) if chart and "band" in chart.drawn else "",
        "empty": "" if chart else _("There are no answers yet that both can see."),
        "table_name": _("The numbers"),
        "heads": chart.table.heads if chart and chart.table else (),
        "rows": chart.table.rows if chart and chart.table else (),
        "lists": [
            {"name": name, "lines": lines}
            for name, lines in ((_("Strains"), record.strains), (_("Agreed by both"), record.agreed))
            if lines
        ],
        "foot": _(
            "This file holds what both can see. Answers that are not open yet, or that somebody kept private, are "
            "not in it."
        ),
    }
    return printed("course", texts)


def course_csv(record: CourseRecord) -> str:
    """A row for each scale of each session; `client` and `therapist` are empty where there is no answer to show."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(field.name for field in fields(ScoreRow))
    writer.writerows(map(csv_safe, astuple(row)) for row in record.scores)
    return out.getvalue()


def _alone(chart: Chart) -> str:
    """The picture as one SVG with its inks."""
    drawn = render_to_string("parts/course.svg.html", {"chart": chart, "uid": "course"})
    return drawn.replace("><title", f">{INKS}<title", 1)
