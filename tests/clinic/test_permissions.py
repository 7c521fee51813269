"""One table: person × thing × answer. Every `can_x` of permissions.py stands in it."""

import inspect
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_member, answers

from accord_clinic import permissions
from accord_clinic.actions import care
from accord_clinic.models import Member, PrivateLine

EVERYONE = ("ben", "cy", "dee", "eve", "mo", "ada")

# what may be done -> who may; all others may not. `shared`: Ben has shared Ana's course of care with Cy.
MAY = {
    "can_treat": {"ben"},
    "can_see_dyad": {"ben"},
    "can_see_dyad, shared": {"ben", "cy"},
    "can_see_dyad, taken back": {"ben"},
    "can_own": {"ben"},
    "can_share": {"ben"},
    "can_share, with somebody who is no supervisor": set(),
    "can_see_service": {"mo"},
    "can_supervise": {"cy"},
    "can_work_as_therapist": {"ben", "eve"},
    "can_be_outside_reader": {"cy"},
    "can_read_outside_line": {"cy"},
    "can_read_outside_line, about the reader's own dyad": set(),
    "can_read_outside_line, kept for the client": set(),
    "can_see_safety": {"cy"},
    "can_keep_practice": {"ada"},
    "can_end_sessions": {"ada"},
    "can_end_sessions, one's own": set(),
    "can_break_glass": {"ada"},
    "can_change_contact": {"ada"},
    "can_change_contact, not known yet": {"ben", "ada"},
}


def things(people, case: str) -> tuple:
    """What the rule of a row is asked about."""
    rule, _comma, how = case.partition(", ")
    dyad = people.dyad
    if how == "shared" or how == "taken back":
        care.share(dyad, people.cy, by=people.ben)
        if how == "taken back":
            care.unshare(dyad, people.cy, by=people.ben)
    if rule == "can_share":
        return dyad, people.mo if how else people.cy
    if rule == "can_read_outside_line":
        return _line(people, how), people.practice
    if rule == "can_end_sessions":
        return (people.ada if how else people.ben,)
    if rule in ("can_be_outside_reader", "can_see_safety"):
        return (people.practice,)
    if rule == "can_change_contact":
        if how:
            people.ana.email = people.ana.phone = ""
        return (people.ana,)
    return (dyad,) if rule in ("can_treat", "can_see_dyad", "can_own", "can_break_glass") else ()


def _line(people, how: str) -> PrivateLine:
    dyad = people.dyad
    if "own dyad" in how:
        Member.objects.filter(pk=people.cy.pk).update(roles=["supervisor", "therapist"])
        people.cy.refresh_from_db()
        dyad = a_dyad(people.cy, "Kim")
    reader = "raise" if "kept" in how else "outside"
    a_held_session(dyad, client=answers("client", words="For somebody", reader=reader))
    return PrivateLine.objects.get()


@pytest.mark.parametrize("case", MAY)
def test_who_may(case, people):
    about = things(people, case)
    rule = getattr(permissions, case.partition(", ")[0])
    may = {name for name in EVERYONE if rule(getattr(people, name), *about)}
    assert may == MAY[case]


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
    for name in EVERYONE:
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
