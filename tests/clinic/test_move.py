"""Carrying an embedded practice over to PostgreSQL: every row, once, compared; nothing half."""

import subprocess
import time

import pytest
from tests.clinic.embedded import Home, a_practice, another
from tests.postgresql import NOBODY_HAS_IT, Cluster, programs

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(programs() is None, reason=NOBODY_HAS_IT)]
WORDS = r"""Ünïcode, "quotes", a	tab and a \ backslash"""
SET_UP = f"""
from accord_clinic.actions import checkin
from accord_clinic.models import Client, Member
from tests.clinic.people import a_dyad, a_session, answers
ben = Member.objects.get()
session = a_session(a_dyad(ben, Client.objects.get()), state="held")
checkin.send(session, "client", answers("client", words={WORDS!r}), by=session.dyad.client)
checkin.send(session, "therapist", answers("therapist"), by=ben)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    home = a_practice(tmp_path_factory.mktemp("move") / "home")
    home.python(SET_UP)
    return home


@pytest.fixture(scope="module")
def server():
    cluster = Cluster.new("fsync = off")
    ask(cluster.address, "CREATE ROLE accord_app LOGIN")
    yield cluster
    cluster.remove()


@pytest.fixture
def database(server) -> str:
    """The address of an empty database."""
    return made(server, "accord")


@pytest.fixture(scope="module")
def tables(home, server) -> str:
    """The name of a database that has the tables and no row of a practice, to be copied."""
    home.do("migrate", "--verbosity", 0, ACCORD_POSTGRESQL=made(server, "migrated"))
    return "migrated"


@pytest.fixture
def with_tables(server, tables) -> str:
    """The address of a database like that: what `move-to-postgresql` would otherwise make first."""
    return made(server, f"accord TEMPLATE {tables}")


def made(server, what: str) -> str:
    """The address of a database that was made anew; `what`: its name, and after it what it is a copy of."""
    name = what.split()[0]
    for statement in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {what}"):
        ask(server.address.removesuffix("accord") + "postgres", statement)
    return server.address.removesuffix("accord") + name


def ask(address: str, statement: str) -> str:
    done = subprocess.run(["psql", address, "-Atc", statement], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def wait_for(check, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() >= until:
            return False
        time.sleep(0.1)
    return True


def test_every_row_is_there_and_the_practice_goes_on(home, database):
    said = home.do("move-to-postgresql", ACCORD_POSTGRESQL=database)
    assert "the same on both sides" in said
    assert ask(database, "SELECT words FROM accord_clinic_comment") == WORDS
    made = home.rows("SELECT joined FROM accord_clinic_member")[0][0]
    assert ask(database, "SELECT joined AT TIME ZONE 'UTC' FROM accord_clinic_member") == made.rstrip("0")
    # The next rows get numbers of their own.
    home.python(SET_UP.replace("a_dyad(ben, Client.objects.get())", "a_dyad(ben, 'Zoe')"), ACCORD_POSTGRESQL=database)
    assert ask(database, "SELECT count(*) FROM accord_clinic_session") == "2"
    assert "each follows" in home.do("audit", "verify", ACCORD_POSTGRESQL=database)


def test_once_more_adds_nothing(home, with_tables):
    home.do("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)
    before = ask(with_tables, "SELECT count(*) FROM accord_clinic_auditentry")
    assert "Already there" in home.do("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)
    assert ask(with_tables, "SELECT count(*) FROM accord_clinic_auditentry") == before


def test_a_database_in_which_people_work_is_not_touched(home, with_tables):
    home.do("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)
    ask(with_tables, "UPDATE accord_clinic_client SET name = 'Another'")
    done = home.run("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)
    assert (done.returncode, "holds other rows already" in done.stderr) == (2, True)
    assert ask(with_tables, "SELECT name FROM accord_clinic_client") == "Another"


def test_interrupted_it_leaves_nothing_and_can_be_run_again(home, with_tables):
    # The last table but one cannot be filled: the same as a connection that breaks there.
    ask(with_tables, "ALTER TABLE accord_clinic_servicemonth RENAME TO hidden")
    assert home.run("move-to-postgresql", ACCORD_POSTGRESQL=with_tables).returncode != 0
    assert ask(with_tables, "SELECT count(*) FROM accord_clinic_client") == "0"
    ask(with_tables, "ALTER TABLE hidden RENAME TO accord_clinic_servicemonth")
    assert "the same on both sides" in home.do("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)


def test_killed_while_it_copies_it_leaves_nothing_and_can_be_run_again(home, with_tables):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'COPY %'"
    # Another transaction holds one of the last tables, so the copy stands still before it, most of its work done.
    held = ["psql", with_tables, "-qc", "BEGIN; LOCK accord_clinic_servicemonth IN SHARE MODE; SELECT pg_sleep(600)"]
    with subprocess.Popen(held) as holding, home.start("move-to-postgresql", ACCORD_POSTGRESQL=with_tables) as moving:
        try:
            assert wait_for(lambda: ask(with_tables, waiting) == "1")
        finally:
            moving.kill()
            holding.kill()
    ask(with_tables, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'")
    assert ask(with_tables, "SELECT count(*) FROM accord_clinic_client") == "0"
    assert "the same on both sides" in home.do("move-to-postgresql", ACCORD_POSTGRESQL=with_tables)


def test_an_embedded_practice_of_an_older_version_is_brought_up_first(home, database, tmp_path):
    older = another(home, tmp_path / "older")
    older.do("migrate", "accord_clinic", "0004", "--verbosity", 0)
    assert "the same on both sides" in older.do("move-to-postgresql", ACCORD_POSTGRESQL=database)


def test_without_an_address_it_says_what_to_set(home):
    done = home.run("move-to-postgresql")
    assert (done.returncode, "ACCORD_POSTGRESQL" in done.stderr) == (2, True)
