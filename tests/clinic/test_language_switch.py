"""A page in another language: chosen by clients and by those who work here, remembered; it changes nothing asked."""

import re

import pytest
from tests.clinic.people import a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, hidden, past_the_first_time, text
from tests.clinic.test_german import ENGLISH, words_of

from accord_clinic.actions import own_space
from accord_clinic.models import Response
from accord_clinic.views.own_space import DOOR


@pytest.fixture
def session(dyad):
    for _ in range(6):
        a_session(dyad, state="held")
    session = a_session(dyad, state="held")
    past_the_first_time(session)
    return session


@pytest.fixture
def phone(session):
    return Phone(session, start=False)


def asked(page):
    return re.findall(r'data-question="([^"]+)"', page.content.decode())


def test_every_page_offers_the_other_language(phone):
    for address in (f"/c/{phone.token}", "/c/unknown", "/away", "/mine/in/", "/new-link-sent/"):
        page = phone.browser.get(address).content.decode()
        if address != "/away":
            assert 'href="?in=de" lang="de"' in page, address


def test_the_words_change_and_what_is_asked_does_not(phone):
    english, german = (phone.browser.get(f"/c/{phone.token}{how}") for how in ("", "?in=de"))
    assert "Did anything feel off" in text(english)
    assert "Hat sich in der Sitzung" in text(german)
    assert german["Content-Language"] == "de"
    assert asked(english) == asked(german) != []


def test_it_is_remembered_on_all_pages_and_kept_with_the_answers(phone, session):
    phone.browser.get(f"/c/{phone.token}?in=de")
    phone.start()
    assert "Wie klar war Ihnen" in text(phone.open())
    phone.send(USUAL)
    assert "Danke." in text(phone.browser.get(f"{phone.url}received/"))
    assert "Hier ist nichts" in text(phone.browser.get("/c/unknown"))
    assert set(Response.objects.filter(session=session).values_list("language", flat=True)) == {"de"}
    session.dyad.client.refresh_from_db()
    assert session.dyad.client.language == "en", "messages stay as they were"


def test_it_goes_back_and_a_made_up_language_changes_nothing(phone):
    phone.browser.get(f"/c/{phone.token}?in=de")
    assert "Did anything feel off" in text(phone.browser.get(f"/c/{phone.token}?in=en"))
    assert "Did anything feel off" in text(phone.browser.get(f"/c/{phone.token}?in=xx"))


def test_the_own_space_speaks_it_too(phone, people):
    phone.browser.cookies[DOOR] = own_space.open_door(people.ana)
    page = phone.browser.get("/mine/rights/?in=de")
    assert page["Content-Language"] == "de"
    assert "Nachrichten" in text(page)


def test_an_answer_that_is_under_way_is_read_in_the_language_of_its_page(phone, session):
    phone.browser.get(f"/c/{phone.token}?in=de")
    phone.start()
    page = phone.open()
    phone.browser.post(phone.url, {"key": hidden(page, "key"), "reviewed": "page", **USUAL})
    assert Response.objects.filter(session=session).first().language == "de"


class TestForThoseWhoWorkHere:
    """Chosen in the menu under one's name, remembered in this browser, for pages that are in every language."""

    def test_the_choice_is_on_every_page_and_remembered(self, session, people, as_member):
        browser = as_member(people.ben)
        assert 'href="?in=de" lang="de"' in browser.get("/today/").content.decode()
        assert browser.get("/today/?in=de").status_code == 200
        rating = browser.get(f"/sessions/{session.uid}/rate/")
        assert rating["Content-Language"] == "de"
        assert "Bewertung senden" in text(rating)
        assert "Wie klar war" in text(rating)
        assert 'href="?in=en" lang="en"' in rating.content.decode()
        assert "Send my rating" in text(browser.get(f"/sessions/{session.uid}/rate/?in=en"))

    def test_the_rating_asks_the_same_and_keeps_the_language_of_its_words(self, session, people, as_member):
        browser = as_member(people.ben)
        url = f"/sessions/{session.uid}/rate/"
        names = re.compile(r'id="question-([^"]+)"')
        english, german = (browser.get(f"{url}?in={code}").content.decode() for code in ("en", "de"))
        assert names.findall(english) == names.findall(german) != []
        browser.post(url, {"key": re.search(r'name="key" value="([^"]*)"', german)[1], "0-d1": "3"})
        assert Response.objects.get(session=session, side="therapist", instrument="accord-check-in").language == "de"

    @pytest.mark.parametrize("page", ["rate", "rated"])
    def test_a_page_is_wholly_in_german_or_wholly_in_english(self, page, people, as_member):
        sent = {"therapist": answers("therapist")} if page == "rated" else {}
        session = a_held_session(people.dyad, **sent)
        browser = as_member(people.ben)
        url = f"/sessions/{session.uid}/{page}/"
        shown = words_of(browser.get(f"{url}?in=de").content.decode()).replace("Practice by the Park", "")
        assert ENGLISH.findall(shown) == []
        assert browser.get(f"/people/{people.dyad.uid}/")["Content-Language"] == "en"

    def test_neither_side_changes_what_the_other_reads(self, phone, session, people, as_member):
        browser = as_member(people.ben)
        browser.get("/today/?in=de")
        assert "Did anything feel off" in text(browser.get(f"/c/{phone.token}"))
        browser = as_member(people.ben)
        browser.get(f"/c/{phone.token}?in=de")
        assert "Send my rating" in text(browser.get(f"/sessions/{session.uid}/rate/"))

    def test_a_made_up_language_changes_nothing(self, session, people, as_member):
        browser = as_member(people.ben)
        browser.get("/today/?in=xx")
        assert "Send my rating" in text(browser.get(f"/sessions/{session.uid}/rate/?in=../de"))

    def test_a_talk_sheet_stays_in_the_language_of_the_client(self, people, as_member):
        session = a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        sheet = as_member(people.ben).get(f"/sessions/{session.uid}/talk/?in=de")
        assert "How each of you saw session" in text(sheet)

    def test_cards_and_lessons_follow_it(self, people, as_member):
        session = a_held_session(people.dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        browser = as_member(people.ben)
        browser.get("/today/?in=de")
        assert '<div lang="de">' in browser.get(f"/sessions/{session.uid}/prepare/").content.decode()
        assert browser.get("/learn/")["Content-Language"] == "de"
