"""The client's script keeps its markup contract in a browser: nothing asked in vain, nothing lost, nothing twice."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest

STATIC = Path(__file__).parents[2] / "src/accord_clinic/static"
HOME = "http://accord.test"
PAGE = """<!doctype html><html lang="en"><title>A few questions</title>
<link rel="stylesheet" href="/accord.css"><script src="/client.js" defer></script>
<a href="/away" data-leave>Leave quickly</a>
<h1 data-title>About Tuesday</h1><a href="#question-line">That line is too long.</a>
<form method="post" action="/send" data-checkin data-done="/thanks">
  <input type="hidden" name="key" value="only-once">
  <progress data-progress hidden aria-label="How far along"></progress>
  <section data-intro><p>About a minute.</p></section>
  <fieldset data-question="strain"><legend>Did a moment feel off?</legend>
    <label><input type="radio" name="strain" value="0"><span data-label>No</span></label>
    <label><input type="radio" name="strain" value="3"><span data-label>Strongly</span></label>
    <div data-asked-if="strain" data-asked-at-least="3" hidden role="status">You are not alone.</div></fieldset>
  <fieldset data-question="now" data-asked-if="strain" data-asked-at-least="1"><legend>Where is it now?</legend>
    <label><input type="radio" name="now" value="settled"><span data-label>Settled</span></label></fieldset>
  <fieldset data-question="line" id="question-line"><legend>One thing to do differently?</legend>
    <textarea name="line"></textarea></fieldset>
  <section data-review data-choosing hidden><h2>This is exactly what Ben will see</h2>
    <div data-review-row="strain" data-decided-by="show"><p data-review-answer></p>
      <button type="button" data-go="strain">Change</button>
      <fieldset data-choice><legend>What with it?</legend>
        <label><input type="radio" name="show" value="show" checked>Show it</label>
        <label><input type="radio" name="show" value="later">Not yet</label></fieldset>
      <p data-when-kept hidden>Ben does not see this.</p></div>
    <div data-review-row="now" data-decided-by="show"><p data-review-answer></p></div>
    <div data-review-row="line"><p data-review-answer></p></div>
    <button name="step" value="send" data-send>Send</button></section>
  <p role="status" data-status data-sending="Sending" data-waiting="No connection" data-refused="Refused"></p>
  <div data-steps hidden><button type="button" data-back>Back</button><button type="button" data-skip>Skip</button>
    <button type="button" data-next>Next</button></div>
  <div class="plain-only"><button name="step" value="review">Look it over</button></div>
