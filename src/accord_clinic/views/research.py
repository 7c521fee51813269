"""Research: the researcher asks for studies, makes files and takes what was released; an admin answers and releases."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic.actions import study as actions
from accord_clinic.actions import study_report
from accord_clinic.exports import study as export
from accord_clinic.forms.study import AskForStudy
from accord_clinic.permissions import check_study
from accord_clinic.queries import study as queries
from accord_clinic.rules.practice import local
from accord_clinic.views.practice import admins_page
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404

LARGEST_PLAN = 100_000


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def research(request: MemberRequest) -> HttpResponse:
    """The studies and what was made; the button makes a file without codes."""
    check_study(request.user)
    if request.method == "POST":
        return _make(request, reverse("research"), None)
    context = {
        "clients": export.clients_now(),
        "fewest": export.FEWEST,
        "studies": queries.studies(request.user),
        "files": queries.files(request.user),
    }
    return render(request, "research/research.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def ask_for_study(request: MemberRequest) -> HttpResponse:
    """The form of a new study."""
    check_study(request.user)
    form = AskForStudy(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        facts = form.cleaned_data
        try:
            row = actions.ask(facts["title"], facts["purpose"], form.variables(), facts["until"], by=request.user)
        except AccordError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("An admin can now approve it."))
            return redirect("study", row.uid)
    return render(request, "research/ask.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def study(request: MemberRequest, uid: str) -> HttpResponse:
    """One study: what was asked and answered, and its files; the button makes one."""
    row = or_404(queries.study(request.user, uid))
    if request.method == "POST":
        return _make(request, reverse("study", args=[uid]), row)
    context = {
        "study": row,
        "files": queries.files(request.user, row),
        "clients": export.clients_now(row),
        "therapists": export.FEWEST_IN_STUDY,
        "of_each": export.FEWEST_OF_THERAPIST,
    }
    return render(request, "research/study.html", context)


@require_POST
@login_required
def take_file(request: MemberRequest, uid: str) -> HttpResponse:
    """What was released, to keep."""
    row = or_404(queries.file(request.user, uid))
    try:
        contents = actions.take(row, by=request.user)
    except AccordError as error:
        messages.error(request, str(error))
        return redirect("study", row.study.uid) if row.study else redirect("research")
    return _zip(contents, row)


@require_safe
@login_required
def studies(request: MemberRequest) -> HttpResponse:
    """For an admin: what researchers ask for, and what waits for release."""
    context = {
        "studies": queries.studies_to_answer(request.user),
        "waiting": queries.files_to_release(request.user),
        "answered": queries.answered_files(request.user),
    }
    return admins_page(request, "practice/studies.html", context)


@require_POST
@login_required
def answer_study(request: MemberRequest, uid: str) -> HttpResponse:
    """Approve a study or refuse it."""
    row = or_404(queries.any_study(request.user, uid))
    answer = request.POST.get("answer", "")
    done = _("Your answer is saved.")
    return do(request, reverse("studies"), actions.answer, row, answer, by=request.user, done=done)


@require_POST
@login_required
def release_file(request: MemberRequest, uid: str) -> HttpResponse:
    """Look at what was made; release or refuse it."""
    row, answer = or_404(queries.any_file(request.user, uid)), request.POST.get("answer", "")
    if answer != "look":
        done = _("Your answer is saved.")
        return do(request, reverse("studies"), actions.release, row, answer, by=request.user, done=done)
    try:
        return _zip(actions.look(row, by=request.user), row)
    except PermissionDenied as error:
        raise Http404 from error
    except AccordError as error:
        messages.error(request, str(error))
        return redirect("studies")


def _make(request: MemberRequest, back: str, of) -> HttpResponse:
    """A study file, or a report where a plan came with it."""
    done, plan = _("The file is made. Another admin has to release it."), request.FILES.get("plan")
    if request.POST.get("what") != "report":
        return do(request, back, actions.make, by=request.user, study=of, done=done)
    if plan is None or (plan.size or 0) > LARGEST_PLAN:
        messages.error(request, _("Choose the file of a plan (TOML), 100 kB at most."))
        return redirect(back)
    return do(request, back, study_report.make, plan.read(), by=request.user, study=of, done=done)


def _zip(contents: bytes, row) -> HttpResponse:
    response = HttpResponse(contents, content_type="application/zip")
    name = "study" if row.kind == "rows" else "report"
    response["Content-Disposition"] = f'attachment; filename="accord-{name}-{local(row.made_at):%Y-%m-%d-%H%M}.zip"'
    return response
