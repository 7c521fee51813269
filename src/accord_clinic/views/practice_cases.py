"""Practice cases: a list, and one case page by page. Each page carries along what was given; nothing is stored."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accord.practice_cases import MOST_WAYS, STOPS, PracticeCase, practice_case, practice_cases
from accord_clinic import permissions
from accord_clinic.forms.practice_cases import END, LOOKS, Learner, learner, page_asked, too_many
from accord_clinic.languages import staff_language
from accord_clinic.pages.practice_cases import end_page, guess_page, look_page
from accord_clinic.queries.case_meetings import open_meetings
from accord_clinic.views.learning import around
from accord_clinic.views.requests import MemberRequest


@require_safe
@login_required
def index(request: MemberRequest) -> HttpResponse:
    """All cases."""
    language = staff_language(request)
    with translation.override(language):
        context = around(language) | {"cases": practice_cases(language)}
        context["can_set"] = permissions.can(permissions.check_supervise, request.user)
        return render(request, "learning/practice_cases.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The beginning of a case, or the page that the form asks for."""
    language = staff_language(request)
    case = practice_case(slug, language)
    if case is None:
        raise Http404
    with translation.override(language):
        context = around(language) | {"case": case, "stops": STOPS}
        if request.method != "POST":
            return render(request, "learning/case_start.html", context)
        page, given = page_asked(request.POST), learner(case, request.POST)
        full = too_many(given, page)
        page = page if full is None else page - 1
        context |= {"next": page + 1, "carried": list(given.carried(case, page)), "full": full is not None}
        return _page(request, case, given, page, context)


def _page(
    request: HttpRequest, case: PracticeCase, given: Learner, page: int, context: dict[str, object]
) -> HttpResponse:
    if page == END:
        context["meetings"] = open_meetings(case.slug)
        return render(
            request, "learning/case_end.html", context | {"end": end_page(case, given, str(context["language"]))}
        )
    stop = (page - 1) // LOOKS
    context |= {"stop": stop, "turn": stop + 1, "is_last": stop == STOPS - 1, "most": MOST_WAYS}
    if page % LOOKS:
        return render(request, "learning/case_guess.html", context | {"at": guess_page(case, given, stop)})
    return render(request, "learning/case_look.html", context | {"at": look_page(case, given, stop)})
