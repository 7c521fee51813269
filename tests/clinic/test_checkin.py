"""The check-in over HTTP, without script: the link, the questions, the last look, thanks; what is kept and for whom."""

import re
from dataclasses import replace

import pytest
from django.test import Client as Browser
from tests.clinic.people import CHECK_IN, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, hidden, past_the_first_time, text

from accord_clinic.actions import agreements, checkin, strains
from accord_clinic.models import Comment, Invitation, Measure, Notice, Pick, PrivateLine, Progress, Response, Signal
from accord_clinic.pages import talk_sheet
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.queries import agreements as agreement_queries
from accord_clinic.queries.courses import course_of
from accord_clinic.questionnaires.questions import block
from accord_clinic.questionnaires.shelf import instrument


@pytest.fixture
def session(dyad):
    """The third session after the starting path, a review. Those before went without answers."""
    for _ in range(5):
        a_session(dyad, state="held")
    return a_session(dyad, state="held")


@pytest.fixture
def phone(session):
    return Phone(session)


def latest(session):
    return Response.objects.filter(session=session, side="client", instrument=CHECK_IN).latest("id")


def test_the_first_question_stands_on_the_page_of_the_link_after_how_long_and_who_reads(phone, session):
    past_the_first_time(session)
    page = text(Browser().get(f"/c/{phone.token}"))
    keeps = "You can keep any answer to yourself. Nobody is shown what you keep."
    who = f"Ben reads what you show. {keeps} These people can read what you show, too:"
    assert f"It takes one to two minutes. {who}" in page
    assert "a supervisor, if Ben asks for advice" in page
    assert page.index("If someone is in danger, Ben may have to tell others.") < page.index("Did anything feel off")
    assert "Nobody watches this live. In need, call 116 123" in page


def test_every_scale_is_offered_from_the_least_good_answer_to_the_best():
    """Of both sides; what is stored keeps its meaning: 0 is still that nothing felt off."""
    for side in ("client", "therapist"):
        made = block(CHECK_IN, "full", side, 0)
        offered = {question.item: [choice.value for choice in question.choices] for question in made.questions}
        assert offered["t1"] == offered["b1"] == list("43210")
        assert all(offered[item] == list("01234") for item in ("d1", "d2", "m1", "m2", "b2", "b3", "b4", "v1"))


def test_where_consent_is_asked_a_page_with_a_button_comes_before_the_first_question(session, dyad):
    phone = Phone(session, start=False)
    page = text(Browser().get(f"/c/{phone.token}"))
    assert "Ben would like to know how the session on" in page
    assert "You can keep any answer to yourself." in page
    assert "Did anything feel off" not in page
    for posted in ({"begin": "script"}, {"key": "whatever", **USUAL}):
        Browser().post(f"/c/{phone.token}", posted)
        assert not dyad.client.consents.exists(), "an answer is no consent to what was not read"


