"""Double click, two tabs, a lost cookie, forged fields, odd words, faults in reckoning: never lost, never doubled."""

import pytest
from tests.clinic.people import CHECK_IN, a_course, a_held_session, a_session, answers
from tests.clinic.phone import USUAL, Phone, hidden, text

from accord_clinic.actions import checkin, signals
from accord_clinic.models import Comment, PrivateLine, Response

WORDS = {"0-o2": "Please fewer forms, and more time to talk about what matters to me."}
ODD = "Ünïcødé 🫖 עברית ‮rtl‬ \u200d zero-width e\u0301 <b>&amp;</b> {client} %s 𝔘"


def begin(people):
    """The third session after the starting path, a review. Those before went without answers."""
    for _ in range(5):
        a_session(people.dyad, state="held")
    return a_session(people.dyad, state="held")


@pytest.fixture
def session(given):
    return given


@pytest.fixture
def phone(session):
    return Phone(session)


def sent(session):
    return Response.objects.filter(session=session, side="client", instrument=CHECK_IN).order_by("id")


def test_a_double_click_is_kept_once(phone, session):
    phone.open()
    posted = {"key": phone.key, "reviewed": "page", **USUAL, **WORDS}
    first, second = (phone.browser.post(phone.url, posted) for _ in range(2))
    assert first["Location"] == second["Location"] == phone.url + "received/"
    assert sent(session).count() == Comment.objects.count() == 1


def test_the_back_button_and_sending_the_last_look_again_is_kept_once(phone, session):
    look = phone.look({**USUAL, **WORDS})
    posted = {
        "key": hidden(look, "key"),
        "reviewed": "page",
        "0-d1": hidden(look, "0-d1"),
        "0-o2": hidden(look, "0-o2"),
    }
    for _ in range(2):
        phone.browser.post(phone.url, posted)
    assert sent(session).count() == 1
    assert Comment.objects.get().words == WORDS["0-o2"]


def test_reloading_the_thanks_changes_nothing(phone, session):
    phone.send(USUAL)
    for _ in range(2):
        phone.browser.get(phone.url + "received/")
    assert sent(session).count() == 1


def test_of_two_tabs_the_later_one_counts_and_the_earlier_is_kept(phone, session):
    phone.open()
    first = phone.key
    phone.open()
    phone.browser.post(phone.url, {"key": first, "reviewed": "page", **USUAL, "0-d1": "1"})
    phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL, "0-d1": "4"})
    assert [r.answers["d1"] for r in sent(session)] == [1, 4]


def test_an_answer_is_kept_whatever_goes_wrong_in_reckoning(dyad, monkeypatch, caplog):
    """What was not found then is found with the next answer of the two."""

    def broken(_dyad):
        raise ZeroDivisionError("Ana said something")

    monkeypatch.setattr(signals, "course_of", broken)
    session = a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    assert session.revealed_by == "both"
    assert session.responses.count() == 2
    assert [record.getMessage() for record in caplog.records] == [
        f"The signals of dyad:{dyad.pk} could not be found (ZeroDivisionError)."
    ]
    assert not dyad.signals.exists()
    monkeypatch.undo()
    a_course(dyad, 1)
    assert dyad.signals.filter(session=session, kind="strain_reported").exists()


def test_a_change_before_the_reveal_is_a_new_row(phone, session):
    phone.send({**USUAL, "0-t1": "2", "share.0-t1": "not_yet"})
    phone.send({**USUAL, "0-t1": "2"})
    assert [("t1" in r.answers) for r in sent(session)] == [False, True]


def test_a_change_after_the_reveal_is_refused_kindly_and_shown(phone, session, people):
    phone.send(USUAL)
    phone.open()
    checkin.send(session, "therapist", answers("therapist"), by=people.ben)
    page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL, **WORDS})
    assert page.status_code == 409
    assert WORDS["0-o2"] in text(page)
    assert "You can bring it up when you next meet." in text(page)
    assert sent(session).count() == 1


