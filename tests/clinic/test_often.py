"""How often there is a check-in: by practice and by course, and what follows for all that counts missing answers."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_held_session, answers

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, reveal, schedule
from accord_clinic.models import Client, Dyad, Measure, Practice, Session, Signal
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.pages.own_space import own_course
from accord_clinic.pages.today import today
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.page import MOST_PICKS, Agreed, page
from accord_clinic.questionnaires.questions import QuestionNames
from accord_clinic.records.often import is_due
from accord_clinic.records.picks import PICKED
from accord_clinic.rules.silence import unanswered_in_a_row
from accord_clinic.service.counts import count_month

EVERY = (1, 2, 4, 6)


@pytest.fixture(autouse=True)
def no_quiet_hours(request):
    if "people" in request.fixturenames:
        Practice.objects.update(quiet_from=0, quiet_until=0)


def every(dyad, often):
    """The course with a check-in after every so many sessions."""
    Dyad.objects.filter(pk=dyad.pk).update(often=often)
    dyad.refresh_from_db()


def weekly(dyad, count, said=True):
    """So many sessions, the last three hours ago; all but that are open, with an answer where one was due."""
    last = timezone.now() - timedelta(hours=3)
    sessions = []
    for n in range(1, count + 1):
        session = a_held_session(dyad, last - timedelta(days=7 * (count - n)))
        if n < count:
            if said and is_due(n, dyad.often or 1):
                checkin.invite(session, by=dyad.therapist)
                checkin.send(session, "client", answers("client"), by=dyad.client)
            reveal.sweep(session.reveal_due + timedelta(minutes=1))
        sessions.append(session)
    for session in sessions:
        session.refresh_from_db()
    return sessions


class TestWhichSessions:
    @pytest.mark.parametrize(
        ("often", "due"), [(1, [1, 2, 3, 4, 5, 6, 7, 8]), (2, [1, 2, 4, 6, 8]), (4, [1, 4, 8]), (6, [1, 6])]
    )
    def test_the_first_and_then_every_second_or_fourth_or_the_reviews(self, often, due):
        assert [n for n in range(1, 9) if is_due(n, often)] == due

    @pytest.mark.parametrize("often", EVERY)
    @pytest.mark.parametrize("remote", [False, True])
    def test_all_of_the_wider_look_has_its_turn_and_so_have_reviews_and_what_matters_most(self, often, remote):
        dyad, due = Dyad(), [n for n in range(1, 121) if is_due(n, often)]
        pairs = (pair for n in due for pair in plan.forms(dyad, n, often, "client", (), remote))
        asked = [form for name, form in pairs if name == plan.WIDER_LOOK]
        turns = {f"turn-{n}" for n in range(1, 7) if remote or n != 3}
        assert asked.count("review") == {1: 16, 2: 16, 4: 10, 6: 14}[often]
        assert sum(plan.asks_what_matters(n, often) for n in due) == {1: 24, 2: 12, 4: 10, 6: 6}[often]
        assert set(asked) - {"review"} == (turns if often < 6 else set())
        taken = [asked.count(turn) for turn in turns]
        assert max(taken) - min(taken) <= 1

    @pytest.mark.parametrize("often", EVERY)
    @pytest.mark.parametrize("remote", [False, True])
    def test_no_check_in_is_more_than_sixteen_taps(self, often, remote):
        rows = [(f"{kind}-{n}", kind, "Sleep", True) for n in range(4) for kind in ("goal", "task", "medication")]
        for number in range(1, 121):
            forms = plan.forms(Dyad(form="full"), number, often, "client", (), remote)
            agreed = [Agreed(*row) for row in plan.asks_how_far(number, often, rows)]
            goals = [Agreed(*row[:3]) for row in rows if row[1] == "goal"]
            picks_from = goals if plan.asks_what_matters(number, often) else None
            asked = page("client", forms, QuestionNames("", "", ""), progress=agreed, picks_from=picks_from)
            assert taps(asked) <= 16, number

    @pytest.mark.parametrize("often", EVERY)
    @pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
    def test_each_goal_has_its_turn(self, often, count):
        goals = [(str(n), "goal", "Sleep", True) for n in range(count)]
        due = [n for n in range(1, 20 * often + 60) if is_due(n, often)]
        asked = [uid for n in due for uid, _kind, _words in plan.asks_how_far(n, often, goals)]
        assert all(asked.count(uid) >= 2 for uid, *_rest in goals)

    @pytest.mark.parametrize("often", EVERY)
    def test_a_task_and_the_medication_take_turns(self, often):
        rows = [("t", "task", "Walk", True), ("m", "medication", "One in the evening", True)]
        asked = [uid for n in range(often, 10 * often, often) for uid, *_rest in plan.asks_how_far(n, often, rows)]
        assert asked == ["m", "t"] * 4 + ["m"]
        assert plan.asks_how_far(1, 1, rows[1:]) == [rows[1][:3]]
        assert not plan.asks_how_far(1, 1, [(*rows[1][:3], False)])

    @pytest.mark.parametrize("often", EVERY)
    def test_a_measure_is_asked_at_the_next_check_in_and_once_for_each_time_that_it_falls_on(self, often):
        measures, due = [Measure(instrument="phq-9", every=4)], [n for n in range(1, 25) if is_due(n, often)]
        asked = [n for n in due if ("phq-9", "full") in plan.forms(Dyad(), n, often, "client", measures)]
        assert asked == {1: [1, 5, 9, 13, 17, 21], 2: [1, 6, 10, 14, 18, 22], 4: [1, 8, 12, 16, 20, 24],
                         6: [1, 6, 12, 18, 24]}[often]  # fmt: skip

    def test_goals_wait_for_the_next_check_in_and_leave_one_that_asks_what_matters_most(self):
        goal = [("g", "goal", "Sleep", True)]
        assert [n for n in range(1, 25) if plan.asks_what_matters(n, 1)] == [5, 10, 15, 20]
        assert [n for n in range(1, 25) if plan.asks_how_far(n, 1, goal)] == [4, 8, 12, 16, 24]
        assert [n for n in range(6, 25, 6) if plan.asks_how_far(n, 6, goal)] == [6, 12, 24]


def taps(asked):
    """One a question where nothing felt off, one choice of all that apply, three picks, going on from both, sending."""
    questions = [q for part in asked.body for q in part.questions] + list(asked.around)
    picked = sum(MOST_PICKS if q.id == PICKED else 1 for q in questions if q.kind == "many" and not q.asked_if)
    goes_on = any(q.kind == "words" for q in questions) or picked
    return sum(q.kind == "one" and not q.asked_if for q in questions) + picked + bool(goes_on) + 1


@pytest.mark.django_db
class TestLinks:
    @pytest.mark.parametrize(("often", "goes"), [(1, 1), (2, 1), (4, 0), (6, 1), (None, 1)])
    def test_a_link_goes_out_by_itself_only_where_a_check_in_is_due(self, dyad, often, goes):
        every(dyad, often)
        weekly(dyad, 6)
        assert schedule.due() == goes

    def test_the_practice_says_so_for_all_courses_without_a_word_of_their_own(self, people, dyad):
        people.practice.often = 4
        people.practice.save()
        weekly(dyad, 2)
        assert schedule.due() == 0
        every(dyad, 2)
        assert schedule.due() == 1

    def test_a_member_can_make_a_link_for_any_session_and_reminders_follow_it(self, dyad, ben):
        every(dyad, 4)
        session = weekly(dyad, 2)[-1]
        checkin.invite(session, by=ben)
        assert schedule.due(timezone.now() + timedelta(hours=25)) == 1, "a reminder"
        checkin.send(session, "client", answers("client"), by=dyad.client)
        reveal.sweep(timezone.now() + timedelta(days=9))
        session.refresh_from_db()
        assert not session.passed_over


@pytest.mark.django_db
class TestWhatWasNotAsked:
    @pytest.fixture
    def sessions(self, dyad):
        every(dyad, 4)
        return weekly(dyad, 8)

    def test_is_kept_with_the_session_when_it_opens_and_outlives_a_change_of_plans(self, sessions, dyad):
        assert [s.passed_over for s in sessions] == [False, True, True, False, True, True, True, False]
        every(dyad, 1)
        assert Session.objects.filter(passed_over=True).count() == 5

    def test_is_neither_owed_nor_a_link_that_waits(self, dyad, ben):
        every(dyad, 4)
        last = weekly(dyad, 3)[-1]
        Client.objects.update(email="")  # so that the link is the therapist's to hand over

        def asks():
            page = today(ben)
            return [(e.rate, e.link) for e in (*page.sessions, *page.to_do) if e.uid == last.uid]

        assert not any(map(any, asks()))
        every(dyad, 1)
        assert asks() == [(True, True)]

    def test_is_no_silence(self, sessions, dyad):
        assert not Signal.objects.filter(kind="silence").exists()
        assert unanswered_in_a_row(dyad) == 0

    def test_two_check_ins_without_an_answer_are_silence_however_far_apart(self, dyad):
        every(dyad, 4)
        weekly(dyad, 9, said=False)
        assert list(Signal.objects.filter(kind="silence").values_list("evidence__sessions", flat=True)) == [2]

    def test_is_not_counted_as_missing_by_the_service(self, sessions):
        counted = [row for first in {s.start.date().replace(day=1) for s in sessions}
                   for row in count_month(first)["sessions"]]  # fmt: skip
        assert sum(n for _modality, client, _therapist, n in counted if client) == 2
        assert sum(n for *_kind, n in counted) == 2

    def test_is_said_on_the_page_of_the_dyad_and_nobody_is_missing(self, sessions, dyad, ben):
        lines = {line.uid: line.line for line in (*dyad_page(ben, dyad).sessions, *dyad_page(ben, dyad).earlier)}
        assert "no check-in after this one" in lines[sessions[1].uid]
        assert "no answer" not in lines[sessions[1].uid]
        assert "no rating from you" in lines[sessions[3].uid]

    def test_leaves_the_latest_sheet_as_it_was(self, sessions, dyad, ben):
        assert dyad_page(ben, dyad).latest == sessions[3].uid

    def test_is_not_held_against_the_client_in_the_own_space(self, sessions, dyad):
        assert own_course(dyad).sentence == "You have answered after 2 of 3 sessions with Ben."

    def test_a_link_that_is_made_later_closes_it_again(self, sessions, ben):
        checkin.invite(sessions[6], by=ben)
        sessions[6].refresh_from_db()
        assert sessions[6].revealed_at is None
        assert not sessions[6].passed_over


@pytest.mark.django_db
class TestSettings:
    def test_the_practice_and_each_course_are_set_on_their_pages(self, people, dyad, ben, ada, as_member):
        page = as_member(ada).get(reverse("practice")).content.decode()
        assert "at reviews, after every sixth session" in page
        form = as_member(ben).get(reverse("set_up", args=[dyad.uid])).content.decode()
        assert "as set for this practice: after every session" in form
        said = {"approach": "cbt", "modality": "room", "form": "full", "often": "4"}
        as_member(ben).post(reverse("set_up", args=[dyad.uid]), said)
        dyad.refresh_from_db()
        assert dyad.often == 4
        as_member(ben).post(reverse("set_up", args=[dyad.uid]), said | {"often": ""})
        dyad.refresh_from_db()
        assert dyad.often is None

    def test_a_hand_over_keeps_it(self, dyad, ben, eve):
        every(dyad, 2)
        assert care.hand_over(dyad, eve, timezone.localdate(), by=ben).often == 2

    def test_another_number_is_refused(self, dyad, ben):
        with pytest.raises(BadInput, match="Often: choose one"):
            care.set_up(dyad, {}, by=ben, often=3)
