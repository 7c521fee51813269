"""The demo's door: everybody in the invented practice, one click each. It does not exist outside the demo."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accord_clinic.demo import doors

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
View = Callable[..., HttpResponse]


def only_in_demo(view: View) -> View:
    """Outside the demo the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@only_in_demo
@require_safe
def hall(request: HttpRequest) -> HttpResponse:
    """Everybody whom one can be."""
    staff, imported = doors.staff()
    return render(request, "demo/hall.html", {"staff": staff, "imported": imported, "phones": doors.phones()})


@only_in_demo
@require_POST
def enter(request: HttpRequest, uid: str) -> HttpResponse:
    """Be this member from now on."""
    login(request, doors.member(uid), backend=BACKEND)
    return redirect("/")


@only_in_demo
@require_POST
def phone(request: HttpRequest, uid: str) -> HttpResponse:
    """Hold the phone of a client to whom a link was just sent."""
    return redirect("link", token=doors.phone_link(uid))
