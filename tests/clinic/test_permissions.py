"""One table: person × thing × answer. Every `can_x` of permissions.py stands in it."""

import inspect
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_member, answers

from accord_clinic import permissions
from accord_clinic.actions import care, cover_and_emergency, erasure, members
from accord_clinic.models import BreakGlass, Member, PrivateLine

STAFF = ("ben", "cy", "dee", "eve", "mo", "ada")
EVERYONE = (*STAFF, "ana", "kim")

# what may be done -> who may; all others may not. `shared`: Ben has shared Ana's course with Cy; `covered`: Eve stands
# in for Ben; `in an emergency`: Ada has broken the glass; `handed over`: to Eve; `left`: Ben has gone after that;
# `alone`: of all who work here only Ben is left, and is the admin. Kim is a client of Eve's.
MAY = {
    "can_treat": {"ben"},
    "can_treat, shared": {"ben"},
    "can_treat, covered": {"ben", "eve"},
    "can_treat, cover is over": {"ben"},
    "can_treat, in an emergency": {"ben"},
    "can_treat, handed over": {"ben"},
    "can_treat, left": set(),
    "can_see_dyad": {"ben"},
    "can_see_dyad, shared": {"ben", "cy"},
    "can_see_dyad, taken back": {"ben"},
    "can_see_dyad, covered": {"ben", "eve"},
    "can_see_dyad, cover is over": {"ben"},
    "can_see_dyad, in an emergency": {"ben", "ada"},
    "can_see_dyad, an emergency of yesterday": {"ben"},
    "can_see_dyad, handed over": {"ben"},
    "can_see_dyad, left": set(),
    "can_see_dyad, erased": set(),
    "can_own": {"ben"},
    "can_own, covered": {"ben"},
    "can_own, in an emergency": {"ben"},
    "can_share": {"ben"},
    "can_share, covered": {"ben"},
    "can_share, with somebody who is no supervisor": set(),
    "can_see_service": {"mo"},
    "can_study": {"dee"},
    "can_supervise": {"cy"},
    "can_work_as_therapist": {"ben", "eve"},
    "can_be_outside_reader": {"cy"},
    "can_read_outside_line": {"cy"},
    "can_read_outside_line, with Ada named since": {"cy"},
    "can_be_outside_reader, with Ada named since": {"cy", "ada"},
    "can_read_outside_line, about the reader's own dyad": set(),
    "can_read_outside_line, kept for the client": set(),
    "can_see_safety": {"cy"},
    "can_see_safety, with nobody named": {"ada"},
    "can_keep_practice": {"ada"},
    "can_end_sessions": {"ada"},
    "can_end_sessions, one's own": set(),
    "can_reset_second_factor": {"ada"},
    "can_reset_second_factor, one's own": set(),
    "can_break_glass": {"ada"},
    "can_break_glass, one's own": set(),
    "can_answer_correction": {"ben"},
    "can_answer_correction, covered": {"ben"},
    "can_answer_correction, handed over": {"ben"},
    "can_answer_correction, left": {"ada"},
    "can_know_client": {"ben"},
    "can_know_client, covered": {"ben"},
    "can_put_right": {"ben", "ada"},
    "can_put_right, covered": {"ben", "ada"},
    "can_change_contact": {"ada"},
    "can_change_contact, not known yet": {"ben", "ada"},
    "can_change_contact, alone": {"ben"},
    "can_be_client": {"ana"},
}


def things(people, case: str) -> tuple:
    """What the rule of a row is asked about."""
    rule, _comma, how = case.partition(", ")
    _happens(people, how)
    if rule == "can_share":
        return people.dyad, people.mo if "no supervisor" in how else people.cy
    if rule == "can_read_outside_line":
        return (_line(people, how),)
    if rule in ("can_end_sessions", "can_reset_second_factor"):
        return (people.ada if how else people.ben,)
    if rule in ("can_be_outside_reader", "can_see_safety"):
        return (people.practice,)
    if rule in ("can_change_contact", "can_be_client", "can_know_client", "can_put_right"):
        return (people.ana,)
    of_dyads = ("can_treat", "can_see_dyad", "can_own", "can_break_glass", "can_answer_correction")
    return (people.dyad,) if rule in of_dyads else ()


