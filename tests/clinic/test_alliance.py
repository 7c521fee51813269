"""Goals, tasks and the shared view: agreed only while both have sealed the same words."""

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from tests.clinic.people import a_dyad, a_held_session, answers

from accord.errors import BadInput
from accord_clinic.actions import agreements
from accord_clinic.actions.agreements import ChangedMeanwhile
from accord_clinic.models import AuditEntry, Progress
from accord_clinic.queries.agreements import picks_in_common, shown


@pytest.fixture
def goal(people):
    """Ana's goal, in her words, sealed by nobody."""
    return agreements.propose(people.dyad, "goal", "Sleep through", "client", by=people.ana)


def now(people):
    """The first agreement as pages show it."""
    return shown(people.dyad)[0]


def test_proposing_is_not_sealing(people, goal):
    assert now(people).sealed_by == frozenset()


def test_a_goal_is_agreed_when_both_have_sealed_it(people, goal):
    agreements.seal(goal, "client", seen=now(people).seen, by=people.ana)
    assert not now(people).agreed
    agreements.seal(goal, "therapist", seen=now(people).seen, by=people.ben)
    assert now(people).agreed


def test_new_words_open_both_seals_and_keep_the_old_words(people, goal):
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(goal, side, seen=now(people).seen, by=by)
    agreements.reword(goal, "Sleep through without the phone", "therapist", seen=now(people).seen, by=people.ben)
    assert now(people).words == "Sleep through without the phone"
    assert now(people).sealed_by == frozenset()
    assert [old.words for old in now(people).history] == ["Sleep through"]
    assert now(people).history[0].sealed_by == {"client", "therapist"}


def test_the_same_words_again_break_no_seal(people, goal):
    agreements.seal(goal, "client", seen=now(people).seen, by=people.ana)
    agreements.reword(goal, " Sleep through ", "therapist", seen=now(people).seen, by=people.ben)
    assert now(people).sealed_by == {"client"}


def test_nobody_seals_or_changes_words_that_they_have_not_read(people, goal):
    seen = now(people).seen
    agreements.reword(goal, "Sleep better", "client", seen=seen, by=people.ana)
    with pytest.raises(ChangedMeanwhile):
        agreements.seal(goal, "therapist", seen=seen, by=people.ben)
    with pytest.raises(ChangedMeanwhile):
        agreements.reword(goal, "Sleep longer", "therapist", seen=seen, by=people.ben)


def test_two_people_editing_one_goal_lose_nothing(people, goal, as_member):
    seen = now(people).seen
    agreements.reword(goal, "Sleep better", "client", seen=seen, by=people.ana)
    page = as_member(people.ben).post(f"/goals/{goal.uid}/reword/", {"words": "Sleep longer", "seen": seen})
    assert page.status_code == 409
    text = page.content.decode()
    assert "Sleep longer" in text, "what was just written is shown"
    assert "Sleep better" in text, "beside what is there now"


def test_sealing_twice_is_the_same_as_once(people, goal):
    for _again in range(2):
        agreements.seal(goal, "client", seen=now(people).seen, by=people.ana)
    assert goal.wordings.get().seals.count() == 1


def test_a_task_belongs_to_a_goal_of_the_same_two(people, goal):
    task = agreements.propose(people.dyad, "task", "Phone in the kitchen", "therapist", by=people.ben, goal=goal)
    assert [t.words for t in now(people).tasks] == ["Phone in the kitchen"]
    with pytest.raises(BadInput, match="A task belongs to a goal"):
        agreements.propose(people.dyad, "task", "Deeper", "therapist", by=people.ben, goal=task)


@pytest.mark.parametrize("words", ["", "   ", "x" * 2001])
def test_words_are_needed_and_have_an_end(people, words):
    with pytest.raises(BadInput):
        agreements.propose(people.dyad, "goal", words, "client", by=people.ana)


def test_an_ended_goal_keeps_its_words_and_cannot_be_sealed(people, goal):
    agreements.end(goal, "reached", "client", by=people.ana)
    assert now(people).end == "reached"
    goal.refresh_from_db()
    with pytest.raises(BadInput, match="has ended"):
        agreements.seal(goal, "client", seen=now(people).seen, by=people.ana)


def test_nobody_speaks_for_somebody_else(people, goal):
    with pytest.raises(PermissionDenied):
        agreements.seal(goal, "therapist", seen=now(people).seen, by=people.eve)
    stranger = a_dyad(people.eve, "Zoe").client
    with pytest.raises(PermissionDenied):
        agreements.seal(goal, "client", seen=now(people).seen, by=stranger)


def test_picks_are_compared_once_both_are_revealed(people, goal):
    picked = replace(answers("client"), picked=(goal.uid,), picked_words=("See my sister",))
    session = a_held_session(people.dyad, client=picked)
    assert picks_in_common(people.dyad) is None
    other = replace(answers("therapist"), picked=(goal.uid,))
    session = a_held_session(people.dyad, client=picked, therapist=other)
    assert session.revealed_at
    assert picks_in_common(people.dyad) == (1, 2)


def test_progress_outside_its_range_is_not_kept(people, goal):
    said = replace(answers("client"), progress={goal.uid: 11, "somebody-elses": 3})
    a_held_session(people.dyad, client=said)
    assert not Progress.objects.exists()


def test_the_log_of_a_goal_holds_no_words(people, goal):
    entry = AuditEntry.objects.get(act="propose")
    assert "Sleep" not in f"{entry.row}{entry.fields}{entry.actor}"
