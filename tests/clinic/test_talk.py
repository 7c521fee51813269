"""The talk sheet: what both may see, for two people and one screen; and the therapist's own prepare sheet beside it."""

import pytest
from tests.clinic.people import a_course, a_held_session, answers

from accord_clinic.actions import agreements, talk_sheet
from accord_clinic.models import ReadLog, Strain, Suggestion
from accord_clinic.pages import talk_sheet as queries


@pytest.fixture
def session(people):
    """Ana felt something that Ben did not notice, held something back, and wrote a line."""
    return a_held_session(
        people.dyad,
        client=answers("client", t1=2, t2=3, t3=("quiet",), b1=3, words="Look at the clock less"),
        therapist=answers("therapist", t1=0, b1=0),
    )


@pytest.fixture
def ben_sees(people, as_member):
    """Ben's browser."""
    return as_member(people.ben)


def test_the_sheet_shows_what_is_seen_alike_and_differently(session):
    sheet = queries.sheet(session)
    assert sheet.alike
    assert sheet.felt[1].client == ("Held back: one thing that matters",)
    assert sheet.felt[1].therapist == ("Did not see anything held back",)


def test_what_felt_off_stands_in_both_voices(session):
    felt, _held_back = queries.sheet(session).felt
    assert felt.client[0] == "Something clearly felt off"
    assert felt.therapist == ("Ben did not notice this",)


def test_words_for_the_therapist_stand_on_the_sheet_as_written(session):
    assert [line.client_own for line in queries.sheet(session).words] == [("Look at the clock less",)]


def test_the_sheet_holds_no_suggestion(session, ben_sees):
    page = ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()
    assert "Possible words" not in page
    assert "try" not in page.lower().split("<main")[1]


def test_nothing_stands_on_a_sheet_before_the_reveal(people, ben_sees):
    session = a_held_session(people.dyad, client=answers("client", t1=3))
    assert ben_sees.get(f"/sessions/{session.uid}/talk/").status_code == 404
    page = ben_sees.get(f"/people/{people.dyad.uid}/talk/")
    assert "still to come" in page.content.decode()


def test_ticking_a_strain_moves_it_once(session, ben_sees):
    strain = Strain.objects.get()
    for _again in range(2):
        ben_sees.post(f"/sessions/{session.uid}/talk/tick/", {"topic": f"strain:{strain.uid}"})
    strain.refresh_from_db()
    assert strain.state == "talked_about"
    assert strain.moves.filter(move="talk").count() == 1
    assert "talked about" in ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()


def test_reading_the_sheet_is_noted(session, ben_sees):
    ben_sees.get(f"/sessions/{session.uid}/talk/")
    assert ReadLog.objects.get().what == "talk_sheet"


def test_the_sheet_becomes_a_tagged_pdf(session, ben_sees):
    answer = ben_sees.get(f"/sessions/{session.uid}/talk.pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.7")
    assert b"/MarkInfo" in answer.content


def test_words_that_look_like_typst_are_only_words(people, ben_sees):
    session = a_held_session(
        people.dyad, client=answers("client", words='#panic("x") $1/0$ *bold* “q”'), therapist=answers("therapist")
    )
    assert ben_sees.get(f"/sessions/{session.uid}/talk.pdf").status_code == 200


def test_prepare_offers_at_most_three_cards_with_their_source(session, ben_sees):
    page = ben_sees.get(f"/sessions/{session.uid}/prepare/").content.decode()
    shown = Suggestion.objects.all()
    assert 1 <= len(shown) <= 3
    assert "Where this comes from" in page


def test_a_card_that_is_set_aside_says_why_and_is_not_offered_again(people, session, ben_sees):
    ben_sees.get(f"/sessions/{session.uid}/prepare/")
    card = Suggestion.objects.first()
    ben_sees.post(f"/suggestions/{card.uid}/", {"used": "no", "why": ""})
    card.refresh_from_db()
    assert card.used is None, "setting aside asks why"
    ben_sees.post(f"/suggestions/{card.uid}/", {"used": "no", "why": "We did this last week"})
    later = a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    ben_sees.get(f"/sessions/{later.uid}/prepare/")
    assert card.card not in later.suggestions.values_list("card", flat=True)


def test_nobody_but_the_therapist_opens_prepare(session, as_member, people):
    for member in (people.eve, people.cy):
        assert as_member(member).get(f"/sessions/{session.uid}/prepare/").status_code == 404


def test_the_sheet_costs_the_same_after_three_and_after_twelve(people, ben_sees, django_assert_max_num_queries):
    for sessions in (3, 9):
        last = a_course(people.dyad, sessions)[-1]
        agreements.propose(people.dyad, "goal", f"Goal {sessions}", "client", by=people.ana)
        with django_assert_max_num_queries(18):
            ben_sees.get(f"/sessions/{last.uid}/talk/")


def test_ticking_again_is_the_same_as_once(people, session):
    for _again in range(2):
        talk_sheet.tick(session, "words:o2", by=people.ben)
    assert session.talk_ticks.count() == 1
