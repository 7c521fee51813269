"""Lessons and the guide: there for those whom they are for, in both languages, about nobody, and nothing is stored."""

import re

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape
from tests.clinic.people import a_held_session
from tests.clinic.test_german import ENGLISH, words_of

from accord import lessons as texts
from accord_clinic.messages import notices

pytestmark = pytest.mark.same_on_postgresql(reason="lessons are texts, read from no database")

LANGUAGES = ("en", "de")


@pytest.fixture
def ben_reads(people, as_member):
    """Ben's browser: the main part of a page as text, or all of it."""
    browser = as_member(people.ben)
    return lambda path: browser.get(path).content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("slug", [lesson.slug for lesson in texts.lessons()])
def test_a_lesson_has_its_text_its_chart_and_a_reason_for_each_answer(ben_reads, slug, language):
    page = ben_reads(f"/learn/{slug}/?in={language}")
    lesson = next(one for one in texts.lessons(language) if one.slug == slug)
    for text in (lesson.lead, lesson.caption, lesson.to_try, lesson.sure):
        assert escape(text) in page
    assert page.count('class="course-svg"') == 2
    assert f'<html lang="{language}"' in page
    answered = r'<details class="quiz-answer"><summary>(.*?)</summary><p><strong>(.*?)</strong><br>(.*?)</p>'
    answers = re.findall(answered, page)
    assert len(answers) == 9
    assert all(verdict and reason for _text, verdict, reason in answers)


def test_no_lesson_leaves_english_in_german(ben_reads):
    for path in ("", "feedback/", "misconceptions/", "questions/", "glossary/"):
        main = words_of(ben_reads(f"/learn/{path}?in=de").partition("<main")[2])
        assert not ENGLISH.search(re.sub(r"\bwill\b|Psychology Quarterly|J Telemed Telecare", "", main)), path


def test_the_guide_is_for_anybody_in_the_language_that_is_asked_for(people):
    browser = Browser()
    for language in LANGUAGES:
        for page in texts.client_pages(language):
            shown = browser.get(f"/guide/{page.slug}/?in={language}").content.decode()
            assert escape(page.lead) in shown
            assert "116 123" in shown, "whom to call in need"
    assert "Therapie" in browser.get("/guide/", headers={"accept-language": "de"}).content.decode()
    assert browser.get("/guide/none-such/").status_code == 404
    assert not browser.cookies


def test_reading_a_lesson_writes_nothing(ben_reads):
    before = BrowserSession.objects.count()
    with CaptureQueriesContext(connection) as asked:
        ben_reads("/learn/feedback/")
    writes = [query["sql"] for query in asked if re.match("INSERT|UPDATE|DELETE", query["sql"])]
    assert not [sql for sql in writes if "session" not in sql]
    assert BrowserSession.objects.count() == before


def test_the_menu_leads_there(ben_reads):
    assert 'href="/learn/"' in ben_reads("/today/")


class TestBeforeTheFirstSession:
    def test_the_therapist_sends_the_page_in_one_tap(self, people, as_member, mailoutbox):
        people.ana.email = "ana@example.org"
        people.ana.save()
        ben, path = as_member(people.ben), f"/people/{people.dyad.uid}/"
        assert "Before the first session" in ben.get(path).content.decode()
        assert "on its way" in ben.post(f"{path}guide/", follow=True).content.decode()
        notices.deliver()
        [mail] = mailoutbox
        assert re.search(r"/before/[\w-]{22}\b", mail.body)
        for name in ("Ana", "Ben", "therap"):
            assert name not in mail.subject + mail.body
        assert "already" in ben.post(f"{path}guide/", follow=True).content.decode()

    def test_once_they_have_met_it_is_gone(self, people, as_member):
        a_held_session(people.dyad)
        assert "Send this page" not in as_member(people.ben).get(f"/people/{people.dyad.uid}/").content.decode()

    def test_nothing_goes_to_somebody_without_an_address_or_who_said_stop(self, people, as_member, mailoutbox):
        ben, path = as_member(people.ben), f"/people/{people.dyad.uid}/guide/"
        people.ana.email = people.ana.phone = ""
        people.ana.save()
        assert "no address" in ben.post(path, follow=True).content.decode()
        people.ana.email, people.ana.messages_stopped_at = "ana@example.org", timezone.now()
        people.ana.save()
        assert "gets no messages at the moment" in ben.post(path, follow=True).content.decode()
        notices.deliver()
        assert not mailoutbox
