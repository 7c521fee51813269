"""A practice case in a real browser: without script, in under ten minutes, and axe is content."""

import pytest
from tests.journeys.test_every_page import Window

from accord.practice_cases import practice_cases

pytestmark = pytest.mark.django_db(transaction=True)

WORDS_A_MINUTE = 240
"""As cards are timed. Pictures and strips are looked at and not read; what is folded is left folded."""
SECONDS_A_CHOICE, SECONDS_ALOUD, SECONDS_A_PICTURE = 5, 15, 10
PICTURES = 7
TEXT = "[...document.querySelectorAll('main :is(p, li, h1, h2, h3, legend, label, td)')]\
.filter(e => e.checkVisibility() && !e.closest('figure, .strips')).map(e => e.innerText).join(' ')"


CASES = [case.slug for case in practice_cases()]


@pytest.fixture
def window(ben, browser, live_server, as_member):
    """Ben is signed in, and nothing of ours that is a script gets through."""
    with Window(browser, live_server.url, script=False) as opened:
        opened.sign_in(as_member(ben).cookies)
        yield opened


@pytest.mark.parametrize("slug", CASES)
def test_a_case_takes_less_than_ten_minutes_and_needs_no_script(window, slug):
    """All cases have the same pages, so axe looks at those of one."""
    page, words, choices = window.page, 0, 0
    window.open(f"/learn/cases/{slug}/")

    def read() -> int:
        return len(page.evaluate(TEXT).split())

    def press(button) -> int:
        """To the next page, which is then read."""
        with page.expect_navigation():
            button.click()
        return read()

    def check(what: str) -> None:
        if slug == CASES[0]:
            window.check(f"{slug}, {what}")

    words += read()
    words += press(page.get_by_role("button", name="Begin"))
    for step in range(3):
        if step == 0:
            page.get_by_text("Compare", exact=True).click()
            assert page.get_by_text("Now say it once more.").is_visible()
            check("a guess")
        page.locator("fieldset").nth(0).locator("input").nth(0).focus()
        page.keyboard.press("Space")
        page.locator("fieldset").nth(1).get_by_role("radio").nth(2).check()
        words += press(page.get_by_role("button", name="Open the answers"))
        if step == 0:
            check("the answers")
        page.locator("fieldset").nth(0).get_by_role("checkbox").nth(1).check()
        page.locator("fieldset").nth(1).get_by_role("checkbox").nth(0).check()
        choices += 4
        words += press(page.locator(".case-form .button"))
    assert page.get_by_role("heading", name="Three points for supervision").is_visible()
    assert page.locator("#agenda + ol > li").count() == 3
    check("the end")
    if slug == CASES[0]:
        window.check_print(f"{slug}, the end")
    seconds = words / WORDS_A_MINUTE * 60 + choices * SECONDS_A_CHOICE
    assert seconds + 3 * SECONDS_ALOUD + PICTURES * SECONDS_A_PICTURE < 600, (words, seconds)
