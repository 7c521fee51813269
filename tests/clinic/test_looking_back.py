"""The last sheet looks back on a course, the same for both, and holds nothing that is not open to both."""

from dataclasses import replace

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_held_session, answers
from tests.clinic.test_dyad import with_phq9

from accord_clinic.actions import agreements, care, own_space
from accord_clinic.models import ReadLog
from accord_clinic.questionnaires.submission import OpenLine
from accord_clinic.views.own_space import DOOR


def helped(words: str, reader: str = "therapist", **said):
    return replace(answers("client", **said), open_lines=(OpenLine(CHECK_IN, "o1", words, reader),))


@pytest.fixture
def sheets(people, as_member):
    """The sheet as Ben and as Ana open it."""
    ana = Browser()
    ana.cookies[DOOR] = own_space.open_door(people.ana)
    uid = people.dyad.uid
    return {
        "ben": lambda: as_member(people.ben).get(f"/people/{uid}/looking-back/").content.decode(),
        "ana": lambda: ana.get(f"/mine/{uid}/looking-back/").content.decode(),
    }


@pytest.fixture
def course(people):
    goal = agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)
    for far, each in ((2, 2), (7, 1)):
        said = with_phq9(each)
        session = a_held_session(people.dyad, client=said, therapist=answers("therapist"))
        agreements.note_progress(session, "client", {goal.uid: far}, by=people.ana)
    a_held_session(people.dyad, client=answers("client", t1=2, words="The drawing"), therapist=answers("therapist"))
    agreements.end(goal, "reached", "client", by=people.ana)
    return people.dyad


def test_both_see_the_same(course, sheets):
    for who in ("ben", "ana"):
        page = sheets[who]()
        for text in ("Sleep through", "reached · from 2 to 7 of 10", "3 sessions since", "8 points lower",
                     "Session 3: open", "A way back", "What was left unsaid?"):  # fmt: skip
            assert text in page, (who, text)


def test_what_helped_stands_there_in_the_clients_words(people, sheets):
    a_held_session(people.dyad, client=helped("The drawing"), therapist=answers("therapist"))
    assert "<q>The drawing</q>" in sheets["ben"]()


def test_nothing_that_is_not_open_to_both(people, sheets):
    a_held_session(people.dyad, client=helped("CANARY", t1=3))
    a_held_session(people.dyad, client=helped("KEPT", "raise"), therapist=answers("therapist"))
    page = sheets["ben"]()
    assert "CANARY" not in page
    assert "KEPT" not in page
    assert "Session 1:" not in page


def test_after_the_end_it_says_from_when_to_when_and_is_read_in_the_open(course, people, sheets):
    care.end_course(course, "planned", timezone.localdate(), "Goals reached", by=people.ben)
    assert "3 sessions, from" in sheets["ben"]()
    assert "Goals reached" not in sheets["ana"]()
    assert ReadLog.objects.filter(dyad=course, what="looking_back").exists()


def test_the_number_of_queries_does_not_grow(people, django_assert_max_num_queries):
    from accord_clinic.queries.looking_back import looking_back_rows

    for _more in range(2):
        for _session in range(3):
            a_held_session(people.dyad, client=answers("client", t1=1), therapist=answers("therapist"))
        with django_assert_max_num_queries(24):
            looking_back_rows(people.dyad)