</form></html>"""


class Server:
    """What the browser asked for; `trouble` holds what happens to the next posts instead of success."""

    def __init__(self):
        self.posts: list[dict[str, list[str]]] = []
        self.trouble: list[str | int] = []

    def answer(self, route):
        path = route.request.url.removeprefix(HOME)
        if route.request.method == "POST":
            self.posts.append(fields(route.request))
            trouble = self.trouble.pop(0) if self.trouble else None
            if trouble == "offline":
                route.abort()
            elif trouble:
                route.fulfill(status=trouble, body="", headers={"X-Answers": "shown"} if trouble == 422 else {})
            elif route.request.resource_type == "document":
                route.fulfill(body="<!doctype html><title>Please look again</title>", content_type="text/html")
            else:
                route.fulfill(status=303, headers={"Location": "/thanks"})
        elif path in ("/accord.css", "/client.js"):
            route.fulfill(path=STATIC / path[1:])
        else:
            body = PAGE if path == "/check-in" else f"<!doctype html><title>{path}</title>{path}"
            route.fulfill(body=body, content_type="text/html")


def fields(request) -> dict[str, list[str]]:
    """The posted fields, from a form's own post or from the script's."""
    if "multipart" not in request.headers["content-type"]:
        return parse_qs(request.post_data, keep_blank_values=True)
    boundary = request.headers["content-type"].split("boundary=")[1]
    parts = [part.split("\r\n\r\n", 1) for part in request.post_data.split(f"--{boundary}")[1:-1]]
    return {head.split('name="')[1].split('"')[0]: [body.removesuffix("\r\n")] for head, body in parts}


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def page(browser, server):
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(5_000)
    context.route("**/*", server.answer)
    page = context.new_page()
    page.goto(f"{HOME}/before")
    page.goto(f"{HOME}/check-in")
    yield page
    context.close()


def asked(page):
    return page.locator("fieldset[data-question]:visible legend, [data-review]:visible h2").all_inner_texts()


def to_review(page, strain="Strongly"):
    page.click("text=Next")
    page.click(f"text={strain}")
    page.click("text=Next")
    if strain != "No":
        page.click("text=Settled")
        page.click("text=Next")
    page.fill("textarea", "Slower, please.")
    page.click("text=Next")


def test_one_question_at_a_time_with_the_focus_on_it(page):
    assert asked(page) == []
    page.click("text=Next")
    assert asked(page) == ["Did a moment feel off?"]
    assert page.evaluate("document.activeElement.textContent") == "Did a moment feel off?"
    assert page.is_hidden("text=Look it over")


def test_a_question_that_does_not_apply_is_not_asked_and_not_sent(page, server):
    to_review(page, strain="No")
    page.click("text=Send")
    page.wait_for_url("**/thanks")
    assert "now" not in server.posts[0]


def test_help_opens_at_once(page):
    page.click("text=Next")
    assert page.is_hidden("text=You are not alone.")
    page.click("text=Strongly")
    assert page.is_visible("text=You are not alone.")


def test_a_link_to_a_question_opens_it(page):
    page.click("text=That line is too long.")
    assert asked(page) == ["One thing to do differently?"]


def test_skipping_takes_an_answer_back(page, server):
    page.click("text=Next")
    page.click("text=Strongly")
    page.click("text=Skip")
    assert asked(page) == ["One thing to do differently?"]


def test_the_review_says_what_was_chosen_and_what_was_left_out(page):
    to_review(page)
    assert page.locator("[data-review-answer]").all_inner_texts() == ["Strongly", "Settled", "Slower, please."]
    page.click("text=Change")
    page.click("text=No")
    page.click("text=Next")
    assert page.locator("[data-review-answer]:visible").all_inner_texts() == ["No", "Slower, please."]


def test_keeping_an_answer_back_keeps_back_what_hangs_on_it(page):
    to_review(page)
    page.click("text=Not yet")
    kept = page.locator(".kept-back").evaluate_all("rows => rows.map(row => row.dataset.reviewRow)")
    assert kept == ["strain", "now"]
    assert page.is_visible("text=Ben does not see this.")


def test_a_changed_answer_that_opens_a_question_asks_it_before_the_review(page):
    to_review(page, strain="No")
    page.click("text=Change")
    page.click("text=Strongly")
    page.click("text=Next")
    assert asked(page) == ["Where is it now?"]
    page.click("text=Next")
    assert asked(page) == ["This is exactly what Ben will see"]


def test_the_back_key_goes_a_question_back_and_loses_nothing(page):
    page.click("text=Next")
    page.click("text=Strongly")
    page.click("text=Next")
    page.go_back()
    assert asked(page) == ["Did a moment feel off?"]
    assert page.is_checked("text=Strongly")


def test_enter_in_a_field_moves_on_instead_of_sending(page, server):
    page.click("text=Next")
    page.press("input[value='0']", "Enter")
    assert (asked(page), server.posts) == (["One thing to do differently?"], [])


def test_a_double_click_sends_once(page, server):
    to_review(page)
    page.dblclick("text=Send")
    page.wait_for_url("**/thanks")
    assert len(server.posts) == 1
    assert server.posts[0]["step"] == ["send"]


@pytest.mark.parametrize("trouble", ["offline", 503, 429])
def test_trouble_on_the_way_is_said_and_the_same_answers_are_sent_again(page, server, trouble):
    server.trouble = [trouble]
    to_review(page)
    page.click("text=Send")
    page.wait_for_function("document.querySelector('[data-status]').textContent === 'No connection'")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/thanks")
    assert server.posts[0] == server.posts[1]
    assert server.posts[0]["key"] == ["only-once"]


def test_a_refusal_keeps_the_answers_and_lets_one_try_again(page, server):
    server.trouble = [403]
    to_review(page)
    page.click("text=Send")
    page.wait_for_function("document.querySelector('[data-status]').textContent === 'Refused'")
    page.click("text=Send")
    page.wait_for_url("**/thanks")
    assert server.posts[0] == server.posts[1]


def test_a_page_that_holds_the_answers_is_handed_the_form(page, server):
    server.trouble = [422]
    to_review(page)
    page.click("text=Send")
    page.wait_for_url("**/send")
    assert page.title() == "Please look again"
    assert [(post["key"], post["step"]) for post in server.posts] == [(["only-once"], ["send"])] * 2


@pytest.mark.parametrize("how", ["key", "link"])
def test_leaving_quickly_leaves_no_way_back_to_the_questions(page, how):
    page.click("text=Next")
    page.click("text=Strongly")
    if how == "key":
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    else:
        page.click("text=Leave quickly")
    page.wait_for_url("**/away")
    page.go_back()
    assert page.url == f"{HOME}/before"


def test_one_escape_alone_does_nothing(page):
    page.click("text=Next")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert page.url == f"{HOME}/check-in"


def test_nothing_is_left_in_the_browser(page):
    to_review(page)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
