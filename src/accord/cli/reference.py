"""Write the pages of the reference that list commands and questionnaires, from the parser and the catalogue.

Run `python -m accord.cli.reference` at the root of the repository after changing a command or a questionnaire.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from accord.cli import parser
from accord.instruments import Instrument, PublishedThreshold, catalogue

FOLDER = Path("docs/reference")
REGENERATE = "python -m accord.cli.reference"


def subcommands(top: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    """Every subcommand of a parser, however deep: its words, its parser, its one-line help."""
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {choice.dest: choice.help or "" for choice in action._choices_actions}
            for name, inner in action.choices.items():
                yield name, inner, helps.get(name, "")
                for deeper, innermost, text in subcommands(inner):
                    yield f"{name} {deeper}", innermost, text


def command_page() -> str:
    """docs/reference/cli.md: each subcommand with its arguments, options and example."""
    top = parser()
    lines = ["# The command line", "", f"Made by `{REGENERATE}`; do not edit.", "", top.description or "", ""]
    lines += ["A mistake gives a sentence on standard error and exit code 2.", ""]
    for name, inner, text in subcommands(top):
        lines += [f"## accord {name}", "", inner.description or text, ""]
        arguments = [f"| `{usage}` | {_cell(text)} |" for usage, text in _arguments(inner)]
        lines += ["| | |", "|---|---|", *arguments, ""] if arguments else []
        lines += _fenced(inner.epilog)
    return "\n".join(lines).rstrip() + "\n"


def instrument_page() -> str:
    """docs/reference/instruments.md: the catalogue as shipped."""
    lines = ["# Questionnaires", "", f"Made from the catalogue by `{REGENERATE}`; do not edit.", ""]
    lines += ["| id | version | languages | items | scales | licence |", "|---|---|---|--:|---|---|"]
    shipped = catalogue().instruments.values()
    lines += [_row(instrument) for instrument in shipped]
    for instrument in shipped:
        lines += ["", *_section(instrument)]
    return "\n".join(lines) + "\n"


def _arguments(inner: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in inner._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}"
        help_text = inner._get_formatter()._expand_help(action) if action.help else ""
        yield ", ".join(action.option_strings) + value if action.option_strings else value.strip(), help_text


def _fenced(epilog: str | None) -> list[str]:
    return ["```", *epilog.splitlines(), "```", ""] if epilog else []


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _row(instrument: Instrument) -> str:
    languages = ", ".join(
        lang + (" (draft translation)" if w.status == "draft translation" else "")
        for lang, w in instrument.wordings.items()
    )
    scales = ", ".join(scale.name for scale in instrument.scales) or "no scores"
    cells = (instrument.version, languages or "key only", str(len(instrument.items)), scales, instrument.licence.spdx)
    return f"| [{instrument.id}](#{instrument.id}) | " + " | ".join(cells) + " |"


def _section(instrument: Instrument) -> list[str]:
    lines = [f"## {instrument.id}", "", f"**{instrument.name}** ({instrument.status}). {instrument.about}", ""]
    for form, items in instrument.forms.items():
        lines.append(f"- form `{form}`, about {instrument.seconds[form]} s: {', '.join(items)}")
    for scale in instrument.scales:
        flipped = f", reversed {', '.join(scale.reversed)}" if scale.reversed else ""
        needs = ", ".join(f"{n} answers in `{form}`" for form, n in scale.at_least.items())
        lines.append(
            f"- scale `{scale.name}`: {scale.method} of {', '.join(scale.items)}{flipped}; "
            f"{scale.low:g} to {scale.high:g}, {scale.direction}; needs {needs}"
        )
    if instrument.scales:
        first = instrument.scales[0]
        for label, source, unread in (
            ("key", first.key, "no possible strain is inferred from it"),
            ("missing answers", first.missing_rule, "only whole answers are scored"),
        ):
            lines.append(f"- {label}: {source.source}{'' if source.verified else f' (**not verified**: {unread})'}")
    if instrument.thresholds:
        lines += ["", "| threshold | scale | value | sample | source |", "|---|---|---|---|---|"]
        lines += [_threshold_row(threshold) for threshold in instrument.thresholds]
    licence = instrument.licence
    owner = f"{licence.spdx}, {licence.holder}. {licence.notice}"
    return [*lines, "", f"Licence: {owner} Evidence ({licence.checked_on}): {licence.evidence}"]


def _threshold_row(threshold: PublishedThreshold) -> str:
    read = f"{threshold.source}, read {threshold.verified_on}" if threshold.verified else "**not verified**: not used"
    value = f"{threshold.op} {threshold.value:g}"
    return f"| {threshold.kind}: {threshold.label} | {threshold.scale} | {value} | {threshold.sample} | {read} |"


def write_pages(folder: Path = FOLDER) -> None:
    """Write both pages."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cli.md").write_text(command_page(), encoding="utf-8")
    (folder / "instruments.md").write_text(instrument_page(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
