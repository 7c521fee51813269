"""A client's own space: sign in by code or PIN, course, goals, sheets, kept lines, readers, leaving."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic.actions import agreements, earlier_course, own_space, private_lines
from accord_clinic.actions import step_in as steps
from accord_clinic.pages import earlier_course as earlier_pages
from accord_clinic.pages import own_space as space_pages
from accord_clinic.pages import readers as reader_pages
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.posted import whole_number
from accord_clinic.queries import agreements as agreement_queries
from accord_clinic.queries import own_space as space_queries
from accord_clinic.records.agreements import ended
from accord_clinic.rules.outside_reader import outside_reader
from accord_clinic.rules.practice import zone
from accord_clinic.rules.visible import agreement_for, dyad_for, revealed_session
from accord_clinic.views import checkin_page
from accord_clinic.views.checkin import unknown
from accord_clinic.views.shortcuts import in_chosen_language, or_404

DOOR = settings.CLIENT_COOKIE_PREFIX + "door"
WHO = settings.CLIENT_COOKIE_PREFIX + "who"
SIDE = "client"
OUTSIDE = ("client/step_in.html", "client/code.html", "client/code_who.html")
"""Pages before the door is open."""


def through_the_door(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the client whose space is open; without one, show the page that asks for a code."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        client = own_space.through_door(request.COOKIES.get(DOOR, ""))
        if client is None:
            return redirect("step-in")
        in_chosen_language(request, client)
        with translation.override(client.language), timezone.override(zone()):
            response = view(request, client, *args, **named)
            response["Content-Language"] = get_language()
            return response

    return wrapped


@require_http_methods(["GET", "HEAD", "POST"])
def step_in(request: HttpRequest) -> HttpResponse:
    """Ask for a code: for the person whose check-in link this browser opened, or for an address that is typed in.

    What comes back is the same for everybody: a handle that says nothing, and a page in the browser's own language.
    """
    client_of_link = _known(request)
    if request.method != "POST":
        return shell(request, "client/step_in.html", {"known": client_of_link is not None}, client_of_link)
    try:
        token = steps.ask(request.POST.get("email", ""), get_adapter().get_client_ip(request), client=client_of_link)
    except own_space.AskedTooOften as error:
        context = {"known": client_of_link is not None, "problem": str(error)}
        return shell(request, "client/step_in.html", context, client_of_link, status=429)
    response = redirect("code")
    response.set_cookie(WHO, token, secure=settings.TLS, httponly=True, samesite="Lax", max_age=900)
    if settings.DEMO and (code := steps.answer_now(token)):
        response.set_cookie(WHO + "-demo", code, httponly=True, samesite="Lax", max_age=900)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Type the code; then, where several people share the mailbox, who it is, and the PIN where there is one."""
    token, client_of_link = request.COOKIES.get(WHO, ""), _known(request)
    if not steps.is_open(token):
        return redirect("step-in")
    step = steps.proved(token)
    if step is None:
        wrong = request.method == "POST" and not steps.prove(token, request.POST.get("code", "").replace(" ", ""))
        if request.method != "POST" or wrong:
            shown = request.COOKIES.get(WHO + "-demo") if settings.DEMO else None
            return shell(request, "client/code.html", {"wrong": wrong, "shown": shown}, client_of_link)
        step = or_404(steps.proved(token))
    people = list(step.clients.all())
    asked = len(people) > 1 or any(person.pin for person in people)
    pin = request.POST.get("pin", "").replace(" ", "")
    door = steps.enter(step, request.POST.get("who", ""), pin) if not asked or "pin" in request.POST else None
    if door:
        return _let_in(door)
    context = {"people": people if len(people) > 1 else (), "with_pin": any(person.pin for person in people)}
    return shell(request, "client/code_who.html", context | {"wrong": "pin" in request.POST}, client_of_link)


