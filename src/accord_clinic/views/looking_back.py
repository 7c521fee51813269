"""The last sheet that looks back, for those who may see the course and for the client."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accord.errors import AccordError
from accord_clinic.actions import follow_up, read_log
from accord_clinic.pages.looking_back import check_back, how_now, looking_back
from accord_clinic.posted import whole_number
from accord_clinic.queries.looking_back import follow_up_for, follow_ups, looking_back_rows
from accord_clinic.rules.practice import practice
from accord_clinic.rules.visible import dyad_for
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import page_of_course, through_the_door
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import or_404


@require_safe
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """For whoever may see this course; reading it is noted."""
    dyad = or_404(dyad_for(request.user, uid))
    read_log.log_read(request.user, dyad, "looking_back", [])
    return render(request, "therapist/looking_back.html", _context(dyad))


@require_safe
@through_the_door
def my_look(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The same for the client."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    return page_of_course(request, "client/looking_back.html", _context(dyad), client, dyad, "my-course")


@require_POST
@through_the_door
def answer(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The client says how things are now. What cannot be kept is said on the page."""
    row = follow_up_for(client, uid)
    if row is None:
        return unknown(request)
    problem = ""
    try:
        now, words = whole_number(request.POST.get("now", "")), request.POST.get("words", "")
        follow_up.answer(row, now, words, "contact" in request.POST, by=client)
    except AccordError as error:
        problem = str(error)
    if not problem:
        return redirect("my-look", row.dyad.uid)
    context = _context(row.dyad) | {"problem": problem}
    return page_of_course(request, "client/looking_back.html", context, client, row.dyad, "my-course", 409)


def _context(dyad) -> dict[str, object]:
    page = looking_back(looking_back_rows(dyad), dyad)
    checks = [check_back(row) for row in follow_ups(dyad)]
    return {
        "dyad": dyad,
        "page": page,
        "practice_name": practice().name,
        "checks": checks,
        "how_now": how_now().items(),
    }