def test_the_scripts_first_answer_swaps_the_token_for_a_cookie_and_stores_nothing(session):
    past_the_first_time(session)
    phone = Phone(session, start=False)
    answer = phone.browser.post(f"/c/{phone.token}", {"begin": "script"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert phone.open().status_code == 200
    assert not Response.objects.exists()


def test_without_script_all_questions_are_on_the_page_of_the_link_and_go_on_with_their_answers(session):
    past_the_first_time(session)
    phone = Phone(session, start=False)
    page = phone.browser.get(f"/c/{phone.token}")
    posted = {"key": hidden(page, "key"), **USUAL, "0-o2": "Less homework"}
    look = phone.browser.post(f"/c/{phone.token}", posted, follow=True)
    assert look.redirect_chain == [(phone.url, 307)]
    assert "Ben will see exactly these answers" in text(look)
    assert "Less homework" in text(look)
    assert "Trust between the two of you" in text(look)
    assert "How much trust was there" not in text(look)
    phone.browser.post(phone.url, {**posted, "reviewed": "page"})
    assert latest(session).answers["d1"] == 3


class TestNothingNew:
    """Where something felt off, or an earlier concern is asked about, nothing new is asked after it."""

    def test_an_earlier_concern_leaves_out_the_wider_look_goals_tasks_and_what_matters(self, dyad, people):
        goal = agreed(dyad, people, "goal", "Sleep through the night")
        task = agreed(dyad, people, "task", "No screen in bed", goal)
        asked = {"1-w", f"how.{goal.uid}", f"how.{task.uid}", "picked"}

        def pages(first):
            """Those of the session with goals and the wider look, and of the one on what matters most."""
            sessions = [a_session(dyad, state="held") for _ in range(first, 21 if first < 20 else 41)]
            return "".join(Phone(session).open().content.decode() for session in (sessions[-5], sessions[-1]))

        assert all(f'data-question="{name}' in pages(1) for name in asked)
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        page = pages(22)
        assert page.count("Something felt off in") == 2
        assert not any(f'data-question="{name}' in page for name in asked)

    def test_a_yes_leaves_out_the_choices_of_the_starting_path_and_keeps_its_words(self, dyad):
        a_session(dyad, state="held")
        page = Phone(a_session(dyad, state="held")).open().content.decode()
        left_out = re.findall(r'data-question="([^"]+)"[^>]* data-unless="0-t1"', page)
        assert left_out == ["1-p1", "1-p2", "1-p3"]
        assert 'data-question="1-p4"' in page


def test_looking_at_a_link_changes_nothing(phone):
    before = Response.objects.count(), Invitation.objects.get().sent_at
    Browser().get(f"/c/{phone.token}")
    Browser().head(f"/c/{phone.token}")
    assert (Response.objects.count(), Invitation.objects.get().sent_at) == before


def test_starting_swaps_the_token_for_a_cookie_and_an_address_without_it(session):
    phone = Phone(session, start=False)
    answer = phone.start()
    cookie = phone.browser.cookies[f"__Host-c-{phone.invitation.uid[:8]}"]
    assert answer["Location"] == phone.url
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (True, True, "Lax", "/")


def test_the_title_gives_nothing_away(phone):
    for page in (Browser().get(f"/c/{phone.token}"), phone.open(), phone.look(USUAL)):
        assert "<title>A short page</title>" in page.content.decode()


def test_there_is_a_harmless_page_to_leave_to(phone):
    assert 'href="/away"' in phone.open().content.decode()
    away = text(Browser().get("/away"))
    assert "Tomato soup" in away
    assert "Accord" not in away


def test_the_last_look_shows_the_words_that_were_ticked_and_keeps_nothing_yet(phone):
    page = text(phone.look({"0-d1": "4", "0-t1": "2", "0-t3": ["quiet", "disagreed"]}))
    assert "Ben will see exactly these answers" in page
    assert "All of it" in page
    assert "I disagreed, I went quiet" in page
    assert "left out" not in page
    assert Response.objects.count() == 0


def test_what_was_looked_over_is_kept(phone, session):
    answer = phone.send({**USUAL, "0-o2": "Less homework"})
    assert answer["Location"] == phone.url + "received/"
    assert latest(session).answers == {name.removeprefix("0-"): int(value) for name, value in USUAL.items()}
    assert Comment.objects.get().words == "Less homework"
    assert "Thank you. Your answers have arrived." in text(phone.browser.get(answer["Location"]))


def test_the_script_sends_at_once_what_it_has_shown(phone, session):
    phone.open()
    answer = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "script", **USUAL})
    assert answer.status_code == 302
    assert latest(session).context["page"] == "script"


def test_a_response_keeps_the_words_that_were_seen_and_how_long_it_took(phone, session):
    phone.send(USUAL)
    response = latest(session)
    assert (response.version, response.form, response.language) == ("0.2", "full", "en")
    assert len(response.wording) == 64
    assert response.begun_at <= response.sent_at


def test_what_was_skipped_kept_or_not_asked_is_absent(phone, session):
    phone.send({"0-d1": "3", "0-t1": "0", "0-d2": "1", "share.0-d2": "raise"})
    assert latest(session).answers == {"d1": 3, "t1": 0}


def test_a_follow_up_that_no_longer_hangs_on_anything_is_not_asked(phone, session):
    phone.send({"0-t1": "0", "0-t2": "3", "0-t3": ["quiet"]})
    assert set(latest(session).answers) & {"t2", "t3"} == set()


