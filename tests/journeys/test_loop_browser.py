"""The whole loop in a real browser, on a phone's width: what each of the two sees, touches and reads."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.clinic.people import a_course, a_session

from accord_clinic.actions import checkin, step_in
from accord_clinic.messages import notices
from accord_clinic.models import Agreement, Strain

pytestmark = pytest.mark.django_db(transaction=True)


class Hand:
    """A person with a phone: taps what is visible, and counts the taps and the words that had to be read."""

    def __init__(self, page: Page):
        self.page, self.asked, self.taps, self.words = page, 0, 0, 0

    def answer(self, choice: str | None):
        """Read the question and choose, which goes on; `None` skips it."""
        shown = self.page.locator("fieldset[data-question]:not([data-at-end]):visible")
        self.words += sum(len(each.inner_text().split()) for each in shown.all())
        self.asked += 1
        if choice is None:
            self.page.locator("[data-next]:visible, [data-skip]:visible").first.click()
        else:
            shown.get_by_role("button", name=choice, exact=True).click()
        self.taps += 1

    def question(self) -> str:
        """The question that is on the screen, or an empty string at the last look."""
        legends = self.page.locator("fieldset[data-question]:not([data-at-end]):visible legend")
        return legends.first.inner_text() if legends.count() else ""


@pytest.fixture
def phone(browser, live_server):
    """A phone: 390 pixels wide, nobody signed in."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=live_server.url)
    context.set_default_timeout(8_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def bens_page(browser, live_server, people, as_member, settings):
    """Ben's browser, signed in. A browser's tools set no `__Host-` cookie without TLS, so it has a plain name here."""
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "accord", False
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=live_server.url)
    context.set_default_timeout(8_000)
    cookies = as_member(people.ben).cookies
    context.add_cookies([{"name": n, "value": m.value, "url": live_server.url} for n, m in cookies.items()])
    yield context.new_page()
    context.close()


CHOICES = {
    "what matters most": "Nearly all of it",
    "heading": "Very clear",
    "change about how you worked": "A little",
    "help you in daily life": "Very well",
    "hold anything back": "One small thing",
    "understand": "Very well",
    "on your side": "Nearly all the time",
    "trust was there": "A lot",
    "feel off": "Yes, clearly",
    "stand now": "We have not talked about it",
    "What was it like": "We have not talked about it",
    "room was there": "Some",
}


def fill(hand: Hand, **special):
    """Answer one question after the other until the last look."""
    for _guard in range(30):
        question = hand.question()
        if not question:
            return
        choice = next((c for part, c in {**special, **CHOICES}.items() if part in question), None)
        hand.answer(choice)


def test_the_whole_loop(people, phone, bens_page, mailoutbox):
    a_course(people.dyad, 5)
    session = a_session(people.dyad, state="held")

    hand = Hand(phone)
    phone.goto(f"/c/{checkin.invite(session, by=people.ben)}")
    phone.get_by_role("button", name="Start").click()
    phone.wait_for_url("**/check-in/*/")
    fill(hand)
    expect(phone.get_by_role("heading", name="Ben will see exactly these answers")).to_be_visible()
    phone.get_by_role("button", name="Send, and show Ben all of this").click()
    expect(phone.locator("main")).to_contain_text("Your answers have arrived")
    print(f"\nfull set, client: {hand.asked} questions, {hand.taps} taps, {hand.words} words on the screen")

    bens_page.goto(f"/sessions/{session.uid}/rate/")
    rate(bens_page)
    expect(bens_page.get_by_role("heading", level=1)).to_contain_text("How each of you saw session 6")
    expect(bens_page.locator("main")).to_contain_text("Ben answered that nothing felt off")
    bens_page.get_by_role("button", name=re.compile("We talked about this.*What felt off")).click()
    strain = Strain.objects.get(opened_by="client")
    assert strain.state == "talked_about"

    bens_page.goto(f"/people/{people.dyad.uid}/goals/")
    bens_page.get_by_label("In Ana’s words").fill("Say what hurts at once")
    bens_page.get_by_role("button", name="Propose").first.click()
    bens_page.get_by_role("button", name=re.compile("Confirm this wording")).click()
    in_her_own_space(phone, mailoutbox)
    phone.goto(f"/mine/{people.dyad.uid}/goals/")
    phone.get_by_role("button", name=re.compile("Confirm")).first.click()
    assert Agreement.objects.get().wordings.get().seals.count() == 2

    following = a_session(people.dyad, state="held")
    phone.goto(f"/c/{checkin.invite(following, by=people.ben)}")
    again = Hand(phone)
    assert "talked about" in again.question() or "talk about" in again.question()
    again.answer("Yes")
    again.answer("It is resolved")
    fill(again, **{"feel off": "No"})
    phone.get_by_role("button", name="Send, and show Ben all of this").click()
    expect(phone.locator("main")).to_contain_text("Your answers have arrived")
    bens_page.goto(f"/sessions/{following.uid}/rate/")
    rate(bens_page)
    strain.refresh_from_db()
    assert strain.state == "settled"


def rate(page: Page):
    """Ben taps once in each row; nothing felt off."""
    for place, row in enumerate(page.locator("[data-row]").all()):
        row.locator(".rating-cell").nth(3 if place else 4).click()
    page.get_by_role("button", name="Send my rating").click()


def in_her_own_space(page: Page, mailbox):
    """Ana steps up with the code from her mail."""
    page.goto("/mine/")
    page.get_by_role("button", name=re.compile("code", re.IGNORECASE)).first.click()
    step_in.send_codes()
    notices.deliver()
    code = re.search(r"\b\d{6}\b", mailbox[-1].body)[0]
    page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code)
    page.get_by_role("button", name="Open").click()
