"""A therapist's own calendar: connect it, say which event is which client, undo what it changed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accord.errors import BadInput
from accord_clinic.imports.calendar import changing, job, proposing
from accord_clinic.imports.calendar.fetching import NotFetched
from accord_clinic.imports.calendar.reading import Unreadable
from accord_clinic.pages import calendar as calendar_page
from accord_clinic.permissions import check_work_as_therapist
from accord_clinic.posted import whole_number
from accord_clinic.queries import calendar as calendar_queries
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404
from accord_clinic.words import calendars as words

CHOICE = "event-"


@require_safe
@login_required
def show(request: MemberRequest) -> HttpResponse:
    """The calendar that is connected, or the ways to connect one."""
    check_work_as_therapist(request.user)
    return render(request, "therapist/calendar.html", {"page": calendar_page.calendar_page(request.user)})


@require_POST
@login_required
@sensitive_post_parameters("address")
def connect(request: MemberRequest) -> HttpResponse:
    """Keep the secret address of a feed, and show its events."""
    address = request.POST.get("address", "").strip()
    check_work_as_therapist(request.user)
    if not address:
        messages.error(request, words.failure("not_https"))
        return redirect("calendar")
    try:
        job.connect(request.user, address)
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("calendar")
    return _proposals(request)


@require_POST
@login_required
def read(request: MemberRequest) -> HttpResponse:
    """Show the events of the feed, or of a file that is handed in."""
    check_work_as_therapist(request.user)
    if "file" in request.FILES and calendar_queries.calendar_of(request.user) is None:
        job.connect(request.user, "")
    return _proposals(request)


def _proposals(request: MemberRequest) -> HttpResponse:
    """The events as they are now, with their words, which this page alone ever holds."""
    calendar, file = or_404(calendar_queries.calendar_of(request.user)), request.FILES.get("file")
    try:
        reading = job.read_file(file.read()) if file else job.read_feed(calendar)
    except (NotFetched, Unreadable) as reason:
        messages.error(request, words.failure(str(reason)))
        return redirect("calendar")
    refusals = words.refusals((each.why, each.count) for each in reading.refusals)
    context = {"proposals": proposing.propose(calendar, reading), "refusals": refusals, "prefix": CHOICE}
    return render(request, "therapist/calendar_match.html", context)


@require_POST
@login_required
def confirm(request: MemberRequest) -> HttpResponse:
    """Match events with clients as chosen, and plan their sessions."""
    calendar = or_404(calendar_queries.calendar_of(request.user))
    choices = {
        number: value
        for name, value in request.POST.items()
        if isinstance(value, str) and name.startswith(CHOICE)
        if (number := whole_number(name.removeprefix(CHOICE))) is not None
    }
    try:
        changes = proposing.confirm(calendar, request.POST.get("signed", ""), choices)
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("calendar")
    planned = ngettext("{n} session is planned.", "{n} sessions are planned.", changes.new)
    messages.success(request, planned.format(n=changes.new) if changes.new else _("The calendar is up to date."))
    return redirect("calendar")


@require_POST
@login_required
def believe(request: MemberRequest) -> HttpResponse:
    """Most sessions have gone from the calendar, and that is right: cancel them."""
    calendar = or_404(calendar_queries.calendar_of(request.user))
    if job.read_one(calendar, timezone.now(), believe=True):
        messages.success(request, _("The sessions are cancelled."))
    else:
        calendar.refresh_from_db()
        messages.error(request, words.failure(calendar.failure))
    return redirect("calendar")


@require_POST
@login_required
def disconnect(request: MemberRequest) -> HttpResponse:
    """Forget the calendar and its address."""
    check_work_as_therapist(request.user)
    done = _("The calendar is disconnected. Its sessions stay as they are.")
    return do(request, reverse("calendar"), job.disconnect, request.user, done=done)


@require_POST
@login_required
def put_back(request: MemberRequest, uid: str) -> HttpResponse:
    """Undo one change that the calendar made."""
    change = or_404(calendar_queries.change_of(request.user, uid))
    return do(request, reverse("today"), changing.put_back, change, done=_("The change is undone."))


@require_POST
@login_required
def seen(request: MemberRequest) -> HttpResponse:
    """The changes are right: Today tells them no more."""
    check_work_as_therapist(request.user)
    return do(request, reverse("today"), changing.see, calendar_queries.news(request.user))
