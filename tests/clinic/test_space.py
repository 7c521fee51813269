"""The client's own space: a step up by code or PIN; course, goals with seals, what is kept, who may read, who did."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, text
from tests.clinic.rights_steps import ask_to_step_in
from tests.clinic.rights_steps import inside as in_the_space_of

from accord_clinic.actions import agreements, care, checkin, own_space, read_log, step_in
from accord_clinic.models import Agreement, ClientDoor, Code, Comment, Notice, PrivateLine, ReadLog, Response, StepIn
from accord_clinic.views.own_space import DOOR


@pytest.fixture
def inside(people):
    """Ana's browser with the door of her space open."""
    return in_the_space_of(people.ana)


class TestSteppingIn:
    def test_a_code_goes_to_the_known_contact_of_whoever_opened_the_link(self, dyad, people):
        phone = Phone(a_session(dyad, state="held"))
        assert phone.browser.get("/mine/")["Location"] == "/mine/in/"
        assert "E-mail" not in text(phone.browser.get("/mine/in/"))
        code = ask_to_step_in(phone.browser)
        assert phone.browser.post("/mine/code/", {"code": code})["Location"] == "/mine/"
        assert phone.browser.get("/mine/")["Location"] == f"/mine/{dyad.uid}/"

    def test_the_code_is_never_on_the_page_outside_the_demo(self, dyad):
        phone = Phone(a_session(dyad, state="held"))
        assert ask_to_step_in(phone.browser) not in phone.browser.get("/mine/code/").content.decode()

    def test_an_address_that_is_not_known_gets_the_same_pages_and_no_code(self, people):
        known, unknown = Browser(), Browser()
        pages = [
            b.post("/mine/in/", {"email": address}, follow=True)
            for b, address in ((known, "ana@example.org"), (unknown, "nobody@example.org"))
        ]
        assert text(pages[0]) == text(pages[1])
        step_in.send_codes()
        assert Notice.objects.filter(kind="code").count() == 1
        assert "This code is not right." in text(unknown.post("/mine/code/", {"code": "123456"}))

    def test_five_wrong_codes_and_the_right_one_is_dead(self, people):
        browser = Browser()
        code = ask_to_step_in(browser, "ana@example.org")
        for _ in range(5):
            browser.post("/mine/code/", {"code": "000000" if code != "000000" else "111111"})
        assert "This code is not right." in text(browser.post("/mine/code/", {"code": code}))

    def test_nobodys_inbox_can_be_filled_with_codes(self, people):
        for _ in range(10):
            ask_to_step_in(Browser(), "ana@example.org")
        assert Notice.objects.filter(kind="code").count() == step_in.MOST_AN_HOUR

    def test_after_fifteen_idle_minutes_the_door_is_shut(self, inside, dyad):
        ClientDoor.objects.update(seen_at=timezone.now() - timedelta(minutes=16))
        assert inside.get(f"/mine/{dyad.uid}/")["Location"] == "/mine/in/"

    def test_what_was_stamped_by_a_clock_a_day_ahead_opens_nothing(self, inside, dyad, people):
        """Put right again, the clock would leave a door and a code open for a day."""
        tomorrow = timezone.now() + timedelta(days=1)
        ClientDoor.objects.update(seen_at=tomorrow)
        assert inside.get(f"/mine/{dyad.uid}/")["Location"] == "/mine/in/"
        browser = Browser()
        code = ask_to_step_in(browser, people.ana.email)
        StepIn.objects.update(made_at=tomorrow)
        assert browser.post("/mine/code/", {"code": code})["Location"] == "/mine/in/"
        code = own_space.ask_code(people.ana, "copy")
        Code.objects.update(made_at=tomorrow, expires_at=tomorrow + own_space.CODE_LIVES)
        assert not own_space.use_code(people.ana, code, "copy")

    def test_leaving_shuts_the_door_and_goes_to_the_harmless_page(self, inside, dyad):
        token = inside.cookies[DOOR].value
        assert inside.post("/mine/leave/")["Location"] == "/away"
        inside.cookies[DOOR] = token
        assert inside.get(f"/mine/{dyad.uid}/")["Location"] == "/mine/in/"

    def test_somebody_elses_rows_are_not_there(self, inside, people):
        other = a_dyad(people.eve, "Zoe")
        goal = agreements.propose(other, "goal", "Not Ana's", "client", by=other.client)
        session = a_held_session(other, client=answers("client"), therapist=answers("therapist"))
        for url in (f"/mine/{other.uid}/", f"/mine/{other.uid}/goals/", f"/mine/{other.uid}/lines/",
                    f"/mine/{other.uid}/readers/", f"/mine/sheet/{session.uid}/"):  # fmt: skip
            assert inside.get(url).status_code == 404
        assert inside.post(f"/mine/goals/{goal.uid}/", {"what": "dropped"}).status_code == 404
        assert inside.post(f"/mine/{other.uid}/propose/", {"words": "Mine now"}).status_code == 404


