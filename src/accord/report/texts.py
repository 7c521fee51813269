"""The sentences and tables that the page and the document share, so that both say the same."""

from __future__ import annotations

from accord.report.answers import Report
from accord.report.sections import Section

COUNTS = {
    "in the file": "Courses of care in the study file",
    "without such scores": "without a score that the plan uses",
    "left out": "left out by the plan's exclusions",
    "used": "used",
}
LIMITS = (
    "The clients agreed to research. They may differ from those who did not.",
    "Ratings that are missing are taken to depend on nothing but what is in the model.",
    "Estimates stand with 95 % intervals by the normal distribution; nothing is corrected for several questions.",
    "Counts are rounded to tens; those from 1 to 9 are left out, and so are lowest and highest values of a person.",
)


def about(report: Report) -> list[tuple[str, str]]:
    """What was registered and analysed, by label."""
    plan = report.plan
    facts = [
        ("Registered as", plan.registered), ("SHA-256 of the plan", plan.sha256),
        ("SHA-256 of the study file", report.study_sha256), ("What clients agreed to", report.consent),
        ("Measures", "; ".join(f"{name}: {m.scale}, {m.rater}" for name, m in plan.measures.items())),
        ("Left out", exclusions(report)),
        ("Software", ", ".join(f"{name} {number}" for name, number in report.software.items())),
        ("Random numbers", "none were drawn"),
    ]  # fmt: skip
    return [(label, text) for label, text in facts if text]


def exclusions(report: Report) -> str:
    """The plan's exclusion in a sentence; nothing without one."""
    plan = report.plan
    if plan.least_sessions <= 1:
        return ""
    return f"courses with fewer than {plan.least_sessions} rated sessions. {plan.why_excluded}".strip()


def counts(report: Report) -> list[tuple[str, str]]:
    """The flow of courses, by label."""
    return [(COUNTS[name], "fewer than 10" if count is None else f"{count:,}") for name, count in report.counts.items()]


def heads(section: Section) -> list[str]:
    """The columns of a section's table after the name: what at least one of its numbers has."""
    has_error = any(estimate.se is not None for estimate in section.estimates)
    return ["Estimate", "SE", "95 % interval"] if has_error else ["Estimate"]


def numbers(section: Section) -> list[list[str]]:
    """The rows of a section's table: name, estimate, and standard error and 95 % interval where there are any."""
    rows = []
    for estimate in section.estimates:
        se = "" if estimate.se is None else printed(estimate.se)
        interval = "" if estimate.interval is None else " to ".join(map(printed, estimate.interval))
        rows.append([estimate.name, printed(estimate.value), se, interval][: len(heads(section)) + 1])
    return rows


def printed(value: float, form: str = ".3f") -> str:
    """A number as papers have it, with a minus that is no hyphen.

    >>> printed(-0.1234), printed(-0.0001)
    ('−0.123', '0.000')
    """
    text = f"{value:{form}}"
    return text.removeprefix("-") if float(text) == 0 else text.replace("-", "−")


def caption(section: Section) -> str:
    """What a section's table shows."""
    return "Estimates, standard errors and 95 % intervals" if len(heads(section)) > 1 else "Description"


def basis(section: Section) -> str:
    """From how many ratings and persons a section comes, to tens."""
    return f"From about {section.ratings:,} ratings of {section.persons:,} persons." if section.persons else ""
