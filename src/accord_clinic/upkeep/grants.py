"""Give a PostgreSQL role exactly the rights that serving pages needs."""

from django.db import connection, transaction
from psycopg import sql

from accord.errors import BadInput
from accord_clinic.models import AuditEntry, ReadLog


@transaction.atomic
def give(role: str) -> str:
    """Let `role` read and write rows of every table, only read and add to the two logs, and change no table.

    Run as the owner of the tables. Gives a sentence about what was done. Harmless to repeat.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, pg_get_userbyid(relowner), EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)"
            " FROM pg_class WHERE oid = %s::regclass",
            [role, AuditEntry._meta.db_table],
        )
        me, owner, exists = cursor.fetchone()
        if owner == role:
            return (
                f"{role} owns the tables and could change the audit log too: docs/how-to/postgresql.md has two roles."
            )
        if me == role:
            return f"{role} has the rights that {owner}, who owns the tables, gave it. Nothing was changed."
        if not exists:
            raise BadInput(
                f"There is no role {role}. Make it first: CREATE ROLE {role} LOGIN; see docs/how-to/postgresql.md."
            )
        for statement in _statements(role):
            cursor.execute(statement)
    return f"{role} may read and write, may only read and add to the audit and read logs, and may change no table."


def _statements(role: str) -> list[sql.Composed]:
    plain = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
        "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
    ]
    statements = [sql.SQL(statement).format(role=sql.Identifier(role)) for statement in plain]
    # An erasure leaves the logs alone, since they hold ids only: nothing ever needs to change or delete a row of them.
    for log in (AuditEntry, ReadLog):
        change = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {log} FROM {role}")
        statements.append(change.format(log=sql.Identifier(log._meta.db_table), role=sql.Identifier(role)))
    return statements