def test_what_is_kept_back_is_in_no_response_and_takes_its_follow_ups_along(phone, session):
    phone.send({"0-t1": "2", "0-t2": "3", "0-t3": ["quiet"], "share.0-t1": "not_yet"})
    assert set(latest(session).answers) & {"t1", "t2", "t3"} == set()
    kept = PrivateLine.objects.order_by("item").values_list("item", "value", "reader")
    assert list(kept) == [("t1", 2, "not_yet"), ("t2", 3, "not_yet"), ("t3", ["quiet"], "not_yet")]


def test_each_line_goes_to_the_reader_that_was_chosen(phone, session):
    phone.send({"0-o1": "The drawing", "read.0-o1": "therapist", "0-o2": "Something else", "read.0-o2": "outside"})
    assert Comment.objects.get().words == "The drawing"
    assert PrivateLine.objects.get().reader == "outside"
    assert Notice.objects.filter(kind="outside_line").count() == 1


def test_somebody_else_here_is_offered_only_where_the_practice_has_named_a_person(phone, people):
    assert "Someone else here: Cy, supervisor" in text(phone.open())
    people.practice.outside_reader = people.ben
    people.practice.elsewhere_text = "You can turn to the ombudsperson."
    people.practice.save()
    page = text(phone.open())
    assert "Someone else here" not in page
    assert "You can turn to the ombudsperson." in page


def test_an_earlier_concern_is_asked_about_first_and_told_only_at_the_reveal(dyad, people):
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    strain = dyad.strains.get()
    phone = Phone(a_session(dyad, state="held"))
    page = text(phone.open())
    assert page.index("Something felt off in the session on") < page.index("Did anything feel off")
    phone.send({**USUAL, f"a1.{strain.uid}": "0", f"a2.{strain.uid}": "0"})
    strain.refresh_from_db()
    assert strain.state == "opened"
    checkin.send(phone.invitation.session, "therapist", answers("therapist"), by=people.ben)
    strain.refresh_from_db()
    assert strain.state == "settled"


def agreed(dyad, people, kind, words, goal=None):
    """Something that both have sealed."""
    row = agreements.propose(dyad, kind, words, "client", by=people.ana, goal=goal)
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(row, side, seen=row.wordings.get().pk, by=by)
    return row


def test_agreed_tasks_are_asked_about_and_goals_every_fourth_time(dyad, people):
    goal = agreed(dyad, people, "goal", "Sleep through the night")
    task = agreed(dyad, people, "task", "No screen in bed", goal)
    agreements.propose(dyad, "goal", "Not yet agreed", "client", by=people.ana)
    sessions = [a_session(dyad, state="held") for _ in range(4)]
    third, fourth = Phone(sessions[2]), Phone(sessions[3])
    assert "Sleep through the night" not in text(third.open())
    assert "Since last time, how far did you get with this: “No screen in bed”?" in text(third.open())
    page = text(fourth.open())
    assert "How far along is this: “Sleep through the night”?" in page
    assert "Not yet agreed" not in page
    fourth.send({**USUAL, f"how.{goal.uid}": "7", f"how.{task.uid}": "1"})
    assert dict(Progress.objects.values_list("agreement__kind", "value")) == {"goal": 7, "task": 1}


def test_what_matters_most_now_is_picked_from_the_shared_goals_or_written_new(dyad, people):
    goal = agreements.propose(dyad, "goal", "Sleep through the night", "client", by=people.ana)
    session = [a_session(dyad, state="held") for _ in range(5)][-1]
    phone = Phone(session)
    assert "What matters most to you now?" in text(phone.open())
    phone.send({**USUAL, "picked": [goal.uid], "picked-words": "My sister\n\nMy work"})
    assert [p.words or p.agreement.uid for p in Pick.objects.order_by("id")] == [goal.uid, "My sister", "My work"]
    page = text(phone.send({**USUAL, "picked": [goal.uid], "picked-words": "a\nb\nc"}))
    assert "Please choose three at most." in page


