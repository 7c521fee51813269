"""What an upgrade puts right in rows of 0.1; `test_upgrade_from_0_1` compares all others."""

from dataclasses import replace
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from tests.clinic.people import a_dyad, a_held_session, answers

from accord_clinic.models import Dyad, Strain
from accord_clinic.questionnaires.submission import AskedAgain


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


def a_partly_kept_as_still_there(dyad) -> tuple[Strain, Strain]:
    """What was partly settled, and what was open after it, as 0.1 had kept them."""
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    partly = Strain.objects.get(dyad=dyad)
    again = replace(answers("client"), again=(AskedAgain(partly.uid, True, "partly"),))
    a_held_session(dyad, client=again, therapist=answers("therapist"))
    a_held_session(dyad, client=answers("client", t1=1, t2=2), therapist=answers("therapist"))
    partly.moves.filter(move="partly").update(move="still_there")
    Strain.objects.filter(pk=partly.pk).update(state="still_there")
    return partly, Strain.objects.filter(dyad=dyad).order_by("id").last()


@pytest.mark.django_db(transaction=True)
@pytest.mark.same_on_postgresql(reason="test_upgrade_from_0_1 compares every row and page there")
def test_a_partly_that_was_kept_as_still_there_is_put_right_and_an_ended_course_says_what_was_open(people, dyad):
    other = a_dyad(people.ben, "Bea")
    partly, last = a_partly_kept_as_still_there(dyad)
    _, open_at_ending = a_partly_kept_as_still_there(other)
    Dyad.objects.filter(pk=other.pk).update(ended=date(2026, 9, 30), ending="planned")
    call_command("migrate", "accord_clinic", "0012_codes_were_checked", verbosity=0)
    upgrade()
    assert Strain.objects.get(pk=partly.pk).state == "partly"
    assert partly.moves.order_by("id").last().move == "partly"
    assert Strain.objects.get(pk=last.pk).state == "still_there"
    assert set(Strain.objects.filter(dyad=other).values_list("state", flat=True)) == {"open_at_ending"}
    assert open_at_ending.moves.order_by("id").last().move == "end_course"