def test_changing_something_on_the_last_look_brings_the_page_back_with_everything(phone):
    look = phone.look({**USUAL, **WORDS, "0-t1": "2", "0-t3": ["quiet", "annoyed"]})
    page = phone.browser.post(
        phone.url,
        {
            "key": hidden(look, "key"),
            "change": "1",
            **USUAL,
            **WORDS,
            "0-t1": "2",
            "0-t3": ["quiet", "annoyed"],
            "share.0-t1": "raise",
        },
    ).content.decode()
    assert WORDS["0-o2"] in page
    assert 'name="0-t3" value="annoyed" checked' in page
    assert 'name="share.0-t1" value="raise"' in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("0-d1", "9", "Please choose one of the answers, or skip the question."),
        ("0-d1", "all", "Please choose one of the answers, or skip the question."),
        ("0-d1", ["1", "4"], "Please choose one of the answers, or skip the question."),
        ("0-t3", ["quiet", "forged"], "Please choose one of the answers, or skip the question."),
        ("0-zz", "1", "This page held an answer to a question that was not asked"),
        ("0-g1", "1", "This page held an answer to a question that was not asked"),
        ("7-d1", "1", "This page held an answer to a question that was not asked"),
        ("a1.somebody-elses", "1", "This page held an answer to a question that was not asked"),
        ("how.somebody-elses", "1", "This page held an answer to a question that was not asked"),
        ("reaction", "the therapist's", "This page held an answer to a question that was not asked"),
        ("share.0-o1", "raise", "This page held an answer to a question that was not asked"),
        ("share.0-t1", "everybody", "Please choose again if this can be shown."),
        ("read.0-o2", "manager", "Please choose again who can read this."),
    ],
)
def test_a_forged_field_is_refused_with_a_sentence_and_all_else_stays(phone, session, field, value, sentence):
    page = phone.send({**USUAL, **WORDS, "0-t1": "2", field: value})
    assert page.status_code == 200
    assert sentence in text(page)
    assert WORDS["0-o2"] in page.content.decode()
    assert 'name="0-m1" value="3" checked' in page.content.decode()
    assert Response.objects.count() == 0


def test_a_page_with_a_foreign_key_is_shown_again_with_its_answers(phone, session, dyad):
    other = Phone(a_session(dyad, state="held"))
    other.open()
    page = phone.browser.post(phone.url, {"key": other.key, "reviewed": "page", **USUAL, **WORDS})
    assert "Your answers are all still here." in text(page)
    assert WORDS["0-o2"] in page.content.decode()
    answer = phone.browser.post(phone.url, {"key": hidden(page, "key"), "reviewed": "page", **USUAL, **WORDS})
    assert answer.status_code == 302


def test_ten_thousand_characters_are_kept_whole(phone):
    words = (ODD + "\n")[:-1] * 1000
    phone.send({**USUAL, "0-o2": words[:10_000]})
    assert Comment.objects.get().words == words[:10_000]


def test_one_character_more_is_refused_and_not_one_is_lost(phone, session):
    page = phone.send({**USUAL, "0-o2": "x" * 10_001})
    assert "There is room for 10000 characters here, and this is 1 too long." in text(page)
    assert "x" * 10_001 in page.content.decode()
    assert sent(session).count() == 0


@pytest.mark.parametrize("reader", ["therapist", "raise"])
def test_odd_letters_come_through_as_they_were_written(phone, reader):
    phone.send({**USUAL, "0-o2": f"  {ODD}\r\nsecond line ", "read.0-o2": reader})
    kept = (Comment if reader == "therapist" else PrivateLine).objects.get()
    assert kept.words == f"  {ODD}\nsecond line "


def test_a_null_character_is_taken_out_and_that_is_said(phone):
    page = phone.look({**USUAL, "0-o2": "be\0fore"})
    assert "One character could not be saved and was removed." in text(page)
    assert hidden(page, "0-o2") == "before"


class TestALostCookie:
    """A real browser's posts carry a form token and the link's cookie; either may be gone."""

    @pytest.fixture
    def phone(self, session):
        return Phone(session, strict=True)

    def test_without_the_form_token_the_page_comes_back_with_every_answer(self, phone, session):
        phone.open()
        page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL, **WORDS})
        assert "Your answers are all still here." in text(page)
        assert WORDS["0-o2"] in page.content.decode()
        token = hidden(page, "csrfmiddlewaretoken")
        posted = {"csrfmiddlewaretoken": token, "key": hidden(page, "key"), "reviewed": "page", **USUAL, **WORDS}
        assert phone.browser.post(phone.url, posted).status_code == 302
        assert sent(session).count() == 1

    def test_without_any_cookie_the_answers_wait_on_the_page_until_the_link_is_opened_again(self, phone, session):
        phone.open()
        phone.browser.cookies.clear()
        page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "script", **USUAL, **WORDS})
        assert page.status_code == 404
        assert "Your answers are still here" in text(page)
        assert "Ben" not in text(page)
        phone.start()
        carried = {
            "csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken"),
            "key": hidden(page, "key"),
            **USUAL,
            "0-o2": hidden(page, "0-o2"),
        }
        look = phone.browser.post(phone.url, carried)
        assert "Ben will see exactly these answers" in text(look)
        assert sent(session).count() == 0

    def test_a_page_that_kept_the_answers_says_so_to_its_script(self, phone):
        phone.open()
        assert phone.browser.post(phone.url, {"key": phone.key, **WORDS})["X-Answers"] == "shown"
