"""A tablet in the room, and answers with help: as private as on a phone, and how they came is told with them."""

import pytest
from tests.clinic.people import CHECK_IN, a_session, answers
from tests.clinic.phone import USUAL, hidden, past_the_first_time, text

from accord_clinic.actions import checkin
from accord_clinic.models import Invitation, Response
from accord_clinic.pages.talk_sheet import sheet

TOLD = {**USUAL, "0-o2": "Less homework", "0-t1": "2"}


@pytest.fixture
def session(dyad):
    a_session(dyad, state="held")
    session = a_session(dyad, state="held")
    past_the_first_time(session)
    return session


@pytest.fixture
def tablet(session, as_member, ben):
    """Ben's tablet, handed over for the check-in on this session; `tablet.url` is the check-in."""
    browser = as_member(ben)
    answer = browser.post(f"/sessions/{session.uid}/link/", {"tablet": ""})
    browser.url = f"/check-in/{Invitation.objects.latest('id').uid}/"
    assert answer["Location"] == browser.url, "no address holds the token"
    return browser


def send(browser, **fields):
    page = browser.get(browser.url)
    return browser.post(browser.url, {"key": hidden(page, "key"), "reviewed": "page", **TOLD, **fields})


class TestATabletInTheRoom:
    def test_opens_the_check_in_and_says_whose_device_it_is_and_who_reads(self, tablet):
        page = tablet.get(tablet.url)
        assert "Did anything feel off" in text(page)
        assert "Somebody who works here is signed in on this device." in text(page)
        assert "Ben reads what you show." in text(page)
        assert "data-forget" in page.content.decode(), "the script stores nothing"

    @pytest.mark.parametrize("address", ["/today/", "/people/", "/paper/", "/mine/", "/"])
    def test_is_locked_for_everything_else_until_the_second_factor(self, tablet, address):
        answer = tablet.get(address)
        assert answer.status_code == 302
        assert "/account/2fa/" in answer["Location"]

    def test_what_was_sent_does_not_come_back_on_it_nor_after_the_members_session(self, tablet, session, settings):
        assert send(tablet)["Location"] == f"{tablet.url}received/"
        for sign_out in (True, False):
            for address in (tablet.url, f"{tablet.url}received/"):
                page = tablet.get(address)
                assert "Less homework" not in page.content.decode()
                assert "checked" not in page.content.decode().replace('value="" checked', "").replace(
                    'value="therapist" checked', ""
                )
                assert page["Cache-Control"] == "no-store"
            if sign_out:
                del tablet.cookies[settings.SESSION_COOKIE_NAME]
        assert Response.objects.get(session=session, instrument=CHECK_IN).answers["t1"] == 2

    def test_says_to_hand_it_back_and_leads_to_no_other_page(self, tablet):
        send(tablet)
        page = tablet.get(f"{tablet.url}received/")
        assert "Please hand the device back." in text(page)
        assert "/mine/" not in page.content.decode()

    def test_the_first_time_what_has_to_be_agreed_comes_before(self, dyad, as_member, ben):
        dyad.client.consents.all().delete()
        session = a_session(dyad, state="held")
        browser = as_member(ben)
        page = browser.post(f"/sessions/{session.uid}/link/", {"tablet": ""}, follow=True)
        assert "Ben would like to know" in text(page)
        page = browser.post(page.request["PATH_INFO"], follow=True)
        assert "Did anything feel off" in text(page)
        assert "/check-in/" in page.request["PATH_INFO"]


class TestAnsweredWithHelp:
    @pytest.mark.parametrize(
        ("helped", "sentence"),
        [
            ("interpreter", "Ana answered with an interpreter"),
            ("carer", "Ana answered with somebody close, or a carer"),
            ("read_aloud", "the questions were read to Ana"),
            ("other", "Ana answered with help"),
        ],
    )
    def test_is_told_with_the_answers(self, tablet, session, ben, helped, sentence):
        send(tablet, helped=helped)
        checkin.send(session, "therapist", answers("therapist"), by=ben)
        session.refresh_from_db()
        assert sheet(session).how == f"each answered before seeing the other's answers · {sentence}"

    @pytest.mark.parametrize("helped", ["", "somebody-else"])
    def test_is_told_of_nobody_who_answered_alone_or_of_a_forged_word(self, tablet, session, helped):
        send(tablet, helped=helped)
        assert "helped" not in Response.objects.get(session=session, instrument=CHECK_IN).context

    def test_is_asked_once_folded_at_the_end(self, tablet):
        page = tablet.get(tablet.url).content.decode()
        assert page.count("Did somebody help you answer?</summary>") == 1
        assert page.index("What should be different") < page.index("Did somebody help you answer?")
