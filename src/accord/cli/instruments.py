"""`accord instruments`: the catalogue is listed, one questionnaire shown, or written as FHIR; a folder is checked."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from accord.errors import BadInput, BadInstrument
from accord.instruments import Catalogue, Instrument, catalogue

FOLDER = "the practice's own questionnaires and texts"
EXAMPLE = """examples:
  accord instruments
  accord instruments phq-9 --json
  accord instruments phq-9 --fhir questionnaires

Files in the practice's folder that cannot be used, and worked examples that do not hold, are named; the exit code is
then 2, so that this command checks a questionnaire that you are writing."""


def describe(command: argparse.ArgumentParser) -> None:
    """Describe `instruments`: its arguments and options."""
    command.description = (
        "List the questionnaires: id, version, languages, wording, licence. With an id, show that one."
    )
    command.epilog = EXAMPLE
    command.add_argument("id", nargs="?", metavar="ID", help="the questionnaire to show")
    command.add_argument("--json", action="store_true", help="print everything about it as JSON")
    command.add_argument("--folder", metavar="FOLDER", type=Path, help=FOLDER)
    command.add_argument("--fhir", metavar="FOLDER", type=Path, help="write FHIR Questionnaires to it, where licensed")
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """List the catalogue or show one questionnaire. Raises when a file or a worked example is wrong."""
    shelf = catalogue(arguments.folder)
    if arguments.fhir:
        _write(list(shelf.instruments.values()) if arguments.id is None else [shelf.get(arguments.id)], arguments.fhir)
    elif arguments.id is None:
        shown = [_summary(i) for i in shelf.instruments.values()]
        print(json.dumps(shown, ensure_ascii=False, indent=2) if arguments.json else _aligned(shown))
    else:
        instrument = shelf.get(arguments.id)
        print(json.dumps(instrument.to_dict(), ensure_ascii=False, indent=2) if arguments.json else _page(instrument))
    _check(shelf, scored=arguments.folder is not None)


def _write(chosen: list[Instrument], folder: Path) -> None:
    """One file for each form, side and language. Raises `BadInput` where there is none, or nothing can be written."""
    from accord.tables.fhir_questionnaire import questionnaires  # noqa: PLC0415 - a list need not wait for it

    resources = [resource for instrument in chosen for resource in questionnaires(instrument)]
    if not resources:
        names = ", ".join(instrument.id for instrument in chosen)
        raise BadInput(f"{names}: there is no wording here whose licence allows it to be handed on.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for resource in resources:
            text = json.dumps(resource, ensure_ascii=False, indent=2) + "\n"
            (folder / f"{resource['url'].rpartition('/')[2]}.json").write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{folder}: nothing can be written there ({error.strerror}). Choose another folder.") from error
    print(f"{len(resources)} questionnaires are in {folder}.")


def _check(shelf: Catalogue, *, scored: bool) -> None:
    """What cannot be used; where `scored`, worked examples that do not hold, too. Those of shipped files always do."""
    wrong = [*shelf.problems]
    if scored:
        from accord.scoring import wrong_examples  # noqa: PLC0415 - numpy is half a second that a list need not wait

        wrong += [text for instrument in shelf.instruments.values() for text in wrong_examples(instrument)]
    if wrong:
        raise BadInstrument("\n".join(wrong))


def _summary(instrument: Instrument) -> dict[str, str]:
    drafts = {lang: " (draft)" if w.status == "draft translation" else "" for lang, w in instrument.wordings.items()}
    return {
        "id": instrument.id,
        "version": instrument.version,
        "languages": ", ".join(lang + draft for lang, draft in drafts.items()) or "-",
        "wording": "yes" if instrument.has_wording() else "no",
        "licence": instrument.licence.spdx,
    }


def _aligned(rows: list[dict[str, str]]) -> str:
    table = [list(rows[0]), *(list(row.values()) for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in table)


def _page(instrument: Instrument) -> str:
    """One questionnaire for reading: what it is, its items, scales and thresholds, its licence."""
    lines = [f"{instrument.name} ({instrument.id} {instrument.version}, {instrument.status})", instrument.about, ""]
    wording = next(iter(instrument.wordings.values()), None)
    for item in instrument.items:
        text = f": {wording.text(item.id, item.raters[0])}" if wording else ""
        lines.append(f"  {item.id:10} {item.construct}{text}")
    lines.append("")
    for form, items in instrument.forms.items():
        lines.append(f"form {form} ({instrument.seconds[form]} s): {' '.join(items)}")
    for scale in instrument.scales:
        flipped = f", reversed {' '.join(scale.reversed)}" if scale.reversed else ""
        needs = ", ".join(f"{n} in {form}" for form, n in scale.at_least.items())
        span = f"{scale.low:g} to {scale.high:g}, {scale.direction}"
        needs = needs if scale.missing_rule.verified else "all answers: its rule for missing ones is not verified"
        lines.append(f"scale {scale.name}: {scale.method} of {' '.join(scale.items)}{flipped}; {span}; needs {needs}")
        if not scale.key.verified:
            lines.append(f"scale {scale.name}: its key is not verified; no possible strain is inferred from it")
    for threshold in instrument.thresholds:
        sample = threshold.sample if threshold.verified else "not verified, so not used"
        lines.append(
            f"{threshold.kind} {threshold.scale} {threshold.op} {threshold.value:g}: {threshold.label} ({sample})"
        )
    lines += ["", f"{instrument.licence.spdx}. {instrument.licence.notice}"]
    return "\n".join(lines)
