"""Goal Attainment Scaling: how a rating of a goal against its levels is stored, apart from one of 0 to 10."""

LEVELS = range(20, 25)
"""From much less than agreed to much more, as `Progress.value` and forms hold it: neither can be read as 0 to 10."""
AS_AGREED = 22
