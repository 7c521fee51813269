"""The client's phone in a real browser: with and without script, cut off, in two tabs, in a hurry to leave."""

import re
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect
from tests.clinic.people import a_held_session, a_session, answers
from tests.clinic.phone import past_the_first_time
from tests.journeys.test_every_page import Window

from accord_clinic.actions import agreements, checkin
from accord_clinic.models import Comment, Measure, PrivateLine, Response

pytestmark = pytest.mark.django_db(transaction=True)

TAP, WORD = 2.0, 0.29
"""Seconds: for a tap, with the choice before it, and for a word of a question or a heading (3.5 words a second)."""


@dataclass
class Walk:
    """What a check-in took: its screens, taps (sending included) and the words of its questions and headings."""

    screens: int = 0
    taps: int = 0
    words: int = 0

    @property
    def seconds(self) -> float:
        return self.taps * TAP + self.words * WORD

    def read(self, places) -> None:
        self.words += sum(len(re.findall(r"[\w’]+", place.inner_text())) for place in places if place.is_visible())


@pytest.fixture
def session(dyad):
    """The sixth session: no starting path, no wider look."""
    for _ in range(5):
        a_session(dyad, state="held")
    return a_session(dyad, state="held")


@pytest.fixture
def open_phone(browser, live_server):
    """A phone, 390 pixels wide; `open_phone(script=False)` has no script."""
    contexts = []

    def make(script: bool = True):
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, base_url=live_server.url, java_script_enabled=script
        )
        context.set_default_timeout(8_000)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


def follow(context, session, token: str = "") -> Page:
    """Follow a link, a fresh one unless told which: after the first time, the first question stands on its page."""
    past_the_first_time(session)
    page = context.new_page()
    page.goto(f"/c/{token or checkin.invite(session, by=session.dyad.therapist)}")
    if (start := page.get_by_role("button", name="Start")).count():
        start.click()
        page.wait_for_url("**/check-in/*/")
    return page


def question(page: Page):
    """The questions that are on the screen."""
    return page.locator("fieldset[data-question]:not([data-at-end]):visible")


def tap(page: Page, value: int) -> None:
    """Answer the one question on the screen with the choice that counts as `value`."""
    question(page).locator(f'button.answer[value="{value}"]').click()


def walk(page: Page, **chosen: str) -> Walk:
    """Answer each question with 1 or its second choice, or as `chosen` by item, up to the last screen."""
    taken = Walk()
    while names := question(page).evaluate_all("all => all.map(one => one.dataset.question)"):
        taken.screens += 1
        asked = [page.locator(f'fieldset[data-question="{name}"]') for name in names]
        taken.read(page.locator("fieldset[data-question]:not([data-at-end]):visible > legend").all())
        for name, one in zip(names, asked, strict=True):
            given = chosen.get(name.partition("-")[2])
            if one.locator("textarea").count():
                one.locator("textarea").fill(given or "")
            else:
                by_value = one.locator(f'button.answer[value="{given or 1}"]')
                (by_value if by_value.count() else one.locator("label.choice:visible").nth(int(given or 1))).click()
                taken.taps += 1
        if asked[-1].is_visible():
            page.locator("[data-next]").click()
            taken.taps += 1
    taken.screens += 1
    taken.read(page.locator("[data-review] h2, [data-review] [data-closing] fieldset > legend").all())
    for line in page.locator("fieldset[data-at-end]").all():
        item = line.get_attribute("data-question").partition("-")[2]
        if item in chosen:
            line.locator("textarea").fill(chosen[item])
    return taken


def send(page: Page, taken: Walk | None = None) -> None:
    """One tap shows Ben all of it."""
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    page.wait_for_url("**/received/")
    if taken:
        taken.taps += 1


def sent(session):
    return Response.objects.filter(session=session, side="client", instrument="accord-check-in").order_by("id")


def counted(what: str, taken: Walk, most_taps: int, most_seconds: float) -> None:
    """Print what it took, and hold it to the goal."""
    print(f"\n{what}: {taken.taps} taps, {taken.screens} screens, {taken.words} words, {taken.seconds:.0f} seconds")
    assert taken.taps <= most_taps
    assert taken.seconds <= most_seconds


