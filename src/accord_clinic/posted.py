"""Text that somebody typed or posted, read strictly as the value that it is, or as nothing.

A new kind of value is read here.
"""

import re

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)
NO_CHARACTERS = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
NEVER_WRITTEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufeff{NO_CHARACTERS}]")


def whole_number(text: str) -> int | None:
    """The number, or nothing. Not by `isdigit`: that is true of "²", and of more digits than `int` takes."""
    return int(text) if WHOLE_NUMBER.fullmatch(text) else None


def without_controls(text: str) -> str:
    """The text without what no keyboard writes: control characters but tab and line breaks, halves of characters,
    byte order marks, and code points that are no characters. Databases, printers and spreadsheets choke on them."""
    # What is printable holds none of them, and to ask that is thirty times quicker than to look for each.
    return text if text.isprintable() else NEVER_WRITTEN.sub("", text)
