"""People: the caseload in one plain line each, first who needs a conversation; and finding somebody by name."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_member, a_session, answers, today

from accord_clinic.actions import care, checkin, cover_and_emergency
from accord_clinic.models import Client, Session, Signal
from accord_clinic.pages.caseload import find, people
from accord_clinic.records.caseload import fits, folded
from accord_clinic.records.from_outside import code_of


@pytest.fixture
def caseload(people, ben):
    """Six people, in the order of the alphabet the wrong way round."""
    dyads = {name: a_dyad(ben, name) for name in ("Bo", "Kim", "Zoë Marchetti", "Imani")}
    a_held_session(dyads["Zoë Marchetti"], client=answers("client", t1=2), therapist=answers("therapist"))
    a_course(dyads["Kim"], 4)
    return dyads


def test_first_come_those_with_whom_something_is_to_be_talked_about(caseload, people, ben):
    listed = people_of(ben)
    assert [p.name for p in listed] == ["Zoë Marchetti", "Ana", "Bo", "Imani", "Kim"]
    assert listed[0].line == "Zoë Marchetti says something felt off in session 1; you answered that nothing did."
    assert listed[0].chip == "strain · open for 1 session"


def people_of(member):
    return people(member).running


def test_what_was_said_comes_before_what_was_inferred(caseload, ben):
    session = caseload["Kim"].sessions.last()
    Signal.objects.create(
        dyad=caseload["Kim"], session=session, kind="drop", reported=False, strength=9.0, rule="drop/1",
        scale="accord-check-in/collaboration", raised_at=datetime.now(UTC),
    )  # fmt: skip
    assert [p.name for p in people_of(ben)][:2] == ["Zoë Marchetti", "Kim"]
    assert people_of(ben)[1].line == "Collaboration was lower than is usual for Kim in session 4."


def test_a_withheld_signal_is_not_told(caseload, ben):
    session = caseload["Kim"].sessions.last()
    Signal.objects.create(
        dyad=caseload["Kim"], session=session, kind="quiet", reported=False, rule="quiet/1", withheld=True,
        raised_at=datetime.now(UTC),
    )  # fmt: skip
    assert {p.name: p.line for p in people_of(ben)}["Kim"] == "Nothing reported or marked so far."


def test_the_next_session_stands_beside_the_name(caseload, ben):
    a_session(caseload["Bo"], datetime.now(UTC) + timedelta(days=3))
    assert {p.name: p.side for p in people_of(ben)}["Bo"].startswith("next: ")


def test_courses_that_ended_stand_behind_a_fold(caseload, ben, as_member):
    care.end_course(caseload["Bo"], "agreement", datetime.now(UTC).date(), "", by=ben)
    page = people(ben)
    assert "Bo" not in [p.name for p in page.running]
    assert [(p.name, p.line) for p in page.ended] == [("Bo", "by agreement")]
    assert "Past clients" in as_member(ben).get(reverse("people")).content.decode()


def fitting(words: str) -> list[str]:
    """Whom these words find of five people, of whom one has a number elsewhere."""
    numbers = {"Zoë Marchetti": ("4711-0042",)}
    names = ("Ana", "Bo", "Imani", "Kim", "Zoë Marchetti")
    return [name for name in names if fits(folded(words).split(), name, "", numbers.get(name, ()))]


@pytest.mark.parametrize("words", ["zoe", "ZOË", "marchetti zo", "chet"])
def test_capitals_accents_and_order_do_not_matter(words):
    assert fitting(words) == ["Zoë Marchetti"]


def test_only_ones_own_people_are_found(caseload, ben, eve):
    assert find(eve, "zoe") == ()
    assert find(ben, " ") == ()


def test_folding_keeps_letters_that_have_no_plain_twin():
    assert folded("Łukasz Öztürk") == "łukasz ozturk"


def test_a_search_is_posted_so_that_no_name_enters_an_address(caseload, ben, as_member):
    answer = as_member(ben).post(reverse("people"), {"name": "zoe"})
    assert "Zoë Marchetti" in answer.content.decode()
    assert "Imani" not in answer.content.decode()
    by_address = as_member(ben).get(reverse("people"), {"name": "zoe"}).content.decode()
    assert "Imani" in by_address


def test_nobody_is_found_says_what_may_help(caseload, ben, as_member):
    page = as_member(ben).post(reverse("people"), {"name": "Nobody <b>"}).content.decode()
    assert "You can enter part of the name" in page
    assert "<b>" not in page


@pytest.mark.parametrize("size", [1, 6])
def test_the_number_of_queries_does_not_grow(size, people, ben, as_member, django_assert_max_num_queries):
    for number in range(size):
        dyad = a_dyad(ben, f"Person {number}")
        a_course(dyad, size)
        a_held_session(dyad, client=answers("client", t1=1), therapist=answers("therapist"))
    browser = as_member(ben)
    with django_assert_max_num_queries(9):
        browser.get(reverse("people"))
    with django_assert_max_num_queries(5):
        browser.post(reverse("people"), {"name": "person"})


class TestWrittenDownByMistake:
    """A client can be deleted while nothing has reached them, whatever they may have answered since."""

    def page(self, browser, dyad):
        return browser.get(reverse("arrange", args=[dyad.uid])).content.decode()

    def test_client_whom_nothing_has_reached_is_deleted_with_everything_planned(self, ben, dyad, as_member):
        a_session(dyad, timezone.now() + timedelta(days=1))
        browser = as_member(ben)
        assert "Added by mistake" in self.page(browser, dyad)
        browser.post(reverse("delete_client", args=[dyad.uid]))
        assert Client.objects.filter(pk=dyad.client_id).exists(), "not without the tick"
        browser.post(reverse("delete_client", args=[dyad.uid]), {"sure": "yes"})
        assert not Client.objects.filter(pk=dyad.client_id).exists()
        assert not Session.objects.exists()

    def test_client_with_a_link_stays_and_the_page_does_not_tell_whether_there_is_an_answer(self, ben, dyad, as_member):
        session = a_held_session(dyad)
        checkin.invite(session, by=ben)
        browser = as_member(ben)
        before = self.page(browser, dyad)
        assert "Added by mistake" not in before
        checkin.send(session, "client", answers("client"), by=dyad.client)
        browser.post(reverse("delete_client", args=[dyad.uid]), {"sure": "yes"})
        assert Client.objects.filter(pk=dyad.client_id).exists()

    def test_client_with_another_course_stays(self, ben, eve, dyad, as_member):
        a_dyad(eve, dyad.client)
        as_member(ben).post(reverse("delete_client", args=[dyad.uid]), {"sure": "yes"})
        assert Client.objects.filter(pk=dyad.client_id).exists()


class TestFilterAndSort:
    @pytest.fixture
    def browser(self, ben, as_member):
        return as_member(ben)

    def names(self, browser, query: str = "") -> list[str]:
        page = browser.get(f"{reverse('people')}{query}").content.decode()
        rows = page.split('<ul class="rows">')[1].split("</ul>")[0] if '<ul class="rows">' in page else ""
        return re.findall(r'class="row-name"[^>]*>([^<]+)<', rows)

    def test_open_strain(self, caseload, browser):
        assert self.names(browser, "?only=strain") == ["Zoë Marchetti"]

    def test_no_session_planned(self, caseload, browser):
        a_session(caseload["Bo"], timezone.now() + timedelta(days=3))
        assert self.names(browser, "?only=unplanned") == ["Zoë Marchetti", "Ana", "Imani", "Kim"]

    def test_not_answered_twice_counts_open_sessions_alone(self, caseload, ben, browser):
        for _session in range(2):
            a_held_session(caseload["Bo"], therapist=answers("therapist"))
        assert self.names(browser, "?only=silent") == [], "closed ones tell nothing"
        Session.objects.filter(dyad=caseload["Bo"]).update(revealed_at=timezone.now(), revealed_by="time")
        assert self.names(browser, "?only=silent") == ["Bo"]
        answered = a_held_session(caseload["Bo"], client=answers("client"))
        assert self.names(browser, "?only=silent") == ["Bo"], "the answer is not open yet"
        checkin.send(answered, "therapist", answers("therapist"), by=ben)
        assert self.names(browser, "?only=silent") == []

    def test_mine_and_covered_are_offered_to_whoever_covers(self, caseload, eve, ben, browser, as_member):
        assert "clients I cover for a colleague" not in browser.get(reverse("people")).content.decode()
        a_dyad(eve, "Pat")
        cover_and_emergency.cover(caseload["Bo"], eve, today(), today(), by=ben)
        covering = as_member(eve)
        assert self.names(covering) == ["Bo", "Pat"]
        assert self.names(covering, "?only=covered") == ["Bo"]
        assert self.names(covering, "?only=mine") == ["Pat"]

    def test_sorted_by_name_and_by_next_session(self, caseload, browser):
        for days, name in ((3, "Kim"), (1, "Imani")):
            a_session(caseload[name], timezone.now() + timedelta(days=days))
        assert self.names(browser, "?sort=name") == ["Ana", "Bo", "Imani", "Kim", "Zoë Marchetti"]
        assert self.names(browser, "?sort=next")[:2] == ["Imani", "Kim"]

    def test_a_filter_and_an_order_go_together_and_odd_ones_are_ignored(self, caseload, browser):
        page = browser.get(reverse("people"), {"only": "unplanned", "sort": "name"}).content.decode()
        assert 'href="?only=unplanned&amp;sort=next"' in page
        assert 'href="?only=strain&amp;sort=name"' in page
        assert len(self.names(browser, "?only=<script>&sort=x")) == 5


class TestSearch:
    @pytest.mark.parametrize("words", ["zm", "Z.M.", "4711", "4711-00", "zoe 4711"])
    def test_initials_and_the_beginning_of_an_external_number(self, words):
        assert fitting(words) == ["Zoë Marchetti"]

    def test_the_end_of_a_number_and_the_number_of_another_therapists_client_find_nobody(self, caseload, ben, eve):
        caseload["Zoë Marchetti"].client.external_names.create(system="record", value="4711-0042")
        assert [p.name for p in find(ben, "zoe 4711")] == ["Zoë Marchetti"]
        assert find(ben, "0042") == ()
        assert find(eve, "4711") == ()

    def test_in_supervision_only_what_is_shared_is_found(self, caseload, ben, cy, as_member):
        for name in ("Zoë Marchetti", "Kim"):
            caseload[name].client.external_names.create(system="record", value=f"no-{name}")
        care.share(caseload["Zoë Marchetti"], cy, by=ben)
        browser = as_member(cy)
        for words in ("zoe", "zm", "no-zoe"):
            assert "Zoë Marchetti" in browser.post(reverse("supervision"), {"name": words}).content.decode()
        for words in ("kim", "no-kim", "ana"):
            page = browser.post(reverse("supervision"), {"name": words}).content.decode()
            assert "No shared client matches this search" in page

    def test_somebody_from_outside_finds_by_the_code_and_by_nothing_that_would_tell_who_it_is(
        self, caseload, people, ben, as_member
    ):
        people.practice.release_before_outside = False
        people.practice.save()
        outside, zoe = a_member("Olga", "supervisor", "outside"), caseload["Zoë Marchetti"]
        zoe.client.external_names.create(system="record", value="4711")
        care.share(zoe, outside, by=ben)
        browser, code = as_member(outside), code_of(zoe.uid)
        for words in ("zoe", "zm", "4711", "marchetti"):
            page = browser.post(reverse("supervision"), {"name": words}).content.decode()
            assert code not in page, words
        assert code in browser.post(reverse("supervision"), {"name": code.lower()}).content.decode()
