"""Goal Attainment Scaling: how a rating of a goal against its levels is stored, apart from one of 0 to 10."""

from collections.abc import Sequence

LEVELS = range(20, 25)
"""From much less than agreed to much more, as `Progress.value` and forms hold it: neither can be read as 0 to 10."""
AS_AGREED = 22


def level_words(levels: Sequence[str], value: int | None) -> str:
    """The words of the level that was rated; nothing for another rating, or where there are no levels any more."""
    return levels[value - LEVELS[0]] if levels and value is not None and value in LEVELS else ""
