"""A questionnaire about tea, made for the tests: its file, and a place to write a changed one."""

from pathlib import Path

GOOD = (Path(__file__).parent / "good.toml").read_text()


def written(folder: Path, text: str, name: str = "tea.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
