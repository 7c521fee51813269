"""The therapist's rating of a session, before the client's answers can be seen; or looking without one."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accord_clinic import links, questionnaires
from accord_clinic.actions import checkin, read_log, reveal
from accord_clinic.queries import dyad as dyad_queries
from accord_clinic.queries import rating as rating_queries
from accord_clinic.questionnaires import plan
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404
from accord_clinic.words import phrases

SALT = "accord.rating.page"
SIDE = "therapist"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rate(request: MemberRequest, uid: str) -> HttpResponse:
    """The therapist's check-in, with the own reaction. It can be changed until the reveal."""
    session = or_404(dyad_queries.own_session(request.user, uid))
    if session.state != "held":
        messages.warning(request, _("Say first that it took place."))
        return redirect("dyad", session.dyad.uid)
    page = _page(session)
    if request.method == "POST":
        return _posted(request, session, page)
    sent = rating_queries.sent(session)
    if sent and session.revealed_at:
        return redirect("talk", uid)
    values = questionnaires.values_of_blocks(page, sent.answers, sent.lines, {}) if sent else None
    return _show(request, session, page, values, sent=bool(sent))


@require_POST
@login_required
def waive(request: MemberRequest, uid: str) -> HttpResponse:
    """Look without having answered. The reason is stored."""
    session = or_404(dyad_queries.own_session(request.user, uid))
    why = request.POST.get("why", "")
    back = reverse("talk" if why.strip() else "rate", args=[uid])
    return do(request, back, reveal.waive, session, why, by=request.user)


def _page(session) -> questionnaires.QuestionPage:
    dyad = session.dyad
    names = questionnaires.QuestionNames(phrases.session_on(session.start), dyad.client.called, dyad.therapist.name)
    forms = plan.forms(dyad, session.number, SIDE, remote=session.modality != "room")
    picks = rating_queries.goals(dyad) if plan.asks_what_matters(session.number) else None
    return questionnaires.page(SIDE, forms, names, picks_from=picks)


def _posted(request: MemberRequest, session, page: questionnaires.QuestionPage) -> HttpResponse:
    key, begun_at = _read_key(session, request.POST.get("key", ""))
    read = questionnaires.read(page, dict(request.POST.lists()), key=key, language=get_language(), begun_at=begun_at)
    problems = dict(read.problems)
    if not key:
        problems.setdefault("", _("This page had waited too long. Your answers are all here: please send them again."))
    if problems:
        return _show(request, session, page, read.values, problems, sent=False)
    try:
        checkin.send(session, SIDE, read.submission, by=request.user)
    except checkin.AlreadyRevealed:
        late = _("Both are open by now, so your rating stays as it was.")
        return _show(request, session, page, read.values, {"": late})
    session.refresh_from_db(fields=["revealed_at"])
    return redirect("talk", session.uid) if session.revealed_at else redirect("rated", session.uid)


@require_http_methods(["GET", "HEAD"])
@login_required
def rated(request: MemberRequest, uid: str) -> HttpResponse:
    """The page after sending: it says when the session will be revealed."""
    session = or_404(dyad_queries.own_session(request.user, uid))
    if session.revealed_at:
        return redirect("talk", uid)
    due = phrases.at(session.reveal_due) if session.reveal_due else ""
    return render(request, "therapist/rated.html", {"session": session, "dyad": session.dyad, "due": due})


def _show(
    request: MemberRequest, session, page: questionnaires.QuestionPage, values, problems=None, *, sent: bool = False
) -> HttpResponse:
    problems = problems or {}
    if plan.asks_what_matters(session.number) and rating_queries.goals(session.dyad):
        read_log.log_read(request.user, session.dyad, "goals", [])
    context = {
        "session": session,
        "dyad": session.dyad,
        "day": phrases.day(session.start),
        "questions": questionnaires.questions_html(page, values, problems),
        "problem": problems.get("", ""),
        "problems": [(q.id, q.text, problems[q.id]) for q in page.questions() if q.id in problems],
        "reaction": (values or {}).get("reaction", [""])[-1],
        "key": _new_key(session),
        "sent": sent,
    }
    return render(request, "therapist/rate.html", context, status=422 if problems else 200)


def _new_key(session) -> str:
    """An idempotency key that names the session and tells when its page was begun, signed."""
    return signing.dumps([session.uid, links.new_token(), timezone.now().isoformat()], salt=SALT)


def _read_key(session, signed: str) -> tuple[str, datetime | None]:
    """The key and when its page was begun; nothing for one that is not from this session's own page."""
    try:
        uid, key, begun = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return "", None
    return (key, datetime.fromisoformat(begun)) if uid == session.uid else ("", None)
