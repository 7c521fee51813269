"""Pages for what goes wrong: neutral, and alike for everything that must not be told apart."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from our own page, or that waited too long."""
    return render(request, "errors/forged.html", status=403)
