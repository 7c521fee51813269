"""Choose whom to be in the demo, with one click. The page does not exist outside the demo."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accord_clinic.demo import calendar, doors

View = Callable[..., HttpResponse]


def only_in_demo(view: View) -> View:
    """Give a 404 outside the demo."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@only_in_demo
@require_safe
def hall(request: HttpRequest) -> HttpResponse:
    """The page that lists everybody whom one can be."""
    staff, imported = doors.staff()
    context = {
        "staff": staff,
        "imported": imported,
        "phones": doors.phones(),
        "safety": doors.safety_notice(),
        "marked": doors.marked_course(),
        "marks_choose": doors.marks_choose_cards(),
    }
    return render(request, "demo/hall.html", context)


@only_in_demo
@require_POST
def enter(request: HttpRequest, uid: str) -> HttpResponse:
    """Sign in as this member of the demo, and go to the first page, or to the prepare sheet of a session."""
    login(request, doors.member(uid))
    session = request.POST.get("prepare", "")
    return redirect("prepare", session) if session else redirect("/")


@only_in_demo
@require_POST
def marks(request: HttpRequest) -> HttpResponse:
    """Switch between conversation only and marks that choose cards."""
    doors.switch_marks()
    return redirect("demo")


@only_in_demo
@require_POST
def phone(request: HttpRequest, uid: str) -> HttpResponse:
    """Open the check-in of a client to whom a link was just sent."""
    return redirect("link", token=doors.phone_link(uid))


@only_in_demo
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The calendar from which the first therapist of the demo lives."""
    return HttpResponse(calendar.content(), content_type="text/calendar; charset=utf-8")
