"""The talk sheet: what both may see, for two people and one screen; and the therapist's own prepare sheet beside it."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse
from tests.clinic.people import a_course, a_held_session, a_part, answers
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import agreements, reveal, talk_sheet
from accord_clinic.charts.strips import strip
from accord_clinic.models import ReadLog, Strain, Suggestion
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.questionnaires.submission import AskedAgain


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


def rows(session):
    """The rows of a sheet, by name: the step of each voice."""
    return {row.name + row.note: (row.client, row.therapist) for row in sheet(session).answers.rows}


def test_every_answer_that_is_shown_has_its_row_in_the_order_of_asking(session):
    assert rows(session) == {
        "Something felt off": (2, 4),  # turned round, as all where the first answer is the better one
        "Time on what matters most": (3, 3),
        "Where the work is heading": (3, 3),
        "What to change in the way of working": (3, 3),
        "How the work might help in daily life": (3, 3),
        "Being understood": (3, 3),
        "Being on the same side": (3, 3),
        "Trust between the two of you": (3, 3),
        "Room to say what did not feel right": (3, 3),
        "Something held backAna’s answer": (1, None),
        "Something held backas Ben saw it": (None, 4),
    }


def test_the_ends_of_a_row_are_in_words_and_the_better_one_is_on_the_right(session):
    felt, time, *_rest = sheet(session).answers.rows
    assert (felt.low, felt.high) == ("Yes, very strongly", "No")
    assert (time.low, time.high) == ("Little of it", "All of it")


def test_equal_answers_are_one_mark_and_a_line_says_so_only_where_there_are_some(people, session):
    same, apart = strip(5, 3, 3), strip(5, 2, 3)
    assert (same.client.count("a"), apart.client.count("a")) == (1, 2), "half a circle, and a whole one"
    assert same.client.split()[0].lstrip("M") == same.therapist.split()[0].lstrip("M"), "both begin on the tick"
    assert "A mark in two colours" in sheet(session).answers.how_to_read
    alone = a_held_session(people.dyad, client=answers("client", d1=1))
    reveal.waive(alone, "I was ill", by=people.ben)
    assert sheet(alone).answers.how_to_read == "The two lowest answers are shaded."


def test_a_row_with_a_mark_on_the_two_lowest_steps_is_set_off(session):
    assert [row.name for row in sheet(session).answers.rows if row.is_low] == ["Something held back"]


def test_one_side_stands_alone_without_the_other(people):
    alone = a_held_session(people.dyad, client=answers("client", d1=1))
    reveal.waive(alone, "I was ill", by=people.ben)
    assert rows(alone)["Time on what matters most"] == (1, None)
    assert sheet(alone).how == "Ben has not answered about this session"
    other = a_held_session(people.dyad, therapist=answers("therapist", d1=1))
    reveal.waive(other, "test", by=people.ben)
    assert rows(other)["Time on what matters most"] == (None, 1)
    for one in (alone, other):
        assert not sheet(one).answers.apart
        assert not sheet(one).answers.alike


def test_kept_skipped_and_not_asked_are_the_same(people, ben_sees):
    """The whole page is, but for its keys and the moments in it."""
    pages = []
    for said in (answers("client", d1=1, sharing={"d1": "raise"}), answers("client", d1=None)):
        session = a_held_session(people.dyad, client=said, therapist=answers("therapist", d1=None))
        assert "Time on what matters most" not in rows(session)
        page = ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()
        assert "matters most" not in page
        pages.append(re.sub(r"[\w-]{22,}|session \d|<p class=\"kicker\">.*</p>", "", page.split("<main")[1]))
    assert pages[0] == pages[1]


def test_at_most_three_differences_are_told_the_widest_first_and_of_equals_the_clients_lowest(people):
    told = answers("client", d1=1, d2=0, m1=2, m2=1, b2=4, b3=1)
    session = a_held_session(
        people.dyad, client=told, therapist=answers("therapist", d1=3, d2=4, m1=4, m2=4, b2=3, b3=4)
    )
    assert [one.name for one in sheet(session).answers.apart] == [
        "Where the work is heading", "How the work might help in daily life", "Being on the same side"
    ]  # fmt: skip
    first = sheet(session).answers.apart[0]
    assert first.client == ("Not clear",)
    assert first.therapist == ("Completely clear",)


def test_one_step_apart_is_no_difference_worth_words(people):
    session = a_held_session(people.dyad, client=answers("client", d1=2), therapist=answers("therapist", d1=3))
    assert not sheet(session).answers.apart
    assert sheet(session).answers.alike


def test_what_felt_off_stands_in_both_voices(session):
    felt = sheet(session).answers.felt
    assert felt.client == ("Something clearly felt off", "We have not talked about it", "I went quiet")
    assert felt.therapist == ("Ben answered that nothing felt off",)


def test_own_words_stand_as_written_the_clients_first(people, ben_sees):
    session = a_held_session(
        people.dyad, therapist=answers("therapist", words="Ask more"), client=answers("client", words="Ask *less*")
    )
    told = [(one.side, one.words, one.about) for one in sheet(session).answers.words]
    about = "One thing to do differently"
    assert told == [("client", "Ask *less*", about), ("therapist", "Ask more", about)]
    page = ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()
    assert page.index("Ask *less*") < page.index("Ask more") < page.index("All the answers")


def test_what_felt_off_and_own_words_come_before_the_differences_on_every_page(people, ben_sees):
    told = answers("client", t1=2, t3=("quiet",), d1=0, words="Ask less")
    session = a_held_session(people.dyad, client=told, therapist=answers("therapist", d1=4))
    asked = (ben_sees.get(f"/sessions/{session.uid}/{page}/") for page in ("talk", "prepare"))
    for response in (*asked, inside(people.ana).get(f"/mine/sheet/{session.uid}/")):
        page = response.content.decode()
        order = [page.index(text) for text in ("What felt off", "Ask less", "Answered differently", "All the answers")]
        assert order == sorted(order)
        differences = re.sub(r"<[^>]*>", " ", page[order[2] : order[3]])
        assert re.search(r"Ana:\s+Little of it\s+Ben:\s+All of it", differences), "in the words of both"


def test_a_difference_is_ticked_on_its_own(people, ben_sees):
    session = a_held_session(people.dyad, client=answers("client", d1=0), therapist=answers("therapist", d1=4))
    where, topic = f"/sessions/{session.uid}/talk/", "apart:accord-check-in:d1"
    assert f'value="{topic}"' in ben_sees.get(where).content.decode()
    ben_sees.post(f"{where}tick/", {"topic": topic})
    assert "Not yet, after all" in ben_sees.get(where).content.decode()


def test_the_answers_are_a_table_in_words_too(session, ben_sees):
    page = ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()
    assert 'aria-label="Ana: Yes, clearly. Ben: No."' in page
    cells = '<th scope="row">Something felt off</th><td>Yes, clearly</td><td>No</td>'
    assert cells in page


def test_a_measure_is_told_answer_by_answer(people, ben_sees):
    phq = a_part("phq-9", "client", "full", {"phq1": 2, "phq2": 0})
    usual = answers("client")
    session = a_held_session(
        people.dyad, client=replace(usual, parts=(*usual.parts, phq)), therapist=answers("therapist")
    )
    [measure] = sheet(session).answers.measures
    assert [answer for _question, answer in measure.rows] == ["More than half the days", "Not at all"]


def test_the_sheet_holds_no_suggestion(session, ben_sees):
    page = ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()
    assert "Possible words" not in page
    words = re.sub(r"<[^>]*>", " ", page.partition("<main")[2])
    assert "try" not in words.lower()


def test_nothing_stands_on_a_sheet_before_the_reveal(people, ben_sees):
    session = a_held_session(people.dyad, client=answers("client", t1=3))
    assert ben_sees.get(f"/sessions/{session.uid}/talk/").status_code == 404
    page = ben_sees.get(f"/people/{people.dyad.uid}/talk/")
    assert "There is no talk sheet yet" in page.content.decode()


def test_ticking_a_strain_moves_it_once(session, ben_sees):
    strain = Strain.objects.get()
    for _again in range(2):
        ben_sees.post(f"/sessions/{session.uid}/talk/tick/", {"topic": f"strain:{strain.uid}"})
    strain.refresh_from_db()
    assert strain.state == "talked_about"
    assert strain.moves.filter(move="talk").count() == 1
    assert "talked about" in ben_sees.get(f"/sessions/{session.uid}/talk/").content.decode()


def test_why_the_therapist_looked_first_stands_on_the_sheet(people):
    looked_at = a_held_session(people.dyad, client=answers("client"))
    reveal.waive(looked_at, "I was ill", by=people.ben)
    looked_at.refresh_from_db()
    assert sheet(looked_at).how == "Ben opened the answers first and wrote why: “I was ill”"


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
    assert "How sure?" in page


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
        with django_assert_max_num_queries(19):
            ben_sees.get(f"/sessions/{last.uid}/talk/")


def test_ticking_again_is_the_same_as_once(people, session):
    for _again in range(2):
        talk_sheet.tick(session, "words:o2", by=people.ben)
    assert session.talk_ticks.count() == 1


def test_what_the_client_says_of_an_earlier_session_stands_beside_the_therapists_tick_once(people, ben_sees):
    both = {"client": answers("client", t1=2, t2=3), "therapist": answers("therapist", t1=1)}
    a_held_session(people.dyad, **both)
    strain = Strain.objects.get(opened_by="client")
    again = replace(answers("client"), again=(AskedAgain(strain.uid, False, "still_there"),))
    latest = a_held_session(people.dyad, client=again, therapist=answers("therapist"))
    [line] = sheet(latest).earlier
    assert line.both == "What felt off in session 1. Ana: not talked about, not resolved"
    ben_sees.post(reverse("talk_tick", args=[latest.uid]), {"topic": f"strain:{strain.uid}"})
    assert "Ben ticked: talked about" in ben_sees.get(reverse("talk", args=[latest.uid])).content.decode()


def test_what_felt_off_is_ticked_on_the_sheet_of_its_own_session(people, session):
    talk_sheet.tick(session, f"felt:{session.uid}", by=people.ben)
    other = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    for about in (other.uid, "1"):
        with pytest.raises(BadInput):
            talk_sheet.tick(session, f"felt:{about}", by=people.ben)
    assert list(session.talk_ticks.values_list("topic", flat=True)) == [f"felt:{session.uid}"]
