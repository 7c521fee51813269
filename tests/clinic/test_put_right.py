"""What a member marks can be put right: a goal's end, a tick, a link, where a session was, what became of it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_held_session, a_session, answers

from accord.errors import BadInput
from accord_clinic.actions import agreements, care, checkin, reveal, strains, talk_sheet
from accord_clinic.models import AuditEntry, Notice, Undone
from accord_clinic.pages.today import today
from accord_clinic.queries.strains import open_strain

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def browser(ben, as_member):
    return as_member(ben)


class TestGoal:
    @pytest.fixture
    def goal(self, dyad, ben, ana):
        goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=ana)
        agreements.seal(goal, "client", seen=goal.wordings.get().pk, by=ana)
        return goal

    def test_goal_ended_by_mistake_goes_on_and_its_history_says_so(self, dyad, goal, browser):
        end, page = reverse("end_agreement", args=[goal.uid]), reverse("goals", args=[dyad.uid])
        browser.post(end, {"how": "reached"})
        assert "Reopen" in text(browser.get(page))
        browser.post(end, {"how": "undo"})
        goal.refresh_from_db()
        assert (goal.end, goal.ended_at) == ("", None)
        assert goal.wordings.get().seals.count() == 1, "who has confirmed it stays"
        assert re.search(r"Marked as reached on .*, taken back on .* \( ?Ben ?\)", text(browser.get(page)))
        assert list(AuditEntry.objects.values_list("act", flat=True))[-2:] == ["end_agreement", "take_back_end"]

    def test_taking_back_twice_is_the_same_as_once(self, goal, ben):
        agreements.end(goal, "dropped", "therapist", by=ben)
        for _again in range(2):
            agreements.take_back_end(goal, "therapist", by=ben)
        assert Undone.objects.count() == 1

    def test_ended_task_of_a_goal_that_goes_on_is_found_and_goes_on(self, dyad, goal, ben, browser):
        task = agreements.propose(dyad, "task", "No screen after ten", "therapist", by=ben, goal=goal)
        agreements.end(task, "dropped", "therapist", by=ben)
        assert "No screen after ten" in text(browser.get(reverse("goals", args=[dyad.uid])))
        browser.post(reverse("end_agreement", args=[task.uid]), {"how": "undo"})
        task.refresh_from_db()
        assert task.ended_at is None

    def test_nothing_goes_on_in_a_course_that_has_ended(self, dyad, goal, ben):
        agreements.end(goal, "dropped", "therapist", by=ben)
        care.end_course(dyad, "planned", timezone.localdate(), "", by=ben)
        goal.refresh_from_db()
        with pytest.raises(BadInput, match="has ended"):
            agreements.take_back_end(goal, "therapist", by=ben)


class TestTick:
    @pytest.fixture
    def session(self, dyad):
        said = answers("client", t1=2, words="Slower, please")
        return a_held_session(dyad, client=said, therapist=answers("therapist"))

    def test_line_ticked_by_mistake_is_ready_to_talk_about_again(self, session, browser):
        where = reverse("talk_tick", args=[session.uid])
        browser.post(where, {"topic": "words:o2"})
        assert "Not yet, after all" in text(browser.get(reverse("talk", args=[session.uid])))
        browser.post(where, {"topic": "words:o2", "undo": ""})
        assert not session.talk_ticks.exists()
        assert Undone.objects.get().mark == "words:o2"
        browser.post(where, {"topic": "words:o2"})
        assert session.talk_ticks.count() == 1, "it can be ticked once more"

    def test_strain_is_where_it_was_and_its_history_has_both(self, session, dyad, ben, browser):
        strain = dyad.strains.get()
        topic = f"strain:{strain.uid}"
        talk_sheet.tick(session, topic, by=ben)
        strain.refresh_from_db()
        assert (strain.state, open_strain(strain).talked) == ("talked_about", "ticked")
        page = reverse("strain", args=[strain.uid])
        assert "We have not talked about it after all" in text(browser.get(page))
        browser.post(reverse("move_strain", args=[strain.uid]), {"move": "take_back"})
        strain.refresh_from_db()
        assert (strain.state, open_strain(strain).talked) == ("opened", "")
        assert not session.talk_ticks.exists(), "its tick on the sheet goes with it"
        assert "Ben took back that it was talked about" in text(browser.get(page))
        assert "We have not talked about it after all" not in text(browser.get(page))

    def test_what_the_client_said_of_it_stays(self, session, dyad, ben):
        strain = dyad.strains.get()
        strains.move(strain, "talk_in_part", "client", by=None, session=session)
        strains.move(strain, "talk", "therapist", by=ben)
        strains.move(strain, "partly", "client", by=None, session=session)
        strains.move(strain, "take_back", "therapist", by=ben)
        strain.refresh_from_db()
        assert (strain.state, open_strain(strain).talked) == ("partly", "in_part")

    def test_without_a_tick_there_is_nothing_to_take_back(self, session, dyad, ben):
        strains.move(dyad.strains.get(), "take_back", "therapist", by=ben)
        assert not dyad.strains.get().moves.filter(move="take_back").exists()

    def test_only_who_treats_takes_it_back(self, session, dyad, ben, eve, as_member):
        talk_sheet.tick(session, f"strain:{dyad.strains.get().uid}", by=ben)
        gone = as_member(eve).post(reverse("talk_tick", args=[session.uid]), {"topic": "x", "undo": ""})
        assert gone.status_code == 404
        assert session.talk_ticks.count() == 1


class TestSession:
    HOUR = timedelta(hours=1)

    @pytest.fixture
    def asked(self, dyad, ben):
        """It counts as held, and its link is out."""
        session = a_session(dyad, timezone.now() - 4 * self.HOUR)
        care.mark_session(session, "held", by=None)
        checkin.invite(session, by=ben)
        return session

    @pytest.mark.parametrize("state", ["cancelled", "missed_by_client", "missed_by_therapist"])
    def test_assumed_held_and_not_so_after_the_link_is_marked_where_one_stands(self, asked, ben, browser, state):
        assert "Assumed held. Not so?" in text(browser.get(reverse("today")))
        browser.post(reverse("mark_session", args=[asked.uid]), {"state": state, "from": "today"})
        asked.refresh_from_db()
        assert asked.state == state
        assert not asked.invitations.filter(revoked_at=None).exists(), "the link is closed"
        assert "Your ratings" not in text(browser.get(reverse("today")))

    def test_mark_says_nothing_of_an_answer_which_is_kept_and_makes_it_held_again(self, asked, ana, ben, browser):
        where, page = reverse("mark_session", args=[asked.uid]), reverse("move_session", args=[asked.uid])
        assert "counts as held again once it opens" in text(browser.get(page))
        checkin.send(asked, "client", answers("client", t1=2), by=ana)
        browser.post(where, {"state": "missed_by_client"})
        asked.refresh_from_db()
        assert asked.state == "missed_by_client"
        assert today(ben).to_do == ()
        assert reveal.sweep(asked.reveal_due + self.HOUR) == 1
        asked.refresh_from_db()
        assert (asked.state, asked.responses.count()) == ("held", 1)
        assert asked.dyad.strains.count() == 1, "no mark buries a concern"

    def test_it_can_be_marked_as_held_again(self, asked, ben, browser):
        for state in ("missed_by_client", "held"):
            browser.post(reverse("mark_session", args=[asked.uid]), {"state": state})
        asked.refresh_from_db()
        assert asked.state == "held"
        history = text(browser.get(reverse("move_session", args=[asked.uid])))
        assert "Marked as held (before: missed by the client)" in history

    def test_one_that_is_asked_about_cannot_be_planned_again_or_moved(self, asked, ben):
        with pytest.raises(BadInput, match="has a link"):
            care.mark_session(asked, "planned", by=ben)
        with pytest.raises(BadInput, match="has a link"):
            care.move_session(asked, timezone.now(), by=ben)

    def test_where_it_was_is_put_right_also_after_both_have_answered(self, dyad, browser):
        session = a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        page = reverse("move_session", args=[session.uid])
        assert page in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
        browser.post(reverse("mark_session", args=[session.uid]), {"modality": "video", "from": "session"})
        session.refresh_from_db()
        assert (session.modality, session.state) == ("video", "held")
        assert "Now by video (before: in person)" in text(browser.get(page))

    def test_odd_place_is_refused(self, asked, browser):
        browser.post(reverse("mark_session", args=[asked.uid]), {"modality": "<script>"})
        asked.refresh_from_db()
        assert asked.modality == "room"

    def test_link_for_the_wrong_session_is_closed_on_its_page(self, asked, browser):
        page = reverse("move_session", args=[asked.uid])
        assert "Close it if it went out for the wrong session" in text(browser.get(page))
        browser.post(reverse("close_link", args=[asked.uid]), {"from": "session"})
        assert not asked.invitations.filter(revoked_at=None).exists()
        assert "Close it if it went out" not in text(browser.get(page))

    def test_mail_with_the_wrong_link_that_waits_is_not_sent(self, dyad, ben, browser):
        session = a_held_session(dyad, timezone.now() - self.HOUR)
        browser.post(reverse("make_link", args=[session.uid]), {"mail": ""})
        browser.post(reverse("close_link", args=[session.uid]), {})
        assert not Notice.objects.filter(kind="link", sent_at=None, dropped_at=None).exists()
