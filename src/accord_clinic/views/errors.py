"""Pages for what goes wrong: neutral, and alike for everything that must not be told apart."""

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accord_clinic.views import checkin


def not_here(request: HttpRequest, exception: Exception | None = None, **_of_the_address: str) -> HttpResponse:
    """Not there, not yours, or not for your role: one page for all three, or the difference would tell."""
    text = _("There is nothing at this address, or nothing that you can see.")
    return _plain(_("Nothing here"), text, 404)


def too_often(request: HttpRequest) -> HttpResponse:
    """Beyond a limit: signing in, codes, passkeys."""
    return _plain(_("Too many tries"), _("Please wait a minute, then try again."), 429)


def broken(request: HttpRequest) -> HttpResponse:
    """Our own fault. Says nothing about what was being done."""
    text = _("Something went wrong on our side. What was sent before is kept. Please try again in a moment.")
    return _plain(_("That did not work"), text, 500)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A request that no page of ours makes."""
    return _plain(_("That did not work"), _("This could not be read. Please go back and try again."), 400)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page, or that waited too long. A client's answers are never lost by it."""
    match = request.resolver_match
    if match and match.url_name == "check-in":
        return checkin.forged(request, match.kwargs["uid"])
    text = _("This page has waited too long. Please go back, load it anew and send it again; nothing was changed.")
    return _plain(_("Please send it again"), text, 403)


def _plain(title: str, text: str, status: int) -> HttpResponse:
    """Clients see these pages too, so neither title nor page says what this place is for; and it asks no database."""
    page = render_to_string("errors/plain.html", {"title": title, "text": text, "back": _("To the start")})
    return HttpResponse(page, status=status)