def _happens(people, how: str) -> None:
    """What was done before the rule is asked."""
    dyad, ben, day, practice = people.dyad, people.ben, timezone.localdate(), people.practice
    if how in ("shared", "taken back"):
        care.share(dyad, people.cy, by=ben)
    if how == "taken back":
        care.unshare(dyad, people.cy, by=ben)
    if how in ("covered", "cover is over"):
        row = cover_and_emergency.cover(dyad, people.eve, day, day + timedelta(days=3), by=ben)
    if how == "cover is over":
        cover_and_emergency.end_cover(row, by=ben)
    if "emergency" in how:
        cover_and_emergency.break_glass(dyad, "Ben is in hospital and Ana has called", by=people.ada)
    if "yesterday" in how:
        BreakGlass.objects.update(until=timezone.now() - timedelta(days=1))
    if how in ("handed over", "left"):
        care.hand_over(dyad, people.eve, day, by=ben)
    if how == "left":
        cover_and_emergency.leave(ben, by=people.ada)
    if how == "erased":
        erasure.erase(people.ana, by=people.ana)
    if how == "one's own":
        people.ada.roles = ["admin", "therapist"]
        people.ada.save()
        dyad.therapist = people.ada
    if how == "not known yet":
        people.ana.email = people.ana.phone = ""
    if how == "alone":
        ben.roles = ["therapist", "admin"]
        ben.save()
        Member.objects.exclude(pk=ben.pk).update(is_active=False)
    if how == "with nobody named":
        practice.safety_contact = None
    if how == "with Ada named since":
        _line(people, "")
        members.set_up(practice, by=people.ada, outside_reader=people.ada)
    practice.save()
    for member in (ben, people.cy, people.dee, people.eve, people.mo, people.ada):
        member.refresh_from_db()
    dyad.therapist.refresh_from_db()


def _line(people, how: str) -> PrivateLine:
    dyad = people.dyad
    if "own dyad" in how:
        Member.objects.filter(pk=people.cy.pk).update(roles=["supervisor", "therapist"])
        people.cy.refresh_from_db()
        dyad = a_dyad(people.cy, "Kim")
    if PrivateLine.objects.exists():
        return PrivateLine.objects.get()
    reader = "raise" if "kept" in how else "outside"
    a_held_session(dyad, client=answers("client", words="For somebody", reader=reader))
    return PrivateLine.objects.get()


@pytest.mark.parametrize("case", MAY)
def test_who_may(case, people):
    about = things(people, case)
    rule = getattr(permissions, case.partition(", ")[0])
    asked = EVERYONE if case.startswith("can_be_client") else STAFF
    may = {name for name in asked if rule(_person(people, name), *about)}
    assert may == MAY[case]


def _person(people, name: str):
    return a_dyad(people.eve, "Kim").client if name == "kim" else getattr(people, name)


def test_every_rule_stands_in_the_table():
    rules = {name for name, _rule in inspect.getmembers(permissions, inspect.isfunction) if name.startswith("can_")}
    missing = rules - {case.partition(", ")[0] for case in MAY}
    assert not missing, f"Add to MAY in {__name__}, with who may: {', '.join(sorted(missing))}"


def test_every_rule_is_a_pair_whose_no_is_a_sentence(people):
    for name, _rule in inspect.getmembers(permissions, inspect.isfunction):
        if name.startswith("can_"):
            assert hasattr(permissions, name.replace("can_", "check_", 1)), name
    with pytest.raises(PermissionDenied, match=r"^[A-Z].*\.$"):
        permissions.check_treat(people.eve, people.dyad)


@pytest.mark.parametrize("case", MAY)
def test_who_has_left_may_nothing(case, people):
    about = things(people, case)
    rule = getattr(permissions, case.partition(", ")[0])
    for name in STAFF:
        member = getattr(people, name)
        member.is_active = False
        assert not rule(member, *about), name


def test_a_share_that_has_run_out_shows_nothing(people):
    care.share(people.dyad, people.cy, by=people.ben)
    people.dyad.shares.update(until=timezone.now() - timedelta(seconds=1))
    assert not permissions.can_see_dyad(people.cy, people.dyad)


def test_several_roles_add_up_and_give_nothing_more(people):
    both = a_member("Flo", "therapist", "manager")
    assert permissions.can_see_service(both)
    assert permissions.can_work_as_therapist(both)
    assert not permissions.can_see_dyad(both, people.dyad)
    assert not permissions.can_supervise(both)