class TestHowLongItTakes:
    """Taps, screens and words, counted and printed; the limits are the goals.

    `test_often` counts the taps of every session in every rhythm; here are those that ask most.
    """

    @pytest.mark.parametrize("number", [7, 11], ids=["wider look", "review and after"])
    def test_a_plain_check_in_with_two_wider_questions(self, open_phone, dyad, number):
        session = [a_session(dyad, state="held") for _ in range(number)][-1]
        page = follow(open_phone(), session)
        taken = walk(page, t1="0")
        send(page, taken)
        counted(f"plain, session {number}", taken, 13, 70)
        assert sent(session).count() == 1

    @pytest.mark.parametrize(("number", "off"), [(1, "2"), (20, "2")])
    def test_the_first_where_the_two_work_together_already(self, open_phone, dyad, number, off):
        dyad.under_way = True
        dyad.save()
        session = [a_session(dyad, state="held") for _ in range(number)][-1]
        page = follow(open_phone(), session)
        taken = walk(page, t1=off)
        send(page, taken)
        counted(f"already together, session {number}, t1={off}", taken, 16, 90)

    @pytest.mark.parametrize("number", [5, 12], ids=["what matters most", "goal and review"])
    def test_with_a_task_and_three_goals(self, open_phone, dyad, number):
        for kind, words in (("task", "No phone"), ("goal", "Sleep"), ("goal", "Call Eva"), ("goal", "Walk")):
            row = agreements.propose(dyad, kind, words, "client", by=dyad.client)
            for side, by in (("client", dyad.client), ("therapist", dyad.therapist)):
                agreements.seal(row, side, seen=row.wordings.get().pk, by=by)
        session = [a_session(dyad, state="held") for _ in range(number)][-1]
        page = follow(open_phone(), session)
        taken = walk(page, t1="0")
        send(page, taken)
        counted(f"a task and three goals, session {number}", taken, 16, 90)

    def test_the_short_set(self, open_phone, session):
        session.dyad.form = "minimum"
        session.dyad.save()
        page = follow(open_phone(), session)
        taken = walk(page, t1="0")
        send(page, taken)
        counted("short set, review", taken, 9, 60)

    def test_the_worst_case_has_a_concern_something_that_felt_off_and_its_kind(self, open_phone, dyad):
        for _ in range(5):
            a_session(dyad, state="held")
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        session = a_session(dyad, state="held")
        page = follow(open_phone(), session)
        taken = walk(page, t1="2")
        send(page, taken)
        counted("worst case", taken, 16, 90)
        assert {"t1", "t2", "t3"} <= sent(session).get().answers.keys()

    @pytest.mark.parametrize(("number", "off"), [(1, "2"), (3, "2")])
    def test_the_first_three_sessions(self, open_phone, dyad, number, off):
        session = [a_session(dyad, state="held") for _ in range(number)][-1]
        page = follow(open_phone(), session)
        taken = walk(page, t1=off)
        send(page, taken)
        counted(f"session {number}, t1={off}", taken, 16, 90)

    @pytest.mark.parametrize("number", [3])
    def test_the_first_three_sessions_with_a_concern_and_something_that_felt_off(self, open_phone, dyad, number):
        for _ in range(number - 2):
            a_session(dyad, state="held")
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        session = a_session(dyad, state="held")
        page = follow(open_phone(), session)
        taken = walk(page, t1="2")
        send(page, taken)
        counted(f"session {number}, concern and something off", taken, 16, 90)


def test_one_question_at_a_time_then_exactly_what_will_be_seen(open_phone, session):
    page = follow(open_phone(), session)
    assert page.locator("fieldset[data-question]:visible").count() == 1
    walk(page, t1="2", o2="Less homework")
    expect(page.get_by_role("heading", name="Ben will see exactly these answers")).to_be_visible()
    assert page.locator("[data-review-row]").count() == page.locator("[data-review-answer]:not(:empty)").count()
    row = page.locator('[data-review-row="0-t1"]')
    expect(row).to_contain_text("Yes, clearly")
    expect(row.get_by_text("Keep it")).to_be_hidden()
    page.get_by_role("button", name="Keep some answers to myself").click()
    row.get_by_text("Keep it").click()
    expect(row.get_by_label("Keep it")).to_be_focused()
    expect(row).to_contain_text("This is not shown to Ben.")
    expect(page.locator('[data-review-row="0-t2"]')).to_contain_text("This is not shown to Ben.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/received/")
    assert "t1" not in sent(session).get().answers
    assert PrivateLine.objects.filter(item="t1", reader="raise").exists()
    assert Comment.objects.get().words == "Less homework"


