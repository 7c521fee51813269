"""The therapist's day, caseload and page of a dyad, and the first page of each role."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord_clinic.actions import put_aside, read_log
from accord_clinic.pages import absence as absence_pages
from accord_clinic.pages import caseload
from accord_clinic.pages import earlier_course as earlier_pages
from accord_clinic.pages import today as today_pages
from accord_clinic.pages.dyad import dyad_page
from accord_clinic.rules.planning import pause_of
from accord_clinic.rules.visible import dyad_for, revealed_session
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404, searched_for

HOMES = (
    ("therapist", "today"),
    ("supervisor", "supervision"),
    ("manager", "service"),
    ("researcher", "research"),
    ("admin", "practice"),
)


@require_safe
@login_required
def home(request: MemberRequest) -> HttpResponse:
    """Redirect to a member's first page, by the first of their roles that has one."""
    for role, name in HOMES:
        if request.user.is_a(role):
            return redirect(reverse(name))
    raise PermissionDenied


@require_safe
@login_required
def today(request: MemberRequest) -> HttpResponse:
    """Today: the sessions of the day, what each needs, and what is still to be done."""
    return render(request, "therapist/today.html", {"today": today_pages.today(request.user)})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def people(request: MemberRequest) -> HttpResponse:
    """The caseload, filtered and sorted as the address says; or the clients who were searched for."""
    words = searched_for(request)
    if words:
        return render(
            request, "therapist/people.html", {"words": words, "people_found": caseload.find(request.user, words)}
        )
    page = caseload.people(request.user, request.GET.get("only", ""), request.GET.get("sort", ""))
    given_away = absence_pages.given_away(request.user)
    return render(request, "therapist/people.html", {"people": page, "now": timezone.now(), "given_away": given_away})


@require_safe
@login_required
def dyad(request: MemberRequest, uid: str) -> HttpResponse:
    """The page of one dyad. Each reading of the client's answers and words is noted, for the client to see."""
    row = or_404(dyad_for(request.user, uid))
    page = dyad_page(request.user, row)
    if page.latest:
        read_log.log_read(request.user, row, "words" if page.read else "course", page.read)
    elif page.goals and not page.names.you:
        read_log.log_read(request.user, row, "goals", [])
    earlier = earlier_pages.for_successor(request.user, row)
    if earlier and earlier.agreed:
        read_log.log_read(request.user, earlier.dyad, "goals", [])
    context = {"page": page, "dyad": row, "pause": pause_of(row), "earlier": earlier}
    return render(request, "therapist/dyad.html", context)


@require_POST
@login_required
def aside(request: MemberRequest, uid: str) -> HttpResponse:
    """Put a mark of the headline aside for this reader alone, or show it again."""
    row = or_404(dyad_for(request.user, uid))
    sheet = revealed_session(request.user, request.POST.get("sheet", ""))
    back = reverse("prepare", args=[sheet.uid]) if sheet else reverse("dyad", args=[uid])
    mark, away = request.POST.get("mark", ""), request.POST.get("what") != "show"
    return do(request, back, put_aside.put_aside, row, mark, away, by=request.user)
