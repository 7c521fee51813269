"""Sessions: plan one, move it, mark it as held or missed, put that right, and make the client's link."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accord_clinic import permissions
from accord_clinic.accounts import staff
from accord_clinic.actions import care, checkin, paper, planning
from accord_clinic.exports.paper import paper_pdf
from accord_clinic.forms.care import PlanSession
from accord_clinic.forms.planning import PlanSessions, usual_session
from accord_clinic.messages import delivery
from accord_clinic.pages import sessions as session_pages
from accord_clinic.pages import sharing as sharing_pages
from accord_clinic.pages.pictures import qr
from accord_clinic.queries import checkin as checkin_queries
from accord_clinic.queries import dyad as dyad_queries
from accord_clinic.rules.practice import zone
from accord_clinic.rules.visible import treated_dyad, treated_session
from accord_clinic.views.checkin import lend
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import carry_out, do, or_404, redirect_with, sent_or_printed
from accord_clinic.words.phrases import moment

WITH_YEAR = "l, j F Y, H:i"
"""So that a wrong year is seen at once."""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan(request: MemberRequest, uid: str) -> HttpResponse:
    """Plan the next session, or a rhythm of sessions."""
    dyad = or_404(treated_dyad(request.user, uid))
    where = zone()
    first_guess = usual_session(dyad_queries.last_session(dyad), dyad.modality, where)
    form = PlanSessions(where, request.POST or None, initial=first_guess)

    def plan_it(facts) -> None:
        once = {name: facts[name] for name in ("modality", "minutes")}
        if facts["every"]:
            rhythm = once | {name: facts[name] for name in ("every", "until")}
            planning.set_rhythm(dyad, facts["day"], facts["time"], by=request.user, **rhythm)
        else:
            care.plan_session(dyad, facts["start"], by=request.user, **once)

    if not carry_out(form, plan_it):
        around = {"rhythm": session_pages.rhythm(dyad), "not_asked": sharing_pages.not_asked(dyad)}
        context = {"form": form, "dyad": dyad, **around}
        return render(request, "therapist/plan.html", context, status=422 if form.is_bound else 200)
    if form.cleaned_data["every"]:
        done = _("The next eight weeks are planned. Later sessions follow week by week.")
    else:
        done = _("The session is planned: {when}.").format(when=moment(form.cleaned_data["start"], where, WITH_YEAR))
    return redirect_with(request, done, "dyad", uid)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def move(request: MemberRequest, uid: str) -> HttpResponse:
    """Move a session to another time, put right what it was marked as, and see what was changed about it."""
    session = or_404(treated_session(request.user, uid))
    where = zone()
    form = PlanSession(where, request.POST or None, initial=session_pages.present_plan(session, where))

    def move_it(facts) -> None:
        new = {name: facts[name] for name in ("start", "modality", "minutes")}
        care.move_session(session, by=request.user, **new)

    if not carry_out(form, move_it):
        context = {"form": form, "page": session_pages.move_page(session), "session": session, "dyad": session.dyad}
        return render(request, "therapist/move.html", context, status=422 if form.is_bound else 200)
    return redirect_with(request, _("The session is moved."), "move_session", uid)


@require_POST
@login_required
def mark(request: MemberRequest, uid: str) -> HttpResponse:
    """Mark a session as held, cancelled, or missed by one of the two; put right how it was marked, or where it was."""
    session = or_404(treated_session(request.user, uid))
    back, where = _back(request, session), request.POST.get("modality", "")
    state = session.state if where else request.POST.get("state", "")
    return do(request, back, care.mark_session, session, state, by=request.user, modality=where)


@require_POST
@login_required
def link(request: MemberRequest, uid: str) -> HttpResponse:
    """Make the client's link and show it, send it to the known contact, print a form, or hand over this device.

    The page answers the POST itself: the link is known at this moment only, and a redirect would have to keep it.
    """
    session = or_404(treated_session(request.user, uid))

    def address(token: str) -> str:
        """Where the practice is, and never what this browser calls it: a mail must lead nowhere else."""
        return f"{settings.PUBLIC_URL}{reverse('link', args=[token])}"

    if "mail" in request.POST:
        back = _back(request, session)
        client = session.dyad.client
        on_its_way = _("The link is on its way to {name}.").format(name=client.called)
        done = sent_or_printed(delivery.contact(client), on_its_way)
        return do(request, back, checkin.mail_link, session, address, by=request.user, done=done)
    permissions.check_treat(request.user, session.dyad)
    if "tablet" in request.POST:
        token = checkin.invite(session, by=request.user)
        staff.hand_over(request)
        return lend(or_404(checkin_queries.by_token(token)), token)
    if "paper" in request.POST:
        row, code = paper.make_form(session, by=request.user)
        form = checkin_queries.link_of(row)
        answer = HttpResponse(paper_pdf(form, tuple(row.forms[0]), code), content_type="application/pdf")
        answer["Content-Disposition"] = 'attachment; filename="check-in.pdf"'
        return answer
    made = address(checkin.invite(session, by=request.user))
    context = {
        "session": session, "dyad": session.dyad, "link": made, "qr": qr(made), "lives": checkin.LINK_LIVES.days,
        "back": _back(request, session), "from_today": request.POST.get("from") == "today",
    }  # fmt: skip
    return render(request, "therapist/link.html", context)


@require_POST
@login_required
def close_link(request: MemberRequest, uid: str) -> HttpResponse:
    """Close every link to a check-in, for example one that went to the wrong person."""
    session = or_404(treated_session(request.user, uid))
    done = _("The link is closed. You can make a new one.")
    return do(request, _back(request, session), checkin.revoke, session, by=request.user, done=done)


def _back(request: MemberRequest, session) -> str:
    """To the page that the form stood on: Today, the page of the session, or the dyad."""
    if request.POST.get("from") == "session":
        return reverse("move_session", args=[session.uid])
    return reverse("today") if request.POST.get("from") == "today" else reverse("dyad", args=[session.dyad.uid])