def test_without_script_it_is_one_page_and_a_last_look(open_phone, session):
    page = follow(open_phone(script=False), session)
    page.locator("#question-0-d1 label.choice").nth(3).click()
    page.locator("#question-0-t1 label.choice").nth(1).click()
    page.locator("#question-0-o2 textarea").fill("Less homework")
    page.locator("#question-0-o2").get_by_text("Who reads this").click()
    page.locator("#question-0-o2").get_by_text("Nobody yet: I’ll bring it up myself").click()
    page.get_by_role("button", name="Look over everything").click()
    expect(page.locator("main")).to_contain_text("Nearly all of it")
    expect(page.locator('[data-review-row="0-o2"]')).to_contain_text("This is not shown to Ben.")
    page.get_by_role("button", name="Keep some answers to myself").click()
    page.locator('[data-review-row="0-t1"]').get_by_text("Keep it").click()
    page.get_by_role("button", name="Change something").click()
    expect(page.locator('#question-0-d1 input[value="3"]')).to_be_checked()
    page.get_by_role("button", name="Look over everything").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="Thank you. Your answers have arrived.")).to_be_visible()
    assert sent(session).get().answers["d1"] == 3
    assert {line.item: line.reader for line in PrivateLine.objects.exclude(item="t2")} == {"t1": "raise", "o2": "raise"}


def test_when_the_network_is_gone_nothing_is_lost_and_it_is_sent_once_when_it_comes_back(open_phone, session):
    phone = open_phone()
    page = follow(phone, session)
    walk(page, o2="Written in a tunnel")
    phone.set_offline(True)
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    expect(page.locator("[data-status]")).to_contain_text("Your answers are still here")
    assert sent(session).count() == 0
    phone.set_offline(False)
    page.wait_for_url("**/received/", timeout=15_000)
    assert sent(session).count() == 1
    assert Comment.objects.get().words == "Written in a tunnel"


def test_when_only_the_answer_of_the_server_is_lost_it_is_kept_once(open_phone, session):
    page = follow(open_phone(), session)
    walk(page)
    lost = []

    def lose_the_first(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch(max_redirects=0).status)
            route.abort()

    page.route("**/check-in/*/", lambda r: lose_the_first(r) if r.request.method == "POST" else r.continue_())
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    page.wait_for_url("**/received/", timeout=15_000)
    assert lost == [302]
    assert sent(session).count() == 1


def test_a_double_tap_and_the_back_key_send_once(open_phone, session):
    page = follow(open_phone(), session)
    walk(page)
    page.get_by_role("button", name="Send, and show Ben all of this").dblclick()
    page.wait_for_url("**/received/")
    page.go_back()
    assert sent(session).count() == 1


def test_the_back_key_goes_one_question_back_and_keeps_the_answers(open_phone, session):
    page = follow(open_phone(), session)
    tap(page, 4)
    page.wait_for_url("**/check-in/*/")
    page.wait_for_function("history.state?.guard")
    page.go_back()
    expect(page.locator('#question-0-t1 input[value="4"]')).to_be_checked()
    expect(page.locator("#question-0-t1")).to_be_visible()


def test_what_was_answered_stays_when_something_felt_off_after_all(open_phone, dyad):
    """What is left out after a yes is what was not asked yet: goals and the wider look, once answered, are sent."""
    session = [a_session(dyad, state="held") for _ in range(7)][-1]
    page = follow(open_phone(), session)
    walk(page, t1="0")
    rows = page.locator("[data-review] [data-rows] > *")
    before = rows.count()
    page.locator("[data-review] button", has_text="Change").first.click()
    tap(page, 2)
    walk(page)
    assert rows.count() > before, "and what hangs on the new answer was asked"
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    page.wait_for_url("**/received/")
    wider = Response.objects.get(session=session, side="client", instrument="accord-wider-look")
    assert len(wider.answers) == 2
    assert sent(session).get().answers["t1"] == 2


