"""Other ways to answer, in a real browser: paper, a tablet handed over, help, text message, another language."""

import re

import pytest
from playwright.sync_api import expect
from tests.clinic.people import a_session, answers
from tests.clinic.phone import past_the_first_time
from tests.journeys.test_client_browser import follow, open_phone, question, send, tap, walk
from tests.journeys.test_every_page import Window

from accord_clinic.actions import checkin, paper, step_in
from accord_clinic.messages import notices, sms
from accord_clinic.models import Response
from accord_clinic.pages.talk_sheet import sheet

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["open_phone"]


@pytest.fixture
def session(dyad):
    for _ in range(6):
        a_session(dyad, state="held")
    session = a_session(dyad, state="held")
    past_the_first_time(session)
    return session


@pytest.fixture
def signed_in(browser, live_server, as_member, settings):
    """A browser of a member: `signed_in(ben)`. A browser's tools set no `__Host-` cookie without TLS."""
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "accord", False
    contexts = []

    def sign_in(member):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=live_server.url)
        context.set_default_timeout(8_000)
        cookies = as_member(member).cookies
        context.add_cookies([{"name": n, "value": m.value, "url": live_server.url} for n, m in cookies.items()])
        contexts.append(context)
        return context.new_page()

    yield sign_in
    for context in contexts:
        context.close()


def answered(session):
    return Response.objects.get(session=session, side="client", instrument="accord-check-in")


def test_on_paper(signed_in, session, people):
    _row, code = paper.make_form(session, by=people.ben)
    page = signed_in(people.mo)
    page.goto("/paper/")
    check(page, "the code")
    page.get_by_label("The code on the form").fill(f"{code[:4]}-{code[4:]}".lower())
    page.get_by_role("button", name="Open the form").click()
    page.locator("#question-0-t1").wait_for()
    check(page, "the form")
    page.locator("#question-0-t1 label.choice").nth(1).click()
    page.locator("#question-0-o2 textarea").fill("Less homework")
    page.get_by_role("button", name="Store these answers").click()
    expect(page.locator("main")).to_contain_text("The answers are saved.")
    assert answered(session).answers == {"t1": 3}


def test_on_a_tablet_that_is_handed_over(signed_in, session, people):
    page = signed_in(people.ben)
    page.goto(f"/people/{people.dyad.uid}/")
    page.get_by_role("button", name=re.compile("Hand over this device")).first.click()
    page.wait_for_url("**/check-in/*/")
    check(page, "the first question")
    tap(page, 0)
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    walk(page, o2="Not for Ben's tablet")
    send(page)
    expect(page.locator("main")).to_contain_text("Please hand the device back.")
    page.go_back()
    assert "Not for Ben" not in page.content()
    page.goto("/today/")
    assert "/account/2fa/" in page.url
    assert answered(people.dyad.sessions.filter(responses__isnull=False).distinct().get()).answers["t1"] == 0


def test_with_an_interpreter(open_phone, session, people):
    page = follow(open_phone(), session)
    taken = walk(page, t1="0")
    page.get_by_text("Did somebody help you answer?").first.click()
    page.get_by_text("An interpreter").click()
    send(page, taken)
    print(f"\nwith help: {taken.taps + 2} taps")
    checkin.send(session, "therapist", answers("therapist"), by=people.ben)
    session.refresh_from_db()
    assert "Ana answered with an interpreter" in sheet(session).how


def test_by_text_message_into_the_own_space(open_phone, people, monkeypatch):
    sent = []
    monkeypatch.setattr(sms, "send", lambda _number, words: sent.append(words))
    people.ana.email, people.ana.phone, people.ana.channel = "", "+49 171 2345678", "sms"
    people.ana.save()
    page = open_phone().new_page()
    page.goto("/mine/in/")
    page.get_by_label("Your e-mail address or telephone number").fill("0171 2345678")
    page.get_by_role("button", name="Send me a code").click()
    step_in.send_codes()
    notices.deliver()
    page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(re.search(r"\b\d{6}\b", sent[0])[0])
    page.get_by_role("button", name="Open").click()
    page.wait_for_url("**/mine/*/")


def test_the_language_switches_in_the_middle_and_loses_no_answer(open_phone, session):
    page = follow(open_phone(), session)
    tap(page, 2)
    page.wait_for_url("**/check-in/*/")
    page.get_by_role("link", name="Deutsch").click()
    expect(question(page).locator("legend")).to_contain_text("Wie lange ging es um das")
    walk(page)
    expect(page.locator('[data-review-row="0-t1"]')).to_contain_text("Ja, deutlich")
    check(page, "the last screen in German")


def check(page, what):
    """What axe says, in both themes and widths."""
    Window.check(type("Shown", (), {"page": page, "script": True}), what)
