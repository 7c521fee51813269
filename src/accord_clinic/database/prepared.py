"""Compile a queryset once and run it for other values, without Django compiling the SQL again each time.

For the few questions that every check-in and every page of a dyad ask: compiling them costs more than the answer. With
plain querysets a check-in costs 14 bare views and not 6, sending it 12 and not 8, a dyad's page 28 and not 20, Today 19
and not 13 (`python -m benchmarks.web` prints both). A query that one page in a hundred asks stays a plain queryset.
"""

from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import NamedValuesListIterable, get_related_populators  # type: ignore[attr-defined]

Value = int | str | datetime


class Prepared:
    """`make` gives a queryset for some values; `rows` (of a `values_list`) or `all` give what it finds for any others.

    `places` are values that no row has, one for each: they mark the parameters in the compiled statement.
    """

    def __init__(self, make: Callable[..., QuerySet], *places: Value) -> None:
        self.make, self.places = make, places or (-271828182,)
        self.compiled: tuple | None = None

    def rows(self, *values: Value) -> list[Any]:
        """The rows for these values, each column as its field reads it. No values where the statement has no place."""
        self.compiled = self.compiled or self._compile()
        compiler, sql, params, converters, row = self.compiled
        new = {_stored(place): value for place, value in zip(self.places, values, strict=False)}
        with connection.cursor() as cursor:
            cursor.execute(sql, [_like(param, new[param]) if param in new else param for param in params])
            rows = cursor.fetchall()
        return list(map(row, compiler.apply_converters(rows, converters) if converters else rows))

    def all(self, *values: Value) -> list[Any]:
        """The instances for these values, with their related ones and annotations, as the queryset would make them."""
        rows = self.rows(*values)
        if not rows or self.compiled is None:
            return []
        compiler = self.compiled[0]
        klass = compiler.klass_info
        start, end = klass["select_fields"][0], klass["select_fields"][-1] + 1
        names = [column.target.attname for column, *_rest in compiler.select[start:end]]
        related = get_related_populators(klass, compiler.select, connection.alias)
        return [_instance(klass["model"], names, row[start:end], row, related, compiler) for row in rows]

    def first(self, *values: Value) -> Any:
        """The first instance for these values; `None` when there is none."""
        return next(iter(self.all(*values)), None)

    def _compile(self) -> tuple:
        queryset = self.make(*self.places)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        converters = compiler.get_converters([column for column, *_rest in compiler.select])
        named = queryset._iterable_class is NamedValuesListIterable
        row = namedtuple("Row", queryset._fields)._make if named else tuple  # type: ignore[attr-defined]
        return compiler, sql, params, converters, row


class PreparedForMany:
    """The same for a list of row ids of any length: compiled for a fixed number, and the rest filled with no row's id.

    64 is more than a caseload, so that a page asks once; with more places the statement itself would cost.
    """

    PLACES = tuple(-271828182 - number for number in range(64))

    def __init__(self, make: Callable[[Sequence[int]], QuerySet]) -> None:
        self.prepared = Prepared(lambda *ids: make(ids), *self.PLACES)

    def rows(self, ids: Sequence[int]) -> list[Any]:
        """The rows for these ids, as many statements as they fill."""
        size, rows = len(self.PLACES), []
        for start in range(0, len(ids), size):
            part = ids[start : start + size]
            rows += self.prepared.rows(*part, *self.PLACES[len(part) :])
        return rows



def _stored(value: Value) -> Any:
    """As a statement holds it: some databases have no type for moments."""
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


def _like(param: Any, value: Value) -> Any:
    """Of the same type as the place, so that PostgreSQL knows small and large numbers as one statement."""
    return _stored(value) if isinstance(value, datetime) else type(param)(value)


def _instance(model: type[Model], names: list[str], values: tuple, row: tuple, related: list, compiler) -> Model:
    instance = model.from_db(connection.alias, names, values)
    for populator in related:
        populator.populate(row, instance)
    for name, place in compiler.annotation_col_map.items():
        setattr(instance, name, row[place])
    return instance
