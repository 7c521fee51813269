"""The client's script keeps its markup contract in a browser: nothing asked in vain, nothing lost, nothing twice."""

from pathlib import Path
from urllib.parse import parse_qs

import pytest

STATIC = Path(__file__).parents[2] / "src/accord_clinic/static"
HOME = "http://accord.test"
PAGE = """<!doctype html><html lang="en"><title>A few questions</title>
<link rel="stylesheet" href="/accord.css"><script src="/client.js" defer></script>
<a href="/away" data-leave>Leave quickly</a><main>
<a href="#question-line">That line is too long.</a>
<form method="post" action="/c/token" data-checkin data-begin="/c/token" data-here="/send" data-done="/thanks">
  <input type="hidden" name="key" value="only-once">
  <progress data-progress hidden aria-label="How far along"></progress>
  <p data-with-first>About a minute.</p>
  <fieldset data-question="strain" data-share="show" data-on-sheet="A moment felt off">
    <legend>Did a moment feel off?</legend>
    <div class="choices">
    <label class="choice"><input type="radio" name="strain" value="0"><span data-label>No</span></label>
    <label class="choice"><input type="radio" name="strain" value="2"><span data-label>Clearly</span></label>
    <label class="choice"><input type="radio" name="strain" value="3"><span data-label>Strongly</span></label></div>
    <div data-asked-if="strain" data-asked-at-least="3" data-stays hidden>You are not alone.</div></fieldset>
  <fieldset data-question="kind" data-joined data-asked-if="strain" data-asked-at-least="1" data-share="show">
    <legend>What was it like?</legend><div class="choices">
    <label class="choice"><input type="checkbox" name="kind" value="quiet"><b data-label>I went quiet</b></label>
    <label class="choice"><input type="checkbox" name="kind" value="apart"><b data-label>Far apart</b></label></div>
  </fieldset>
  <fieldset data-question="now" data-asked-if="strain" data-asked-at-least="1" data-share="show">
    <legend>Where is it now?</legend>
    <div class="choices">
    <label class="choice"><input type="radio" name="now" value="settled"><b data-label>Settled</b></label></div>
  </fieldset>
  <fieldset data-question="new" data-unless="strain"><legend>Anything new?</legend><div class="choices">
    <label class="choice"><input type="radio" name="new" value="1"><b data-label>Something</b></label></div></fieldset>
  <fieldset data-question="line" id="question-line"><legend>What did you expect?</legend>
    <textarea name="line"></textarea></fieldset>
  <fieldset data-question="end" data-at-end><legend>What to do differently?</legend><textarea name="end"></textarea>
    <details><summary>Who reads this: <b data-reader></b></summary>
    <label><input type="radio" name="read.end" value="therapist" checked><span data-label>Ben</span></label>
    <label><input type="radio" name="read.end" value="raise"><span data-label>Nobody yet</span></label></details>
  </fieldset>
  <section data-review hidden><div data-closing></div><h2>Ben will see exactly these answers</h2>
    <p data-when-choosing hidden>You can keep answers.</p><div data-rows></div>
    <template data-row><div class="review-row"><p data-review-question></p>
      <button type="button" data-go>Change</button><p data-review-answer></p>
      <fieldset data-choice><legend data-review-question></legend>
        <label><input type="radio" value="show"><span data-label>Show it</span></label>
        <label><input type="radio" value="raise"><span data-label>Keep it</span></label></fieldset>
      <p data-when-kept hidden>Ben does not see this.</p></div></template>
    <p data-nothing hidden>You have answered nothing.</p>
    <button name="step" value="send" data-send data-send-chosen="Send the rest">Send</button>
    <button name="choose" value="1" data-choose>Choose</button></section>
  <p role="status" data-status data-sending="Sending" data-waiting="No connection" data-refused="Refused"></p>
  <div data-steps hidden><button type="button" data-back>Back</button><button type="button" data-skip>Skip</button>
    <button type="button" data-next>Next</button></div>
  <div class="plain-only"><button name="step" value="review">Look it over</button></div>
</form></main></html>"""


class Server:
    """What the browser asked for; `trouble` holds what happens to the next posts instead of success."""

    def __init__(self):
        self.posts: list[dict[str, list[str]]] = []
        self.trouble: list[str | int] = []
        self.begun = 0
        self.agreed = True

    def answer(self, route):
        path = route.request.url.removeprefix(HOME)
        if path == "/c/token":
            self.begun += 1
            if self.agreed:
                route.fulfill(status=204)
            else:
                route.fulfill(status=409)
        elif route.request.method == "POST":
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
    """The questions on the screen, or the heading of the last one."""
    shown = page.locator("fieldset[data-question]:not([data-at-end]):visible > legend, [data-review]:visible h2")
    return shown.all_inner_texts()


