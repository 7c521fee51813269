"""The researcher's page: how many clients agree, what a study file holds, and the file itself."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accord.errors import AccordError
from accord_clinic.actions import study
from accord_clinic.exports import study as queries
from accord_clinic.queries.practice import local
from accord_clinic.views.requests import MemberRequest


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def research(request: MemberRequest) -> HttpResponse:
    """Show the page; its button sends the zip."""
    problem = ""
    if request.method == "POST":
        try:
            at, packed = study.make(by=request.user)
        except AccordError as error:
            problem = str(error)
        else:
            response = HttpResponse(packed, content_type="application/zip")
            response["Content-Disposition"] = f'attachment; filename="accord-study-{local(at):%Y-%m-%d-%H%M}.zip"'
            return response
    context = {
        "clients": queries.ready(request.user),
        "fewest": queries.FEWEST,
        "made": queries.made(request.user),
        "problem": problem,
    }
    return render(request, "research/research.html", context, status=422 if problem else 200)