@require_safe
@through_the_door
def mine(request: HttpRequest, client) -> HttpResponse:
    """The one course of care, or a list when there are several."""
    dyads = space_queries.dyads(client)
    if len(dyads) == 1:
        return redirect("my-course", dyads[0].uid)
    return shell(request, "client/mine.html", {"dyads": dyads}, client)


@require_safe
@through_the_door
def my_course(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The client's own answers over time, and the therapist's answers of revealed sessions."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    return page_of_course(
        request, "client/course.html", {"course": space_pages.own_course(dyad)}, client, dyad, "my-course"
    )


@require_safe
@through_the_door
def my_goals(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The shared goals with their tasks and seals."""
    dyad = dyad_for(client, uid)
    return unknown(request) if dyad is None else _goals(request, client, dyad)


@require_POST
@through_the_door
def propose(request: HttpRequest, client, uid: str) -> HttpResponse:
    """Propose a goal, or a task of one, in the client's words."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    goal = agreement_for(client, request.POST.get("goal", "")) if request.POST.get("goal") else None
    kind, words = request.POST.get("kind", "goal"), request.POST.get("words", "")
    return _do(request, client, dyad, words, agreements.propose, dyad, kind, words, SIDE, goal=goal)


@require_POST
@through_the_door
def change(request: HttpRequest, client, uid: str) -> HttpResponse:
    """Seal, reword or end one goal or task, or take back that it ended.

    When the words were changed meanwhile, both texts are shown.
    """
    agreement = agreement_for(client, uid)
    if agreement is None:
        return unknown(request)
    what, words = request.POST.get("what", ""), request.POST.get("words", "")
    seen = whole_number(request.POST.get("seen", "")) or 0
    if what == "seal":
        return _do(request, client, agreement.dyad, "", agreements.seal, agreement, SIDE, seen=seen)
    if what == "reword":
        levels = request.POST.getlist("level") if "level" in request.POST else None
        facts = {"seen": seen, "levels": levels}
        return _do(request, client, agreement.dyad, words, agreements.reword, agreement, words, SIDE, **facts)
    if what == "undo":
        return _do(request, client, agreement.dyad, "", agreements.take_back_end, agreement, SIDE)
    return _do(request, client, agreement.dyad, "", agreements.end, agreement, what, SIDE)


@require_safe
@through_the_door
def my_sheet(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The talk sheet of a revealed session, as the therapist sees it."""
    session = revealed_session(client, uid)
    if session is None:
        return unknown(request)
    shown = sheet(session)
    instead = reader_pages.someone_else(outside_reader(session.dyad)) if shown.crossed else ""
    return page_of_course(request, "client/sheet.html", {"sheet": shown, "instead": instead}, client, session.dyad, "")


@require_safe
@through_the_door
def my_lines(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The lines that only the client sees."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    context = {"lines": space_pages.private_lines(client, dyad)}
    return page_of_course(request, "client/kept.html", context, client, dyad, "my-lines")


@require_POST
@through_the_door
def keep_or_show(request: HttpRequest, client, uid: str) -> HttpResponse:
    """Show a kept line to the therapist now, or delete it."""
    line = space_queries.private_line(client, uid)
    if line is None:
        return unknown(request)
    dyad = line.response.session.dyad
    if request.POST.get("what") == "show":
        private_lines.show(line, by=client)
    elif request.POST.get("what") == "delete":
        private_lines.delete(line, by=client)
    return redirect("my-lines", dyad.uid)


@require_safe
@through_the_door
def my_readers(request: HttpRequest, client, uid: str) -> HttpResponse:
    """Who may read what, and who read it."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    context = {
        "may": space_pages.may_read(dyad),
        "earlier": earlier_pages.for_client(dyad),
        "visits": reader_pages.visits(dyad),
        "openings": space_pages.openings(client, request.COOKIES.get(DOOR, "")),
    }
    return page_of_course(request, "client/readers.html", context, client, dyad, "my-readers")


@require_POST
@through_the_door
def my_earlier(request: HttpRequest, client, uid: str) -> HttpResponse:
    """Choose what the therapist of this course sees of the one before."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    with suppress(AccordError):
        earlier_course.show_earlier(dyad, request.POST.get("shows", ""), by=client)
    return redirect(reverse("my-readers", args=[dyad.uid]) + "#earlier")


@require_POST
@through_the_door
def my_openings(request: HttpRequest, client, uid: str) -> HttpResponse:
    """End one opening of the space, or all of them but this one."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    this_door, number = request.COOKIES.get(DOOR, ""), whole_number(request.POST.get("door", ""))
    own_space.end_doors(client, by=client, number=number, keep=this_door if number is None else "")
    return redirect("my-readers", dyad.uid)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Leave the own space and go to the harmless page."""
    own_space.shut_door(request.COOKIES.get(DOOR, ""))
    response = redirect("away")
    for name in (DOOR, WHO, WHO + "-demo"):
        response.delete_cookie(name)
    return response


def _known(request: HttpRequest):
    """Whose check-in this browser has opened, if it is one person's."""
    tokens = [
        v
        for name, v in request.COOKIES.items()
        if name.startswith(settings.CLIENT_COOKIE_PREFIX) and name not in (DOOR, WHO)
    ]
    return space_queries.of_links(tokens)


def _let_in(token: str) -> HttpResponse:
    response = redirect("mine")
    response.set_cookie(DOOR, token, secure=settings.TLS, httponly=True, samesite="Lax")
    response.delete_cookie(WHO)
    response.delete_cookie(WHO + "-demo")
    return response


def _do(
    request: HttpRequest, client, dyad, written: str, act: Callable[..., Any], *args: Any, **named: Any
) -> HttpResponse:
    """One act of the client on a goal; what cannot be done is said beside what was written."""
    try:
        act(*args, by=client, **named)
    except AccordError as error:
        changed = isinstance(error, agreements.ChangedMeanwhile)
        problem = _("These words were changed meanwhile.") if changed else str(error)
        typed = {"written": written, "levels": named.get("levels")}
        return _goals(request, client, dyad, problem=problem, changed=changed, **typed)
    return redirect("my-goals", dyad.uid)


def _goals(request: HttpRequest, client, dyad, **more: Any) -> HttpResponse:
    everything = agreement_queries.shown(dyad)
    context = {
        "goals": [row for row in everything if row.kind == "goal" and not row.ended_at],
        "views": [row for row in everything if row.kind == "problem" and not row.ended_at],
        "medication": [row for row in everything if row.kind == "medication" and not row.ended_at],
        "ended": ended(everything),
        **more,
    }
    return page_of_course(request, "client/goals.html", context, client, dyad, "my-goals", status=409 if more else 200)


def page_of_course(
    request: HttpRequest, template: str, context: dict, client, dyad, current: str, status: int = 200
) -> HttpResponse:
    """A page about one course of care, with the way to the others."""
    pages = [
        ("my-course", _("Over time")),
        ("my-goals", _("Goals and tasks")),
        ("my-plan", _("Treatment plan")),
        ("my-lines", _("Kept for you")),
        ("my-readers", _("Who reads it")),
    ]
    items = [
        {"url": reverse(name, args=[dyad.uid]), "label": label, "current": name == current} for name, label in pages
    ]
    about = _("Your work with {therapist}").format(therapist=dyad.therapist.name)
    around = {"subnav": items, "about": about, "dyad": dyad, "therapist": dyad.therapist.name, "client": client.called}
    return shell(request, template, {**around, **context}, client, status)


def shell(request: HttpRequest, template: str, context: dict, client=None, status: int = 200) -> HttpResponse:
    around = {
        **checkin_page.in_need(),
        "inside": client is not None and template not in OUTSIDE,
    }
    in_chosen_language(request, client)
    with translation.override(client.language if client else get_language()):
        around["about"] = _("Your own space")
        return render(request, template, {**around, **context}, status=status)