class TestTheCourse:
    def test_opens_with_a_sentence(self, inside, dyad):
        a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        a_session(dyad, state="held")
        assert "You have answered after 1 of 2 sessions with Ben." in text(inside.get(f"/mine/{dyad.uid}/"))

    def test_says_what_will_be_there_before_anything_is(self, inside, dyad):
        assert "After your first check-in, your answers over time are here." in text(inside.get(f"/mine/{dyad.uid}/"))

    def test_shows_nothing_of_the_therapist_before_the_reveal(self, inside, dyad, people):
        session = a_held_session(dyad, client=answers("client"))
        before = text(inside.get(f"/mine/{dyad.uid}/"))
        other = a_held_session(dyad)
        checkin.send(other, "therapist", answers("therapist", t1=4, words="A hard hour"), by=people.ben)
        page = text(inside.get(f"/mine/{dyad.uid}/"))
        assert "A hard hour" not in page
        assert inside.get(f"/mine/sheet/{session.uid}/").status_code == 404
        assert "Session 1" not in before.partition("Talk sheets")[2]

    def test_the_sheet_is_open_once_revealed(self, inside, dyad):
        session = a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        assert f"/mine/sheet/{session.uid}/" in inside.get(f"/mine/{dyad.uid}/").content.decode()
        assert "How each of you saw session 1" in text(inside.get(f"/mine/sheet/{session.uid}/"))


class TestGoals:
    def test_a_goal_is_proposed_sealed_reworded_and_ended(self, inside, dyad, people):
        inside.post(f"/mine/{dyad.uid}/propose/", {"kind": "goal", "words": "Sleep through the night"})
        goal = Agreement.objects.get()
        first = goal.wordings.get()
        inside.post(f"/mine/goals/{goal.uid}/", {"what": "seal", "seen": first.pk})
        agreements.seal(goal, "therapist", seen=first.pk, by=people.ben)
        assert "agreed" in text(inside.get(f"/mine/{dyad.uid}/goals/"))
        inside.post(f"/mine/goals/{goal.uid}/", {"what": "reword", "words": "Sleep", "seen": first.pk})
        assert goal.wordings.latest("id").seals.count() == 0
        inside.post(f"/mine/goals/{goal.uid}/", {"what": "reached"})
        goal.refresh_from_db()
        assert goal.end == "reached"

    def test_two_people_who_change_one_goal_see_both_texts(self, inside, dyad, people):
        goal = agreements.propose(dyad, "goal", "Sleep", "client", by=people.ana)
        seen = goal.wordings.get().pk
        agreements.reword(goal, "Sleep through the night", "therapist", seen=seen, by=people.ben)
        page = inside.post(f"/mine/goals/{goal.uid}/", {"what": "reword", "words": "Sleep until six", "seen": seen})
        assert page.status_code == 409
        assert "Sleep until six" in text(page)
        assert "Sleep through the night" in text(page)
        assert goal.wordings.latest("id").words == "Sleep through the night"

    def test_an_empty_goal_is_refused_with_a_sentence(self, inside, dyad):
        page = inside.post(f"/mine/{dyad.uid}/propose/", {"kind": "goal", "words": "  "})
        assert "Write at least one word." in text(page)


