"""Copy the embedded practice into an empty PostgreSQL database, counted and compared, all or nothing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.utils import timezone
from psycopg import sql
from psycopg.types.json import Jsonb

from accord.errors import BadInput
from accord_clinic.actions import audit
from accord_clinic.models import AuditEntry

LEFT_BEHIND = {"contenttypes", "sessions"}
"""Made anew by the migrations, and open sessions: everybody signs in once more."""
SOURCE, TARGET, ACT = "embedded", "default", "move_to_postgresql"


class NotMoved(BadInput):
    """The two databases differ, or the target is not empty."""


@dataclass(frozen=True)
class Held:
    """How many rows a table has, and a digest of all that is in them."""

    rows: int
    digest: str


def move() -> tuple[dict[str, int], bool]:
    """Copy every table in one transaction. Returns the counts, and whether anything was copied this time.

    The source can be read meanwhile, not written. Run again after success, it compares and copies nothing.
    """
    with transaction.atomic(using=SOURCE), transaction.atomic(using=TARGET):
        # IMMEDIATE: from here on nobody else writes to the embedded database.
        _note_in_the_log()
        source = {model: held(model, SOURCE) for model in tables()}
        there = {model: held(model, TARGET) for model in tables()}
        if source != there:
            _check_empty(there)
            for model in tables():
                _copy(model)
            _go_on_counting()
            there = {model: held(model, TARGET) for model in tables()}
            _check_same(source, there)
            return {model._meta.db_table: held_rows.rows for model, held_rows in there.items()}, True
    return {model._meta.db_table: held_rows.rows for model, held_rows in there.items()}, False


def _note_in_the_log() -> None:
    """The log says that it was carried over, on both sides alike, and once however often this runs."""
    last = AuditEntry.objects.using(SOURCE).order_by("-id").first()
    if last is None or last.act != ACT:
        entry = AuditEntry(at=timezone.now(), actor=audit.actor(None), act=ACT, row="practice:1", fields=[])
        entry.chain = audit.link(last.chain if last else "", entry)
        entry.save(using=SOURCE)


def tables() -> list[type[models.Model]]:
    """Every table with rows of the practice, also those that link two others."""
    rows = [m for m in apps.get_models(include_auto_created=True) if m._meta.app_label not in LEFT_BEHIND]
    # Permissions are Django's own list of tables, made anew; nobody here is given any.
    return [m for m in rows if m._meta.managed and not m._meta.proxy and m._meta.label_lower != "auth.permission"]


def held(model: type[models.Model], database: str) -> Held:
    """Count and digest the rows of a table as Python values, so that two kinds of database can be compared."""
    digest, number = hashlib.sha256(), 0
    for row in _rows(model, database):
        digest.update(repr([_plain(value) for value in row]).encode())
        number += 1
    return Held(number, digest.hexdigest())


def _rows(model: type[models.Model], database: str) -> Iterator[tuple]:
    rows = model._base_manager.using(database).order_by(model._meta.pk.attname)
    return rows.values_list(*(field.attname for field in model._meta.concrete_fields)).iterator(chunk_size=2000)


def _plain(value: object) -> object:
    """PostgreSQL keeps the keys of an object in an order of its own."""
    if isinstance(value, dict):
        return sorted((key, _plain(item)) for key, item in value.items())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return bytes(value) if isinstance(value, memoryview) else value


def _copy(model: type[models.Model]) -> None:
    """COPY rather than the ORM: quick, and `auto_now_add` does not touch what was written years ago."""
    fields = model._meta.concrete_fields
    json = [isinstance(field, models.JSONField) for field in fields]
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN").format(
        table=sql.Identifier(model._meta.db_table),
        columns=sql.SQL(", ").join(sql.Identifier(field.column) for field in fields),
    )
    with connections[TARGET].cursor() as cursor, cursor.copy(statement) as copy:
        for row in _rows(model, SOURCE):
            copy.write_row([Jsonb(v) if is_json and v is not None else v for v, is_json in zip(row, json, strict=True)])


def _go_on_counting() -> None:
    """The next row of each table gets the number after the last one that was carried over."""
    statements = connections[TARGET].ops.sequence_reset_sql(no_style(), tables())
    with connections[TARGET].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _check_empty(there: dict[type[models.Model], Held]) -> None:
    full = [model._meta.db_table for model, held_rows in there.items() if held_rows.rows]
    if full:
        raise NotMoved(
            f"The PostgreSQL database holds other rows already ({full[0]}). Nothing was copied. "
            "If people work there already, it is the practice now: put the embedded file away. "
            "If not, make an empty database and try again."
        )


def _check_same(source: dict[type[models.Model], Held], there: dict[type[models.Model], Held]) -> None:
    for model, held_rows in source.items():
        if there[model] != held_rows:
            raise NotMoved(
                f"{model._meta.db_table}: {held_rows.rows} rows here, {there[model].rows} there, or not the same ones. "
                "Nothing was kept."
            )
