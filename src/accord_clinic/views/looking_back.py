"""The last sheet that looks back, for those who may see the course and for the client."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accord_clinic.actions import read_log
from accord_clinic.pages.looking_back import looking_back
from accord_clinic.queries import agreements as agreement_queries
from accord_clinic.queries.looking_back import looking_back_rows
from accord_clinic.queries.practice import practice
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import page_of_course, through_the_door
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import or_404


@require_safe
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """For whoever may see this course; reading it is noted."""
    dyad = or_404(agreement_queries.dyad_for(request.user, uid))
    read_log.log_read(request.user, dyad, "looking_back", [])
    return render(request, "therapist/looking_back.html", _context(dyad))


@require_safe
@through_the_door
def my_look(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The same for the client."""
    dyad = agreement_queries.dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    return page_of_course(request, "client/looking_back.html", _context(dyad), client, dyad, "my-course")


def _context(dyad) -> dict[str, object]:
    page = looking_back(looking_back_rows(dyad), dyad)
    return {"dyad": dyad, "page": page, "practice_name": practice().name}