def test_two_tabs(open_phone, session):
    phone = open_phone()
    first = follow(phone, session)
    second = phone.new_page()
    tap(first, 1)
    first.wait_for_url("**/check-in/*/")
    second.goto(first.url)
    for page, words in ((first, "From the first"), (second, "From the second")):
        page.bring_to_front()
        walk(page, o2=words)
        page.get_by_role("button", name="Send, and show Ben all of this").click()
        page.wait_for_url("**/received/")
    assert sent(session).count() == 2
    assert list(Comment.objects.order_by("id").values_list("words", flat=True)) == ["From the first", "From the second"]


def test_when_the_cookies_are_gone_the_answers_come_back_and_can_be_sent(open_phone, session):
    phone = open_phone()
    token = checkin.invite(session, by=session.dyad.therapist)
    page = follow(phone, session, token)
    walk(page, o2="Words that took me an hour to find")
    phone.clear_cookies()
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    expect(page.get_by_role("heading", name="Your answers are still here")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Words that took me an hour to find")
    other = follow(phone, session, token)
    tap(other, 0)
    other.wait_for_url("**/check-in/*/")
    page.bring_to_front()
    page.get_by_role("button", name="Go on with my answers").click()
    expect(page.locator("main")).to_contain_text("Ben will see exactly these answers")
    page.get_by_role("button", name="Send, and show Ben all of this").click()
    expect(page.get_by_role("heading", name="Thank you. Your answers have arrived.")).to_be_visible()
    assert Comment.objects.get().words == "Words that took me an hour to find"


def test_an_answer_about_self_harm_shows_help_at_once(open_phone, session):
    Measure.objects.create(dyad=session.dyad, instrument="phq-9", every=1)
    page = follow(open_phone(), session)
    while page.locator("#question-1-phq9").is_hidden():
        page.locator("[data-skip]").click()
    expect(page.locator("[data-next]")).to_be_hidden()
    help_now = page.locator("#question-1-phq9 [role=status]")
    expect(help_now).to_be_hidden()
    page.locator("#question-1-phq9 button.answer").nth(1).click()
    expect(help_now).to_be_visible()
    expect(page.locator("[data-next]")).to_be_visible()
    expect(help_now.get_by_role("link", name="116 123")).to_have_attribute("href", "tel:116123")


def test_a_long_measure_is_introduced_once_and_stands_folded_in_the_review(open_phone, session):
    Measure.objects.create(dyad=session.dyad, instrument="phq-9", every=1)
    page = follow(open_phone(), session)
    expect(page.get_by_text("Urgent help", exact=True)).to_be_in_viewport()
    while page.locator("#question-1-phq1").is_hidden():
        page.locator("[data-skip]").click()
    expect(page.locator("#question-1-phq1 legend")).to_contain_text("Over the last 2 weeks, how often")
    tap(page, 1)
    expect(page.locator("#question-1-phq2 legend .legend-lead")).to_have_text("Over the last 2 weeks")
    walk(page)
    fold = page.locator("[data-rows] details")
    expect(fold.locator("summary")).to_contain_text("Your answers: 8")
    expect(fold.locator("[data-review-row]").first).to_be_hidden()
    expect(page.locator('[data-rows] > [data-review-row="1-phq9"]')).to_be_visible()
    page.get_by_role("button", name="Keep some answers to myself").click()
    fold.locator("summary").click()
    fold.locator('[data-review-row="1-phq3"]').get_by_text("Keep it").click()
    expect(fold.locator('[data-review-row="1-phq3"]')).to_contain_text("This is not shown to Ben.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url("**/received/")
    answered = Response.objects.get(session=session, side="client", instrument="phq-9").answers
    assert set(answered) == {f"phq{n}" for n in (1, 2, 4, 5, 6, 7, 8, 9)}


def test_leaving_quickly_swaps_the_page_and_the_back_key_does_not_bring_it_back(open_phone, session):
    phone = open_phone()
    page = follow(phone, session)
    tap(page, 1)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Tomato soup")).to_be_visible()
    assert page.title() == "Tomato soup"
    assert page.evaluate("sessionStorage.length") == 0


def test_nothing_is_asked_of_anybody_else_and_after_sending_nothing_stays_in_the_browser(
    open_phone, session, live_server
):
    phone = open_phone()
    asked = []
    phone.on("request", lambda request: asked.append(request.url))
    page = follow(phone, session)
    walk(page, o2="Not for the browser to keep")
    assert page.evaluate("localStorage.length") == 0
    send(page)
    stored = page.evaluate("JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)])")
    assert stored == "[[],[]]"
    assert all(url.startswith((live_server.url, "data:")) for url in asked)


def test_the_first_answer_takes_the_token_out_of_the_address_and_of_the_history(open_phone, session):
    page = follow(open_phone(), session)
    linked = page.url
    tap(page, 0)
    page.wait_for_url("**/check-in/*/")
    page.wait_for_function("history.state?.guard")
    page.go_back()
    expect(page.locator("#question-0-t1")).to_be_visible()
    assert page.url != linked
    assert "/check-in/" in page.url


def test_a_reload_keeps_the_answers_and_the_place(open_phone, session):
    page = follow(open_phone(), session)
    tap(page, 2)
    tap(page, 3)
    page.wait_for_url("**/check-in/*/")
    place = question(page).get_attribute("data-question")
    page.reload()
    assert question(page).get_attribute("data-question") == place
    page.locator("[data-back]").click()
    expect(page.locator("#question-0-d1 button.answer").nth(3)).to_have_attribute("aria-pressed", "true")
    tap(page, 3)
    walk(page, o2="Written before a reload")
    page.reload()
    expect(page.locator('[data-review-row="0-o2"]')).to_contain_text("Written before a reload")
    send(page)
    assert sent(session).get().answers["t1"] == 2


def test_what_is_remembered_for_a_reload_is_gone_after_half_an_hour(open_phone, session):
    page = follow(open_phone(), session)
    tap(page, 2)
    page.wait_for_url("**/check-in/*/")
    page.evaluate(
        "for (const k of Object.keys(sessionStorage)) {"
        " const s = JSON.parse(sessionStorage[k]); s.at -= 31 * 60e3; sessionStorage[k] = JSON.stringify(s) }"
    )
    page.reload()
    expect(page.locator('#question-0-t1 button.answer[aria-pressed="true"]')).to_have_count(0)
    assert page.evaluate("sessionStorage.length") == 0


def test_a_first_answer_without_a_network_is_kept_and_swaps_the_token_when_it_is_back(open_phone, session):
    phone = open_phone()
    page = follow(phone, session)
    phone.set_offline(True)
    tap(page, 2)
    expect(page.locator("#question-0-d1")).to_be_visible()
    phone.set_offline(False)
    tap(page, 2)
    page.wait_for_url("**/check-in/*/")
    walk(page)
    send(page)
    assert sent(session).get().answers["t1"] == 2


def test_axe_finds_nothing_on_any_screen_in_either_theme_and_width(open_phone, session):
    page = follow(open_phone(), session)
    for screen, nth in enumerate((2, 1, 1)):
        Window.check(SimpleNamespace(page=page, script=True), f"screen {screen}")
        tap(page, nth)
    while not page.locator("#question-0-t3").is_visible():
        tap(page, 1)
    Window.check(SimpleNamespace(page=page, script=True), "kind")
    walk(page, t1="2", o2="Less homework")
    page.get_by_text("Who reads this").last.click()
    Window.check(SimpleNamespace(page=page, script=True), "last screen")
    page.get_by_role("button", name="Keep some answers to myself").click()
    page.locator('[data-review-row="0-t1"]').get_by_text("Keep it").click()
    Window.check(SimpleNamespace(page=page, script=True), "choosing")


def test_a_double_tap_answers_one_question(open_phone, session):
    page = follow(open_phone(), session)
    box = question(page).locator("button.answer").nth(1).bounding_box()
    page.mouse.dblclick(box["x"] + 30, box["y"] + 20)
    expect(page.locator("#question-0-d1")).to_be_visible()
    expect(page.locator('#question-0-d1 button.answer[aria-pressed="true"]')).to_have_count(0)