def answer(page, words):
    page.get_by_role("button", name=words, exact=True).click()


def to_review(page, strain="Clearly"):
    answer(page, strain)
    if strain == "No":
        answer(page, "Something")
    else:
        page.click("text=I went quiet")
        answer(page, "Settled")
    page.fill("[name=line]", "Less homework")
    page.click("text=Next")
    page.fill("[name=end]", "Slower, please.")


def test_an_answer_is_a_button_that_answers_and_goes_on_with_the_focus_on_the_next_question(page):
    assert asked(page) == ["Did a moment feel off?"]
    assert page.is_hidden("text=Next")
    assert page.is_hidden("text=Look it over")
    answer(page, "No")
    assert asked(page) == ["Anything new?"]
    assert page.evaluate("document.activeElement.textContent") == "Anything new?"


def test_several_answers_and_the_question_after_them_share_a_screen_and_one_tap_goes_on(page):
    answer(page, "Clearly")
    assert asked(page) == ["What was it like?", "Where is it now?"]
    page.click("text=I went quiet")
    page.click("text=Far apart")
    answer(page, "Settled")
    assert asked(page) == ["What did you expect?"]


def test_the_first_answer_swaps_the_token_once_and_takes_it_out_of_the_address(page, server):
    answer(page, "No")
    page.wait_for_url("**/send")
    answer(page, "Something")
    page.wait_for_timeout(200)
    assert server.begun == 1


def test_where_something_has_to_be_agreed_first_the_page_of_the_link_comes_back(page, server):
    server.agreed = False
    with page.expect_navigation():
        answer(page, "No")
    assert page.url == f"{HOME}/check-in"


def test_what_is_said_before_the_first_question_is_shown_with_it_alone(page):
    assert page.is_visible("text=About a minute.")
    answer(page, "No")
    assert page.is_hidden("text=About a minute.")


@pytest.mark.parametrize(("strain", "absent"), [("No", {"now", "kind"}), ("Clearly", {"new"})])
def test_a_question_that_does_not_apply_is_not_asked_and_not_sent(page, server, strain, absent):
    to_review(page, strain)
    answer(page, "Send")
    page.wait_for_url("**/thanks")
    assert not absent & server.posts[0].keys()


def test_help_opens_at_once_and_the_screen_waits_for_next(page):
    assert page.is_hidden("text=You are not alone.")
    answer(page, "Strongly")
    assert page.is_visible("text=You are not alone.")
    assert asked(page) == ["Did a moment feel off?"]
    page.click("text=Next")
    assert asked(page) == ["What was it like?", "Where is it now?"]


def test_a_link_to_a_question_opens_it(page):
    page.click("text=That line is too long.")
    assert asked(page) == ["What did you expect?"]


def test_who_ticks_and_leaves_out_the_question_under_it_goes_on_and_skips_nothing(page):
    answer(page, "Clearly")
    assert page.get_by_role("button", name="Skip").is_visible()
    page.get_by_text("I went quiet").click()
    assert page.get_by_role("button", name="Skip").is_hidden()
    answer(page, "Next")
    assert asked(page) == ["What did you expect?"]
    answer(page, "Back")
    assert page.locator('input[value="quiet"]').is_checked()


def test_skipping_takes_an_answer_back(page):
    answer(page, "Clearly")
    answer(page, "Back")
    answer(page, "Skip")
    assert asked(page) == ["Anything new?"]


def test_the_last_screen_says_what_was_chosen_and_nothing_of_what_was_left_out(page):
    to_review(page)
    said = page.locator("[data-review-answer]").all_inner_texts()
    assert said == ["Clearly", "I went quiet", "Settled", "Less homework", "Slower, please."]
    assert page.locator("p[data-review-question]").all_inner_texts()[:2] == ["A moment felt off", "What was it like?"]
    page.locator('[data-review-row="strain"]').get_by_text("Change").click()
    answer(page, "No")
    assert page.locator("[data-review-answer]").all_inner_texts() == ["No", "Less homework", "Slower, please."]


def test_where_nothing_was_answered_the_last_screen_says_so(page):
    for _ in range(2):
        answer(page, "Skip")
    page.click("text=Next")
    assert page.is_visible("text=You have answered nothing.")


