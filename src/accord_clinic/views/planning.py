"""End a rhythm, and pause a client: no sessions by themselves, no messages."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accord_clinic.actions import pause as pauses
from accord_clinic.actions import planning
from accord_clinic.rules.visible import treated_dyad
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404


@require_POST
@login_required
def end_rhythm(request: MemberRequest, uid: str) -> HttpResponse:
    """No more sessions come by themselves."""
    dyad = or_404(treated_dyad(request.user, uid))
    done = _("The weekly sessions have ended.")
    return do(request, reverse("plan_session", args=[uid]), planning.end_rhythm, dyad, by=request.user, done=done)


@require_POST
@login_required
def pause(request: MemberRequest, uid: str) -> HttpResponse:
    """Pause a client, go on, or say that the pause goes on."""
    dyad, posted = or_404(treated_dyad(request.user, uid)), request.POST
    back = reverse("today") if posted.get("from") == "today" else reverse("dyad", args=[uid])
    what = posted.get("what", "")
    if what == "resume":
        done = _("Links go out to {name} again.").format(name=dyad.client.called)
        return do(request, back, pauses.resume, dyad, by=request.user, done=done)
    if what == "still":
        return do(request, back, pauses.still_paused, dyad, by=request.user, done=_("Accord asks you again later."))
    done = _("{name} gets no links or reminders until you end the pause.").format(name=dyad.client.called)
    return do(request, back, pauses.pause, dyad, what, by=request.user, done=done)
