"""Lessons and lists for those who work here, and the guide for clients. Nothing here is about anybody, or stored."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from accord import lessons as texts
from accord_clinic.languages import staff_language
from accord_clinic.pages.lessons import picture_of
from accord_clinic.views.checkin_page import in_need
from accord_clinic.views.shortcuts import other_languages

LISTS: dict[str, Callable[[str], texts.ExplainedList]] = {
    "misconceptions": texts.misconceptions,
    "questions": texts.frequent_questions,
    "glossary": texts.glossary,
}


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """All lessons and lists."""
    language = staff_language(request)
    lists = {name: read(language).title for name, read in LISTS.items()}
    return _show(request, "learning/index.html", {"lessons": texts.lessons(language), "lists": lists})


@require_safe
@login_required
def lesson(request: HttpRequest, slug: str) -> HttpResponse:
    """One lesson with its picture, one thing to try, and questions whose answers open in place."""
    language = staff_language(request)
    every = texts.lessons(language)
    number = next((number for number, read in enumerate(every) if read.slug == slug), None)
    if number is None:
        raise Http404
    with translation.override(language):
        picture = picture_of(slug)
    context = {
        "lesson": every[number],
        "number": number + 1,
        "count": len(every),
        "picture": picture,
        "next": every[number + 1] if number + 1 < len(every) else None,
    }
    return _show(request, "learning/lesson.html", context)


@require_safe
@login_required
def entries(request: HttpRequest, name: str) -> HttpResponse:
    """Misconceptions, frequent questions or the glossary."""
    language = staff_language(request)
    titles = {every.slug: every.title for every in texts.lessons(language)}
    page = LISTS[name](language)
    rows = [(entry, titles.get(entry.lesson, "")) for entry in page.entries]
    return _show(request, "learning/entries.html", {"page": page, "rows": rows, "name": name})


@require_safe
def guide(request: HttpRequest, slug: str = "") -> HttpResponse:
    """A page of the guide for clients; the first one where none is named. Anybody may read it."""
    asked = request.GET.get("in", "")
    language = asked if asked in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    pages = texts.client_pages(language)
    page = next((read for read in pages if read.slug == slug), None) if slug else pages[0]
    if page is None:
        raise Http404
    with translation.override(language):
        return render(request, "client/guide.html", around(language) | {"page": page, "pages": pages, **in_need()})


def _show(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    language = staff_language(request)
    with translation.override(language):
        return render(request, template, around(language) | context)


def around(language: str) -> dict[str, object]:
    """What every page in a chosen language needs: it, and the way to the others."""
    return {"language": language, "languages": other_languages(language)}