class TestTakingBack:
    """A correction before the reveal may leave out what was said before: a new row names the old one, and counts."""

    @pytest.fixture
    def goal(self, dyad, people):
        """A goal that both have sealed, so that every fourth session asks how far it is."""
        goal = agreements.propose(dyad, "goal", "Sleep through the night", "client", by=people.ana)
        for side, by in (("client", people.ana), ("therapist", people.ben)):
            agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
        return goal

    def test_a_rating_of_a_goal(self, dyad, goal, ben):
        fourth = [a_session(dyad, state="held") for _ in range(4)][-1]
        phone = Phone(fourth)
        phone.send({**USUAL, f"how.{goal.uid}": "7"})
        phone.send(USUAL)
        first, second = Progress.objects.order_by("id")
        assert (first.value, first.corrects) == (7, None)
        assert (second.value, second.corrects) == (None, first)
        assert 'value="7" checked' not in phone.open().content.decode()
        checkin.send(fourth, "therapist", answers("therapist"), by=ben)
        [shown] = agreement_queries.shown(dyad)
        assert shown.progress == ()
        assert [line.state for line in dyad_page(ben, dyad).goals] == ["agreed"]

    def test_and_given_anew_it_counts_again(self, dyad, goal):
        phone = Phone([a_session(dyad, state="held") for _ in range(4)][-1])
        for said in ({f"how.{goal.uid}": "7"}, {}, {}, {f"how.{goal.uid}": "8"}):
            phone.send({**USUAL, **said})
        rows = list(Progress.objects.order_by("id"))
        assert [row.value for row in rows] == [7, None, 8]
        assert [row.corrects for row in rows] == [None, *rows[:2]]

    def test_a_goal_that_has_ended_meanwhile_is_not_asked_and_keeps_its_rating(self, dyad, goal, people):
        phone = Phone([a_session(dyad, state="held") for _ in range(4)][-1])
        phone.send({**USUAL, f"how.{goal.uid}": "7"})
        agreements.end(goal, "reached", "client", by=people.ana)
        phone.send(USUAL)
        assert [row.value for row in Progress.objects.all()] == [7]

    @pytest.mark.parametrize("number", [4, 5], ids=["how far a goal is", "what matters most"])
    def test_what_was_answered_stays_when_a_concern_comes_up_before_the_correction(self, dyad, goal, ben, number):
        """The corrected page asks about the concern, and no longer about goals and what matters: nothing is lost."""
        for _ in range(number - 2):
            a_session(dyad, state="held")
        before = a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        phone = Phone(a_session(dyad, state="held"))
        name, value = (f"how.{goal.uid}", "7") if number == 4 else ("picked", goal.uid)
        phone.send({**USUAL, name: [value]})
        strains.open_strain(before, "withdrawal", "therapist", by=ben)
        assert f'name="{name}"' not in phone.open().content.decode()
        phone.send(USUAL)
        assert [row.value for row in Progress.objects.all()] == ([7] if number == 4 else [])
        assert [row.empty for row in Pick.objects.all()] == ([] if number == 4 else [False])

    def test_what_mattered_most(self, dyad, goal, ben):
        fifth = [a_session(dyad, state="held") for _ in range(5)][-1]
        phone = Phone(fifth)
        phone.send({**USUAL, "picked": [goal.uid], "picked-words": "My sister"})
        phone.send(USUAL)
        phone.send(USUAL)
        rows = list(Pick.objects.order_by("id"))
        assert [row.empty for row in rows] == [False, False, True]
        assert rows[-1].corrects == rows[1]
        page = phone.open().content.decode()
        assert "My sister" not in page
        assert f'value="{goal.uid}" checked' not in page
        checkin.send(fifth, "therapist", replace(answers("therapist"), picked=(goal.uid,)), by=ben)
        assert agreement_queries.picks_in_common(dyad) is None
        assert talk_sheet.sheet(fifth).picks.client_own == ()
        [picks] = course_of(dyad).record.picks
        assert (picks.client, picks.therapist) == (frozenset(), frozenset({goal.uid}))

    def test_of_picks_that_were_changed_only_the_last_are_compared(self, dyad, goal, ben):
        fifth = [a_session(dyad, state="held") for _ in range(5)][-1]
        phone = Phone(fifth)
        phone.send({**USUAL, "picked-words": "My sister\nMy work"})
        phone.send({**USUAL, "picked": [goal.uid]})
        checkin.send(fifth, "therapist", replace(answers("therapist"), picked=(goal.uid,)), by=ben)
        assert agreement_queries.picks_in_common(dyad) == (1, 1)


