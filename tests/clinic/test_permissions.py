"""One table: person × thing × answer. Every `check_x` of permissions.py stands in it."""

import inspect
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_member, answers
from tests.clinic.rights_steps import erase

from accord_clinic import permissions
from accord_clinic.actions import care, cover_and_emergency, earlier_course, erasure, members, reveal
from accord_clinic.models import BreakGlass, Member, PrivateLine, Study, StudyFile

STAFF = ("ben", "cy", "dee", "eve", "mo", "ada")
EVERYONE = (*STAFF, "ana", "kim")

# what may be done -> who may; all others may not. `shared`: Ben has shared Ana's course with Cy; `covered`: Eve stands
# in for Ben; `in an emergency`: Ada has broken the glass; `handed over`: to Eve; `left`: Ben has gone after that;
# `alone`: of all who work here only Ben is left, and is the admin. Kim is a client of Eve's.
MAY = {
    "check_treat": {"ben"},
    "check_treat, shared": {"ben"},
    "check_treat, covered": {"ben", "eve"},
    "check_treat, cover is over": {"ben"},
    "check_treat, in an emergency": {"ben"},
    "check_treat, handed over": {"ben"},
    "check_treat, left": set(),
    "check_type_in_at_all": {"ben", "cy", "eve", "mo", "ada"},
    "check_type_in": {"cy", "eve", "mo", "ada"},
    "check_type_in, covered": {"cy", "mo", "ada"},
    "check_type_in, alone": set(),
    "check_type_in, alone and rated": {"ben"},
    "check_type_in, alone and waived": {"ben"},
    "check_see_dyad": {"ben"},
    "check_see_dyad, shared": {"ben", "cy"},
    "check_see_dyad, taken back": {"ben"},
    "check_see_dyad, covered": {"ben", "eve"},
    "check_see_dyad, cover is over": {"ben"},
    "check_see_dyad, in an emergency": {"ben", "ada"},
    "check_see_dyad, an emergency of yesterday": {"ben"},
    "check_see_dyad, handed over": {"ben"},
    "check_see_dyad, handed over and shown": {"ben", "eve"},
    "check_treat, handed over and shown": {"ben"},
    "check_see_dyad, left": set(),
    "check_see_dyad, erased": set(),
    "check_see_dyad, erasure asked for": set(),
    "check_decide_erasure": {"ada"},
    "check_give_away": {"ada"},
    "check_own": {"ben"},
    "check_own, covered": {"ben"},
    "check_own, in an emergency": {"ben"},
    "check_share": {"ben"},
    "check_share, covered": {"ben"},
    "check_share, with somebody who is no supervisor": set(),
    "check_see_service": {"mo"},
    "check_own_note": {"ben"},
    "check_own_note, covered": {"ben"},
    "check_study": {"dee"},
    "check_answer_study": {"ada"},
    "check_answer_study, one's own": set(),
    "check_release": {"ada"},
    "check_release, one's own": set(),
    "check_supervise": {"cy"},
    "check_work_as_therapist": {"ben", "eve"},
    "check_be_outside_reader": {"cy"},
    "check_read_outside_line": {"cy"},
    "check_read_outside_line, with Ada named since": {"cy"},
    "check_be_outside_reader, with Ada named since": {"cy", "ada"},
    "check_read_outside_line, about the reader's own dyad": set(),
    "check_read_outside_line, kept for the client": set(),
    "check_see_safety": {"cy"},
    "check_see_safety, with nobody named": {"ada"},
    "check_read_safety_answer": {"ben", "cy"},
    "check_read_safety_answer, covered": {"ben", "cy", "eve"},
    "check_read_safety_answer, in an emergency": {"ben", "cy", "ada"},
    "check_read_safety_answer, shared": {"ben", "cy"},
    "check_look_after_safety": {"ben", "cy"},
    "check_look_after_safety, covered": {"ben", "cy", "eve"},
    "check_look_after_safety, in an emergency": {"ben", "cy"},
    "check_look_after_safety, shared": {"ben", "cy"},
    "check_keep_practice": {"ada"},
    "check_end_sessions": {"ada"},
    "check_end_sessions, one's own": set(),
    "check_reset_second_factor": {"ada"},
    "check_reset_second_factor, one's own": set(),
    "check_break_glass": {"ada"},
    "check_break_glass, one's own": set(),
    "check_answer_correction": {"ben"},
    "check_answer_correction, covered": {"ben"},
    "check_answer_correction, handed over": {"ben"},
    "check_answer_correction, left": {"ada"},
    "check_know_client": {"ben"},
    "check_know_client, covered": {"ben"},
    "check_put_right": {"ben", "ada"},
    "check_put_right, covered": {"ben", "ada"},
    "check_change_contact": {"ada"},
    "check_change_contact, not known yet": {"ben", "ada"},
    "check_change_contact, alone": {"ben"},
    "check_be_client": {"ana"},
    "check_merge": {"ada"},
    "check_merge, one's own": set(),
    "check_merge, alone": {"ben"},
}


