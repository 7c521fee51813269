"""When a therapist cannot be there: cover, an emergency, leaving; and what a practice of one can promise."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_member, answers
from tests.clinic.phone import Phone, hidden, text
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, corrections, cover_and_emergency, members, reveal
from accord_clinic.messages import notices
from accord_clinic.models import BreakGlass, Correction, Cover, Measure, Member, Notice, PrivateLine, ReadLog
from accord_clinic.pages.schedule import failed
from accord_clinic.permissions import can, check_own, check_see_dyad, check_treat

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def covered(dyad, ben, eve):
    """Eve covers for Ben this week."""
    return cover_and_emergency.cover(dyad, eve, TODAY - timedelta(days=1), TODAY + timedelta(days=5), by=ben)


def test_cover_sees_and_acts_and_does_not_own(covered, dyad, eve, as_member):
    session = a_held_session(dyad, client=answers("client"))
    checkin.send(session, "therapist", answers("therapist"), by=eve)
    browser = as_member(eve)
    assert browser.get(f"/people/{dyad.uid}/").status_code == 200
    assert dyad.uid in browser.get("/people/").content.decode()
    assert not can(check_own, eve, dyad)
    assert browser.get(f"/people/{dyad.uid}/arrange/").status_code == 404
    with pytest.raises(PermissionDenied):
        care.hand_over(dyad, eve, TODAY, by=eve)


def test_cover_begins_and_ends_by_itself(covered, dyad, eve):
    now = timezone.now()
    Cover.objects.update(since=now + timedelta(hours=1), until=now + timedelta(days=2))
    assert not can(check_treat, eve, dyad)
    Cover.objects.update(since=now - timedelta(days=2), until=now - timedelta(seconds=1))
    assert not can(check_see_dyad, eve, dyad)


def test_cover_is_taken_back_at_once(covered, dyad, ben, eve):
    cover_and_emergency.end_cover(covered, by=ben)
    assert not can(check_see_dyad, eve, dyad)


def test_the_client_reads_who_covers_and_until_when(covered, dyad, ana):
    assert "In place of Ben" in inside(ana).get(f"/mine/{dyad.uid}/readers/").content.decode()


@pytest.mark.parametrize(("first", "last"), [(5, 3), (-9, -2), (0, 400)])
def test_days_of_cover_make_sense(first, last, dyad, ben, eve):
    with pytest.raises(BadInput, match="first and a last day"):
        cover_and_emergency.cover(dyad, eve, TODAY + timedelta(days=first), TODAY + timedelta(days=last), by=ben)


def test_only_a_therapist_covers_and_only_the_own_one_gives_cover(dyad, people):
    with pytest.raises(BadInput, match="another therapist"):
        cover_and_emergency.cover(dyad, people.mo, TODAY, TODAY, by=people.ben)
    with pytest.raises(PermissionDenied):
        cover_and_emergency.cover(dyad, people.eve, TODAY, TODAY, by=people.eve)


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
    cover_and_emergency.break_glass(dyad, "Ben is in hospital and Ana has called", by=ada)
    assert Notice.objects.get(kind="break_glass").member == ben
    assert "Ben is in hospital" in as_member(ben).get(f"/people/{dyad.uid}/terms/").content.decode()
    assert "Ben is in hospital" in inside(ana).get(f"/mine/{dyad.uid}/readers/").content.decode()


def test_without_a_reason_nothing_opens(dyad, ada, people, as_member):
    with pytest.raises(BadInput, match="why you have to look"):
        cover_and_emergency.break_glass(dyad, "because", by=ada)
    with pytest.raises(PermissionDenied):
        cover_and_emergency.break_glass(dyad, "Ben is in hospital and Ana has called", by=people.mo)
    posted = {"therapist": people.ben.uid, "name": "An", "why": "Ben is in hospital and Ana has called"}
    assert "no client of that name there" in as_member(ada).post("/practice/emergency/", posted).content.decode()


def test_nobody_leaves_while_people_are_still_theirs(dyad, ben, eve, ada):
    with pytest.raises(BadInput, match="Hand them over or end them first"):
        cover_and_emergency.leave(ben, by=ada)
    care.hand_over(dyad, eve, TODAY, by=ben)
    cover_and_emergency.leave(ben, by=ada)
    ben.refresh_from_db()
    assert not ben.is_active


def test_leaving_shuts_what_was_open(dyad, ben, cy, ada, people, as_member):
    care.share(dyad, cy, by=ben)
    browser = as_member(cy)
    cover_and_emergency.leave(cy, by=ada)
    people.practice.refresh_from_db()
    assert (people.practice.outside_reader, people.practice.safety_contact) == (None, None)
    assert not dyad.shares.filter(until=None).exists()
    assert browser.get("/supervision/").status_code != 200


def test_the_last_admin_stays(ada):
    with pytest.raises(BadInput, match="Somebody has to keep the practice"):
        cover_and_emergency.leave(ada, by=ada)
    with pytest.raises(BadInput, match="Somebody has to keep the practice"):
        members.set_roles(ada, ["manager"], by=ada)


def test_who_is_invited_chooses_a_password_by_a_link_and_nobody_else_knows_it(
    ada, as_member, client, mailoutbox, settings
):
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


class TestSomebodyHasLeft:
    """What was said to somebody who has left, or is said after, still reaches somebody: and whom it was for."""

    @pytest.fixture
    def left(self, dyad, ben, ada):
        """Ben has ended his work with Ana, and has left."""
        care.end_course(dyad, "planned", TODAY, "", by=ben)
        cover_and_emergency.leave(ben, by=ada)
        ben.refresh_from_db()
        return dyad

    def test_what_they_had_shared_ends_since_nobody_could_take_it_back(self, dyad, ben, cy, eve, ada):
        care.share(dyad, cy, by=ben)
        cover_and_emergency.cover(dyad, eve, TODAY, TODAY + timedelta(days=3), by=ben)
        care.end_course(dyad, "planned", TODAY, "", by=ben)
        cover_and_emergency.leave(ben, by=ada)
        assert not can(check_see_dyad, cy, dyad)
        assert not can(check_see_dyad, eve, dyad)

    def test_their_open_links_ask_for_nobody(self, dyad, ben, ada, client):
        token = checkin.invite(a_held_session(dyad), by=ben)
        care.end_course(dyad, "planned", TODAY, "", by=ben)
        cover_and_emergency.leave(ben, by=ada)
        assert client.get(f"/c/{token}").status_code == 410

    def test_what_is_wrong_is_answered_by_the_admin_and_by_nobody_else(self, left, ana, ada, eve, as_member):
        page = inside(ana).get("/mine/rights/corrections/").content.decode()
        assert "the practice answers" in page
        inside(ana).post("/mine/rights/corrections/", {"dyad": left.uid, "words": "It was a Tuesday"})
        row = Correction.objects.get()
        assert Notice.objects.get(kind="correction").member == ada
        with pytest.raises(PermissionDenied):
            corrections.answer(row, "No", by=eve)
        browser = as_member(ada)
        assert "It was a Tuesday" in browser.get("/practice/messages/").content.decode()
        read = ReadLog.objects.get()
        assert (read.member, read.dyad, read.what) == (ada, left, "correction")
        browser.post("/practice/messages/", {"what": "answer", "correction": row.uid, "words": "Changed to Tuesday"})
        page = inside(ana).get("/mine/rights/corrections/").content.decode()
        assert "Changed to Tuesday" in page
        assert "Ada" in page
        assert "what you said is wrong" in inside(ana).get(f"/mine/{left.uid}/readers/").content.decode()

    def test_while_the_therapist_is_there_the_admin_answers_nothing(self, dyad, ana, ada, as_member):
        row = corrections.ask(dyad, "It was a Tuesday", by=ana)
        posted = {"what": "answer", "correction": row.uid, "words": "Mine"}
        assert as_member(ada).post("/practice/messages/", posted).status_code == 404
        row.refresh_from_db()
        assert row.answered_at is None

    def test_an_emergency_in_a_course_of_theirs_is_told_to_the_admins(self, left, ana, people):
        gil = a_member("Gil", "admin")
        cover_and_emergency.break_glass(left, "Ana has called and nobody knows her", by=gil)
        assert {n.member for n in Notice.objects.filter(kind="break_glass")} == {people.ada, gil}

    def test_nothing_is_sent_to_them(self, dyad, ben, ada, mailoutbox):
        notices.tell("correction", "x", member=ben)
        Member.objects.filter(pk=ben.pk).update(is_active=False)
        notices.deliver()
        assert mailoutbox == []
        assert Notice.objects.get(kind="correction").dropped_at


class TestAnAnswerThatAsksForHelp:
    def test_reaches_whoever_covers(self, covered, dyad, ben, eve, cy):
        reveal.raise_safety(a_held_session(dyad), "phq-9", "item9")
        assert {n.member for n in Notice.objects.filter(kind="safety")} == {ben, eve, cy}

    def test_reaches_the_admins_while_there_is_no_safety_contact(self, dyad, ben, cy, ada, as_member):
        cover_and_emergency.leave(cy, by=ada)
        reveal.raise_safety(a_held_session(dyad), "phq-9", "item9")
        assert {n.member for n in Notice.objects.filter(kind="safety")} == {ben, ada}
        browser = as_member(ada)
        assert "with Ben, session of" in browser.get("/safety/").content.decode()
        assert 'href="/safety/"' in browser.get("/practice/").content.decode()

    def test_promises_no_second_person_where_there_is_none(self, dyad, ben, people, client):
        """In a practice of one, the therapist is the safety contact."""
        Measure.objects.create(dyad=dyad, instrument="phq-9", every=1)
        token = checkin.invite(a_held_session(dyad), by=ben)
        assert "Ben and the practice’s safety contact are told" in client.get(f"/c/{token}").content.decode()
        people.practice.safety_contact = ben
        people.practice.save()
        page = client.get(f"/c/{token}").content.decode()
        assert "safety contact" not in page
        assert "Ben is told and can read that answer" in page


class TestTheOutsideReaderCovers:
    """Whoever stands in for the therapist is not somebody else: a line meant to go past both would reach one."""

    @pytest.fixture
    def cover_by_cy(self, dyad, ben, cy):
        cy.roles = ["therapist", "supervisor"]
        cy.save()
        return lambda: cover_and_emergency.cover(dyad, cy, TODAY, TODAY + timedelta(days=3), by=ben)

    def test_is_not_offered_meanwhile_and_is_again_afterwards(self, dyad, people, ben, cover_by_cy):
        people.practice.elsewhere_text = "You can turn to the ombudsperson."
        people.practice.save()
        cover, phone = cover_by_cy(), Phone(a_held_session(dyad))
        page = text(phone.open())
        assert "Someone else here" not in page
        assert "You can turn to the ombudsperson." in page
        assert "Cy" not in text(phone.browser.get(f"/c/{phone.token}"))
        cover_and_emergency.end_cover(cover, by=ben)
        assert "Someone else here: Cy, supervisor" in text(phone.open())

    def test_a_page_that_offered_it_before_is_shown_again_to_choose_anew(self, dyad, cover_by_cy):
        phone = Phone(a_held_session(dyad))
        phone.open()
        cover_by_cy()
        posted = {"key": phone.key, "reviewed": "page", "0-o2": "Past both of them", "read.0-o2": "outside"}
        page = phone.browser.post(phone.url, posted)
        assert not PrivateLine.objects.exists()
        assert "Past both of them" in page.content.decode()

    def test_is_offered_to_the_clients_of_others(self, people, eve, cover_by_cy):
        cover_by_cy()
        phone = Phone(a_held_session(a_dyad(eve, "Kim")))
        assert "Someone else here: Cy, supervisor" in text(phone.open())


class TestSomebodyElseIsNamed:
    """A line to *someone else here* is for the person whom the page named, whoever is named later."""

    @pytest.fixture
    def said(self, dyad):
        a_held_session(dyad, client=answers("client", words="Only for Cy", reader="outside"))
        return PrivateLine.objects.get()

    @pytest.fixture
    def named(self, said, people):
        """The practice names Flo from now on."""
        flo = a_member("Flo", "supervisor")
        members.set_up(people.practice, by=people.ada, outside_reader=flo)
        return flo

    def test_who_is_named_later_reads_nothing_of_before(self, said, named, as_member):
        browser = as_member(named)
        page = browser.get("/outside/").content.decode()
        assert "No comments so far" in page
        assert browser.get(f"/outside/{said.uid}/").status_code == 404
        assert browser.post(f"/outside/{said.uid}/read/").status_code == 404

    def test_an_admin_who_takes_the_place_reads_nothing_of_before(self, said, people, ada, as_member):
        members.set_up(people.practice, by=ada, outside_reader=ada)
        assert as_member(ada).get(f"/outside/{said.uid}/").status_code == 404

    def test_a_message_about_it_that_fails_is_not_told_to_the_therapist_who_is_admin(self, said, dyad, ben, ada):
        Notice.objects.filter(kind="outside_line").update(tries=6, error="TimeoutError")
        assert [one.to for one in failed(ada)] == ["Cy"]
        ben.roles = ["therapist", "admin"]
        ben.save()
        assert failed(ben) == []

    def test_who_was_named_then_still_reads_and_answers_it(self, said, named, cy, ana, as_member):
        browser = as_member(cy)
        assert 'href="/outside/"' in browser.get("/supervision/").content.decode()
        assert "Only for Cy" in browser.get(f"/outside/{said.uid}/").content.decode()
        browser.post(f"/outside/{said.uid}/read/")
        lines = inside(ana).get(f"/mine/{said.response.session.dyad.uid}/lines/").content.decode()
        assert "Cy sees this. Ben does not" in lines
        assert "It was read on" in lines

    def test_when_that_person_has_left_the_client_reads_that_nobody_sees_it(self, said, cy, ada, ana):
        cover_and_emergency.leave(cy, by=ada)
        lines = inside(ana).get(f"/mine/{said.response.session.dyad.uid}/lines/").content.decode()
        assert "You wrote this to Cy, who no longer works here" in lines

    def test_after_a_hand_over_the_new_therapist_reads_none_of_it(self, said, dyad, ben, eve, people, as_member):
        care.hand_over(dyad, eve, TODAY, by=ben)
        members.set_up(people.practice, by=people.ada, outside_reader=eve)
        assert as_member(eve).get(f"/outside/{said.uid}/").status_code == 404

    def test_a_page_that_named_somebody_else_is_asked_anew(self, dyad, people):
        phone = Phone(a_held_session(dyad))
        phone.open()
        flo = a_member("Flo", "supervisor")
        members.set_up(people.practice, by=people.ada, outside_reader=flo)
        posted = {"key": phone.key, "reviewed": "page", "0-o2": "Only for Cy", "read.0-o2": "outside"}
        page = phone.browser.post(phone.url, posted)
        assert "Please choose again who can read this" in text(page)
        assert "Someone else here: Flo" in text(page)
        assert not PrivateLine.objects.exists()
        posted["key"] = hidden(page, "key")
        assert phone.browser.post(phone.url, posted).status_code == 302
        assert PrivateLine.objects.get().to == flo


def test_a_tab_that_stayed_open_after_a_cover_writes_and_reads_nothing(covered, dyad, ben, eve, as_member):
    """The page of a rating, a talk sheet and goals were open when the cover ended."""
    opened = a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
    waiting = a_held_session(dyad, client=answers("client"))
    browser = as_member(eve)
    rating = browser.get(f"/sessions/{waiting.uid}/rate/")
    given = {"key": hidden(rating, "key"), "0-d1": "3", "0-t1": "0"}
    cover_and_emergency.end_cover(covered, by=ben)
    posts = {
        f"/sessions/{waiting.uid}/rate/": given,
        f"/sessions/{waiting.uid}/rate/draft/": given,
        f"/sessions/{opened.uid}/strain/": {"kind": "unclear"},
        f"/people/{dyad.uid}/goals/propose/": {"kind": "goal", "words": "Sleep"},
        f"/sessions/{waiting.uid}/link/": {},
    }
    for address, fields in posts.items():
        assert browser.post(address, fields).status_code in (403, 404), address
    for address in (f"/people/{dyad.uid}/", f"/sessions/{opened.uid}/talk/", f"/sessions/{waiting.uid}/rated/"):
        assert browser.get(address).status_code == 404
    assert not waiting.responses.filter(side="therapist").exists()
    assert not dyad.agreements.exists()
    assert not dyad.strains.filter(opened_by="therapist").exists()
