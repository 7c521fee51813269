"""Erasure: everything said, and every name and address, leaves every table; what is kept is said before, and why."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, answers
from tests.clinic.rights_steps import code_for, inside

from accord_clinic.actions import (
    agreements,
    care,
    consent,
    corrections,
    cover_and_emergency,
    erasure,
    own_space,
    schedule,
    step_in,
)
from accord_clinic.actions.audit import first_break
from accord_clinic.actions.read_log import log_read
from accord_clinic.models import AuditEntry, Client, Dyad, Erasure, Practice, ReadLog, Response, Session
from accord_clinic.questionnaires.submission import OpenLine

pytestmark = pytest.mark.django_db
PLANTED = "Kolibri"


@pytest.fixture
def planted(people, ben):
    """Somebody whose name, address and words are everywhere where a person can leave them."""
    client = care.register_client(
        f"{PLANTED} Name",
        by=ben,
        email="kolibri@example.org",
        address_as=f"{PLANTED}!",
        born=1990,
    )
    client.phone = "0171 kolibri"
    client.save()
    dyad = a_dyad(ben, client)
    lines = tuple(
        OpenLine(CHECK_IN, item, f"{PLANTED} {reader}", reader)
        for item, reader in (("o1", "raise"), ("o2", "outside"), ("o2", "statistics"))
    )
    said = replace(answers("client", t1=2, words=PLANTED), key="one", picked_words=(PLANTED,))
    kept = replace(answers("client", t1=2, sharing={"t1": "not_yet"}), key="two", open_lines=lines)
    mine = replace(answers("therapist", words=PLANTED), reaction=PLANTED)
    a_held_session(dyad, client=said, therapist=mine)
    last = a_held_session(dyad, client=kept)
    Session.objects.filter(pk=last.pk).update(waived_why=PLANTED)
    goal = agreements.propose(dyad, "goal", PLANTED, "client", by=client)
    agreements.propose(dyad, "task", PLANTED, "therapist", by=ben, goal=goal)
    dyad.note = dyad.ending_reason = PLANTED
    dyad.save()
    corrections.ask(dyad, PLANTED, by=client)
    consent.give(client, "research", by=client)
    consent.set_terms(dyad, by=ben, consents="both")
    schedule.settle(dyad, by=ben, most_reminders=2)
    cover_and_emergency.break_glass(dyad, f"{PLANTED} cannot be reached", by=people.ada)
    cover_and_emergency.cover(dyad, people.eve, timezone.localdate(), timezone.localdate() + timedelta(days=3), by=ben)
    care.share(dyad, people.cy, by=ben)
    log_read(ben, dyad, "words", [1])
    own_space.set_pin(client, "123456", by=client)
    own_space.ask_code(client, "copy")
    step_in.ask(client.email, "192.0.2.1")
    step_in.send_codes()
    corrections.change_own_contact(client, by=client, email="new-kolibri@example.org")
    return client


def places() -> set[str]:
    """Every column of every table that holds the planted word, in any case, in text or JSON."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(
                    f'SELECT COUNT(*) FROM "{table}" WHERE LOWER(CAST("{column.name}" AS TEXT)) LIKE %s', ["%kolibri%"]
                )
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column.name}")
    return found


def test_nothing_planted_is_left_in_any_column_of_any_table(planted):
    assert len(places()) > 12, "the search is worth something only if it finds the words before"
    erasure.erase(planted, by=planted)
    assert places() == set()


def test_every_table_has_its_place_in_an_erasure():
    """A new model fails here until somebody has decided what an erasure does with it."""
    named = [*erasure.DELETED, *erasure.BLANKED, *erasure.LOGS, *erasure.ABOUT_NOBODY]
    assert len(named) == len(set(named))
    assert set(named) == set(apps.get_app_config("accord_clinic").get_models())


def test_nothing_is_left_but_the_fact_the_dates_and_the_logs(planted, ben):
    dyad = planted.dyads.get()
    before = list(dyad.sessions.order_by("start").values_list("uid", "start", "state"))
    row = erasure.erase(planted, by=planted)
    for model, way in erasure.DELETED.items():
        assert not model.objects.filter(**{way: planted.pk}).exists(), model.__name__
    dyad.refresh_from_db()
    assert (dyad.therapist, dyad.ending, dyad.ended is not None) == (ben, "by_client", True)
    assert list(dyad.sessions.order_by("start").values_list("uid", "start", "state")) == before
    assert row.remains == ["course", "dates", "logs"]
    assert row.until == date(dyad.sessions.order_by("-start")[0].start.year + 10, 12, 31)


