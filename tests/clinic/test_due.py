"""The admin's page of what is due: what waits, what failed, and whether there is a backup."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from tests.clinic.people import a_held_session, answers

from accord_clinic.actions import erasure
from accord_clinic.imports.calendar import job
from accord_clinic.models import ConnectedCalendar, Notice, Session
from accord_clinic.pages.due import due


def lines(ada, backup=None):
    return {line.text: line.about for line in due(ada, backup).due}


def test_a_practice_in_order_has_nothing_due(people):
    page = due(people.ada, timezone.now())
    assert page.due == ()
    assert page.in_order[0].startswith("The newest backup is from")


def test_a_missing_or_old_backup_is_due(people):
    assert "there is no backup in the folder named in the settings" in lines(people.ada)
    assert [line.count for line in due(people.ada, timezone.now() - timedelta(days=3)).due] == [1]


def test_the_page_knows_the_backups_of_either_database(people, as_member, settings, tmp_path):
    """PostgreSQL's own tool leaves a mark in the folder and no file of ours."""
    settings.BACKUPS = tmp_path
    assert "there is no backup in the folder" in as_member(people.ada).get("/practice/due/").content.decode()
    names = ("accord-1.db", "accord-1.json") if connection.vendor == "sqlite" else ("postgresql",)
    for name in names:
        (tmp_path / name).touch()
    for member, page in ((people.ada, "/practice/due/"), (people.mo, "/service/")):
        assert "The newest backup is from" in as_member(member).get(page).content.decode()


def test_what_waits_is_named(people):
    a_held_session(people.dyad, timezone.now() - timedelta(days=1), therapist=answers("therapist"))
    Session.objects.update(revealed_at=timezone.now(), revealed_by="time")
    assert lines(people.ada)["client has no consent on record"] == ("Ana, with Ben",)
    erasure.ask(people.ana, by=people.ana)
    assert lines(people.ada)["request for erasure to decide"] == ("Ana",)
    assert "client has no consent on record" not in lines(people.ada)


def test_a_calendar_that_fails_and_a_message_that_did_not_arrive_are_due(people):
    job.connect(people.ben, "")
    ConnectedCalendar.objects.update(failed_since=timezone.now(), failure="gone")
    now = timezone.now()
    Notice.objects.create(
        key="x", kind="link", client=people.ana, made_at=now, due_at=now, tries=6, error="SMTPRecipientsRefused"
    )
    found = lines(people.ada)
    assert found["calendar could not be read"][0].startswith("Ben, ")
    assert "message did not arrive" in found


def test_the_page_opens_for_an_admin_alone(people, as_member):
    assert b"due" in as_member(people.ada).get("/practice/due/").content
    assert as_member(people.ben).get("/practice/due/").status_code == 404
