"""The therapist's rating of a session, before the client's answers can be seen; or looking without one."""

from dataclasses import asdict
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

from accord.errors import BadInput
from accord.records import Rater
from accord_clinic import links, questionnaires
from accord_clinic.actions import checkin, kept_ratings, rating_drafts, read_log, reveal
from accord_clinic.queries import rating as rating_queries
from accord_clinic.queries.today import next_to_rate
from accord_clinic.questionnaires import answer_words, plan
from accord_clinic.questionnaires.submission import SCORED_FIRST, in_order
from accord_clinic.records.picks import PICKED, PICKS
from accord_clinic.records.rating import SentRating
from accord_clinic.rules.practice import often
from accord_clinic.rules.sessions import is_first
from accord_clinic.rules.visible import treated_session
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404
from accord_clinic.words import phrases

SALT = "accord.rating.page"
SIDE: Rater = "therapist"
NO_ANSWERS = ("csrfmiddlewaretoken", "key")
WORDS_ALONE = "text/plain; charset=utf-8"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rate(request: MemberRequest, uid: str) -> HttpResponse:
    """The therapist's check-in, with the own reaction. It can be changed until the reveal."""
    session = or_404(treated_session(request.user, uid))
    page = _page(session)
    if session.state != "held" and request.method == "POST":
        read = questionnaires.read(page, dict(request.POST.lists()), key="", language=get_language(), begun_at=None)
        not_held = _(
            "This session is not marked as held. Please mark first that it took place. Your answers are all still here."
        )
        return _show(request, session, page, read.values, {"": not_held})
    if session.state != "held":
        messages.warning(request, _("Please mark first that it took place."))
        return redirect("dyad", session.dyad.uid)
    if request.method == "POST":
        return _posted(request, session, page)
    sent = rating_queries.sent(session)
    if sent and session.revealed_at:
        return redirect("rated" if sent.sharing else "talk", uid)
    values = _sent_values(page, sent) if sent else None
    draft = rating_queries.draft(session, request.user)
    shown = values if draft is None else draft
    return _show(request, session, page, shown, sent=bool(sent), keeps=bool(sent and sent.sharing))


def _sent_values(page: questionnaires.QuestionPage, sent: SentRating) -> dict[str, list[str]]:
    """What was sent so far, as the page would post it."""
    return {
        **questionnaires.values_of_blocks(page, sent.answers, sent.lines, sent.sharing),
        **questionnaires.values_of_the_rest((), {}, sent.picked, sent.picked_words, sent.around),
    }


@require_POST
@login_required
def keep_draft(request: MemberRequest, uid: str) -> HttpResponse:
    """What stands on the page now, kept for its author while it is typed; the answer says when."""
    session = or_404(treated_session(request.user, uid))
    if session.revealed_at and rating_queries.sent(session):
        return HttpResponse(status=409, content_type=WORDS_ALONE)
    fields = {name: texts for name, texts in request.POST.lists() if name not in NO_ANSWERS}
    try:
        rating_drafts.keep(session, fields, by=request.user)
    except BadInput:
        return HttpResponse(status=413, content_type=WORDS_ALONE)
    return HttpResponse(phrases.clock(timezone.now()), content_type=WORDS_ALONE)


@require_POST
@login_required
def waive(request: MemberRequest, uid: str) -> HttpResponse:
    """Look without having answered. The reason is stored."""
    session = or_404(treated_session(request.user, uid))
    why = request.POST.get("why", "")
    back = reverse("talk" if why.strip() else "rate", args=[uid])
    return do(request, back, reveal.waive, session, why, by=request.user)


def _page(session) -> questionnaires.QuestionPage:
    dyad, number, every = session.dyad, session.number, often(session.dyad)
    first = dyad.under_way and is_first(session)
    asked = plan.forms(dyad, number, every, SIDE, remote=session.modality != "room", first=first)
    picks = rating_queries.goals(dyad) if plan.asks_what_matters(number, every) else None
    return questionnaires.page(SIDE, asked, _names(session), picks_from=picks, scored_first=dyad.order == SCORED_FIRST)


def _names(session) -> questionnaires.QuestionNames:
    dyad = session.dyad
    return questionnaires.QuestionNames(phrases.session_on(session.start), dyad.client.called, dyad.therapist.name)


