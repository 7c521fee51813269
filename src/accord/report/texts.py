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


def numbers(section: Section) -> list[tuple[str, str, str, str]]:
    """The rows of a section's table: name, estimate, standard error, 95 % interval."""
    rows = []
    for estimate in section.estimates:
        se = "" if estimate.se is None else f"{estimate.se:.3f}"
        interval = "" if estimate.interval is None else "{:.3f} to {:.3f}".format(*estimate.interval)
        rows.append((estimate.name, f"{estimate.value:.3f}", se, interval))
    return rows


def basis(section: Section) -> str:
    """From how many ratings and persons a section comes, to tens."""
    return f"From about {section.ratings:,} ratings of {section.persons:,} persons." if section.persons else ""
