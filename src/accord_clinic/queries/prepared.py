"""A queryset goes in once; its rows for other values come out, without Django compiling the SQL anew each time.

For the few questions that every check-in asks: compiling them costs more than the database's answer.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet


class Prepared:
    """`make` gives a `values_list` queryset for one number; `rows` gives its rows for any other."""

    # A number that no row has: it marks the place of the parameter in the compiled statement.
    PLACE = -271828182

    def __init__(self, make: Callable[[int], QuerySet]) -> None:
        self.make = make
        self.compiled: tuple | None = None

    def rows(self, number: int) -> list[tuple[Any, ...]]:
        """The rows for this number, with each value as its field reads it."""
        self.compiled = self.compiled or self._compile()
        compiler, sql, params, converters = self.compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [number if value == self.PLACE else value for value in params])
            found = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else found

    def _compile(self) -> tuple:
        compiler = self.make(self.PLACE).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return compiler, sql, params, compiler.get_converters([column for column, *_rest in compiler.select])
