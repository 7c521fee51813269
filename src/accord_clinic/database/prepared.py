"""Compile a queryset once and run it for other values, without Django compiling the SQL again each time.

For the few questions that every check-in and every page of a dyad ask: compiling them costs more than the answer.
"""

from collections import namedtuple
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import NamedValuesListIterable, get_related_populators


class Prepared:
    """`make` gives a queryset for one value; `rows` (of a `values_list`) or `all` give what it finds for any other.

    `place` is a value that no row has: it marks the parameter in the compiled statement.
    """

    def __init__(self, make: Callable[[Any], QuerySet], place: int | str = -271828182) -> None:
        self.make, self.place = make, place
        self.compiled: tuple | None = None

    def rows(self, value: int | str | None = None) -> list[tuple[Any, ...]]:
        """The rows for this value, each column as its field reads it. Without one where the statement asks for none."""
        self.compiled = self.compiled or self._compile()
        compiler, sql, params, converters, row = self.compiled
        with connection.cursor() as cursor:
            # Of the same type as the place, so that PostgreSQL knows small and large numbers as one statement.
            cursor.execute(sql, [type(param)(value) if param == self.place else param for param in params])
            found = cursor.fetchall()
        return list(map(row, compiler.apply_converters(found, converters) if converters else found))

    def all(self, value: int | str) -> list[Any]:
        """The instances for this value, with their related ones and annotations, as the queryset would make them."""
        found = self.rows(value)
        if not found or self.compiled is None:
            return []
        compiler = self.compiled[0]
        klass = compiler.klass_info
        start, end = klass["select_fields"][0], klass["select_fields"][-1] + 1
        names = [column.target.attname for column, *_rest in compiler.select[start:end]]
        related = get_related_populators(klass, compiler.select, connection.alias)
        return [_instance(klass["model"], names, row[start:end], row, related, compiler) for row in found]

    def first(self, value: int | str) -> Any | None:
        """The first instance for this value, if there is one."""
        return next(iter(self.all(value)), None)

    def _compile(self) -> tuple:
        queryset = self.make(self.place)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        named = queryset._iterable_class is NamedValuesListIterable
        row = namedtuple("Row", queryset._fields)._make if named else tuple
        return compiler, sql, params, converters, row


def _instance(model: type[Model], names: list[str], values: tuple, row: tuple, related: list, compiler) -> Model:
    instance = model.from_db(connection.alias, names, values)
    for one in related:
        one.populate(row, instance)
    for name, place in compiler.annotation_col_map.items():
        setattr(instance, name, row[place])
    return instance
