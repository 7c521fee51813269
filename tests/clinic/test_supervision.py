"""What is shared with a supervisor, what clients say to somebody else here, and the neutral safety notices."""

from dataclasses import replace

import pytest
from django.core import mail
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_course, a_dyad, a_held_session, a_member, answers
from tests.clinic.phone import text

from accord_clinic.actions import care, checkin, cover_and_emergency, reveal
from accord_clinic.messages import notices
from accord_clinic.models import AgendaItem, AuditEntry, Member, PrivateLine, ReadLog, SafetyLook
from accord_clinic.questionnaires.submission import OpenLine


@pytest.fixture
def shared(people):
    """Ana's course of care, which Ben shows to Cy."""
    care.share(people.dyad, people.cy, by=people.ben)
    return people.dyad


def said_to_somebody_else(dyad, words="Please keep this from Ben"):
    a_held_session(dyad, client=answers("client", words=words, reader="outside"))
    return PrivateLine.objects.get(words=words)


class TestWhatIsShared:
    def test_before_anything_is_shared_the_page_says_how_it_comes(self, as_member, cy):
        assert "when their therapist shares them with you" in text(as_member(cy).get("/supervision/"))

    def test_first_who_needs_a_conversation(self, as_member, people, shared):
        a_course(shared, 1)
        kim = a_dyad(people.eve, "Kim")
        a_held_session(kim, client=answers("client", t1=2), therapist=answers("therapist"))
        care.share(kim, people.cy, by=people.eve)
        page = text(as_member(people.cy).get("/supervision/"))
        assert "2 clients are shared with you. With 1 of them there is something to talk about." in page
        assert page.index("Kim") < page.index("Ana")
        assert "Kim says something felt off in session 1" in page
        assert "with Eve" in page

    def test_a_share_that_is_taken_back_hides_at_once(self, as_member, people, shared):
        browser = as_member(people.cy)
        assert browser.get(f"/people/{shared.uid}/").status_code == 200
        care.unshare(shared, people.cy, by=people.ben)
        assert browser.get(f"/people/{shared.uid}/").status_code == 404
        assert "Ana" not in text(browser.get("/supervision/"))

    def test_the_dyad_is_read_and_not_written(self, as_member, people, shared):
        a_held_session(shared, client=answers("client", t1=2), therapist=answers("therapist"))
        page = as_member(people.cy).get(f"/people/{shared.uid}/").content.decode()
        forms = [part for part in page.split("<form")[1:] if "/account/logout/" not in part]
        assert not forms

    @pytest.mark.parametrize("count", [1, 15])
    def test_it_costs_the_same_however_many(self, count, as_member, people, django_assert_max_num_queries):
        for n in range(count):
            dyad = a_dyad(people.ben, f"Client {n}")
            a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
            care.share(dyad, people.cy, by=people.ben)
        browser = as_member(people.cy)
        with django_assert_max_num_queries(7):
            browser.get("/supervision/")


class TestSomebodyElseHere:
    def test_the_list_says_that_somebody_wrote_and_not_what(self, as_member, people, dyad):
        said_to_somebody_else(dyad)
        page = text(as_member(people.cy).get("/outside/"))
        assert "Ana" in page
        assert "Please keep" not in page
        assert not ReadLog.objects.exists()

    def test_reading_is_noted_and_acknowledged_for_the_client_to_see(self, as_member, people, dyad):
        line, browser = said_to_somebody_else(dyad), as_member(people.cy)
        assert "Please keep this from Ben" in text(browser.get(f"/outside/{line.uid}/"))
        read = ReadLog.objects.get()
        assert (read.member, read.dyad, read.what) == (people.cy, dyad, "outside_line")
        assert read.sessions == [dyad.sessions.get().uid]
        browser.post(f"/outside/{line.uid}/read/")
        browser.post(f"/outside/{line.uid}/read/")
        line.refresh_from_db()
        assert line.acknowledged_at
        assert AuditEntry.objects.filter(act="acknowledge_line").count() == 1
        assert "read on" in text(browser.get("/outside/"))

    def test_never_about_the_readers_own_dyads(self, as_member, people):
        Member.objects.filter(pk=people.cy.pk).update(roles=["supervisor", "therapist"])
        people.cy.refresh_from_db()
        line = said_to_somebody_else(a_dyad(people.cy, "Kim"))
        browser = as_member(people.cy)
        assert "Kim" not in text(browser.get("/outside/"))
        assert browser.get(f"/outside/{line.uid}/").status_code == 404
        assert browser.post(f"/outside/{line.uid}/read/").status_code == 404

    def test_only_the_one_whom_the_practice_names(self, as_member, people, dyad):
        line, other = said_to_somebody_else(dyad), a_member("Flo", "supervisor")
        assert as_member(other).get("/outside/").status_code == 404
        assert as_member(other).get(f"/outside/{line.uid}/").status_code == 404

    @pytest.mark.parametrize("reader", ["raise", "statistics"])
    def test_what_is_kept_or_only_counted_is_nobodys(self, reader, as_member, people, dyad):
        a_held_session(dyad, client=answers("client", words="Mine", reader=reader))
        line = PrivateLine.objects.get()
        assert as_member(people.cy).get(f"/outside/{line.uid}/").status_code == 404

    def test_a_line_that_was_corrected_is_read_as_corrected(self, as_member, people, dyad):
        first = said_to_somebody_else(dyad, "First words")
        session = dyad.sessions.get()
        again = replace(answers("client"), open_lines=(OpenLine(CHECK_IN, "o2", "Other words", "outside"),))
        checkin.send(session, "client", again, by=people.ana)
        browser = as_member(people.cy)
        assert browser.get(f"/outside/{first.uid}/").status_code == 404
        assert "Other words" in text(browser.get(f"/outside/{PrivateLine.objects.latest('id').uid}/"))

    def test_the_mail_says_only_that_something_waits(self, people, dyad):
        said_to_somebody_else(dyad)
        notices.deliver()
        [sent] = [m for m in mail.outbox if m.to == [people.cy.email]]
        assert (sent.subject, sent.body) == ("Please look", "Please sign in. Something is waiting for you.")


