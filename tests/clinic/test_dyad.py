"""The page of one dyad: the case in a sentence, the course, words, goals, strains, sessions, who may look."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.learned import learned
from tests.clinic.people import a_course, a_dyad, a_held_session, a_part, a_session, answers

from accord.signals import CHECK_IN
from accord_clinic.actions import agreements, calibration, care, checkin, reveal
from accord_clinic.models import Calibration, Dyad, Measure, ReadLog
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.queries.findings import false_alarms
from accord_clinic.questionnaires.plan import WIDER_LOOK
from accord_clinic.records.findings import FalseAlarms


@pytest.fixture
def page(people, ben):
    """The page of Ana and Ben, read anew."""
    return lambda member=ben: dyad_page(member, Dyad.objects.get(pk=people.dyad.pk))


def html(browser, dyad):
    return browser.get(reverse("dyad", args=[dyad.uid])).content.decode()


def test_it_opens_with_the_case_in_a_sentence(people, dyad, page):
    assert page().headline.title == "There is no check-in yet that you can both see."
    a_course(dyad, 2)
    assert page().headline.title == "These are the first check-ins."
    a_course(dyad, 2)
    assert page().headline.title == "Nothing reported or marked so far."
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    headline = page().headline
    assert headline.title == "You and Ana see session 5 differently."
    assert headline.text.startswith("Ana says something felt off in session 5; you answered that nothing did.")


def test_an_inferred_mark_says_how_sure_it_is(people, dyad, page):
    learned()
    a_course(dyad, 6)
    low = dict.fromkeys(("d1", "d2", "m1", "m2"), 0)
    a_held_session(dyad, client=answers("client", **low), therapist=answers("therapist", **low))
    headline = page().headline
    assert "lower than is usual for Ana" in headline.title + headline.text
    assert headline.how_sure.startswith("By chance alone, about 5 in 200 courses of 15 sessions get a mark like this.")
    assert "How many marks here are false alarms is not known yet" in headline.how_sure


def test_a_mark_is_told_by_the_calibration_that_judged_it_and_names_it(people, dyad, as_member, ben, page):
    """A later calibration knows other numbers; a gap's are those of the differences, not of the client's course."""
    first = learned()
    a_course(dyad, 6)
    low, top = (dict.fromkeys(("d1", "d2", "m1", "m2"), answer) for answer in (0, 4))
    a_held_session(dyad, client=answers("client", **low), therapist=answers("therapist", **top))
    calibration.calibrate(calibration.followed(), by=None)
    assert Calibration.objects.filter(scale=f"{CHECK_IN}/collaboration").count() == 2
    headline, gaps = page().headline, f"{CHECK_IN}/collaboration/gap"
    assert headline.text.endswith("than is usual for Ana in session 7.")
    assert headline.how_sure.startswith("By chance alone, about 5 in 200 courses of 15 sessions get a mark like this.")
    assert "than is usual for you both. By chance alone, about 3 in 200 courses" in headline.how_sure
    judges = [f"Based on calibration {first[key]}, from 60 clients here." for key in (gaps.removesuffix("/gap"), gaps)]
    assert headline.judged_by == " ".join(judges)
    assert headline.judged_by in html(as_member(ben), dyad)
    drop, gap = (dyad.signals.get(kind=kind) for kind in ("drop", "gap"))
    assert _alarms(gap) == FalseAlarms(first[f"{CHECK_IN}/collaboration/gap"], 0.015, 60)
    assert _alarms(drop).calibration == first[f"{CHECK_IN}/collaboration"]
    assert _alarms(drop).false_discovery == ()


def test_a_calibration_of_an_older_method_judges_nothing_and_hurts_nothing(people, dyad, page):
    Calibration.objects.create(
        version="innovation-1:0123456789ab", scale=f"{CHECK_IN}/collaboration", made_at=timezone.now(), dyads=3,
        body={"hyper": {"b0": 70.0}, "nothing": {}, "drop": {"level": 2.9, "tilt": 0.0}, "correction": {}},
    )  # fmt: skip
    a_course(dyad, 6)
    low = dict.fromkeys(("d1", "d2", "m1", "m2"), 0)
    a_held_session(dyad, client=answers("client", **low), therapist=answers("therapist", **low))
    assert page().headline.title == "Nothing reported or marked so far."


def _alarms(row):
    return false_alarms(row.kind, row.calibration)


def test_the_course_has_both_voices_and_says_what_is_missing(people, dyad, page):
    a_course(dyad, 2)
    reveal.waive(a_held_session(dyad, client=answers("client")), "I was ill", by=dyad.therapist)
    a_held_session(dyad)
    table = page().picture.wide.table
    assert table.heads[2:6] == (
        "Collaboration, Ana's answers", "Collaboration, your answers",
        "Connection, Ana's answers", "Connection, your answers",
    )  # fmt: skip
    assert [row[2] for row in table.rows] == ["75", "75", "75", "not open yet"]
    assert [row[3] for row in table.rows] == ["75", "75", "no answer", "not open yet"]


def test_the_own_rating_stands_there_before_the_reveal_and_only_for_its_author(people, dyad, page, cy):
    care.share(dyad, cy, by=dyad.therapist)
    a_course(dyad, 1)
    a_held_session(dyad, therapist=answers("therapist", d1=1))
    assert page().picture.wide.table.rows[-1][3] == "62"
    assert page(cy).picture.wide.table.rows[-1][3] == "not open yet"


def test_outcomes_stand_below_on_the_same_axis(people, dyad, page):
    Measure.objects.create(dyad=dyad, instrument="phq-9")
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 2 if i < 9 else 0 for i in range(1, 10)})
    usual = answers("client")
    a_held_session(dyad, client=replace(usual, parts=(*usual.parts, phq)), therapist=answers("therapist"))
    a_course(dyad, 1)
    table = page().picture.wide.table
    assert len(page().picture.wide.outcomes) == 1
    assert [row[table.heads.index("PHQ-9, Ana's answers")] for row in table.rows] == ["16", "–"]


def test_a_questionnaire_that_only_a_file_brought_has_its_panel_too(people, ben, page):
    dyad = a_dyad(ben, "Client 12")
    dyad.note = "Imported. Its items were shifted; sessions were given weekly dates."
    dyad.save()
    wai = a_part("implement-wai-9", "client", "full", {f"wai{i}": 4 for i in range(1, 10)}, wording="")
    for said in (wai, wai, None):
        brought = replace(answers("client"), parts=(said,)) if said else None
        reveal.waive(a_held_session(dyad, client=brought), "import", by=ben)
    drawn = dyad_page(ben, dyad).picture.wide
    assert drawn.track is None
    assert drawn.table.heads[2] == "WAI, Client 12's answers"
    assert [row[2] for row in drawn.table.rows] == ["4.0", "4.0", "no answer"]


def test_where_ratings_come_from_stands_on_the_page(people, dyad, ben, as_member):
    Dyad.objects.update(note="Imported: items shifted, weekly dates.")
    assert "Imported: items shifted, weekly dates." in html(as_member(ben), dyad)


def test_a_strain_is_drawn_from_opening_to_settling(people, dyad, page):
    a_held_session(dyad, client=answers("client", t1=2, t2=0), therapist=answers("therapist"))
    a_held_session(dyad, client=answers("client", t1=1), therapist=answers("therapist", t1=1))
    labels = [label.text for label in page().picture.wide.track.labels]
    assert labels[:2] == ["Strain", "resolved at once"]
    assert [s.state for s in page().strains] == ["open", "open", "resolved"]


def test_the_clients_words_are_shown_as_written_and_old_ones_go(people, dyad, page):
    session = a_held_session(dyad, client=answers("client", words="It was too fast."))
    checkin.send(session, "client", answers("client", words="It was a bit fast."), by=dyad.client)
    assert page().quotes == ()
    checkin.send(session, "therapist", answers("therapist"), by=dyad.therapist)
    assert [(q.words, q.by) for q in page().quotes] == [
        ("It was a bit fast.", "session 1 · One thing to do differently")
    ]


def test_words_for_other_readers_never_stand_here(people, dyad, ben, as_member):
    for reader in ("raise", "outside", "statistics"):
        a_held_session(dyad, client=answers("client", words="CANARY", reader=reader), therapist=answers("therapist"))
    assert "CANARY" not in html(as_member(ben), dyad)


def test_goals_show_their_seals(people, dyad, page):
    goal = agreements.propose(dyad, "goal", "Sleep", "client", by=dyad.client)
    assert [g.state for g in page().goals] == ["not yet agreed together"]
    seen = goal.wordings.get().pk
    agreements.seal(goal, "client", seen=seen, by=dyad.client)
    assert [g.state for g in page().goals] == ["Ana has confirmed it · you have not yet"]
    agreements.seal(goal, "therapist", seen=seen, by=dyad.therapist)
    assert [g.state for g in page().goals] == ["agreed"]
    agreements.reword(goal, "Sleep through", "therapist", seen=seen, by=dyad.therapist)
    assert [(g.words, g.state) for g in page().goals] == [("Sleep through", "not yet agreed together")]


def test_sessions_say_what_is_missing_and_what_can_be_done(people, dyad, page):
    a_course(dyad, 1)
    reveal.waive(a_held_session(dyad), "I was ill", by=dyad.therapist)
    a_session(dyad, datetime.now(UTC) - timedelta(hours=1))
    planned, waived, _first = page().sessions
    assert planned.settle
    assert waived.line == "in person · held · no answer from Ana · no rating from you"
    assert waived.rate


def test_each_button_of_a_session_names_it(people, dyad, ben, as_member):
    a_session(dyad, datetime.now(UTC) - timedelta(hours=1))
    a_held_session(dyad, datetime.now(UTC) - timedelta(days=1))
    assert ": , " not in html(as_member(ben), dyad)


def test_looking_is_noted_for_the_client(people, dyad, ben, as_member):
    html(as_member(ben), dyad)
    assert not ReadLog.objects.exists()
    session = a_held_session(dyad, client=answers("client", words="Slower, please."), therapist=answers("therapist"))
    html(as_member(ben), dyad)
    row = ReadLog.objects.get()
    assert (row.member, row.dyad, row.what, row.sessions) == (ben, dyad, "words", [session.uid])


def test_a_supervisor_sees_a_shared_dyad_and_can_change_nothing(people, dyad, ben, cy, as_member):
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    assert as_member(cy).get(reverse("dyad", args=[dyad.uid])).status_code == 404
    care.share(dyad, cy, by=ben)
    page = html(as_member(cy), dyad)
    assert "Ana and Ben see session 1 differently." in page
    assert "Ben answered that nothing did" in page
    for name in ("plan_session", "arrange"):
        assert reverse(name, args=[dyad.uid]) not in page
        assert as_member(cy).get(reverse(name, args=[dyad.uid])).status_code == 404
    care.unshare(dyad, cy, by=ben)
    assert as_member(cy).get(reverse("dyad", args=[dyad.uid])).status_code == 404


@pytest.mark.parametrize("who", ["eve", "mo", "dee", "ada", "cy"])
def test_for_everybody_else_it_does_not_exist(people, dyad, who, as_member):
    assert as_member(getattr(people, who)).get(reverse("dyad", args=[dyad.uid])).status_code == 404


def test_an_ended_course_says_how_and_keeps_everything(people, dyad, ben, page, as_member):
    a_course(dyad, 4)
    care.end_course(dyad, "agreement", date(2026, 11, 20), "It was enough.", by=ben)
    dyad.refresh_from_db()
    assert page().headline.title == "Treatment ended on 20 November 2026."
    shown = html(as_member(ben), dyad)
    assert "It was enough." in shown
    assert "The last talk sheet" in shown
    assert "Prepare session" not in shown


def test_names_and_words_are_never_markup(people, ben, as_member):
    dyad = a_dyad(ben, "<script>alert(1)</script>")
    a_held_session(dyad, client=answers("client", words="<b>{client}</b>"), therapist=answers("therapist"))
    page = html(as_member(ben), dyad)
    assert "<script>alert" not in page
    assert "<b>{client}" not in page
    assert "&lt;b&gt;{client}&lt;/b&gt;" in page


@pytest.mark.parametrize("sessions", [2, 9])
def test_the_number_of_queries_does_not_grow(sessions, people, dyad, ben, as_member, django_assert_max_num_queries):
    calibration.calibrate(calibration.followed(), by=None)
    goal = agreements.propose(dyad, "goal", "Sleep", "client", by=dyad.client)
    for number in range(sessions):
        said = replace(answers("client", t1=number % 3, words="Slower."), progress={goal.uid: 3})
        a_held_session(dyad, client=said, therapist=answers("therapist"))
        agreements.propose(dyad, "goal", f"Goal {number}", "therapist", by=ben)
    browser = as_member(ben)
    html(browser, dyad)
    with django_assert_max_num_queries(16):
        html(browser, dyad)


def at_review(side: str, **said: int):
    return answers(side, parts=(a_part(WIDER_LOOK, side, "review", said),))


def test_what_is_asked_at_reviews_has_a_line_from_the_second_one_on_and_nothing_else_of_the_wider_look(dyad, page):
    turn = a_part(WIDER_LOOK, "client", "turn-1", {"w1": 2, "w3": 3})
    a_held_session(dyad, client=at_review("client", w5=1, w6=2), therapist=at_review("therapist", w5=3, w6=2))
    a_held_session(dyad, client=answers("client", parts=(turn,)), therapist=answers("therapist"))
    assert not page().picture.wide.outcomes, "one review is a point"
    a_held_session(dyad, client=answers("client", parts=(turn,)), therapist=answers("therapist"))
    a_held_session(dyad, client=at_review("client", w5=2, w7=1), therapist=at_review("therapist", w5=3))
    [content] = page().picture.wide.outcomes
    assert content.labels[0].text == "The way the sessions go"
    assert content.client_line.count("L") == content.therapist_line.count("L") == 1
    table = page().picture.wide.table
    assert any("The way the sessions go" in str(head) for head in table.heads)


def with_phq9(each: int):
    return replace(answers("client"), parts=(*answers("client").parts, a_part("phq-9", "client", "full", phq9(each))))


def phq9(each: int) -> dict[str, int]:
    return {f"phq{n}": each if n < 9 else 0 for n in range(1, 10)}


def test_an_outcome_says_in_words_how_it_changed_and_what_may_be_chance(dyad, page):
    for each in (2, 1):
        a_held_session(dyad, client=with_phq9(each), therapist=answers("therapist"))
    [change] = page().outcomes
    assert change.name == "PHQ-9"
    assert change.change == "8 points lower in session 2 than in session 1 (lower is better)."
    assert change.chance == "Changes under 6 points may be chance."
    assert "PMC8411661" in change.source


def test_an_outcome_that_was_lower_in_between_says_so(dyad, page):
    for each in (2, 0, 1):
        a_held_session(dyad, client=with_phq9(each), therapist=answers("therapist"))
    change = "8 points lower in session 3 than in session 1 (lower is better). The lowest was 0 in session 2."
    assert page().outcomes[0].change == change


def test_an_outcome_that_was_asked_once_says_nothing_about_change(dyad, page):
    a_held_session(dyad, client=with_phq9(2), therapist=answers("therapist"))
    assert page().outcomes == ()


def test_tasks_and_goals_move_on_the_same_axis(people, dyad, ben, page, as_member):
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=people.ana)
    task = agreements.propose(dyad, "task", "Phone in the kitchen", "client", by=people.ana, goal=goal)
    for far, done in ((3, 0), (5, 1), (6, 2)):
        session = a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        agreements.note_progress(session, "client", {goal.uid: far, task.uid: done}, by=people.ana)
    panels = [panel.labels[0].text for panel in page().picture.wide.outcomes]
    assert panels[:2] == ["Tasks between sessions", "Sleep through"]
    shown = html(as_member(ben), dyad)
    assert "0 not done, 1 partly, 2 done" in shown
    agreements.note_progress(session, "client", {}, by=people.ana, asked_again=[task.uid])
    [tasks] = [row for row in page().picture.wide.table.rows if row[0].startswith("3")]
    assert "2.0" not in tasks


def test_every_button_of_a_session_says_which_session_it_is_of(dyad, ben, as_member):
    a_session(dyad, timezone.now() - timedelta(hours=2))
    a_session(dyad, timezone.now() + timedelta(days=2))
    a_held_session(dyad, timezone.now() - timedelta(days=2))
    page = as_member(ben).get(reverse("dyad", args=[dyad.uid])).content.decode()
    names = re.findall(r'<span class="visually-hidden">: ([^<]*)</span>', page)
    assert len(names) > 5
    assert all(re.search(r"\d\d:\d\d|[A-Za-z]", name) for name in names), names
    assert ", " not in names


@pytest.mark.parametrize(("place", "leads"), [("today", "Back to today"), ("dyad", "Back to Ana")])
def test_a_link_that_is_shown_leads_back_to_where_one_came_from(dyad, ben, as_member, place, leads):
    session = a_held_session(dyad, timezone.now() - timedelta(hours=2))
    page = as_member(ben).post(reverse("make_link", args=[session.uid]), {"show": "", "from": place}).content.decode()
    back = reverse("today") if place == "today" else reverse("dyad", args=[dyad.uid])
    assert re.search(rf'href="{back}">{leads}<', page)
