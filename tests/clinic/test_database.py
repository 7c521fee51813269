"""Which database holds the practice, what its own role may do there, and what many writers at once may not break."""

import threading

import pytest
from django.db import ProgrammingError, connection, transaction
from tests.clinic.people import a_dyad, a_session, answers

from accord.errors import BadInput
from accord_clinic.actions import audit, checkin
from accord_clinic.database import engine
from accord_clinic.models import AuditEntry, Response
from accord_clinic.upkeep import grants

on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="on PostgreSQL only: make test-postgresql"
)


class TestChoosing:
    def test_without_a_word_it_is_the_encrypted_file(self, tmp_path):
        chosen = engine.chosen({}, tmp_path / "data", tmp_path / "keys")
        assert list(chosen) == ["default"]
        assert chosen["default"]["ENGINE"] == "accord_clinic.database.sqlcipher"
        assert "synchronous=FULL" in chosen["default"]["OPTIONS"]["init_command"]

    def test_an_address_chooses_postgresql_with_all_that_libpq_understands(self, tmp_path):
        address = "postgresql://accord_app@one,two:5433/accord?sslmode=verify-full&target_session_attrs=read-write"
        chosen = engine.chosen({engine.POSTGRESQL: address}, tmp_path, tmp_path)["default"]
        assert (chosen["HOST"], chosen["NAME"], chosen["USER"]) == ("one,two", "accord", "accord_app")
        assert chosen["OPTIONS"]["sslmode"] == "verify-full"
        assert chosen["OPTIONS"]["target_session_attrs"] == "read-write"
        assert chosen["CONN_HEALTH_CHECKS"]

    @pytest.mark.parametrize("address", ["mysql://here", "postgresql://", "postgresql://host/?nonsense=1", "x"])
    def test_an_address_that_is_none_is_said(self, tmp_path, address):
        with pytest.raises(BadInput, match="ACCORD_POSTGRESQL"):
            engine.chosen({engine.POSTGRESQL: address}, tmp_path, tmp_path)


def at_once(jobs):
    """Run jobs in threads with connections of their own, all starting together; raise what any of them raised."""
    gate, failed = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            gate.wait()
            job()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_the_audit_chain_holds_under_eight_writers(self):
        def write():
            for _ in range(10):
                with transaction.atomic():
                    audit.record(None, "nothing", "x:1")

        at_once([write] * 8)
        assert AuditEntry.objects.count() == 80
        assert audit.first_break() is None

    def test_one_page_sent_eight_times_at_once_is_kept_once(self, request):
        people = request.getfixturevalue("people")
        session = a_session(people.dyad, state="held")
        said = answers("client")
        kept = []
        at_once([lambda: kept.append(checkin.send(session, "client", said, by=people.ana))] * 8)
        assert sorted(kept) == [False] * 7 + [True]
        assert Response.objects.filter(session=session).count() == 1

    def test_both_sides_at_once_reveal_once_and_nobody_waits_for_ever(self, request):
        people = request.getfixturevalue("people")
        dyads = [people.dyad, *(a_dyad(people.ben, f"Client {n}") for n in range(3))]
        sessions = [a_session(dyad, state="held") for dyad in dyads]
        jobs = []
        for s in sessions:
            jobs.append(lambda s=s: checkin.send(s, "client", answers("client", t1=2), by=s.dyad.client))
            jobs.append(lambda s=s: checkin.send(s, "therapist", answers("therapist", t1=1), by=people.ben))
        at_once(jobs)
        for session in sessions:
            session.refresh_from_db()
            assert session.revealed_by == "both"
        assert AuditEntry.objects.filter(act="reveal").count() == len(sessions)
        assert audit.first_break() is None

    @on_postgresql
    def test_who_comes_second_waits_longer_than_its_role_waits_for_a_table(self, tmp_path):
        def migrate():
            with engine.one_at_a_time("migrate", tmp_path), connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                patience.append(cursor.fetchone()[0])
                cursor.execute("SELECT pg_sleep(0.3)")

        patience = []
        with connection.cursor() as cursor:
            cursor.execute("ALTER ROLE CURRENT_USER SET lock_timeout = '10ms'")
        try:
            at_once([migrate, migrate])
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER ROLE CURRENT_USER RESET lock_timeout")
        assert patience == ["10ms", "10ms"]


@on_postgresql
@pytest.mark.django_db(transaction=True)
class TestRights:
    """What somebody can do who has the application's own password to the database."""

    @pytest.fixture
    def as_app(self, request):
        people = request.getfixturevalue("people")
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE IF EXISTS accord_app_of_a_test")
            cursor.execute("CREATE ROLE accord_app_of_a_test")
            grants.give("accord_app_of_a_test")
            cursor.execute("SET ROLE accord_app_of_a_test")
            yield people
            cursor.execute("RESET ROLE")
            cursor.execute("DROP OWNED BY accord_app_of_a_test")
            cursor.execute("DROP ROLE accord_app_of_a_test")

    def test_the_practice_works(self, as_app):
        session = a_session(as_app.dyad, state="held")
        checkin.send(session, "client", answers("client"), by=as_app.ana)
        assert audit.first_break() is None

    @pytest.mark.parametrize("table", ["accord_clinic_auditentry", "accord_clinic_readlog"])
    @pytest.mark.parametrize("act", ["UPDATE {} SET at = now()", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
    def test_the_logs_can_only_grow(self, as_app, table, act):
        with pytest.raises(ProgrammingError, match="permission denied|must be owner"):
            connection.cursor().execute(act.format(table))

    @pytest.mark.parametrize(
        "act",
        [
            "CREATE TABLE public.mine (id int)",
            "ALTER TABLE accord_clinic_client ADD COLUMN x int",
            "DELETE FROM django_migrations",
            "GRANT UPDATE ON accord_clinic_auditentry TO accord_app_of_a_test",
        ],
    )
    def test_no_table_can_be_changed_and_no_right_given(self, as_app, act):
        with connection.cursor() as cursor:
            try:
                cursor.execute(act)
            except ProgrammingError as error:
                assert "permission denied" in str(error) or "must be owner" in str(error)  # noqa: PT017
            cursor.execute("SELECT has_table_privilege('accord_clinic_auditentry', 'UPDATE')")
            assert cursor.fetchone() == (False,)

    def test_asked_again_by_that_role_nothing_changes(self, as_app):
        assert "Nothing was changed" in grants.give("accord_app_of_a_test")

    def test_an_older_database_says_who_must_bring_it_up(self, as_app):
        with pytest.raises(BadInput, match="owner's address"):
            engine.check_may_migrate()


def test_rights_for_a_role_that_is_not_there_are_refused(db):
    if connection.vendor == "postgresql":
        with pytest.raises(BadInput, match="CREATE ROLE nobody"):
            grants.give("nobody")