class TestSafety:
    @pytest.fixture
    def notice(self, dyad):
        session = a_held_session(dyad)
        reveal.raise_safety(session, "phq-9", "item9")
        return session

    def test_the_notice_names_whom_and_when_and_no_answer(self, as_member, people, notice):
        page = text(as_member(people.cy).get("/safety/"))
        assert "Ana" in page
        assert "with Ben, session of" in page
        assert "phq" not in page.lower()
        assert "item9" not in page

    def test_what_was_done_stands_on_the_list_and_ends_the_notice(self, as_member, people, notice):
        browser = as_member(people.cy)
        assert "Read the answer" in text(browser.get("/safety/"))
        browser.post(f"/safety/{notice.uid}/done/", {"done": "assessment"})
        assert SafetyLook.objects.get().member == people.cy
        page = text(browser.get("/safety/"))
        assert "Cy wrote an assessment in the care record" in page
        assert "Read the answer" not in page

    def test_without_a_notice_the_page_says_what_will_be_here(self, as_member, cy):
        assert "No safety answer so far" in text(as_member(cy).get("/safety/"))


class TestAnOwnNoteBecomesAnAgendaItem:
    @pytest.fixture
    def note(self, people):
        rating = replace(answers("therapist"), reaction="I felt hurried. CANARY")
        session = a_held_session(people.dyad, client=answers("client"), therapist=rating)
        return session.reactions.get()

    def take(self, browser, note, what="on"):
        return browser.post(f"/sessions/{note.session.uid}/agenda/", {"note": note.pk, "what": what})

    def test_in_one_tap_and_back(self, people, as_member, note):
        care.share(people.dyad, people.cy, by=people.ben)
        ben, cy = as_member(people.ben), as_member(people.cy)
        prepare = f"/sessions/{note.session.uid}/prepare/"
        assert "Take this to supervision" in ben.get(prepare).content.decode()
        assert "CANARY" not in cy.get("/supervision/").content.decode()
        assert self.take(ben, note).status_code == 302
        assert "CANARY" in cy.get("/supervision/").content.decode()
        assert "On the agenda for supervision" in ben.get(prepare).content.decode()
        self.take(ben, note, "off")
        assert "CANARY" not in cy.get("/supervision/").content.decode()

    def test_only_those_with_whom_the_course_is_shared_read_it(self, people, as_member, note):
        ben, cy = as_member(people.ben), as_member(people.cy)
        self.take(ben, note)
        assert "CANARY" not in cy.get("/supervision/").content.decode()
        care.share(people.dyad, people.cy, by=people.ben)
        assert "CANARY" in cy.get("/supervision/").content.decode()
        care.unshare(people.dyad, people.cy, by=people.ben)
        assert "CANARY" not in cy.get("/supervision/").content.decode()

    def test_nobody_else_can_take_it_there(self, people, as_member, note):
        today = timezone.localdate()
        cover_and_emergency.cover(people.dyad, people.eve, today, today, by=people.ben)
        care.share(people.dyad, people.cy, by=people.ben)
        for who in (people.eve, people.cy, people.ada):
            assert self.take(as_member(who), note).status_code == 404
        assert not AgendaItem.objects.exists()
