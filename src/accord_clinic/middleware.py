"""What every answer carries, and what no log line may carry."""

import logging
import re

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.db import DataError
from django.http import QueryDict

from accord_clinic.languages import remember_language
from accord_clinic.posted import without_controls

INVALID = re.compile(r"(Invalid request from ip=[0-9a-f.:]+).*", re.DOTALL)
CLIENT_PAGES = ("/c/", "/before/", "/check-in/", "/mine/", "/new-link-sent/", "/stop/", "/away")
TOKEN = re.compile(r"(/(?:c|before|stop|account/password/reset/key)/)[A-Za-z0-9_-]{8,}")


class QuietMiddleware:
    """Pages about people are never stored by a browser, a proxy or a search engine."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        response["X-Robots-Tag"] = "noindex"
        response["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), browsing-topics=()"
        return response


class BoundedBody:
    """Refuses what is too long before it is read. Django's own limit leaves files out, and no page takes a file."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig("longer than any page of ours sends")
        return self.get_response(request)

    def process_exception(self, request, exception):
        """What PostgreSQL cannot hold (a NUL, a number without end) was the sender's doing, and nothing was kept."""
        if isinstance(exception, DataError):
            raise BadRequest("a value that no database holds") from exception


class ChosenLanguage:
    """A client's page in the language that was chosen at its foot, `?in=`; this browser remembers it for a year.

    It changes the words alone: not what is asked, and nothing in the database.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        chosen = request.GET.get("in", "") if request.path.startswith(CLIENT_PAGES) else ""
        if chosen not in dict(settings.LANGUAGES):
            return self.get_response(request)
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = chosen
        response = self.get_response(request)
        remember_language(response, settings.LANGUAGE_COOKIE_NAME, chosen)
        return response


class PlainText:
    """Takes out of every form what no keyboard writes, at the door, so that nothing inside has to think of it.

    Not out of a password, where each character counts.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method == "POST" and not request.path.startswith("/account/"):
            posted = request.POST
            if any(without_controls(value) != value for values in posted.lists() for value in values[1]):
                clean = QueryDict(mutable=True)
                for name, values in posted.lists():
                    clean.setlist(name, [without_controls(value) for value in values])
                clean._mutable = False
                request.POST = clean
                request.was_cleaned = True  # a page that keeps somebody's words says so
        return self.get_response(request)


class NoPersonalData(logging.Filter):
    """Takes link tokens out of paths, and posted values out of records that would print a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        # The web server would quote what it could not read.
        record.msg = INVALID.sub(r"\1", TOKEN.sub(r"\1...", str(record.msg)))
        if isinstance(record.args, tuple):
            record.args = tuple(TOKEN.sub(r"\1...", a) if isinstance(a, str) else a for a in record.args)
        if hasattr(record, "request"):
            del record.request
        # A traceback may hold what somebody wrote; the exception's class and place say enough.
        if record.exc_info and record.exc_info[1] is not None:
            record.msg = f"{record.msg} ({type(record.exc_info[1]).__name__})"
            record.exc_info = None
        return True
