"""What somebody new plants in the clinic and half forgets: a failing test names the place that is missing.

Questionnaires, signals and subcommands of the core are planted in `tests/accord/test_adding.py`, languages in
`test_languages.py`.
"""

import sys
from types import ModuleType

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path
from tests.clinic import test_every_url, test_permissions, test_rooms, test_sentences

from accord.signals import Detector
from accord_clinic import permissions, urls


def test_a_page_without_its_row_is_named(monkeypatch):
    planted = ModuleType("planted")
    planted.urlpatterns = [*urls.urlpatterns, path("moods/", lambda request: HttpResponse("Moods"))]
    monkeypatch.setitem(sys.modules, "planted", planted)
    with override_settings(ROOT_URLCONF="planted"), pytest.raises(AssertionError, match=r'Add to ROWS[^"]*"moods/"'):
        test_every_url.test_every_address_has_its_row_and_every_row_its_address()


def test_a_rule_without_its_rows_is_named(monkeypatch):
    monkeypatch.setattr(permissions, "check_see_moods", lambda member: None, raising=False)
    with pytest.raises(AssertionError, match=r"Add to MAY in .*: check_see_moods"):
        test_permissions.test_every_rule_stands_in_the_table()


def test_a_signal_without_its_sentences_is_named():
    planted = Detector("good_night", True, 1, lambda seen, detector: ())
    with pytest.raises(AssertionError, match=r"good_night: write its sentences in words/sentences\.py"):
        test_sentences.test_every_signal_has_its_words(planted, test_sentences.TO_BEN)


def test_a_signal_without_its_word_in_the_clients_copy_is_named():
    planted = Detector("good_night", True, 1, lambda seen, detector: ())
    with pytest.raises(AssertionError, match=r"good_night: write its words in _kinds of exports/chapters\.py"):
        test_sentences.test_every_signal_has_its_word_in_the_clients_copy(planted)


VIEW = """
from django.shortcuts import render

from accord_clinic.pages import moods as mood_pages


def moods(request):
    return render(request, "therapist/moods.html", {"page": mood_pages.page()})
"""


@pytest.fixture
def view(tmp_path, monkeypatch):
    """A view whose template and presenter are still to be written."""
    (tmp_path / "moods.py").write_text(VIEW)
    monkeypatch.setattr(test_rooms, "VIEWS", tmp_path)
    return tmp_path


def test_a_page_without_its_template_is_named(view):
    with pytest.raises(AssertionError, match=r"write templates/therapist/moods\.html \(moods\.py\)"):
        test_rooms.test_every_template_that_a_view_names_is_there()


def test_a_page_without_its_presenter_is_named(view):
    with pytest.raises(AssertionError, match=r"write pages/moods\.py \(moods\.py\)"):
        test_rooms.test_every_module_that_a_view_names_is_there()
