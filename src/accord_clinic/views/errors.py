"""Error pages: neutral, and the same for errors that nobody may tell apart."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accord_clinic.views import checkin


def not_here(request: HttpRequest, exception: Exception | None = None, **_of_the_address: str) -> HttpResponse:
    """One page for not there, not yours and not for your role, since a difference would reveal something."""
    text = _("There is nothing at this address, or you cannot see it.")
    return _plain(_("Nothing here"), text, 404)


def too_often(request: HttpRequest) -> HttpResponse:
    """The page after too many tries: signing in, codes, passkeys."""
    return _plain(_("Too many tries"), _("Please wait a minute, then try again."), 429)


def broken(request: HttpRequest) -> HttpResponse:
    """The page for an error of ours. It says nothing about what was being done."""
    text = _("Something went wrong on our side. What you sent before is saved. Please try again in a moment.")
    return _plain(_("That did not work"), text, 500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for a request that no page of ours makes."""
    return _plain(_("That did not work"), _("This could not be read. Please go back and try again."), 400)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Handle a form that is not from our page, or is too old. A client's answers are never lost by this."""
    match = request.resolver_match
    if match and match.url_name == "check-in":
        return checkin.forged(request, match.kwargs["uid"])
    text = _("This page was open too long. Please go back, reload it and send it again. Nothing was changed.")
    return _plain(_("Please send it again"), text, 403)


def _plain(title: str, text: str, status: int) -> HttpResponse:
    """Clients see these pages too, so neither title nor page says what this place is for; and it asks no database."""
    page = render_to_string("errors/plain.html", {"title": title, "text": text, "back": _("Go to the start page")})
    return HttpResponse(page, status=status)
