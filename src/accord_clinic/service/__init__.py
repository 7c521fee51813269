"""The service in numbers, for its manager: counts of a month, periods, and what of them may be printed."""
