"""The treatment plan: the therapist's page, the client's own, and the same on one sheet of paper."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.http import require_http_methods, require_safe

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.actions import read_log, treatment_plan
from accord_clinic.actions.treatment_plan import OptionText, PlanText
from accord_clinic.exports.treatment_plan import plan_pdf
from accord_clinic.forms.treatment_plan import PlanForm, as_typed
from accord_clinic.pages.treatment_plan import PlanPage, plan_page
from accord_clinic.posted import whole_number
from accord_clinic.queries.treatment_plan import plan_rows
from accord_clinic.records.treatment_plan import PlanRows
from accord_clinic.rules.visible import dyad_for
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import page_of_course, through_the_door
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import or_404


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """The plan for the therapist: read, write a version, confirm, say whether the shared view fits."""
    dyad = or_404(dyad_for(request.user, uid))
    may = permissions.can(permissions.check_treat, request.user, dyad)
    own = "therapist" if may else ""
    if request.method == "POST":
        if not may:
            raise Http404
        problem, form = _post(request, dyad, own, request.user)
        if form is None:
            return redirect("treatment_plan", uid)
    else:
        problem, form = "", None
    read_log.log_read(request.user, dyad, "treatment_plan", [])
    rows = plan_rows(dyad)
    context = _context(dyad, rows, own, form) | {"problem": problem, "can_act": may and not dyad.ended}
    return render(request, "therapist/treatment_plan.html", context, status=_status(problem, form))


@require_safe
@login_required
def pdf(request: MemberRequest, uid: str) -> HttpResponse:
    """The plan on one page of paper, in the client's language."""
    dyad = or_404(dyad_for(request.user, uid))
    read_log.log_read(request.user, dyad, "treatment_plan", [])
    return _file(dyad)


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_plan(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The same for the client."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    problem, form = "", None
    if request.method == "POST":
        problem, form = _post(request, dyad, "client", client)
        if form is None:
            return redirect("my-plan", uid)
    context = _context(dyad, plan_rows(dyad), "client", form) | {"problem": problem, "can_act": not dyad.ended}
    status = _status(problem, form)
    return page_of_course(request, "client/treatment_plan.html", context, client, dyad, "my-plan", status)


@require_safe
@through_the_door
def my_pdf(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The client's plan on paper."""
    dyad = dyad_for(client, uid)
    return unknown(request) if dyad is None else _file(dyad)


def _post(request: HttpRequest, dyad, side: str, by) -> tuple[str, PlanForm | None]:
    """Do what the form asks. What could not be done: the sentence, and the form as it was typed."""
    what, seen = request.POST.get("what", ""), request.POST.get("seen", "")
    form = _form(dyad, request.POST if what == "write" else None)
    try:
        if what == "write":
            if not form.is_valid():
                return "", form
            options = [OptionText(**option) for option in form.options()]
            texts = {name: form.cleaned_data[name] for name in ("why", "client_does", "therapist_does", "review_on")}
            treatment_plan.write(dyad, PlanText(options, **texts), side, seen=seen, by=by)
        elif what == "confirm":
            treatment_plan.confirm(dyad, side, seen=seen, by=by)
        else:
            treatment_plan.rate_view(dyad, side, whole_number(request.POST.get("fit", "")), by=by)
    except PermissionDenied as error:
        raise Http404 from error
    except AccordError as error:
        return str(error), form
    return "", None


def _status(problem: str, form: PlanForm | None) -> int:
    return 409 if problem else 422 if form is not None else 200


def _form(dyad, data=None, rows: PlanRows | None = None) -> PlanForm:
    initial = as_typed(rows.plan, rows.options) if rows else {}
    return PlanForm(data, initial=initial, client=dyad.client.called, therapist=dyad.therapist.name)


def _context(dyad, rows: PlanRows, own: str, form: PlanForm | None) -> dict[str, Any]:
    is_typed = form is not None and form.is_bound
    return {"dyad": dyad, "plan": _page(dyad, rows, own), "form": form if is_typed else _form(dyad, rows=rows),
            "is_typed": is_typed}  # fmt: skip


def _page(dyad, rows: PlanRows, own: str) -> PlanPage:
    return plan_page(rows, dyad.client.called, dyad.therapist.name, own)


def _file(dyad) -> HttpResponse:
    with translation.override(dyad.client.language):
        made = plan_pdf(_page(dyad, plan_rows(dyad), ""), dyad.client.language)
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="treatment-plan.pdf"'
    return answer
