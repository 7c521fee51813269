"""One reading for every page: dyad, Prepare, talk sheet, Today, People; what a tick and an answer change in it."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, answers

from accord_clinic.actions import agreements, care, reveal, strains, talk_sheet
from accord_clinic.models import Dyad, PutAside, Signal, Strain
from accord_clinic.pages.caseload import people as caseload
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.pages.prepare_sheet import prepare
from accord_clinic.pages.strains import steps
from accord_clinic.pages.supervision import supervision
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.pages.today import today
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.records.strains import word_on_talking


def headline(people):
    return dyad_page(people.ben, Dyad.objects.get(pk=people.dyad.pk)).headline.title


def last(people):
    return people.dyad.sessions.exclude(revealed_at=None).order_by("start").last()


def say_again(people, strain, talked, stands=None, answer=None, **more):
    """The next check-in, in which Ana says of an earlier concern whether it was talked about and where it stands."""
    again = replace(answers("client", **more), again=(AskedAgain(strain.uid, talked, stands, answer),))
    return a_held_session(people.dyad, client=again, therapist=answers("therapist"))


@pytest.fixture
def felt(people):
    """Ana said in the first session that something felt off; Ben did not notice."""
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    return Strain.objects.get()


def goals_apart(people):
    """In the fifth session each of the two picked another goal; then came a session as usual."""
    goals = [agreements.propose(people.dyad, "goal", words, "client", by=people.ana) for words in ("Sleep", "Work")]
    a_course(people.dyad, 4)
    ours = replace(answers("client"), picked=(goals[0].uid,))
    theirs = replace(answers("therapist"), picked=(goals[1].uid,))
    a_held_session(people.dyad, client=ours, therapist=theirs)
    a_course(people.dyad, 1)


def nothing(people):
    a_course(people.dyad, 5)


def a_beginning(people):
    a_course(people.dyad, 3)


def a_concern(people):
    a_course(people.dyad, 5)
    a_held_session(people.dyad, client=answers("client", t1=2, t2=3), therapist=answers("therapist"))


def a_concern_and_a_session(people):
    a_concern(people)
    a_course(people.dyad, 1)


def a_ticked_concern(people):
    a_concern(people)
    strains.move(Strain.objects.get(), "talk", "therapist", by=people.ben)


def something_held_back(people):
    a_course(people.dyad, 5)
    a_held_session(people.dyad, client=answers("client", b1=4), therapist=answers("therapist"))


CASES = [goals_apart, nothing, a_beginning, a_concern, a_concern_and_a_session, a_ticked_concern, something_held_back]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_every_page_reads_the_same(case, people):
    case(people)
    session = last(people)
    title = headline(people)
    assert prepare(session, people.ben).headline.title == title
    [person] = caseload(people.ben).running
    a_session_today(people)
    [entry] = [e for e in today(people.ben).sessions if e.name == "Ana"]
    assert person.line == entry.line
    same = {
        "goals_apart": ("goals", "what matters most now"),
        "nothing": ("Nothing reported or marked", "Nothing reported or marked"),
    }
    start, line = same.get(case.__name__, ("", ""))
    assert line in person.line
    if case is goals_apart:
        assert "named different things as most important" in title
        assert "named different things as most important" in sheet(session).lead
    if case is nothing:
        assert "Nothing reported or marked" in title
        assert not sheet(session).lead


def a_session_today(people):
    a_held_session(people.dyad, timezone.now())


def test_the_pages_carry_the_headline(people, as_member):
    goals_apart(people)
    title = headline(people)
    browser = as_member(people.ben)
    for url in (reverse("dyad", args=[people.dyad.uid]), reverse("prepare", args=[last(people).uid])):
        heading = re.search(r"<h1>(.*?)</h1>", browser.get(url).content.decode())[1]
        assert heading == title


def test_an_older_prepare_sheet_reads_as_of_its_session(people):
    a_course(people.dyad, 5)
    older = last(people)
    a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    assert prepare(older, people.ben).headline.title == "Nothing reported or marked so far."


def test_a_talk_sheet_leads_with_what_was_said_and_never_with_a_mark_or_a_safety_notice(people):
    session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    reveal.raise_safety(session, "phq-9", "item9")
    assert headline(people).startswith("Read Ana's safety answer")
    assert sheet(session).lead == ""


def test_a_tick_puts_the_headline_aside_and_says_so(people, felt):
    strains.move(felt, "talk", "therapist", by=people.ben)
    assert headline(people) == "You ticked talked about for session 1; Ana has not been asked yet."


@pytest.mark.parametrize(
    ("talked", "stands", "answer", "title"),
    [
        (None, None, None, "You ticked talked about for session 1; Ana has not said so."),
        (False, None, "no", "Ana says something felt off in session 1 and you have not talked about it."),
        (True, None, "partly", "Ana says that what felt off in session 1 was talked about in part."),
        (True, None, "yes", "Ana says that what felt off in session 1 was talked about."),
        (True, "partly", "yes", "Ana says that what felt off in session 1 is partly resolved."),
        (True, "still_there", "yes", "Ana says that what felt off in session 1 is not resolved."),
        (True, "settled", "yes", "These are the first check-ins."),
        (None, "let_rest", None, "These are the first check-ins."),
    ],
)
def test_it_returns_unless_the_client_says_yes(people, felt, talked, stands, answer, title):
    strains.move(felt, "talk", "therapist", by=people.ben)
    say_again(people, felt, talked, stands, answer)
    assert headline(people) == title


def test_it_returns_alike_whether_the_word_was_kept_skipped_or_never_asked(people, felt):
    strains.move(felt, "talk", "therapist", by=people.ben)
    a_course(people.dyad, 1)
    assert headline(people) == "You ticked talked about for session 1; Ana has not said so."


def test_a_session_without_any_answer_brings_it_back_too(people, felt):
    strains.move(felt, "talk", "therapist", by=people.ben)
    reveal.waive(a_held_session(people.dyad), "test", by=people.ben)
    assert headline(people) == "You ticked talked about for session 1; Ana has not said so."


def test_what_the_client_says_of_a_later_session_closes_nothing_by_itself(people, felt):
    a_held_session(people.dyad, client=answers("client", t1=0), therapist=answers("therapist"))
    felt.refresh_from_db()
    assert felt.state == "opened"
    assert headline(people) == "You and Ana see session 1 differently."


def test_a_later_tick_leaves_what_was_said_about_where_it_stands(people, felt):
    say_again(people, felt, True, "partly", "yes")
    felt.refresh_from_db()
    strains.move(felt, "talk", "therapist", by=people.ben)
    felt.refresh_from_db()
    assert felt.state == "partly"


def test_in_part_stays_in_part_in_the_history(people, felt):
    say_again(people, felt, True, "partly", "partly")
    felt = Strain.objects.select_related("dyad__client", "dyad__therapist").get()
    assert [step.text for step in steps(felt)] == [
        "Ana said that something felt off",
        "Ana said that it was talked about in part",
        "Ana said that it is partly resolved",
    ]


def test_a_therapist_can_say_that_they_did_not_notice(people, as_member):
    session = a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist", t1=None))
    assert sheet(session).answers.felt.therapist == ()
    strain = Strain.objects.get()
    browser = as_member(people.ben)
    assert "I did not notice this" in browser.get(f"/strains/{strain.uid}/").content.decode()
    browser.post(f"/strains/{strain.uid}/move/", {"move": "not_noticed"})
    strain.refresh_from_db()
    assert strain.state == "opened"
    assert sheet(session).answers.felt.therapist == ("Ben did not notice this",)


def test_the_headline_can_be_ticked_where_it_stands(people, felt, as_member):
    browser, url = as_member(people.ben), reverse("dyad", args=[people.dyad.uid])
    assert "We talked about this" in browser.get(url).content.decode()
    answer = browser.post(f"/strains/{felt.uid}/move/", {"move": "talk", "back": "dyad"})
    assert answer.url == url
    assert "We talked about this" not in browser.get(url).content.decode()


def test_a_tick_on_the_sheet_is_the_same_tick(people, felt):
    talk_sheet.tick(last(people), f"strain:{felt.uid}", by=people.ben)
    assert headline(people) == "You ticked talked about for session 1; Ana has not been asked yet."


@pytest.mark.parametrize(
    ("moves", "word"),
    [
        ([("open", "client", True)], ""),
        ([("talk", "therapist", False)], "ticked"),
        ([("talk", "therapist", True)], "unsaid"),
        ([("talk", "therapist", True), ("talk_in_part", "client", False)], "in_part"),
        ([("not_talked", "client", True), ("talk", "therapist", False)], "ticked"),
        ([("talk", "client", True), ("talk", "therapist", False)], "yes"),
        ([("talk", "client", True), ("reopen", "client", False)], ""),
    ],
)
def test_the_clients_last_word_on_talking(moves, word):
    assert word_on_talking(moves) == word


def marked(people):
    """Ana's fifth check-in says that something was held back; nothing else stands out."""
    something_held_back(people)
    return "not_said_yet:6:"


