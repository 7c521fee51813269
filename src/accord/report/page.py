"""The report as one HTML page: no script, nothing from elsewhere, readable in print and in the dark."""

from __future__ import annotations

from html import escape

from accord.report import texts
from accord.report.answers import Report
from accord.report.figure import forest
from accord.report.sections import Section

STYLE = """\
:root{color-scheme:light dark}body{font:17px/1.5 Georgia,serif;max-width:44rem;margin:2rem auto;padding:0 1rem}
h1{line-height:1.2}table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left}
th,td{text-align:left;padding:.25rem .5rem;border-top:1px solid #b9b2a4}td.n,th.n{text-align:right;white-space:nowrap}
figure{margin:1rem 0;background:#fff;overflow-x:auto}
svg{min-width:34rem;max-width:100%;height:auto}code{overflow-wrap:anywhere}
.scroll{overflow-x:auto}dt{font-weight:bold}dd{margin:0 0 .5rem}@media print{body{margin:0}}"""


def as_html(report: Report) -> str:
    """The whole page."""
    plan = report.plan
    facts = "".join(f"<dt>{escape(label)}</dt><dd>{_code(label, text)}</dd>" for label, text in texts.about(report))
    flow = "".join(f'<tr><th scope="row">{escape(n)}</th><td class="n">{v}</td></tr>' for n, v in texts.counts(report))
    body = [
        f"<h1>{escape(plan.title)}</h1>",
        f"<p>{escape(plan.about)}</p>" if plan.about else "",
        "<h2>Courses of care</h2>",
        f"<table><tbody>{flow}</tbody></table>",
        *(_section(n, section) for n, section in enumerate(report.sections, start=1)),
        "<h2>Limits</h2>",
        "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts.LIMITS) + "</ul>",
        "<h2>What was registered and analysed</h2>",
        f"<dl>{facts}</dl>",
    ]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
    title, page = escape(plan.title), "".join(body)
    return f'<!doctype html><html lang="en"><head>{head}<title>{title}</title></head><body>{page}</body></html>\n'


def _section(number: int, section: Section) -> str:
    parts = [f"<h2>{number}. {escape(section.asks)}</h2>"]
    if section.expects:
        parts.append(f"<p><strong>Expected:</strong> {escape(section.expects)}</p>")
    if section.refused:
        parts.append(f"<p><strong>Not estimated:</strong> {escape(section.refused)}</p>")
    elif section.estimates:
        picture = forest(section.estimates)
        parts += [f"<p>{texts.basis(section)}</p>", f"<figure>{picture}</figure>" if picture else "", _table(section)]
    parts += [f"<p><strong>Careful:</strong> {escape(caution)}</p>" for caution in section.cautions]
    return "".join([*parts, f"<p><strong>How:</strong> {escape(section.methods)}</p>"])


def _table(section: Section) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td class=n>{cell}</td>" for cell in cells)}</tr>'
        for name, *cells in texts.numbers(section)
    )
    heads = "".join(f'<th scope="col" class="n">{head}</th>' for head in texts.heads(section))
    return f'<div class="scroll"><table><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'


def _code(label: str, text: str) -> str:
    return f"<code>{escape(text)}</code>" if label.startswith("SHA") else escape(text)
