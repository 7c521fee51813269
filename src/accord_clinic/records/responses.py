"""Which response counts, of rows that were read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any, Protocol, TypeVar


class ResponseRow(Protocol):
    """A response or some of its columns, as far as it takes to know which one counts."""

    @property
    def session_id(self) -> Hashable: ...
    @property
    def side(self) -> str: ...
    @property
    def instrument(self) -> str: ...


Row = TypeVar("Row", bound=ResponseRow)


def current_responses(rows: Iterable[Row]) -> dict[tuple[Any, str, str], Row]:
    """The responses that count: of each session, side and questionnaire the latest. `rows` in the order they came."""
    return {(row.session_id, row.side, row.instrument): row for row in rows}