class TestOnlyForYou:
    """What is kept reaches nobody until the client says so."""

    @pytest.fixture
    def phone(self, dyad):
        phone = Phone(a_session(dyad, state="held"))
        phone.send(
            {
                **USUAL,
                "0-t1": "2",
                "0-t2": "3",
                "share.0-t1": "not_yet",
                "0-o1": "The drawing",
                "0-o2": "My line",
                "read.0-o2": "raise",
            }
        )
        return phone

    def lines(self, inside, dyad):
        return text(inside.get(f"/mine/{dyad.uid}/lines/"))

    def test_it_is_listed_for_the_client(self, phone, inside, dyad):
        page = self.lines(inside, dyad)
        assert "My line" in page
        assert "Yes, clearly" in page
        assert "We have not talked about it" in page
        assert "Nobody sees this. You said: not yet." in page

    def test_words_can_be_shown_now(self, phone, inside, dyad):
        line = PrivateLine.objects.get(item="o2")
        inside.post(f"/mine/lines/{line.uid}/", {"what": "show"})
        assert Comment.objects.filter(words="My line", item="o2").exists()
        assert "My line" not in self.lines(inside, dyad)

    def test_an_answer_shown_now_becomes_a_correction_with_what_hangs_on_it(self, phone, inside, dyad):
        line = PrivateLine.objects.get(item="t1")
        inside.post(f"/mine/lines/{line.uid}/", {"what": "show"})
        first, second = Response.objects.filter(side="client", instrument="accord-check-in").order_by("id")
        assert "t1" not in first.answers
        assert (second.answers["t1"], second.answers["t2"]) == (2, 3)
        assert [c.words for c in Comment.objects.filter(response=second)] == ["The drawing"]
        assert PrivateLine.objects.get().response == second

    def test_shown_after_the_reveal_it_becomes_a_concern(self, phone, inside, dyad, people):
        session = phone.invitation.session
        checkin.send(session, "therapist", answers("therapist"), by=people.ben)
        assert not dyad.strains.exists()
        inside.post(f"/mine/lines/{PrivateLine.objects.get(item='t1').uid}/", {"what": "show"})
        assert dyad.strains.get().opened_by == "client"

    def test_it_can_be_deleted(self, phone, inside, dyad):
        inside.post(f"/mine/lines/{PrivateLine.objects.get(item='t1').uid}/", {"what": "delete"})
        assert list(PrivateLine.objects.values_list("item", flat=True)) == ["o2"]

    def test_what_was_corrected_since_is_no_longer_listed(self, phone, inside, dyad):
        phone.send({**USUAL, "0-t1": "0"})
        assert "You have not kept anything for yourself." in self.lines(inside, dyad)

    def test_nobody_else_can_show_or_delete_it(self, phone, people):
        zoe = a_dyad(people.eve, "Zoe").client
        browser = in_the_space_of(zoe)
        for what in ("show", "delete"):
            url = f"/mine/lines/{PrivateLine.objects.get(item='o2').uid}/"
            assert browser.post(url, {"what": what}).status_code == 404
        assert PrivateLine.objects.filter(item="o2").exists()


class TestWhoReads:
    def test_who_may_read_is_said_by_name(self, inside, dyad, people):
        care.share(dyad, people.cy, by=people.ben)
        page = text(inside.get(f"/mine/{dyad.uid}/readers/"))
        assert "Ben What you show" in page
        assert "Cy The same as Ben, as supervisor, since" in page
        assert "Only what you write to Cy." in page
        assert "Nobody has opened a page with your words yet." in page

    def test_who_read_what_is_said_plainly(self, inside, dyad, people):
        sessions = [a_session(dyad, state="held") for _ in range(2)]
        read_log.log_read(people.ben, dyad, "talk_sheet", [session.uid for session in sessions])
        page = text(inside.get(f"/mine/{dyad.uid}/readers/"))
        assert "Ben the talk sheet, sessions 1, 2" in page
        assert ReadLog.objects.count() == 1


def test_the_pages_cost_few_queries_however_long_the_course(inside, dyad, django_assert_max_num_queries):
    for _ in range(6):
        a_held_session(dyad, client=answers("client", t1=1), therapist=answers("therapist"))
    with django_assert_max_num_queries(15):
        inside.get(f"/mine/{dyad.uid}/")
    for page, most in (("goals", 10), ("lines", 10), ("readers", 12)):
        with django_assert_max_num_queries(most):
            inside.get(f"/mine/{dyad.uid}/{page}/")
