"""The life of a possible strain: the table of steps is the whole truth, and only the client's answer settles one."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.clinic.people import a_held_session, answers

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, strains
from accord_clinic.models import Strain
from accord_clinic.queries import checkin as client_queries
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.records.strain_workflow import WORKFLOW, after, diagram

DOCS = Path(__file__).parents[2] / "docs"


def test_only_the_client_settles():
    settling = [who for moves in WORKFLOW.values() for move, (who, to) in moves.items() if to == "settled"]
    assert settling
    assert all(who == {"client"} for who in settling)


@pytest.mark.parametrize("state", list(WORKFLOW))
def test_every_state_is_reached_and_left(state):
    reached = {to for moves in WORKFLOW.values() for _who, to in moves.values()} | {"opened"}
    assert state in reached
    assert WORKFLOW[state]


def test_a_step_that_the_table_does_not_know_says_what_is_possible():
    with pytest.raises(BadInput, match="'settled' cannot be moved by 'talk'. Possible: reopen"):
        after("settled", "talk", "therapist")


def test_a_step_that_is_not_yours_says_whose_it_is():
    with pytest.raises(BadInput, match="'settle' is for the client to say, not for the therapist"):
        after("opened", "settle", "therapist")


def test_the_diagram_in_the_docs_is_drawn_from_the_table():
    assert diagram() in (DOCS / "explanation" / "strains.md").read_text()


def test_a_therapist_who_thinks_it_is_settled_changes_nothing_but_says_so(people):
    session = a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = strains.move(session.strains.get(), "think_settled", "therapist", by=people.ben)
    assert strain.state == "opened"
    assert strain.moves.filter(move="think_settled").exists()


def test_a_therapist_opens_one_about_a_session_that_is_open_to_both_alone(people, as_member):
    """Before that it would stand on a page while the client has not answered."""
    waiting = a_held_session(people.dyad, therapist=answers("therapist"))
    shown = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    got = [as_member(people.ben).post(f"/sessions/{row.uid}/strain/", {"kind": "unclear"}) for row in (waiting, shown)]
    assert [response.status_code for response in got] == [404, 302]
    assert [strain.session for strain in Strain.objects.all()] == [shown]


def test_the_whole_life(people):
    """Opened by Ana, talked about, asked again, still there, a step tried, asked again, settled."""
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = Strain.objects.get()
    strains.move(strain, "talk", "therapist", by=people.ben)
    _asked_again(people, strain, True, "still_there")
    strain.refresh_from_db()
    assert strain.state == "still_there"
    strains.move(strain, "try_repair", "therapist", by=people.ben, step="Said sorry about the clock")
    _asked_again(people, strain, True, "settled")
    strain.refresh_from_db()
    assert strain.state == "settled"
    assert list(strain.moves.order_by("id").values_list("move", "side")) == [
        ("open", "client"), ("talk", "therapist"), ("talk", "client"), ("still_there", "client"),
        ("try_repair", "therapist"), ("talk", "client"), ("settle", "client"),
    ]  # fmt: skip


def test_what_the_client_says_again_waits_for_the_reveal(people):
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = Strain.objects.get()
    session = _asked_again(people, strain, True, "settled", therapist=False)
    strain.refresh_from_db()
    assert strain.state == "opened"
    checkin.send(session, "therapist", answers("therapist"), by=people.ben)
    strain.refresh_from_db()
    assert strain.state == "settled"


def test_settled_at_once_is_settled(people):
    a_held_session(people.dyad, client=answers("client", t1=1, t2=0), therapist=answers("therapist"))
    assert Strain.objects.get().state == "settled"


def test_the_page_of_a_settled_one_says_who_said_so(people, as_member):
    a_held_session(people.dyad, client=answers("client", t1=1, t2=0), therapist=answers("therapist"))
    page = as_member(people.ben).get(f"/strains/{Strain.objects.get().uid}/")
    assert "Ana said so." in page.content.decode()


def test_what_kind_it_was_comes_from_what_was_ticked(people):
    for ticked in (("quiet", "went_along"), ("disagreed",), ("quiet", "disagreed"), ()):
        a_held_session(people.dyad, client=answers("client", t1=1, t2=3, t3=ticked), therapist=answers("therapist"))
    kinds = list(Strain.objects.order_by("session__start").values_list("kind", flat=True))
    assert kinds == ["withdrawal", "confrontation", "unclear", "unclear"]


def _asked_again(people, strain, talked, stands, therapist=True):
    again = replace(answers("client"), again=(AskedAgain(strain.uid, talked, stands),))
    return a_held_session(people.dyad, client=again, therapist=answers("therapist") if therapist else None)


def test_partly_stays_partly_and_is_asked_about_again(people):
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = Strain.objects.get()
    _asked_again(people, strain, True, "partly")
    strain.refresh_from_db()
    assert strain.state == "partly"
    assert list(strains.open_strains(people.dyad)) == [strain]


def test_what_the_client_lets_rest_is_neither_settled_nor_asked_about_again(people, as_member):
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = Strain.objects.get()
    session = _asked_again(people, strain, None, "let_rest")
    strain.refresh_from_db()
    assert strain.state == "at_rest"
    assert not strains.open_strains(people.dyad)
    assert client_queries.concerns(session) == []
    page = as_member(people.ben).get(f"/strains/{strain.uid}/").content.decode()
    assert "Ana wants to leave what felt off in session 1 as it is." in page
    assert 'value="reopen"' in page


def test_what_is_open_when_the_course_ends_is_open_at_ending_and_the_last_answer_still_settles_it(people):
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = Strain.objects.get()
    last = _asked_again(people, strain, True, "settled", therapist=False)
    care.end_course(people.dyad, "planned", last.start.date(), "", by=people.ben)
    strain.refresh_from_db()
    assert strain.state == "open_at_ending"
    checkin.send(last, "therapist", answers("therapist"), by=people.ben)
    strain.refresh_from_db()
    assert strain.state == "settled"