def test_a_practice_without_a_duty_to_keep_keeps_no_dates(planted):
    Practice.objects.update(retention_years=0)
    row = erasure.erase(planted, by=planted)
    dyad = planted.dyads.get()
    assert (row.remains, row.until) == (["number", "logs"], None)
    assert not dyad.sessions.exists()
    assert (dyad.started.month, dyad.started.day) == (1, 1)


def test_when_the_years_are_over_the_dates_go_by_themselves(planted):
    row = erasure.erase(planted, by=planted)
    assert erasure.purge(row.until - timedelta(days=1)) == 0
    assert erasure.purge(row.until) == 1
    assert erasure.purge(row.until) == 0
    assert not Session.objects.filter(dyad__client=planted).exists()


def test_the_logs_survive_and_their_chain_holds(planted, ben):
    reads, entries = ReadLog.objects.filter(dyad__client=planted).count(), AuditEntry.objects.count()
    erasure.erase(planted, by=planted)
    assert ReadLog.objects.filter(dyad__client=planted).count() == reads
    assert AuditEntry.objects.count() > entries
    assert first_break() is None


def test_nobody_else_loses_anything(planted, dyad):
    a_held_session(dyad, client=answers("client"))
    erasure.erase(planted, by=planted)
    assert dyad.sessions.get().responses.count() == 1
    assert Client.objects.get(pk=dyad.client_id).name == "Ana"


def test_the_therapist_is_told_and_no_longer_meets_the_person(planted, ben, as_member):
    uid = planted.dyads.get().uid
    erasure.erase(planted, by=planted)
    browser = as_member(ben)
    assert browser.get(f"/people/{uid}/").status_code == 404
    assert uid not in browser.get("/people/").content.decode()


def test_a_fresh_code_and_a_tick_are_asked_for(planted):
    browser = inside(planted)
    code = code_for(browser, "erase")
    assert browser.post("/mine/rights/erase/", {"code": code}).status_code == 422
    assert browser.post("/mine/rights/erase/", {"code": "000000", "sure": "yes"}).status_code == 422
    assert not Erasure.objects.exists()
    done = browser.post("/mine/rights/erase/", {"code": code, "sure": "yes"})
    assert done.headers["Location"] == "/mine/erased/"
    assert Erasure.objects.get().client == planted.pk
    assert browser.get("/mine/rights/").headers["Location"] == "/mine/in/"


def test_a_code_for_something_else_does_not_erase(planted):
    code = own_space.ask_code(planted, "copy")
    inside(planted).post("/mine/rights/erase/", {"code": code, "sure": "yes"})
    assert not Erasure.objects.exists()


def test_what_is_kept_and_why_is_said_before(planted):
    Practice.objects.update(retention_law="Section 630f of the civil code.")
    page = inside(planted).get("/mine/rights/erase/").content.decode()
    assert "for 10 years" in page
    assert "Section 630f" in page
    assert "backup" in page


def test_a_restored_backup_of_an_earlier_day_is_erased_again(
    planted, django_capture_on_commit_callbacks, settings, tmp_path
):
    """The ledger beside the database remembers by number what the database of that day cannot know."""
    settings.DATA = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        erasure.erase(planted, by=planted)
    line = json.loads((tmp_path / erasure.LEDGER).read_text())
    assert line == {"client": planted.pk, "uid": planted.uid, "at": line["at"]}
    # the backup of yesterday: the person is there, and nothing is known of an erasure
    Erasure.objects.all().delete()
    Client.objects.filter(pk=planted.pk).update(name=f"{PLANTED} Name", erased_at=None)
    assert erasure.reapply() == 1
    assert places() == set()
    assert Erasure.objects.get().client == planted.pk
    assert erasure.reapply() == 0


def test_a_number_that_belongs_to_somebody_else_now_is_left_alone(ana, settings, tmp_path):
    settings.DATA = tmp_path
    said = {"client": ana.pk, "uid": "somebody-else", "at": timezone.now().isoformat()}
    (tmp_path / erasure.LEDGER).write_text(json.dumps(said) + "\n")
    assert erasure.reapply() == 0
    ana.refresh_from_db()
    assert ana.name == "Ana"


def test_the_pages_that_freed_words_lay_on_are_overwritten(db):
    """Deleted text must not stay readable in the free pages of the file, not even to whoever has the key."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL overwrites when it vacuums")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1


def test_no_response_is_left_without_its_client(planted):
    erasure.erase(planted, by=planted)
    assert not Response.objects.filter(session__dyad__client=planted).exists()
    assert Dyad.objects.filter(client=planted).count() == 1