def test_the_starting_path_and_the_wider_look_are_asked_like_any_form(dyad):
    sessions = [a_session(dyad, state="held", modality="video") for _ in range(8)]
    assert "What do you hope will be different" in text(Phone(sessions[0]).open())
    assert "How direct would you like Ben to be with you?" in text(Phone(sessions[1]).open())
    assert "what is the problem that you want to work on?" in text(Phone(sessions[2]).open())
    assert "How much say do you have" not in text(Phone(sessions[2]).open())
    assert "How much say do you have" in text(Phone(sessions[3]).open())
    assert "What matters most to you now?" in text(Phone(sessions[4]).open())
    assert "How much hope do you have" in text(Phone(sessions[5]).open())
    assert "How sure are you that Ben is the right person" in text(Phone(sessions[6]).open())
    assert "How private is the place where you sit" in text(Phone(sessions[7]).open())


class TestHelpAtOnce:
    """One answer is exempt from blindness: PHQ-9, item 9."""

    @pytest.fixture
    def phone(self, dyad, session):
        Measure.objects.create(dyad=dyad, instrument="phq-9", every=1)
        return Phone(session)

    def test_the_rule_is_said_beforehand(self, phone):
        assert "you see at once where to find help" in text(Browser().get(f"/c/{phone.token}"))

    def test_help_comes_first_before_and_after_sending(self, phone):
        look = text(phone.look({**USUAL, "1-phq9": "1"}))
        assert look.index("You do not have to be alone with this") < look.index("Ben will see exactly these answers")
        phone.send({**USUAL, "1-phq9": "1"})
        thanks = text(phone.browser.get(phone.url + "received/"))
        assert thanks.index("In need, call 116 123") < thanks.index("Thank you. Your answers have arrived.")

    def test_a_neutral_notice_goes_to_the_therapist_and_the_safety_contact(self, phone, people):
        phone.send({**USUAL, "1-phq9": "1"})
        told = Notice.objects.filter(kind="safety")
        assert {n.member for n in told} == {people.ben, people.cy}
        assert Signal.objects.get(kind="safety").evidence == {"instrument": "phq-9", "item": "phq9"}

    def test_not_at_all_raises_nothing(self, phone):
        phone.send({**USUAL, "1-phq9": "0"})
        assert not Notice.objects.filter(kind="safety").exists()
        assert "alone with this" not in text(phone.browser.get(phone.url + "received/"))


class TestThanks:
    def test_says_when_it_opens_and_how_to_change_it(self, phone, session):
        phone.send(USUAL)
        page = text(phone.browser.get(phone.url + "received/"))
        assert "Ben answers questions about the session, too. After that, or by the end of" in page
        assert "Until then you can change them." in page

    def test_says_that_both_can_see_it_once_they_can(self, phone, session, people):
        checkin.send(session, "therapist", answers("therapist"), by=people.ben)
        phone.send(USUAL)
        assert "You and Ben can both see them now" in text(phone.browser.get(phone.url + "received/"))

    def test_is_there_only_after_something_was_sent(self, phone):
        assert phone.browser.get(phone.url + "received/")["Location"] == phone.url


class TestLanguage:
    @pytest.fixture
    def phone(self, dyad, session):
        dyad.client.language = "de"
        dyad.client.save()
        return Phone(session)

    def test_the_page_speaks_the_clients_language(self, phone):
        start, page = Browser().get(f"/c/{phone.token}"), phone.open()
        assert start["Content-Language"] == "de"
        assert "Ben liest, was Sie zeigen." in text(start)
        assert "Wie lange ging es um das" in text(page)
        assert "Diese Übersetzung der Fragen ist ein Entwurf." in text(page)

    def test_the_words_that_were_seen_are_kept_with_their_language(self, phone, session):
        phone.send(USUAL)
        wordings = instrument("accord-check-in").wordings
        assert latest(session).language == "de"
        assert latest(session).wording == wordings["de"].hash("full", "client") != wordings["en"].hash("full", "client")

    def test_no_english_is_left_on_the_way_through_it(self, phone):
        pages = [Browser().get(f"/c/{phone.token}"), phone.open(), phone.look({**USUAL, "0-t1": "2"})]
        phone.send(USUAL)
        pages += [phone.browser.get(phone.url + "received/"), Browser().get(f"/c/{phone.token}")]
        for page in pages:
            words = text(page).replace("In need, call 116 123 , day and night.", "")
            words = words.replace("Cy must act when somebody is in danger.", "")
            assert re.findall(r"\b(?:the|you|your|and|will|this|of)\b", words) == []
