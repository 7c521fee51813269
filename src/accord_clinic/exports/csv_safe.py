"""A value on its way into a spreadsheet: no program takes it for a formula. Whatever writes CSV calls this."""

import re
from typing import Any

# Programs take the wide signs for formulas too.
FORMULA = re.compile(r"\A(?= *[=+\-@＝＋－＠\t\r\n\0])")
FORMULA_INSIDE = re.compile(r'([;,\t\r\n][ "]*)(?=[=+\-@＝＋－＠])')


def csv_safe(value: Any) -> Any:
    """A text that no spreadsheet program takes for a formula (ASVS 1.2.10): an apostrophe before what could be one.

    Also after a separator or a line's end within: where lists are separated by semicolons, programs split cells there.
    The exact words are on the page and in the JSON.
    """
    if not isinstance(value, str):
        return value
    return FORMULA_INSIDE.sub(r"\1'", FORMULA.sub("'", value))