def test_keeping_an_answer_keeps_what_hangs_on_it_and_is_posted(page, server):
    to_review(page)
    answer(page, "Choose")
    page.locator('[data-review-row="strain"]').get_by_text("Keep it").click()
    kept = page.locator(".kept-back").evaluate_all("rows => rows.map(row => row.dataset.reviewRow)")
    assert kept == ["strain", "kind", "now"]
    assert page.locator("text=Ben does not see this.").first.is_visible()
    answer(page, "Send the rest")
    page.wait_for_url("**/thanks")
    assert server.posts[0]["share.strain"] == ["raise"]
    assert not any(name.startswith("choice.") for name in server.posts[0])


def test_the_reader_of_a_line_is_named_and_decides_whether_it_is_shown(page):
    to_review(page)
    assert page.inner_text("summary") == "Who reads this: Ben"
    page.click("summary")
    page.click("text=Nobody yet")
    assert page.inner_text("summary") == "Who reads this: Nobody yet"
    assert page.locator(".kept-back").evaluate_all("rows => rows.map(row => row.dataset.reviewRow)") == ["end"]


def test_a_changed_answer_that_opens_a_question_asks_it_before_the_last_screen(page):
    to_review(page, strain="No")
    page.locator('[data-review-row="strain"]').get_by_text("Change").click()
    answer(page, "Clearly")
    assert asked(page) == ["What was it like?", "Where is it now?"]
    answer(page, "Settled")
    assert asked(page) == ["Ben will see exactly these answers"]


@pytest.mark.parametrize("how", ["key", "button"])
def test_going_back_goes_a_question_back_and_shows_what_was_chosen(page, how):
    answer(page, "Clearly")
    page.wait_for_function("history.state?.guard")
    if how == "key":
        page.go_back()
    else:
        answer(page, "Back")
    assert asked(page) == ["Did a moment feel off?"]
    assert page.get_by_role("button", name="Clearly").get_attribute("aria-pressed") == "true"


def test_enter_goes_on_instead_of_sending(page, server):
    page.keyboard.press("Tab")
    page.get_by_role("button", name="No", exact=True).press("Enter")
    assert (asked(page), server.posts) == (["Anything new?"], [])


def test_a_double_click_sends_once(page, server):
    to_review(page)
    page.get_by_role("button", name="Send").dblclick()
    page.wait_for_url("**/thanks")
    assert len(server.posts) == 1
    assert server.posts[0]["step"] == ["send"]


@pytest.mark.parametrize("trouble", ["offline", 503, 429])
def test_trouble_on_the_way_is_said_and_the_same_answers_are_sent_again(page, server, trouble):
    server.trouble = [trouble]
    to_review(page)
    answer(page, "Send")
    page.wait_for_function("document.querySelector('[data-status]').textContent === 'No connection'")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_url("**/thanks")
    assert server.posts[0] == server.posts[1]
    assert server.posts[0]["key"] == ["only-once"]


def test_a_refusal_keeps_the_answers_and_lets_one_try_again(page, server):
    server.trouble = [403]
    to_review(page)
    answer(page, "Send")
    page.wait_for_function("document.querySelector('[data-status]').textContent === 'Refused'")
    answer(page, "Send")
    page.wait_for_url("**/thanks")
    assert server.posts[0] == server.posts[1]


def test_a_page_that_holds_the_answers_is_handed_the_form(page, server):
    server.trouble = [422]
    to_review(page)
    answer(page, "Send")
    page.wait_for_function("document.title === 'Please look again'")
    assert [(post["key"], post["step"]) for post in server.posts] == [(["only-once"], ["send"])] * 2


@pytest.mark.parametrize("how", ["key", "link"])
def test_leaving_quickly_leaves_no_way_back_to_the_questions_and_forgets_the_answers(page, how):
    answer(page, "Clearly")
    page.wait_for_function("history.state?.guard")
    if how == "key":
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    else:
        page.click("text=Leave quickly")
    page.wait_for_url("**/away")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.go_back()
    assert page.url == f"{HOME}/before"


def test_one_escape_alone_does_nothing(page):
    answer(page, "No")
    page.wait_for_url("**/send")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert page.url == f"{HOME}/send"


def test_after_sending_nothing_is_left_in_the_browser(page):
    to_review(page)
    answer(page, "Send")
    page.wait_for_url("**/thanks")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
