"""Every migration in; none that makes the pages of a large practice wait while PostgreSQL reads or rewrites a table."""

import re

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from tests.clinic.program import Key, for_numbers

from accord_clinic.models import Recipient

SLOW = {
    r"ALTER COLUMN \S+ TYPE": "rewrites the table",
    r"SET NOT NULL": "reads the whole table",
    r"ADD CONSTRAINT (?!.*NOT VALID)": "reads the whole table: NOT VALID first, validated in a migration of its own",
    r"ADD COLUMN (?!.* DEFAULT ).* NOT NULL": "fails on rows that are there: give a default",
    r"CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY)": "reads the whole table: AddIndexConcurrently",
}
SMALL = {"accord_clinic_connectedcalendar", "accord_clinic_recipient"}
"""Tables with a few rows a member at most: read whole in a moment, also in a large practice."""
TABLE = re.compile(r'(?:ALTER TABLE|CREATE TABLE|\bON) "(\w+)"')
COLUMN = re.compile(r'ADD COLUMN ("\w+")')
INDEXED = re.compile(r'INDEX .* ON "\w+" \(("\w+")')


def slow_statements(statements: list[str]) -> list[tuple[str, str]]:
    """Which tables a migration holds up, and why.

    Tables that it makes itself are empty and nobody waits for them; the index of a column that it adds is empty, too.
    """
    made, added, found = set(), set(), []
    for statement in statements:
        named = TABLE.search(statement)
        if named is None:
            continue
        if statement.startswith("CREATE TABLE"):
            made.add(named[1])
        if column := COLUMN.search(statement):
            added.add((named[1], column[1]))
        indexed = INDEXED.search(statement)
        if named[1] in made | SMALL or (indexed and (named[1], indexed[1]) in added):
            continue
        found += [(named[1], why) for pattern, why in SLOW.items() if re.search(pattern, statement)]
    return found


def test_the_models_ask_for_no_further_migration(db, capsys):
    call_command("makemigrations", check_changes=True, dry_run=True)
    assert capsys.readouterr().out.strip() == "No changes detected"


@pytest.mark.django_db(transaction=True)
def test_on_the_way_back_no_client_is_asked_for_a_program_of_numbers(people):
    for_numbers(people.ada, Key(), people.mo)
    call_command("migrate", "accord_clinic", "0005", verbosity=0)
    call_command("migrate", "accord_clinic", verbosity=0)
    program = Recipient.objects.get()
    assert (program.use, program.is_let_in) == ("service", False)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="asks PostgreSQL's own words")
def test_no_migration_holds_a_table_that_people_use(db):
    loader = MigrationLoader(connection, replace_migrations=False)
    ours = sorted(key for key in loader.graph.nodes if key[0] == "accord_clinic")
    assert len(ours) >= 3
    held_up = {}
    for key in ours:
        statements = loader.collect_sql([(loader.graph.nodes[key], False)])
        if found := slow_statements(statements):
            held_up[key[1]] = found
    assert held_up == {}


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "t" ALTER COLUMN "a" TYPE bigint USING "a"::bigint;',
        'ALTER TABLE "t" ALTER COLUMN "a" SET NOT NULL;',
        'ALTER TABLE "t" ADD CONSTRAINT "once" UNIQUE ("a");',
        'CREATE INDEX "i" ON "t" ("a");',
        'ALTER TABLE "t" ADD COLUMN "a" integer NOT NULL;',
    ],
)
def test_each_of_these_would_be_found(statement):
    assert slow_statements([statement])
    assert not slow_statements(['CREATE TABLE "t" ("id" bigint);', statement])


@pytest.mark.parametrize(
    "statement",
    [
        'ALTER TABLE "t" ADD COLUMN "a" integer DEFAULT 1 NOT NULL;',
        'ALTER TABLE "t" ADD COLUMN "a" bigint NULL CONSTRAINT "c" REFERENCES "u"("id") DEFERRABLE INITIALLY DEFERRED;',
        'CREATE INDEX CONCURRENTLY "i" ON "t" ("a");',
    ],
)
def test_and_these_may_be(statement):
    assert not slow_statements([statement])


def test_the_index_of_a_new_column_may_be_but_not_that_of_an_old_one():
    new = 'ALTER TABLE "t" ADD COLUMN "a" bigint NULL;'
    assert not slow_statements([new, 'CREATE INDEX "i" ON "t" ("a");'])
    assert slow_statements([new, 'CREATE INDEX "i" ON "t" ("b");'])
