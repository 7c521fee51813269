"""The therapist's pages for goals, tasks, the shared view and strains, and their actions."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.actions import agreements, read_log, strains
from accord_clinic.pages import strains as strain_pages
from accord_clinic.posted import whole_number
from accord_clinic.queries import agreements as agreement_queries
from accord_clinic.queries import strains as strain_queries
from accord_clinic.records.agreements import ended
from accord_clinic.records.strains import is_open
from accord_clinic.rules.visible import agreement_for, dyad_for, revealed_session, strain_for
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404
from accord_clinic.words.sentences import Names
from accord_clinic.words.strains import strain_kind, strain_state

SIDE = "therapist"


@require_safe
@login_required
def goals(request: MemberRequest, uid: str) -> HttpResponse:
    """The list of goals with their tasks, and the shared view of the problem."""
    return _goals(request, or_404(dyad_for(request.user, uid)))


def _goals(request: MemberRequest, dyad, **more) -> HttpResponse:
    everything = agreement_queries.shown(dyad)
    read_log.log_read(request.user, dyad, "goals", [])
    context = {
        "dyad": dyad,
        "goals": [row for row in everything if row.kind == "goal" and not row.ended_at],
        "medication": [row for row in everything if row.kind == "medication" and not row.ended_at],
        "views": [row for row in everything if row.kind == "problem" and not row.ended_at],
        "ended": ended(everything),
        "common": agreement_queries.picks_in_common(dyad),
        "can_act": permissions.can(permissions.check_treat, request.user, dyad) and not dyad.ended,
        **more,
    }
    return render(request, "therapist/goals.html", context, status=409 if more else 200)


@require_POST
@login_required
def propose(request: MemberRequest, uid: str) -> HttpResponse:
    """Add a goal, a task, a medication plan or a shared view."""
    dyad = or_404(dyad_for(request.user, uid))
    kind = request.POST.get("kind", "goal")
    about = request.POST.get("goal")
    goal = or_404(agreement_for(request.user, about)) if about else None
    words = request.POST.get("words", "")
    return do(request, _back(dyad), agreements.propose, dyad, kind, words, SIDE, by=request.user, goal=goal)


@require_POST
@login_required
def reword(request: MemberRequest, uid: str) -> HttpResponse:
    """Change the words, which both then have to seal. If somebody else changed them meanwhile, show both texts."""
    agreement = or_404(agreement_for(request.user, uid))
    words = request.POST.get("words", "")
    levels = request.POST.getlist("level") if "level" in request.POST else None
    try:
        permissions.check_treat(request.user, agreement.dyad)
        agreements.reword(agreement, words, SIDE, seen=_seen(request), by=request.user, levels=levels)
    except AccordError as error:
        return _goals(request, agreement.dyad, problem=str(error), written=words, levels=levels)
    done = _("The wording has changed. You both need to confirm it again.")
    return do(request, _back(agreement.dyad), lambda: None, done=done)


@require_POST
@login_required
def seal(request: MemberRequest, uid: str) -> HttpResponse:
    """Seal the words for the therapist."""
    agreement = or_404(agreement_for(request.user, uid))
    return do(request, _back(agreement.dyad), agreements.seal, agreement, SIDE, seen=_seen(request), by=request.user)


@require_POST
@login_required
def end(request: MemberRequest, uid: str) -> HttpResponse:
    """End a goal or task: reached, dropped or replaced; or take back that it ended."""
    agreement = or_404(agreement_for(request.user, uid))
    how = request.POST.get("how", "")
    if how == "undo":
        done = _("Reopened. The history shows what was marked before.")
        return do(request, _back(agreement.dyad), agreements.take_back_end, agreement, SIDE, by=request.user, done=done)
    return do(request, _back(agreement.dyad), agreements.end, agreement, how, SIDE, by=request.user)


@require_safe
@login_required
def strain(request: MemberRequest, uid: str) -> HttpResponse:
    """One possible strain with its history and the steps that the therapist can take."""
    row = or_404(strain_for(request.user, uid))
    read_log.log_read(request.user, row.dyad, "strain", [row.session.uid])
    names = Names(row.dyad.client.called, row.dyad.therapist.name, you=row.dyad.therapist_id == request.user.pk)
    context = {
        "strain": row,
        "dyad": row.dyad,
        "open": is_open(row.state),
        "opening": strain_pages.opening(row, names),
        "state": strain_state(row.state),
        "kind": strain_kind(row.kind),
        "steps": strain_pages.steps(row),
        "ticked": strain_queries.is_ticked(row),
        "can_act": permissions.can(permissions.check_treat, request.user, row.dyad),
    }
    return render(request, "therapist/strain.html", context)


@require_POST
@login_required
def move(request: MemberRequest, uid: str) -> HttpResponse:
    """Move a strain by one step: talked about, not noticed, a repair was tried, I think it is settled."""
    row = or_404(strain_for(request.user, uid))
    of_dyad = request.POST.get("back") == "dyad"
    back = reverse("dyad", args=[row.dyad.uid]) if of_dyad else reverse("strain", args=[uid])
    step = request.POST.get("step", "")
    return do(request, back, strains.move, row, request.POST.get("move", ""), SIDE, by=request.user, step=step)


@require_POST
@login_required
def open_strain(request: MemberRequest, uid: str) -> HttpResponse:
    """Open a possible strain about a revealed session, for the therapist."""
    session = or_404(revealed_session(request.user, uid))
    kind = request.POST.get("kind", "unclear")
    back = reverse("dyad", args=[session.dyad.uid])
    return do(
        request, back, strains.open_strain, session, kind, SIDE, by=request.user, done=_("It is on the talk sheet now.")
    )


def _back(dyad) -> str:
    return reverse("goals", args=[dyad.uid])


def _seen(request: MemberRequest) -> int:
    return whole_number(request.POST.get("seen", "")) or 0