def aside(browser, people, mark, what="aside", **more):
    return browser.post(reverse("put_aside", args=[people.dyad.uid]), {"mark": mark, "what": what, **more})


def test_a_mark_is_put_aside_by_its_reader_and_says_so(people, as_member):
    mark, browser = marked(people), as_member(people.ben)
    url = reverse("dyad", args=[people.dyad.uid])
    assert "Put aside for now" in browser.get(url).content.decode()
    assert aside(browser, people, mark).url == url
    page = browser.get(url).content.decode()
    assert "<h1>You put this aside: Something has not been said yet.</h1>" in page
    assert "Ana has not been asked. It returns when the next session opens." in page
    assert "Put aside for now" not in page
    [person] = caseload(people.ben).running
    assert person.line == "You put this aside: Something has not been said yet."
    assert caseload(people.ben).to_talk == 0
    assert prepare(last(people), people.ben).headline.title == person.line


@pytest.mark.parametrize("case", [goals_apart, something_held_back])
def test_goals_apart_can_be_put_aside_too_and_shown_again(people, as_member, case):
    case(people)
    browser, title = as_member(people.ben), headline(people)
    [(mark, _title, is_aside)] = dyad_page(people.ben, people.dyad).headline.marks
    assert not is_aside
    sheet_uid = last(people).uid
    assert aside(browser, people, mark, sheet=sheet_uid).url == reverse("prepare", args=[sheet_uid])
    assert headline(people) == f"You put this aside: {title}"
    assert "Show it again" in browser.get(reverse("prepare", args=[sheet_uid])).content.decode()
    aside(browser, people, mark, "show")
    assert headline(people) == title


