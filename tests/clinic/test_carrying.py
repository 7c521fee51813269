"""A whole practice leaves in one file and comes back into an empty one, equal table by table, on both databases."""

import json
import stat
import zipfile

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from tests.clinic.people import a_course, a_dyad, a_held_session, answers, keeping
from tests.clinic.test_every_url import a_passkey

from accord.errors import BadInput
from accord_clinic.actions import agreements, care, erasure
from accord_clinic.actions.audit import first_break
from accord_clinic.models import AuditEntry, Client, Session
from accord_clinic.upkeep import carrying
from accord_clinic.upkeep.moving import held, tables


@pytest.fixture
def lived(people):
    """A practice in which something of most kinds has happened."""
    a_course(people.dyad, 3)
    a_held_session(people.dyad, client=keeping(), therapist=answers("therapist", words="Ask “how” – and why"))
    goal = agreements.propose(people.dyad, "goal", "Sleep\nthrough; =1+1 „ü“ 🙂", "client", by=people.ana)
    agreements.seal(goal, "client", seen=goal.wordings.get().pk, by=people.ana)
    care.share(people.dyad, people.cy, by=people.ben)
    erasure.ask(a_dyad(people.eve, "Kim").client, by=Client.objects.get(name="Kim"))
    a_passkey(people.ben)
    return people


def everything():
    return {model._meta.db_table: held(model, "default") for model in tables()}


def emptied() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for model in tables():
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')
    assert not any(rows.rows for rows in everything().values())


def test_it_comes_back_equal_table_by_table(lived, tmp_path):
    file = tmp_path / "practice.zip"
    call_command("export_practice", file, verbosity=0)
    before = everything()
    emptied()
    carrying.put_back(file)
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry.act == "import_practice"
    AuditEntry.objects.filter(pk=entry.pk).delete()
    assert everything() == before
    assert first_break() is None


def test_the_practice_goes_on_and_numbers_go_on(lived, tmp_path):
    carrying.export(tmp_path / "practice.zip")
    last = Session.objects.latest("id").pk
    emptied()
    carrying.put_back(tmp_path / "practice.zip")
    dyad = a_dyad(type(lived.ben).objects.get(name="Ben"), "Zoe")
    assert a_held_session(dyad, client=answers("client")).pk > last


def test_it_can_be_read_without_accord(lived, tmp_path):
    """Each table has its file, each file its table, and each column its name and type; a reference says to what."""
    carrying.export(tmp_path / "practice.zip")
    with zipfile.ZipFile(tmp_path / "practice.zip") as packed:
        contents = json.loads(packed.read("tables.json"))["tables"]
        assert {f"tables/{name}.jsonl" for name in contents} == {
            n for n in packed.namelist() if n.startswith("tables/")
        }
        assert set(contents) == {model._meta.db_table for model in tables()}
        rows = [json.loads(line) for line in packed.read("tables/accord_clinic_client.jsonl").splitlines()]
        assert {row["name"] for row in rows} == {"Ana", "Kim"}
        assert b"not encrypted" in packed.read("README.txt")
    session = contents["accord_clinic_session"]
    by_name = {column["name"]: column for column in session["columns"]}
    assert by_name["dyad_id"]["refers_to"] == "accord_clinic_dyad"
    assert by_name["state"]["codes"]["held"] == "held"
    assert session["holds"].startswith("One meeting of a dyad.")
    assert all(table["holds"] for name, table in contents.items() if name.startswith("accord_clinic_"))


def test_the_file_is_its_owners_alone_and_never_replaced(lived, tmp_path):
    file = tmp_path / "practice.zip"
    carrying.export(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="there already"):
        carrying.export(file)


def test_an_export_that_fails_leaves_no_half_of_a_practice(lived, tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    (tmp_path / "practice.zip.partial").touch(mode=0o666)
    monkeypatch.setattr(carrying, "_described", full)
    with pytest.raises(OSError, match="No space"):
        carrying.export(tmp_path / "practice.zip")
    assert list(tmp_path.iterdir()) == []


def test_into_a_practice_with_rows_nothing_is_read(lived, tmp_path):
    carrying.export(tmp_path / "practice.zip")
    before = everything()
    with pytest.raises(BadInput, match="not empty"):
        carrying.put_back(tmp_path / "practice.zip")
    assert everything() == before


@pytest.mark.parametrize("spoilt", ["rows", "migrations", "other"])
def test_a_file_that_was_changed_or_is_of_another_version_leaves_it_empty(lived, tmp_path, spoilt):
    good, bad = tmp_path / "practice.zip", tmp_path / "bad.zip"
    carrying.export(good)
    with zipfile.ZipFile(good) as packed, zipfile.ZipFile(bad, "w") as out:
        for name in packed.namelist():
            data = packed.read(name)
            if spoilt == "rows" and name == "tables/accord_clinic_client.jsonl":
                data = data.replace(b'"Ana"', b'"Eva"')
            if spoilt == "migrations" and name == "tables.json":
                data = data.replace(b"accord_clinic.0001_member", b"accord_clinic.0001_other")
            if not (spoilt == "other" and name == "tables.json"):
                out.writestr(name, data)
    emptied()
    with pytest.raises(BadInput):
        carrying.put_back(bad)
    assert not Client.objects.exists()
