"""A therapist is ill or leaves: an admin gives the clients to a cover or a successor, and the reason stays there."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_member

from accord.errors import BadInput
from accord_clinic.actions import absence, cover_and_emergency
from accord_clinic.models import AuditEntry, CaseloadMove, Dyad, Notice

WHY = "Long illness, Ben has asked for it"


@pytest.fixture
def flo(people):
    a_course(people.dyad, 1)
    a_dyad(people.ben, "Lea")
    return a_member("Flo", "therapist")


def today():
    return timezone.localdate()


def posted(flo, **more):
    facts = {
        "kind": "successor",
        "to": flo.uid,
        "first": today().isoformat(),
        "last": "",
        "why": WHY,
        "clients_know": "on",
    }
    return {**facts, **more}


def test_a_successor_gets_every_running_course_and_the_one_who_left_may_leave(people, flo, as_member):
    """The whole way: told first, handed over, seen by the therapist, and the account is shut."""
    browser, address = as_member(people.ada), f"/practice/members/{people.ben.uid}/absence/"
    assert browser.post(address, posted(flo)).status_code == 302
    old, new = Dyad.objects.filter(therapist=people.ben), Dyad.objects.filter(therapist=flo)
    assert not old.filter(ended=None).exists()
    assert {dyad.client.name for dyad in new} == {"Ana", "Lea"}
    assert {dyad.follows.therapist for dyad in new} == {people.ben}
    cover_and_emergency.leave(people.ben, by=people.ada)
    people.ben.refresh_from_db()
    assert not people.ben.is_active


def test_the_successor_sees_nothing_of_the_old_course(people, flo, as_member):
    absence.give_caseload(people.ben, flo, "successor", (today(), None), WHY, by=people.ada)
    assert as_member(flo).get(f"/people/{people.dyad.uid}/").status_code == 404
    assert as_member(flo).get(f"/people/{Dyad.objects.get(therapist=flo, client=people.ana).uid}/").status_code == 200


def test_a_cover_does_what_the_therapist_does_until_its_last_day(people, flo, as_member):
    days = (today(), today() + timedelta(days=13))
    absence.give_caseload(people.ben, flo, "cover", days, WHY, by=people.ada)
    assert as_member(flo).get(f"/people/{people.dyad.uid}/").status_code == 200
    assert as_member(people.ben).get(f"/people/{people.dyad.uid}/").status_code == 200


def test_without_the_tick_that_a_person_told_the_clients_nothing_happens(people, flo, as_member):
    facts = posted(flo)
    del facts["clients_know"]
    page = as_member(people.ada).post(f"/practice/members/{people.ben.uid}/absence/", facts)
    assert page.status_code == 422
    assert not CaseloadMove.objects.exists()
    assert Dyad.objects.filter(therapist=people.ben, ended=None).count() == 2


def test_a_cover_without_a_last_day_is_said_at_the_field_and_what_was_typed_stays(people, flo, as_member):
    page = as_member(people.ada).post(f"/practice/members/{people.ben.uid}/absence/", posted(flo, kind="cover"))
    assert page.status_code == 422
    assert "Enter the last day of the cover." in page.content.decode()
    assert WHY in page.content.decode()


def test_the_therapist_sees_that_it_was_done_and_never_why(people, flo, as_member):
    days = (today(), today() + timedelta(days=13))
    absence.give_caseload(people.ben, flo, "cover", days, WHY, by=people.ada)
    page = as_member(people.ben).get("/people/").content.decode()
    assert "An admin asked Flo to cover for you" in page
    assert Notice.objects.filter(kind="caseload_moved", member=people.ben).exists()
    for member in (people.ben, flo, people.mo):
        for address in ("/people/", "/today/", f"/people/{people.dyad.uid}/", "/service/"):
            assert WHY not in as_member(member).get(address).content.decode()
    assert WHY in as_member(people.ada).get(f"/practice/members/{people.ben.uid}/absence/").content.decode()
    assert WHY not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("kind", ["cover", "successor"])
def test_whoever_takes_over_gets_one_notice_and_not_one_for_each_client(people, flo, kind):
    absence.give_caseload(people.ben, flo, kind, (today(), today() + timedelta(days=13)), WHY, by=people.ada)
    assert Notice.objects.get(member=flo).kind == "caseload_moved"


def test_only_an_admin_does_it_and_not_for_the_own_clients(people, flo):
    for member in (people.ben, flo, people.mo, people.cy):
        with pytest.raises(PermissionDenied):
            absence.give_caseload(people.ben, flo, "successor", (today(), None), WHY, by=member)
    people.ben.roles = ["therapist", "admin"]
    people.ben.save()
    with pytest.raises(PermissionDenied):
        absence.give_caseload(people.ben, flo, "successor", (today(), None), WHY, by=people.ben)


@pytest.mark.parametrize(
    ("kind", "last", "why", "to"), [("cover", None, WHY, "flo"), ("successor", None, " ", "flo"),
                                    ("successor", None, WHY, "mo"), ("both", None, WHY, "flo")],
)  # fmt: skip
def test_what_lacks_something_changes_nothing(people, flo, kind, last, why, to):
    receiver = flo if to == "flo" else people.mo
    with pytest.raises(BadInput):
        absence.give_caseload(people.ben, receiver, kind, (today(), last), why, by=people.ada)
    assert Dyad.objects.filter(therapist=people.ben, ended=None).count() == 2


def test_what_the_action_refuses_is_given_back_with_what_was_typed(people, flo, as_member):
    days = {"first": today().isoformat(), "last": (today() - timedelta(days=3)).isoformat()}
    page = as_member(people.ada).post(f"/practice/members/{people.ben.uid}/absence/", posted(flo, kind="cover", **days))
    assert page.status_code == 422
    assert WHY in page.content.decode()
    before = (people.dyad.started - timedelta(days=30)).isoformat()
    over = {"over-to": flo.uid, "over-on": before}
    page = as_member(people.ben).post(f"/people/{people.dyad.uid}/hand-over/", over)
    assert page.status_code == 422
    assert before in page.content.decode()
