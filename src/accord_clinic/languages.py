"""Which language a browser has chosen, for clients' pages and for people who work here: two cookies that last a year.

A tablet in the room is handed from one to the other, so neither changes what the other reads.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

STAFF_LANGUAGE = "staff-language"
A_YEAR = 365 * 24 * 3600


def staff_language(request: HttpRequest) -> str:
    """What somebody who works here wants to read cards, lessons, questions and sheets in; English until chosen."""
    chosen = request.GET.get("in") or request.COOKIES.get(STAFF_LANGUAGE, "")
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def remember_language(response: HttpResponse, cookie: str, language: str) -> None:
    """Keep the choice in this browser."""
    response.set_cookie(cookie, language, max_age=A_YEAR, secure=settings.TLS, httponly=True, samesite="Lax")
