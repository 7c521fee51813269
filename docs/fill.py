"""Fill the blanks of the papers in docs/templates from a file of answers: `python docs/fill.py ANSWERS.toml FOLDER`.

A blank is `[[key: what goes here]]`. One without an answer stays as it is, and is named at the end.
"""

import re
import sys
import tomllib
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
BLANK = re.compile(r"\[\[(\w+):[^\]]*\]\]")


def papers() -> list[Path]:
    """Every template, by name."""
    return sorted(path for path in TEMPLATES.glob("*.md") if path.name != "README.md")


def blanks(text: str) -> set[str]:
    """The keys of the blanks in a text."""
    return set(BLANK.findall(text))


def filled(text: str, answers: dict[str, str]) -> str:
    """The text with each blank replaced for which there is an answer."""
    return BLANK.sub(lambda blank: answers.get(blank[1], blank[0]), text)


def main(answers_file: str, folder: str) -> int:
    answers = tomllib.loads(Path(answers_file).read_text(encoding="utf-8"))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for path in papers():
        text = filled(path.read_text(encoding="utf-8"), answers)
        (Path(folder) / path.name).write_text(text, encoding="utf-8")
        for key in sorted(blanks(text)):
            print(f"{path.name}: {key} is still blank")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
