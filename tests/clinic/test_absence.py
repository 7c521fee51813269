"""When a therapist cannot be there: cover, an emergency, leaving; and what a practice of one can promise."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_held_session, a_member, answers
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import absence, care, checkin, members
from accord_clinic.models import BreakGlass, Cover, Member, Notice, ReadLog
from accord_clinic.permissions import can_own, can_see_dyad, can_treat

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def covered(dyad, ben, eve):
    """Eve covers for Ben this week."""
    return absence.cover(dyad, eve, TODAY - timedelta(days=1), TODAY + timedelta(days=5), by=ben)


def test_cover_sees_and_acts_and_does_not_own(covered, dyad, eve, as_member):
    session = a_held_session(dyad, client=answers("client"))
    checkin.send(session, "therapist", answers("therapist"), by=eve)
    browser = as_member(eve)
    assert browser.get(f"/people/{dyad.uid}/").status_code == 200
    assert dyad.uid in browser.get("/people/").content.decode()
    assert not can_own(eve, dyad)
    assert browser.get(f"/people/{dyad.uid}/arrange/").status_code == 404
    with pytest.raises(PermissionDenied):
        care.hand_over(dyad, eve, TODAY, by=eve)


def test_cover_begins_and_ends_by_itself(covered, dyad, eve):
    now = timezone.now()
    Cover.objects.update(since=now + timedelta(hours=1), until=now + timedelta(days=2))
    assert not can_treat(eve, dyad)
    Cover.objects.update(since=now - timedelta(days=2), until=now - timedelta(seconds=1))
    assert not can_see_dyad(eve, dyad)


def test_cover_is_taken_back_at_once(covered, dyad, ben, eve):
    absence.end_cover(covered, by=ben)
    assert not can_see_dyad(eve, dyad)


def test_the_client_reads_who_covers_and_until_when(covered, dyad, ana):
    assert "In place of Ben" in inside(ana).get(f"/mine/{dyad.uid}/readers/").content.decode()


@pytest.mark.parametrize(("first", "last"), [(5, 3), (-9, -2), (0, 400)])
def test_days_of_cover_make_sense(first, last, dyad, ben, eve):
    with pytest.raises(BadInput, match="first and a last day"):
        absence.cover(dyad, eve, TODAY + timedelta(days=first), TODAY + timedelta(days=last), by=ben)


def test_only_a_therapist_covers_and_only_the_own_one_gives_cover(dyad, people):
    with pytest.raises(BadInput, match="another therapist"):
        absence.cover(dyad, people.mo, TODAY, TODAY, by=people.ben)
    with pytest.raises(PermissionDenied):
        absence.cover(dyad, people.eve, TODAY, TODAY, by=people.eve)


def test_cover_does_not_read_the_therapists_own_notes(covered, dyad, eve, ben, as_member):
    from dataclasses import replace

    session = a_held_session(
        dyad, client=answers("client"), therapist=replace(answers("therapist"), reaction="Ben's own note")
    )
    assert "Ben's own note" not in as_member(eve).get(f"/sessions/{session.uid}/prepare/").content.decode()


def test_in_an_emergency_an_admin_reads_for_an_hour_and_changes_nothing(dyad, ada, ben, ana, as_member):
    session = a_held_session(dyad, client=answers("client", words="Slower"), therapist=answers("therapist"))
    browser = as_member(ada)
    assert browser.get(f"/people/{dyad.uid}/").status_code == 404
    posted = {"therapist": ben.uid, "name": "Ana", "why": "Ben is in hospital and Ana has called"}
    assert browser.post("/practice/emergency/", posted).headers["Location"] == f"/people/{dyad.uid}/"
    assert "Slower" in browser.get(f"/people/{dyad.uid}/").content.decode()
    assert ReadLog.objects.get().member == ada
    assert browser.post(f"/sessions/{session.uid}/talk/tick/", {"topic": "x"}).status_code == 404
    assert browser.get(f"/sessions/{session.uid}/rate/").status_code == 404
    BreakGlass.objects.update(until=timezone.now())
    assert browser.get(f"/people/{dyad.uid}/").status_code == 404


def test_an_emergency_is_told_to_both_and_says_why(dyad, ada, ben, ana, as_member):
    absence.break_glass(dyad, "Ben is in hospital and Ana has called", by=ada)
    assert Notice.objects.get(kind="break_glass").member == ben
    assert "Ben is in hospital" in as_member(ben).get(f"/people/{dyad.uid}/terms/").content.decode()
    assert "Ben is in hospital" in inside(ana).get(f"/mine/{dyad.uid}/readers/").content.decode()


def test_without_a_reason_nothing_opens(dyad, ada, people, as_member):
    with pytest.raises(BadInput, match="why you have to look"):
        absence.break_glass(dyad, "because", by=ada)
    with pytest.raises(PermissionDenied):
        absence.break_glass(dyad, "Ben is in hospital and Ana has called", by=people.mo)
    posted = {"therapist": people.ben.uid, "name": "An", "why": "Ben is in hospital and Ana has called"}
    assert "not exactly one such person" in as_member(ada).post("/practice/emergency/", posted).content.decode()


def test_nobody_leaves_while_people_are_still_theirs(dyad, ben, eve, ada):
    with pytest.raises(BadInput, match="Hand them over or end them first"):
        absence.leave(ben, by=ada)
    care.hand_over(dyad, eve, TODAY, by=ben)
    absence.leave(ben, by=ada)
    ben.refresh_from_db()
    assert not ben.is_active


def test_leaving_shuts_what_was_open(dyad, ben, cy, ada, people, as_member):
    care.share(dyad, cy, by=ben)
    browser = as_member(cy)
    absence.leave(cy, by=ada)
    people.practice.refresh_from_db()
    assert (people.practice.outside_reader, people.practice.safety_contact) == (None, None)
    assert not dyad.shares.filter(until=None).exists()
    assert browser.get("/supervision/").status_code != 200


def test_the_last_admin_stays(ada):
    with pytest.raises(BadInput, match="Somebody has to keep the practice"):
        absence.leave(ada, by=ada)
    with pytest.raises(BadInput, match="Somebody has to keep the practice"):
        members.set_roles(ada, ["manager"], by=ada)


def test_who_is_invited_chooses_a_password_by_a_link_and_nobody_else_knows_it(
    ada, as_member, client, mailoutbox, settings
):
    from accord_clinic import notices

    posted = {"name": "Flo", "email": "flo@example.org", "roles": ["therapist"]}
    as_member(ada).post("/practice/members/", posted)
    flo = Member.objects.get(email="flo@example.org")
    assert not flo.has_usable_password()
    notices.deliver()
    [mail] = mailoutbox
    link = mail.body.split()[-1].removeprefix(settings.PUBLIC_URL)
    page = client.get(link, follow=True)
    words = {"password1": "a very long password", "password2": "a very long password"}
    client.post(page.redirect_chain[-1][0], words)
    flo.refresh_from_db()
    assert flo.check_password("a very long password")
    assert Notice.objects.get(kind="member_link").about == ""


def test_a_therapist_with_people_stays_a_therapist(dyad, ben, ada):
    with pytest.raises(BadInput, match="still works with people"):
        members.set_roles(ben, ["manager"], by=ada)


def test_a_practice_of_one_says_who_holds_the_key_and_promises_no_more(dyad, ana, ben, client):
    Member.objects.exclude(pk=ben.pk).update(is_active=False)
    ben.roles = ["therapist", "admin"]
    ben.save()
    link = client.get(f"/c/{checkin.invite(a_held_session(dyad), by=ben)}").content.decode()
    readers = inside(ana).get(f"/mine/{dyad.uid}/readers/").content.decode()
    for page in (link, readers):
        assert "Ben runs this practice alone and holds the key" in page
    assert "Counts over many people, never your words" not in readers


def test_a_practice_of_several_does_not_say_so(dyad, ana, ben, client):
    assert "holds the key" not in client.get(f"/c/{checkin.invite(a_held_session(dyad), by=ben)}").content.decode()
    assert a_member("Gil", "admin")
