"""The talk sheet for both to look at (page, print, PDF), and the therapist's own prepare sheet."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accord_clinic import permissions
from accord_clinic.actions import read_log, supervision, talk_sheet
from accord_clinic.exports.pdf import talk_pdf
from accord_clinic.languages import staff_language
from accord_clinic.pages.prepare_sheet import prepare as prepare_page
from accord_clinic.pages.talk_sheet import session_answers, sheet
from accord_clinic.posted import whole_number
from accord_clinic.queries import prepare_sheet as prepare_queries
from accord_clinic.queries.sharing import supervisors_now
from accord_clinic.queries.today import next_to_rate
from accord_clinic.rules.practice import zone
from accord_clinic.rules.visible import dyad_for, last_revealed, revealed_session
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404, other_languages


@require_safe
@login_required
def latest(request: MemberRequest, uid: str) -> HttpResponse:
    """The sheet of a dyad's last revealed session; without one, a page that says what will be here."""
    session = last_revealed(request.user, uid)
    if session is None:
        dyad = or_404(dyad_for(request.user, uid))
        return render(request, "therapist/talk_empty.html", {"dyad": dyad})
    return redirect("talk", session.uid)


@require_safe
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """The talk sheet. Reading it is noted, since it may hold the client's words."""
    session = or_404(revealed_session(request.user, uid))
    read_log.log_read(request.user, session.dyad, "talk_sheet", [session.uid])
    context = {
        "sheet": sheet(session),
        "can_tick": permissions.can(permissions.check_treat, request.user, session.dyad),
    }
    if "sent" in request.GET and context["can_tick"]:  # who has just rated goes on to the next, whose name is not here
        context["next"] = next_to_rate(request.user, uid)
    return render(request, "therapist/talk.html", context)


@require_safe
@login_required
def pdf(request: MemberRequest, uid: str) -> HttpResponse:
    """The same sheet as a tagged PDF, for paper or for the client's folder."""
    session = or_404(revealed_session(request.user, uid))
    read_log.log_read(request.user, session.dyad, "talk_sheet_pdf", [session.uid])
    answer = HttpResponse(talk_pdf(sheet(session), zone()), content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="talk-sheet.pdf"'
    return answer


@require_POST
@login_required
def tick(request: MemberRequest, uid: str) -> HttpResponse:
    """Tick a line as talked about, or take the tick back."""
    session = or_404(revealed_session(request.user, uid))
    back, act = reverse("talk", args=[uid]), talk_sheet.untick if "undo" in request.POST else talk_sheet.tick
    return do(request, back, act, session, request.POST.get("topic", ""), by=request.user)


@require_safe
@login_required
def prepare(request: MemberRequest, uid: str) -> HttpResponse:
    """The prepare sheet: the case in a sentence, how sure it is, at most three cards."""
    session = or_404(revealed_session(request.user, uid))
    language = staff_language(request)
    try:
        ready = prepare_page(session, request.user, request.GET.get("topic", ""), language)
    except PermissionDenied as error:
        raise Http404 from error
    rows = talk_sheet.suggest(session, [(card.id, ready.kinds[card.id]) for card in ready.offers], member=request.user)
    read_log.log_read(request.user, session.dyad, "prepare_sheet", [session.uid])
    context = {
        "session": session,
        "dyad": session.dyad,
        "headline": ready.headline,
        "safety": ready.safety,
        "answers": session_answers(session),
        "offers": list(zip(ready.offers, rows, strict=True)),
        "language": language,
        "languages": other_languages(language),
        "topics": ready.topics,
        "topic": ready.topic,
        "chosen": ready.chosen,
        "reactions": ready.reactions,
        "supervisors": supervisors_now(session.dyad) if ready.reactions else [],
        "beside": ready.beside,
        "low": ready.low,
    }
    return render(request, "therapist/prepare.html", context)


@require_POST
@login_required
def agenda(request: MemberRequest, uid: str) -> HttpResponse:
    """Take an own note to supervision, or off the agenda."""
    note = or_404(prepare_queries.own_note(request.user, uid, whole_number(request.POST.get("note", ""))))
    act = supervision.take_off_agenda if request.POST.get("what") == "off" else supervision.take_to_supervision
    back = reverse("prepare", args=[note.session.uid])
    return do(request, back, act, note, by=request.user)


@require_POST
@login_required
def answer_card(request: MemberRequest, uid: str) -> HttpResponse:
    """Note the therapist's answer to a card: used, or not for us and why."""
    suggestion = or_404(prepare_queries.suggestion_for(request.user, uid))
    used = request.POST.get("used") == "yes"
    back = reverse("prepare", args=[suggestion.session.uid])
    why = request.POST.get("why", "")
    return do(
        request,
        back,
        talk_sheet.answer_suggestion,
        suggestion,
        used,
        why,
        by=request.user,
        done=_("Noted, for you alone."),
    )
