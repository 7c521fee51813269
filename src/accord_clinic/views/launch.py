"""Open Accord from a patient's chart in a care record: leave to be let in there, come back, land on the course."""

from allauth.account.decorators import reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.accounts import launch as smart_launch
from accord_clinic.accounts.launch import LaunchRefused
from accord_clinic.accounts.launch_key import own_key
from accord_clinic.actions import launch as launch_actions
from accord_clinic.forms.programs import NewRecord
from accord_clinic.imports.calendar import of_record
from accord_clinic.queries import launch as launch_queries
from accord_clinic.views.practice import admins_page
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404
from accord_clinic.words import calendars

LEFT, WAITING = "launch_left", "launch_waiting"
"""In the session: what to remember while somebody is at the record; and who came, until a tie is confirmed."""


@require_safe
def keys(request) -> HttpResponse:
    """The public key by which care records know Accord. For everybody."""
    return JsonResponse({"keys": [own_key().public]})


@require_safe
@login_required
def start(request: MemberRequest) -> HttpResponse:
    """The record opens this address in a new tab. Only a listed issuer is answered, and nothing else is asked."""
    permissions.check_work_as_therapist(request.user)
    record = launch_queries.record_of(request.GET.get("iss", ""))
    launch = request.GET.get("launch", "")
    if record is None or not launch:
        return _refused(request, record, "unknown_issuer" if record is None else "no_launch")
    try:
        address, request.session[LEFT] = smart_launch.leave_for(record, launch)
    except LaunchRefused as error:
        return _refused(request, record, str(error))
    return HttpResponseRedirect(address)


@require_safe
@login_required
def back(request: MemberRequest) -> HttpResponse:
    """The record sends the browser back, with a code or without one. What was remembered is good once."""
    permissions.check_work_as_therapist(request.user)
    left = request.session.pop(LEFT, None)
    record = launch_queries.record(left["record"]) if left else None
    if left is None or record is None:
        return _refused(request, None, "state")
    try:
        arrival = smart_launch.arrive(record, left, request.GET.dict())
    except LaunchRefused as error:
        return _refused(request, record, str(error))
    tie = launch_queries.tie(record, arrival.user, request.user)
    if tie == "none":
        request.session[WAITING] = {"record": record.uid, "user": arrival.user, "names": arrival.names}
        return render(request, "therapist/launch_tie.html", {"record": record})
    if tie != "theirs":
        return _refused(request, record, tie)
    return _land(request, record, arrival.names, arrival)


@require_POST
@login_required
@reauthentication_required
def confirm(request: MemberRequest) -> HttpResponse:
    """The member says: the user of the record is me. Asks for a password or a code, unless just given."""
    permissions.check_work_as_therapist(request.user)
    waiting = request.session.pop(WAITING, None)
    record = launch_queries.record(waiting["record"]) if waiting else None
    if waiting is None or record is None or launch_queries.tie(record, waiting["user"], request.user) != "none":
        return _refused(request, record, "state")
    launch_actions.tie_user(record, waiting["user"], by=request.user)
    return _land(request, record, [(system, value) for system, value in waiting["names"]])


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def records(request: MemberRequest) -> HttpResponse:
    """The care records from which Accord is opened, and a form to list one."""
    permissions.check_keep_practice(request.user)
    form = NewRecord(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            launch_actions.add_record(by=request.user, **form.cleaned_data)
        except AccordError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("{name} has been added.").format(name=form.cleaned_data["name"]))
            return redirect("care_records")
    context = {
        "form": form, "records": launch_queries.records(), "launch": _public("launch"),
        "back": smart_launch.back(), "keys": _public("launch_keys"),
    }  # fmt: skip
    return admins_page(request, "practice/care_records.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def close(request: MemberRequest, uid: str) -> HttpResponse:
    permissions.check_keep_practice(request.user)
    row = or_404(launch_queries.record(uid))
    done = _("Accord can no longer be opened from {name}.").format(name=row.name)
    return do(request, reverse("care_records"), launch_actions.close_record, row, by=request.user, done=done)


def _land(request: MemberRequest, record, names, arrival: smart_launch.Arrival | None = None) -> HttpResponse:
    """On the course of care with this patient; else on a page that makes nothing and does not say who is known here.

    `arrival`: with the token that reads appointments; nothing is kept of it while a tie is confirmed.
    """
    dyad, why = launch_queries.course_with(request.user, names)
    if dyad is None:
        launch_actions.note_launch("launch_refused", record, [why], by=request.user)
        return render(request, "therapist/launch_unknown.html", {"record": record}, status=404)
    problem = of_record.take(record, arrival, dyad, by=request.user) if arrival else ""
    launch_actions.note_launch("launched", record, [problem] if problem else [], by=request.user)
    if problem:
        messages.warning(request, calendars.record_problem(problem, record.name))
    return redirect("dyad", dyad.uid)


def _refused(request: MemberRequest, record, why: str) -> HttpResponse:
    launch_actions.note_launch("launch_refused", record, [why], by=request.user)
    return render(request, "therapist/launch_refused.html", {"why": why}, status=400)


def _public(name: str) -> str:
    return settings.PUBLIC_URL + reverse(name)
