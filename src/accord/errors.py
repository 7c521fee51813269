"""What can go wrong, in the reader's words. Each error says what, where, and what to do, and knows its exit code."""


class AccordError(Exception):
    """Anything that a person can mend. The command line prints the sentence and leaves with `exit_code`."""

    exit_code = 2


class BadInstrument(AccordError):
    """A questionnaire file that cannot be used. Example: "wai-sr.toml: scale 'bond' uses item 13; ..."."""


class BadTable(AccordError):
    """A table that is not one, lacks a column, or holds something that is not a number."""


class BadInput(AccordError):
    """An option or a value that makes no sense."""


class BadGuidance(AccordError):
    """A guidance card that cannot be used."""
