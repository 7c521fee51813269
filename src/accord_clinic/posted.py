"""What somebody typed or posted goes in as text; the value that it is comes out, strictly, or nothing."""

import re

WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}", re.ASCII)


def whole_number(text: str) -> int | None:
    """The number, or nothing. Not by `isdigit`: that is true of "²", and of more digits than `int` takes."""
    return int(text) if WHOLE_NUMBER.fullmatch(text) else None
