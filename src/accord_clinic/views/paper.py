"""Typing in a check-in that was answered on paper, by the code that stands on it."""

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accord_clinic import links, questionnaires
from accord_clinic.actions import checkin, paper
from accord_clinic.permissions import can, check_type_in, check_type_in_at_all
from accord_clinic.queries.paper import by_code
from accord_clinic.questionnaires.submission import PAPER
from accord_clinic.records.checkin import Link
from accord_clinic.views.requests import MemberRequest
from accord_clinic.words import phrases


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def type_in(request: MemberRequest) -> HttpResponse:
    """Ask for the code, then show the questions as they were printed, then store what was ticked."""
    if not can(check_type_in_at_all, request.user):
        raise Http404
    code = request.POST.get("code", "")
    if not code:
        return render(request, "therapist/paper_code.html")
    form = by_code(code)
    if form is None:
        problem = _("No form has this code, or the code has expired. Please check it.")
        return render(request, "therapist/paper_code.html", {"problem": problem, "code": code}, status=422)
    try:
        check_type_in(request.user, form.session)
    except PermissionDenied as error:
        return render(request, "therapist/paper_code.html", {"problem": str(error), "code": code}, status=403)
    return _posted(request, form, code) if "key" in request.POST else _show(request, form, code)


def _page(form: Link) -> questionnaires.QuestionPage:
    """What is on the paper: of the check-in all but the question with many answers."""
    names = questionnaires.QuestionNames(phrases.session_on(form.session.start), form.client.called, form.therapist)
    page = questionnaires.page("client", [tuple(pair) for pair in form.invitation.forms], names)
    on_paper = (tuple(q for q in part.questions if q.kind != "many") for part in page.blocks)
    parts = zip(page.blocks, on_paper, strict=True)
    return replace(page, blocks=tuple(replace(part, questions=questions) for part, questions in parts))


def _posted(request: MemberRequest, form: Link, code: str) -> HttpResponse:
    posted = {name: texts for name, texts in request.POST.lists() if name != "code"}
    with translation.override(form.client.language):
        read = questionnaires.read(
            _page(form),
            posted,
            key=request.POST["key"][:64],
            language=form.client.language,
            readers=[questionnaires.Reader("therapist", form.therapist)],
            context={"page": PAPER},
        )
    if read.submission is None:
        return _show(request, form, code, read.values, read.problems)
    try:
        paper.type_in(form.session, read.submission, by=request.user)
    except checkin.AlreadyRevealed:
        messages.warning(request, _("Both can already see the answers to this session. Nothing was stored."))
    else:
        messages.success(
            request,
            _("The answers are saved. If there is a sealed part, give it unopened to the person whose name is on it."),
        )
    return redirect("paper")


def _show(request: MemberRequest, form: Link, code: str, values=None, problems=None) -> HttpResponse:
    """In the client's language, as it was printed: question by question, without what is not on paper."""
    with translation.override(form.client.language):
        page = _page(form)
        questions = questionnaires.questions_html(
            page, values, problems, readers=[questionnaires.Reader("therapist", form.therapist)]
        )
    context = {
        "questions": questions,
        "language": form.client.language,
        "code": code,
        "key": request.POST.get("key") or links.new_token(),
        "when": phrases.session_on(form.session.start),
        "problems": [(q.id, q.text, problems[q.id]) for q in page.questions() if q.id in problems] if problems else [],
        "problem": (problems or {}).get("", ""),
    }
    return render(request, "therapist/paper.html", context, status=422 if problems else 200)