def things(people, case: str) -> tuple:
    """What the rule of a row is asked about."""
    rule, _comma, how = case.partition(", ")
    _happens(people, how)
    if rule == "check_share":
        return people.dyad, people.mo if "no supervisor" in how else people.cy
    if rule == "check_read_outside_line":
        return (_line(people, how),)
    if rule in ("check_end_sessions", "check_reset_second_factor", "check_give_away"):
        return (people.ada if how else people.ben,)
    if rule in ("check_answer_study", "check_release"):
        who = people.ada if how else people.dee
        return (Study(asked_by=who) if rule == "check_answer_study" else StudyFile(made_by=who),)
    if rule == "check_type_in":
        rated = answers("therapist") if "rated" in how else None
        session = a_held_session(people.dyad, therapist=rated)
        if "waived" in how:
            reveal.waive(session, "The form is in the post", by=people.ben)
        session.refresh_from_db()
        _happens(people, "alone" if "alone" in how else "")
        return (session,)
    if rule == "check_own_note":
        session = a_held_session(people.dyad, therapist=replace(answers("therapist"), reaction="I felt hurried"))
        _happens(people, how)
        return (session.reactions.get(),)
    if rule in ("check_read_safety_answer", "check_look_after_safety"):
        return people.dyad, people.practice
    if rule in ("check_be_outside_reader", "check_see_safety"):
        return (people.practice,)
    if rule == "check_merge":
        return people.ana, a_dyad(people.ada if how == "one's own" else people.ben, "Kim").client
    if rule in ("check_change_contact", "check_be_client", "check_know_client", "check_put_right"):
        return (people.ana,)
    of_dyads = ("check_treat", "check_see_dyad", "check_own", "check_break_glass", "check_answer_correction")
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
    if how in ("handed over", "handed over and shown", "left"):
        after = care.hand_over(dyad, people.eve, day, by=ben)
    if how == "handed over and shown":
        earlier_course.show_earlier(after, "course", by=people.ana)
    if how == "left":
        cover_and_emergency.leave(ben, by=people.ada)
    if how == "erased":
        erase(people.ana, by=people.ada)
    if how == "erasure asked for":
        erasure.ask(people.ana, by=people.ana)
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
    check = getattr(permissions, case.partition(", ")[0])
    asked = EVERYONE if case.startswith("check_be_client") else STAFF
    may = {name for name in asked if permissions.can(check, _person(people, name), *about)}
    assert may == MAY[case]


def _person(people, name: str):
    return a_dyad(people.eve, "Kim").client if name == "kim" else getattr(people, name)


def test_every_rule_stands_in_the_table():
    rules = {name for name, _rule in inspect.getmembers(permissions, inspect.isfunction) if name.startswith("check_")}
    missing = rules - {case.partition(", ")[0] for case in MAY}
    assert not missing, f"Add to MAY in {__name__}, with who may: {', '.join(sorted(missing))}"


def test_a_refusal_is_a_sentence(people):
    with pytest.raises(PermissionDenied, match=r"^[A-Z].*\.$"):
        permissions.check_treat(people.eve, people.dyad)


@pytest.mark.parametrize("case", MAY)
def test_who_has_left_may_nothing(case, people):
    about = things(people, case)
    check = getattr(permissions, case.partition(", ")[0])
    for name in STAFF:
        member = getattr(people, name)
        member.is_active = False
        assert not permissions.can(check, member, *about), name


def test_a_share_that_has_run_out_shows_nothing(people):
    care.share(people.dyad, people.cy, by=people.ben)
    people.dyad.shares.update(until=timezone.now() - timedelta(seconds=1))
    assert not permissions.can(permissions.check_see_dyad, people.cy, people.dyad)


def test_several_roles_add_up_and_give_nothing_more(people):
    both = a_member("Flo", "therapist", "manager")
    assert permissions.can(permissions.check_see_service, both)
    assert permissions.can(permissions.check_work_as_therapist, both)
    assert not permissions.can(permissions.check_see_dyad, both, people.dyad)
    assert not permissions.can(permissions.check_supervise, both)
