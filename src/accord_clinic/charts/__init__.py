"""Where to draw what two people said over the sessions: numbers become coordinates for an SVG template.

No models, no request, no language: every word is passed in by the caller. Coordinates leave as strings, because a
template would otherwise print 12.5 as "12,5" in half of Europe. A new picture is a module here.
"""

from accord_clinic.charts.course import course_chart
from accord_clinic.charts.table import course_table
from accord_clinic.charts.types import Chart, CourseTable, Label, Panel, SessionMark, StrainSpan, Words

__all__ = [
    "Chart",
    "CourseTable",
    "Label",
    "Panel",
    "SessionMark",
    "StrainSpan",
    "Words",
    "course_chart",
    "course_table",
]
