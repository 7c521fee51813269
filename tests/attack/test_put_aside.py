"""Marks that are put aside: by whom, by which name, and what anybody else could learn of it."""

import threading

import pytest
from django.db import connection
from django.urls import reverse
from tests.clinic.people import a_course, a_held_session, answers
from tests.clinic.rights_steps import inside

from accord_clinic.actions import checkin, put_aside
from accord_clinic.models import PutAside, Signal


class TestMarksPutAside:
    @pytest.fixture
    def mark(self, dyad):
        a_course(dyad, 4)
        a_held_session(dyad, client=answers("client", b1=4), therapist=answers("therapist"))
        return "not_said_yet:5:"

    def test_no_name_of_another_course_reaches_its_mark(self, people, mark, as_member):
        other = reverse("put_aside", args=[people.dyad.uid])
        for member in (people.eve, people.mo, people.dee, people.ada, people.cy):
            assert as_member(member).post(other, {"mark": mark}).status_code == 404
        for name in ("not_said_yet:5", "not_said_yet:5:x", "1", "x" * 5000, "not_said_yet:٥:", mark.upper()):
            as_member(people.ben).post(other, {"mark": name})
        assert not PutAside.objects.exists()

    @pytest.mark.parametrize("sheet", ["../../../evil", "//evil.example/", "https://evil.example", "x/y"])
    def test_leads_to_no_other_place(self, people, mark, as_member, sheet):
        where = reverse("put_aside", args=[people.dyad.uid])
        answer = as_member(people.ben).post(where, {"mark": mark, "sheet": sheet})
        assert answer["Location"] == reverse("dyad", args=[people.dyad.uid])

    def test_a_mark_of_a_session_that_is_closed_is_not_there(self, people, mark):
        closed = a_held_session(people.dyad, client=answers("client", t1=3, b1=4))
        assert not Signal.objects.filter(session=closed).exists()
        put_aside.put_aside(people.dyad, mark, True, by=people.ben)
        checkin.send(closed, "client", answers("client", t1=0, b1=4), by=people.ana)
        assert PutAside.objects.count() == 1

    def test_the_client_sees_and_takes_nothing_of_it(self, people, mark):
        pages = [f"/mine/{people.dyad.uid}/", f"/mine/{people.dyad.uid}/readers/", "/mine/rights/"]
        phone = inside(people.ana)
        before = [phone.get(page).status_code for page in pages]
        put_aside.put_aside(people.dyad, mark, True, by=people.ben)
        assert [phone.get(page).status_code for page in pages] == before
        assert "aside" not in "".join(phone.get(page).content.decode() for page in pages)

    @pytest.mark.django_db(transaction=True)
    def test_two_at_once_are_one(self, people, mark):
        faults = []

        def put():
            try:
                put_aside.put_aside(people.dyad, mark, True, by=people.ben)
            except Exception as error:  # whatever goes wrong is what is looked for
                faults.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=put) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert PutAside.objects.count() == 1