def test_it_returns_when_the_next_session_opens(people, as_member):
    aside(as_member(people.ben), people, marked(people))
    a_course(people.dyad, 1)
    assert headline(people) == "Something has not been said yet."


def test_it_stays_aside_where_the_client_says_yes(people, as_member):
    aside(as_member(people.ben), people, marked(people))
    strain = strains.open_strain(last(people), "unclear", "therapist", by=people.ben)
    say_again(people, strain, True, "settled", "yes")
    assert headline(people) == "You put this aside: Something has not been said yet."


def test_a_no_or_a_partly_of_the_client_keeps_nothing_aside(people, as_member):
    aside(as_member(people.ben), people, marked(people))
    strain = strains.open_strain(last(people), "unclear", "therapist", by=people.ben)
    say_again(people, strain, True, "partly", "partly")
    line = dyad_page(people.ben, people.dyad).headline
    assert "partly resolved" in line.title or "in part" in line.title
    assert not any(is_aside for _mark, _title, is_aside in line.marks)


def test_what_one_reader_puts_aside_stands_for_every_other(people, as_member):
    mark = marked(people)
    care.share(people.dyad, people.cy, by=people.ben)
    aside(as_member(people.ben), people, mark)
    [shared] = supervision(people.cy).running
    assert "held back" in shared.line
    assert dyad_page(people.cy, people.dyad).headline.title == "Something has not been said yet."
    assert "not been said" in sheet(last(people)).lead
    aside(as_member(people.cy), people, mark)
    assert "You put this aside" in supervision(people.cy).running[0].line


def test_the_talk_sheet_is_the_same_whatever_its_reader_put_aside(people, as_member):
    goals_apart(people)
    before = sheet(last(people)).lead
    [(mark, _title, _aside)] = dyad_page(people.ben, people.dyad).headline.marks
    aside(as_member(people.ben), people, mark)
    assert before
    assert sheet(last(people)).lead == before


def test_a_safety_notice_and_a_mark_that_is_not_shown_cannot_be_put_aside(people, as_member):
    session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    reveal.raise_safety(session, "phq-9", "item9")
    hidden = {"kind": "drop", "reported": False, "rule": "x", "withheld": True, "raised_at": timezone.now()}
    signal = Signal.objects.create(dyad=people.dyad, session=session, **hidden)
    browser = as_member(people.ben)
    assert not dyad_page(people.ben, people.dyad).headline.marks
    for mark in ("safety:1:phq-9/item9", f"safety:1:{Signal.objects.get(kind='safety').scale}", "drop:1:", "", "x:y"):
        aside(browser, people, mark)
    assert not PutAside.objects.exists()
    assert signal.withheld


def test_nobody_puts_aside_what_is_not_theirs_to_see(people, as_member):
    mark = marked(people)
    assert aside(as_member(people.eve), people, mark).status_code == 404
    other = a_dyad(people.eve, "Kim")
    answer = as_member(people.eve).post(reverse("put_aside", args=[other.uid]), {"mark": mark})
    assert answer.status_code == 302
    assert not PutAside.objects.exists()


@pytest.mark.parametrize("side", ["client", "therapist"])
def test_a_legend_names_only_whose_marks_are_there(people, as_member, side):
    """The other side sent a check-in without an answer, or none at all: the page is the same."""
    session = a_held_session(people.dyad, **{side: answers(side)})
    reveal.waive(session, "test", by=people.ben)
    browser = as_member(people.ben)
    other = {"client": "therapist", "therapist": "client"}[side]
    for url in (reverse("talk", args=[session.uid]), reverse("dyad", args=[people.dyad.uid])):
        page = browser.get(url).content.decode()
        legend = re.search(r'<p class="talk-who">.*?</p>', page)[0]
        assert f"voice-{side}" in legend
        assert f"voice-{other}" not in legend
