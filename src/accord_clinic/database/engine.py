"""Choose the database from the environment: one encrypted file on this machine, or PostgreSQL.

Also what both need of a lock that lasts longer than a statement: one migration at a time, one audit entry at a time.
"""

import fcntl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accord.errors import BadInput
from accord_clinic.database import keys

POSTGRESQL = "ACCORD_POSTGRESQL"


def chosen(environment: Mapping[str, str], data: Path, folder: Path) -> dict:
    """Django's DATABASES. `default` is the practice; beside PostgreSQL the file is `embedded`, to move from."""
    file = embedded(data, folder, environment.get("ACCORD_TEST_DATABASE"))
    keys.finish(file["NAME"], folder)
    address = environment.get(POSTGRESQL)
    if not address:
        return {"default": file}
    with_file = {"embedded": file} if file["NAME"].exists() else {}
    return {"default": postgresql(address), **with_file}


def embedded(data: Path, folder: Path, test_file: str | None = None) -> dict:
    """One SQLCipher file in the data folder, its key in a folder of its own."""
    return {
        "ENGINE": "accord_clinic.database.sqlcipher",
        "NAME": data / "accord.db",
        "OPTIONS": {
            "key_file": folder / keys.DATABASE,
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            # FULL: a check-in that was acknowledged must survive a power cut.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            " PRAGMA secure_delete=ON;",
        },
        "CONN_MAX_AGE": None,
        "TEST": {"NAME": test_file},
    }


def postgresql(address: str) -> dict:
    """A postgresql:// address as libpq understands it: several hosts, sslmode, passfile and all the rest."""
    try:
        # Only here: the embedded practice runs without libpq.
        from psycopg import ProgrammingError, conninfo  # noqa: PLC0415
    except ImportError:
        raise BadInput(f"{POSTGRESQL} is set, but psycopg is not installed. Install accord[clinic].") from None
    try:
        options = conninfo.conninfo_to_dict(address)
    except ProgrammingError as error:
        raise BadInput(f"{POSTGRESQL} is no address of a database ({error}).") from None
    if not options.get("dbname"):
        raise BadInput(f"{POSTGRESQL} names no database. An example: postgresql://accord_app@db.example.org/accord")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": options.pop("dbname"),
        "USER": options.pop("user", ""),
        "PASSWORD": options.pop("password", ""),
        "HOST": options.pop("host", ""),
        "PORT": options.pop("port", ""),
        # Planning costs the database more than answering: the same questions come with each page, so they are prepared.
        "OPTIONS": {"connect_timeout": 5, "server_side_binding": True, "prepare_threshold": 5, **options},
        # A promoted standby is found again: a dead connection is noticed at the next request, not kept for ever.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def is_postgresql() -> bool:
    """Whether the practice is in PostgreSQL."""
    return connection.vendor == "postgresql"


def wait_for_turn(what: str) -> None:
    """Let nobody else do `what` until this transaction ends. The embedded database has one writer anyhow."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{what}: must happen inside a transaction, with the change that it belongs to.")
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(what)])


def lacks_migrations() -> bool:
    """Whether this version of Accord expects other tables than the database has."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def check_may_migrate() -> None:
    """Raise `BadInput` on PostgreSQL if this role may not change tables, as the role that serves pages may not."""
    if not is_postgresql():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_schema_privilege(current_schema(), 'CREATE')")
        (may,) = cursor.fetchone()
    if not may:
        raise BadInput(
            "The database is of another version, and this role may not change it. "
            f"Run accord_clinic upgrade with {POSTGRESQL} set to the owner's address, then start again."
        )


@contextmanager
def one_at_a_time(what: str, data: Path) -> Iterator[None]:
    """Let one process of this practice do `what` at a time: the second waits until the first has finished."""
    if is_postgresql():
        with _held_in_postgresql(_number(what)):
            yield
    else:
        with open(data / f"{what}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@contextmanager
def _held_in_postgresql(number: int) -> Iterator[None]:
    with connection.cursor() as cursor:
        # Our roles give up a lock after seconds, so that no page waits behind a migration. Here waiting is the point.
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
        cursor.execute("RESET lock_timeout")
        cursor.execute("RESET statement_timeout")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])


def _number(what: str) -> int:
    """PostgreSQL numbers its locks; the prefix keeps ours apart from those of other programs in the same database."""
    return zlib.crc32(f"accord:{what}".encode())