def _posted(request: MemberRequest, session, page: questionnaires.QuestionPage) -> HttpResponse:
    key, begun_at = _read_key(session, page, request.POST.get("key", ""))
    read = questionnaires.read(
        page,
        dict(request.POST.lists()),
        key=key,
        language=get_language(),
        begun_at=begun_at,
        context=in_order(session.dyad.order),
    )
    problems = dict(read.problems)
    if not key:
        problems.setdefault(
            "", _("This page was open for too long. Your answers are all still here. Please send them again.")
        )
    if problems or read.submission is None:
        return _show(request, session, page, read.values, problems, sent=False)
    try:
        checkin.send(session, SIDE, read.submission, by=request.user)
    except checkin.AlreadyRevealed:
        late = _("You can both see the answers now, so your rating can no longer be changed.")
        return _show(request, session, page, read.values, {"": late})
    rating_drafts.drop(session, by=request.user)
    session.refresh_from_db(fields=["revealed_at"])
    return redirect(f"{reverse('talk' if session.revealed_at else 'rated', args=[session.uid])}?sent")


@require_http_methods(["GET", "HEAD"])
@login_required
def rated(request: MemberRequest, uid: str) -> HttpResponse:
    """The page after sending: it says when the session will be revealed."""
    session = or_404(treated_session(request.user, uid))
    rows = rating_queries.kept_ratings(session)
    if session.revealed_at and not rows:
        return redirect("talk", uid)
    names = _names(session)
    context = {
        "session": session,
        "dyad": session.dyad,
        "due": phrases.at(session.reveal_due) if session.reveal_due else "",
        "next": next_to_rate(request.user, uid),
        "kept": [(row.uid, *_in_words(row, names)) for row in rows],
    }
    return render(request, "therapist/rated.html", context)


@require_POST
@login_required
def show_kept(request: MemberRequest, uid: str) -> HttpResponse:
    """Show one kept answer to the client after all."""
    row = or_404(rating_queries.kept_rating(request.user, uid))
    back = reverse("rated", args=[row.response.session.uid])
    return do(request, back, kept_ratings.show, row, by=request.user)


def _in_words(row, names: questionnaires.QuestionNames) -> tuple[str, str]:
    """The question and what was answered to it."""
    if row.item in PICKS:
        chosen = [rating_queries.goal_words(uid) for uid in str(row.value).split()] if row.item == PICKED else []
        return _("What matters most to you now?"), " · ".join(chosen or str(row.value).splitlines())
    question = answer_words.question(row.response, row.item, asdict(names))
    return question, answer_words.in_words(row.response, row.item, row.value) or str(row.value)


def _show(
    request: MemberRequest,
    session,
    page: questionnaires.QuestionPage,
    values,
    problems=None,
    *,
    sent: bool = False,
    keeps: bool = False,
) -> HttpResponse:
    problems = problems or {}
    if plan.asks_what_matters(session.number, often(session.dyad)) and rating_queries.goals(session.dyad):
        read_log.log_read(request.user, session.dyad, "goals", [])
    context = {
        "session": session,
        "dyad": session.dyad,
        "day": phrases.day(session.start),
        "parts": questionnaires.rating_parts(page, values or {}, problems),
        "keeping": questionnaires.keeping(page, values or {}),
        "problem": problems.get("", ""),
        "problems": [(q.id, q.text, problems[q.id]) for q in page.questions() if q.id in problems],
        "reaction": (values or {}).get("reaction", [""])[-1],
        "key": _new_key(session, page),
        "sent": sent,
        "keeps": keeps,
    }
    return render(request, "therapist/rate.html", context, status=422 if problems else 200)


def _new_key(session, page: questionnaires.QuestionPage) -> str:
    """An idempotency key that names the session, what was asked, and when its page was begun, signed."""
    key = [session.uid, links.new_token(), timezone.now().isoformat(), _asked(page)]
    return signing.dumps(key, salt=SALT)


def _asked(page: questionnaires.QuestionPage) -> str:
    """Which questionnaires the page asks, in which versions: a page of before an upgrade is shown anew."""
    return " ".join(f"{part.instrument}/{part.version}/{part.form}" for part in page.blocks)


def _read_key(session, page: questionnaires.QuestionPage, signed: str) -> tuple[str, datetime | None]:
    """The key and when its page was begun; nothing for one that is not from this page of this session."""
    try:
        uid, key, begun, *asked = signing.loads(signed, salt=SALT)
    except signing.BadSignature:
        return "", None
    fits = uid == session.uid and asked == [_asked(page)]
    return (key, datetime.fromisoformat(begun)) if fits else ("", None)
