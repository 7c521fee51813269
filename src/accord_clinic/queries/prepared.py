"""A queryset goes in once; its rows for other values come out, without Django compiling the SQL anew each time.

For the few questions that every check-in asks: compiling them costs more than the database's answer.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators


class Prepared:
    """`make` gives a queryset for one value; `rows` (of a `values_list`) or `first` give what it finds for any other.

    `place` is a value that no row has: it marks the parameter in the compiled statement.
    """

    def __init__(self, make: Callable[[Any], QuerySet], place: int | str = -271828182) -> None:
        self.make, self.place = make, place
        self.compiled: tuple | None = None

    def rows(self, value: int | str) -> list[tuple[Any, ...]]:
        """The rows for this value, each column as its field reads it."""
        self.compiled = self.compiled or self._compile()
        compiler, sql, params, converters = self.compiled
        with connection.cursor() as cursor:
            cursor.execute(sql, [value if param == self.place else param for param in params])
            found = cursor.fetchall()
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else found

    def first(self, value: int | str) -> Model | None:
        """The first instance for this value, with its related ones, as the queryset would make it."""
        found = self.rows(value)
        if not found or self.compiled is None:
            return None
        compiler = self.compiled[0]
        klass = compiler.klass_info
        start, end = klass["select_fields"][0], klass["select_fields"][-1] + 1
        names = [column.target.attname for column, *_rest in compiler.select[start:end]]
        instance = klass["model"].from_db(connection.alias, names, found[0][start:end])
        for related in get_related_populators(klass, compiler.select, connection.alias):
            related.populate(found[0], instance)
        return instance

    def _compile(self) -> tuple:
        compiler = self.make(self.place).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        return compiler, sql, params, compiler.get_converters([column for column, *_rest in compiler.select])
