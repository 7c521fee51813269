"""A PostgreSQL that was put back to the day before an erasure in; who was erased is erased again once it serves."""

import pytest
from tests.clinic.embedded import Home, a_machine
from tests.clinic.test_move import ask, wait_for
from tests.postgresql import NOBODY_HAS_IT, Cluster, free_port, programs

pytestmark = [pytest.mark.cluster, pytest.mark.skipif(programs() is None, reason=NOBODY_HAS_IT)]
ERASE = (
    "from accord_clinic.actions import erasure; from accord_clinic.models import Client, Erasure, Member;"
    "ana = Client.objects.get(name='Ana'); erasure.ask(ana, by=ana);"
    "erasure.decide(Erasure.objects.get(), (), (), by=Member.objects.get())"
)
REGISTER = (
    "from accord_clinic.actions import care; from accord_clinic.models import Member;"
    "ben = Member.objects.get(); [care.register_client(name, by=ben) for name in ('Ana', 'Bo')]"
)
NAMES = "SELECT string_agg(name, ' ' ORDER BY id) FROM accord_clinic_client"


@pytest.fixture
def server():
    cluster = Cluster.new("fsync = off")
    yield cluster
    cluster.remove()


def put_back(server: Cluster, dump: str) -> None:
    """What PostgreSQL's own tools do: everything is as it was on that day, and nothing of Accord runs."""
    server.run("dropdb", *where(server), "accord")
    server.run("createdb", *where(server), "accord")
    server.run("pg_restore", *where(server), "-d", "accord", dump)


def where(server: Cluster) -> list[str]:
    return ["-h", "127.0.0.1", "-p", str(server.port), "-U", "accord"]


def serve_until(home: Home, check, **more: str) -> bool:
    process = home.start("serve", "--port", free_port(), "--workers", 1, **more)
    try:
        return wait_for(lambda: check() or process.poll() is not None) and process.poll() is None
    finally:
        process.terminate()
        process.wait()


def test_whoever_was_erased_after_the_day_of_the_dump_is_erased_again_when_it_serves(server, tmp_path):
    home, there = a_machine(tmp_path / "home"), {"ACCORD_POSTGRESQL": server.address}
    home.do(
        "init", "--practice", "Practice by the Park", "--name", "Ben", "--email", "ben@example.org", "--country", "DE",
        "--time-zone", "Europe/Berlin", "--crisis-text", "In need, call 116 123.", **there,
    )  # fmt: skip
    home.python(REGISTER, **there)
    dump = str(server.folder / "yesterday.dump")
    server.run("pg_dump", *where(server), "-Fc", "-f", dump, "accord")
    home.python(ERASE, **there)
    put_back(server, dump)
    assert ask(server.address, NAMES) == "Ana Bo"
    assert serve_until(home, lambda: ask(server.address, NAMES) == "Bo", **there)
    assert ask(server.address, "SELECT count(*) FROM accord_clinic_auditentry WHERE act = 'erase_again'") == "1"
