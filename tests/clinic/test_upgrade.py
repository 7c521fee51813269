"""A filled practice in the tables of an older version in; this version out: every row as it was, every page open."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from tests.clinic.people import CHECK_IN, a_held_session, a_session, answers
from tests.clinic.phone import Phone
from tests.clinic.test_database import at_once

from accord_clinic.actions import agreements, consent, schedule
from accord_clinic.actions.audit import first_break
from accord_clinic.database import engine
from accord_clinic.models import Dyad, PrivateLine, Strain, StrainMove
from accord_clinic.questionnaires.submission import AskedAgain, OpenLine

pytestmark = pytest.mark.django_db(transaction=True)
OLDER = "0003_consents_rights_and_messages"
GONE = {
    ("accord_clinic_practice", "reveal_before_next_hours"): "answers open on the evening before the next session",
    ("accord_clinic_session", "number"): "it is computed",
    ("accord_clinic_erasure", "kept"): "it is named `remains`",
    ("accord_clinic_erasure", "until"): "it is named `dates_until`",
}
"""Columns that an upgrade takes away, and why."""


@pytest.fixture
def phone(request, settings, tmp_path):
    """Ana's phone with an open link; what she and Ben have said is in the tables of an older version."""
    settings.STATIC_ROOT = tmp_path / "static"
    people = request.getfixturevalue("people")
    goal = agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)
    schedule.settle(people.dyad, by=people.ben, most_reminders=2)
    consent.give(people.ana, "research", by=people.ana)
    said = replace(answers("client", words="Less homework"), progress={goal.uid: 3}, picked=(goal.uid,))
    said = replace(said, open_lines=(*said.open_lines, OpenLine(CHECK_IN, "o1", "He is often late", "outside")))
    a_held_session(people.dyad, client=said, therapist=answers("therapist"))
    phone = Phone(a_session(people.dyad, state="held"))
    call_command("migrate", "accord_clinic", OLDER, verbosity=0)
    yield phone
    call_command("migrate", verbosity=0)


def upgrade() -> None:
    call_command("upgrade", role=connection.settings_dict["USER"])


def columns() -> dict[tuple[str, str], list]:
    """What stands in each column of each table of the clinic, by the order of the rows."""
    found = {}
    with connection.cursor() as cursor:
        tables = [t for t in connection.introspection.table_names(cursor) if t.startswith("accord_clinic_")]
        for table in tables:
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(f'SELECT "{column.name}" FROM "{table}" ORDER BY id')
                found[table, column.name] = [value for (value,) in cursor.fetchall()]
    return found


def left(before):
    """What was there, without what is taken away."""
    return {place: values for place, values in before.items() if place not in GONE}


@pytest.mark.same_on_postgresql(reason="test_upgrade_from_0_1 compares every row and page there")
def test_every_row_is_there_as_it_was_and_the_pages_of_both_sides_open(phone, people, as_member):
    before = columns()
    assert len({table for (table, _), values in before.items() if values}) > 15
    assert ("accord_clinic_privateline", "to_id") not in before
    upgrade()
    after = columns()
    assert {place: after.get(place) for place in before if place not in GONE} == left(before)
    assert not set(GONE) & set(after)
    assert not engine.lacks_migrations()
    assert first_break() is None
    assert PrivateLine.objects.get(reader="outside").to == people.cy, "it stays with the one who was named then"
    assert phone.open().status_code == 200
    assert as_member(people.ben).get(f"/people/{people.dyad.uid}/").status_code == 200


def test_two_upgrades_at_once_bring_it_up_once(phone):
    before = columns()
    at_once([upgrade, upgrade])
    after = columns()
    assert {place: after.get(place) for place in before if place not in GONE} == left(before)
    assert not set(GONE) & set(after)
    assert not engine.lacks_migrations()


@pytest.mark.same_on_postgresql(reason="test_upgrade_from_0_1 compares every row and page there")
def test_a_partly_that_was_kept_as_still_there_is_put_right_and_an_ended_course_says_what_was_open(people, dyad):
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    partly = Strain.objects.get()
    again = replace(answers("client"), again=(AskedAgain(partly.uid, True, "partly"),))
    a_held_session(dyad, client=again, therapist=answers("therapist"))
    a_held_session(dyad, client=answers("client", t1=1, t2=2), therapist=answers("therapist"))
    last = Strain.objects.order_by("id").last()
    StrainMove.objects.filter(move="partly").update(move="still_there")
    Strain.objects.filter(pk=partly.pk).update(state="still_there")
    call_command("migrate", "accord_clinic", "0012_codes_were_checked", verbosity=0)
    upgrade()
    assert Strain.objects.get(pk=partly.pk).state == "partly"
    assert partly.moves.order_by("id").last().move == "partly"
    assert Strain.objects.get(pk=last.pk).state == "still_there"
    StrainMove.objects.filter(move="partly").update(move="still_there")
    Strain.objects.filter(pk=partly.pk).update(state="still_there")
    Dyad.objects.filter(pk=dyad.pk).update(ended=date(2026, 9, 30), ending="planned")
    call_command("migrate", "accord_clinic", "0012_codes_were_checked", verbosity=0)
    upgrade()
    assert set(Strain.objects.values_list("state", flat=True)) == {"open_at_ending"}
    assert last.moves.order_by("id").last().move == "end_course"
