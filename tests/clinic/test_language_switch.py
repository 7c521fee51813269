"""A client's page in another language: chosen at its foot, remembered, changing nothing that is asked."""

import re

import pytest
from tests.clinic.people import a_session
from tests.clinic.phone import USUAL, Phone, hidden, past_the_first_time, text

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
