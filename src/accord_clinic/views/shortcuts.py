"""Call one action from a form; errors that a user can mend become messages on the page they came from."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accord.errors import AccordError
from accord_clinic.messages import delivery

if TYPE_CHECKING:
    from accord_clinic.models import Client

Row = TypeVar("Row")
Person = TypeVar("Person", bound="Client | None")


MOST_LETTERS = 100


def or_404(row: Row | None) -> Row:
    """Return the row, or raise a 404 that does not say whether it is not there or not yours."""
    if row is None:
        raise Http404
    return row


def searched_for(request: HttpRequest) -> str:
    """The words of a search. It is posted: a name in an address would stay in histories, proxies and logs."""
    return request.POST.get("name", "").strip()[:MOST_LETTERS] if request.method == "POST" else ""


def in_chosen_language(request: HttpRequest, client: Person) -> Person:
    """The client, speaking the language that this browser has chosen at the foot of a page; nothing is stored."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if client is not None and chosen in dict(settings.LANGUAGES):
        client.language = chosen
    return client


def other_languages(language: str) -> list[tuple[str, str]]:
    """The languages to change to, each by its own name."""
    return [(code, name) for code, name in settings.LANGUAGES if code != language]


def do(request: HttpRequest, back: str, act: Callable[..., Any], *args: Any, done: str = "", **named: Any):
    """Call an action and go back. Its errors become messages; a row of somebody else gives a 404."""
    try:
        act(*args, **named)
    except PermissionDenied as error:
        raise Http404 from error
    except AccordError as error:
        messages.error(request, str(error))
    else:
        if done:
            messages.success(request, done)
    return HttpResponseRedirect(back)


def carry_out(form: Form, act: Callable[[dict[str, Any]], Any]) -> bool:
    """Whether a form can be read and the action takes what it gives; else it says why and keeps what was typed."""
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except PermissionDenied as error:
        raise Http404 from error
    except AccordError as error:
        form.add_error(None, str(error))
        return False
    return True


def redirect_with(request: HttpRequest, done: str, to: str, *args: str) -> HttpResponseRedirect:
    """Say what was done, on the page of this name."""
    messages.success(request, done)
    return redirect(to, *args)


def sent_or_printed(address: str, on_its_way: str) -> str:
    """What to say of a message to this address: that it is on its way, or that it is only printed."""
    if not delivery.is_printed(address):
        return on_its_way
    return _(
        "Messages are not set up, so none is sent. This one appears in the window where Accord runs, "
        "within half a minute."
    )
