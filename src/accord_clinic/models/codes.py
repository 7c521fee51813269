"""Columns that hold a code and never words: each column with `choices` is guarded by both databases.

A form can be forged, an import be wrong and an action forget to look; the database refuses all three. How long a text
may be is checked by PostgreSQL itself and, for the embedded database, by `accord_clinic.database.sqlcipher`.
"""

from collections.abc import Iterable
from functools import reduce
from operator import or_

from django.db import models

from accord.errors import BadInput


def guard(tables: Iterable[type[models.Model]]) -> None:
    """Give each column with `choices` a constraint that holds only those; a migration then finds what is new."""
    for table in tables:
        coded = [field for field in table._meta.local_fields if field.choices]
        if coded:
            both = [*table._meta.constraints, *(_only(table, field) for field in coded)]
            # The second is what Django's migrations compare.
            table._meta.constraints = table._meta.original_attrs["constraints"] = both


def _only(table: type[models.Model], field: models.Field) -> models.CheckConstraint:
    codes = sorted({code for code, _label in field.choices or ()} | ({""} if field.blank and not field.null else set()))
    name = f"{table._meta.model_name}_{field.name}_is_a_code"
    if isinstance(field, models.IntegerField):
        # Django cannot read a table of SQLite again that holds a list of single digits.
        either = (models.Q(**{field.name: code}) for code in codes)
        return models.CheckConstraint(condition=reduce(or_, either), name=name)
    return models.CheckConstraint(condition=models.Q(**{f"{field.name}__in": codes}), name=name)


def check(table: type[models.Model], **values: str | int | None) -> None:
    """Raise `BadInput` for a value that is no code of its column, before the database has to."""
    for column, value in values.items():
        field = table._meta.get_field(column)
        if value not in dict(getattr(field, "choices", ())) and not (value is None and getattr(field, "null", False)):
            raise BadInput(f"{column.replace('_', ' ').capitalize()}: choose one of those that are offered.")
