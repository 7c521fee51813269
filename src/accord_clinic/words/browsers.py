"""The name of a browser and the kind of its machine, from what it says of itself. A new browser is a line here."""

import re

# The first that fits: most browsers claim to be several.
BROWSERS = (
    ("Edge", "Edg"), ("Opera", "OPR/"), ("Firefox", "Firefox|FxiOS"), ("Chrome", "Chrome|CriOS"), ("Safari",) * 2,
)  # fmt: skip
MACHINES = (
    ("iPhone",) * 2, ("iPad",) * 2, ("Android",) * 2, ("Windows",) * 2, ("Mac", "Macintosh"), ("Linux", "Linux|X11"),
)  # fmt: skip


def seen_as(user_agent: str) -> tuple[str, str]:
    """The browser and the kind of machine, as far as the browser tells; empty where it does not."""
    return _first(BROWSERS, user_agent), _first(MACHINES, user_agent)


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, mark in marks if re.search(mark, user_agent)), "")
