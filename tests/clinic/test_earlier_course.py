"""A successor sees of the course before what its client chose, for as long as the new course goes on."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_member, answers
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import agreements, care, cover_and_emergency, erasure
from accord_clinic.actions.audit import first_break
from accord_clinic.actions.earlier_course import show_earlier
from accord_clinic.models import AuditEntry, ReadLog

GOAL, PROBLEM, SHOWN = "Sleep through the night", "I worry and then I wake up", "Less homework please"


@pytest.fixture
def after(people):
    """Eve's course with Ana, which goes on from Ben's; nothing is chosen yet."""
    a_course(people.dyad, 2)
    for kind, words in (("goal", GOAL), ("problem", PROBLEM)):
        made = agreements.propose(people.dyad, kind, words, "client", by=people.ana)
        for side, by in (("client", people.ana), ("therapist", people.ben)):
            agreements.seal(made, side, seen=made.wordings.get().pk, by=by)
    said = answers("client", words=SHOWN)
    a_held_session(people.dyad, client=said, therapist=answers("therapist"))
    return care.hand_over(people.dyad, people.eve, timezone.localdate(), by=people.ben)


def pages(browser, dyad) -> dict[str, int]:
    """What each address of a course answers."""
    sheet = dyad.sessions.exclude(revealed_at=None).latest("start")
    of_course = ("", "goals/", "treatment-plan/", "looking-back/", "course.pdf", "course.csv", "arrange/", "terms/")
    of_sheet = ("talk/", "note/", "rate/")
    addresses = {part: f"/people/{dyad.uid}/{part}" for part in of_course}
    addresses |= {part: f"/sessions/{sheet.uid}/{part}" for part in of_sheet}
    return {part: browser.get(address).status_code for part, address in addresses.items()}


def test_until_the_client_chooses_it_is_nothing_and_both_read_so(people, after, as_member):
    eve = as_member(people.eve)
    assert set(pages(eve, people.dyad).values()) == {404}
    page = eve.get(f"/people/{after.uid}/").content.decode()
    assert "You cannot see anything from treatment with Ben." in page
    assert GOAL not in page
    ana = inside(people.ana)
    assert "Eve does not see what you said then." in ana.get(f"/mine/{after.uid}/").content.decode()
    readers = ana.get(f"/mine/{after.uid}/readers/").content.decode()
    assert "What Eve sees of your time with Ben" in readers
    assert 'value="nothing" checked' in readers


def test_what_was_agreed_is_shown_where_the_client_chose_so_and_the_reading_is_noted(people, after, as_member):
    ana = inside(people.ana)
    ana.post(f"/mine/{after.uid}/earlier/", {"shows": "agreed"})
    eve = as_member(people.eve)
    page = eve.get(f"/people/{after.uid}/").content.decode()
    assert GOAL in page
    assert SHOWN not in page
    assert PROBLEM not in page, "the choice names goals and tasks alone"
    assert set(pages(eve, people.dyad).values()) == {404}
    assert ReadLog.objects.filter(member=people.eve, dyad=people.dyad, what="goals").exists()
    assert "The goals and tasks that you and Ben" in ana.get(f"/mine/{people.dyad.uid}/readers/").content.decode()


def test_all_of_it_is_to_read_and_nothing_of_it_to_change(people, after, as_member):
    show_earlier(after, "course", by=people.ana)
    eve = as_member(people.eve)
    assert SHOWN in eve.get(f"/people/{people.dyad.uid}/").content.decode()
    status = pages(eve, people.dyad)
    to_read = {"", "goals/", "treatment-plan/", "looking-back/", "talk/"}
    assert {part for part, code in status.items() if code == 200} == to_read, "no file leaves with it either"
    strain = {"kind": "unclear"}
    sheet = people.dyad.sessions.exclude(revealed_at=None).latest("start")
    assert eve.post(f"/sessions/{sheet.uid}/strain/", strain).status_code in (403, 404)
    assert not people.dyad.strains.filter(opened_by="therapist").exists()
    log = inside(people.ana).get(f"/mine/{people.dyad.uid}/readers/").content.decode()
    assert "The same as Ben could, as you chose." in log


def test_it_is_for_the_successor_alone_and_ends_with_the_course_and_with_the_choice(people, after, as_member):
    show_earlier(after, "course", by=people.ana)
    flo, day = a_member("Flo", "therapist"), timezone.localdate()
    cover_and_emergency.cover(after, flo, day, day, by=people.eve)
    care.share(after, people.cy, by=people.eve)
    address = f"/people/{people.dyad.uid}/"
    for member in (flo, people.cy, people.mo):
        assert as_member(member).get(address).status_code == 404
    show_earlier(after, "nothing", by=people.ana)
    assert as_member(people.eve).get(address).status_code == 404
    show_earlier(after, "course", by=people.ana)
    last = care.hand_over(after, flo, day, by=people.eve)
    assert last.shows_earlier == "nothing", "what Eve may see, the next one may not"
    for member in (people.eve, flo):
        assert as_member(member).get(address).status_code == 404


def test_once_erasure_is_asked_for_it_is_over(people, after, as_member):
    show_earlier(after, "course", by=people.ana)
    eve = as_member(people.eve)
    assert eve.get(f"/people/{people.dyad.uid}/").status_code == 200
    erasure.ask(people.ana, by=people.ana)
    assert set(pages(eve, people.dyad).values()) == {404}


def test_only_the_client_chooses_and_only_where_a_colleague_was_before(people, after):
    other = a_dyad(people.eve, "Kim")
    for somebody in (people.eve, people.ben, people.ada, other.client):
        with pytest.raises(PermissionDenied):
            show_earlier(after, "course", by=somebody)
    with pytest.raises(BadInput):
        show_earlier(after, "everything", by=people.ana)
    with pytest.raises(BadInput, match="No course"):
        show_earlier(other, "course", by=other.client)
    assert not AuditEntry.objects.filter(act="show_earlier").exists()
    show_earlier(after, "agreed", by=people.ana)
    show_earlier(after, "agreed", by=people.ana)
    assert AuditEntry.objects.filter(act="show_earlier").count() == 1
    assert first_break() is None

