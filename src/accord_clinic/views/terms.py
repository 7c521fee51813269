"""The terms of a course of care, for its therapist: facts, messages, who agrees, corrections, cover, emergencies."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accord_clinic.actions import consent, corrections, cover_and_emergency, read_log, schedule
from accord_clinic.forms.terms import CoverDays, Facts, Messages, WhoAgrees, own_numbers
from accord_clinic.pages import terms as terms_pages
from accord_clinic.queries import programs as program_queries
from accord_clinic.queries import sharing as sharing_queries
from accord_clinic.queries import terms as terms_queries
from accord_clinic.rules.visible import own_dyad
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import carry_out, do, or_404, redirect_with


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """All terms on one page, each part with its own form; the field `what` says which one was sent."""
    dyad = or_404(own_dyad(request.user, uid))
    if request.method != "POST":
        return _page(request, dyad)
    change = CHANGES.get(request.POST.get("what", ""))
    return or_404(change)(request, dyad)


def _facts(request: MemberRequest, dyad) -> HttpResponse:
    page = terms_pages.terms_page(request.user, dyad)
    form = Facts(request.POST, prefix="facts", with_contact=page.may_change_contact)
    if not carry_out(form, lambda facts: corrections.put_right_all(dyad.client, by=request.user, **facts)):
        return _page(request, dyad, facts=form)
    return redirect_with(request, _("Saved."), "terms", dyad.uid)


def _messages(request: MemberRequest, dyad) -> HttpResponse:
    form = Messages(request.POST, prefix="messages")
    if not carry_out(form, lambda facts: schedule.settle(dyad, by=request.user, **facts)):
        return _page(request, dyad, messages=form)
    return redirect_with(request, _("Saved."), "terms", dyad.uid)


def _agrees(request: MemberRequest, dyad) -> HttpResponse:
    form = WhoAgrees(request.POST, prefix="agrees")
    if not carry_out(form, lambda facts: consent.set_terms(dyad, by=request.user, **facts)):
        return _page(request, dyad, agrees=form)
    done = _("It is changed. {client} reads it before the first question.").format(client=dyad.client.called)
    return redirect_with(request, done, "terms", dyad.uid)


def _guardian(request: MemberRequest, dyad) -> HttpResponse:
    purpose, named = request.POST.get("purpose", ""), {}
    if request.POST.get("program"):
        named["recipient"] = or_404(program_queries.any_program(request.POST["program"]))
    if request.POST.get("said") == "yes":
        return _do(request, dyad, consent.note_guardian, dyad, purpose, done=_("Saved."), **named)
    return _do(request, dyad, consent.withdraw, dyad.client, purpose, voice="guardian", done=_("Saved."), **named)


def _answer(request: MemberRequest, dyad) -> HttpResponse:
    row = or_404(terms_queries.correction(dyad, request.POST.get("correction", "")))
    done = _("{client} can read your answer.").format(client=dyad.client.called)
    return _do(request, dyad, corrections.answer, row, request.POST.get("words", ""), done=done)


def _cover(request: MemberRequest, dyad) -> HttpResponse:
    form = CoverDays(terms_pages.terms_page(request.user, dyad).colleagues, request.POST, prefix="cover")

    def cover(facts) -> None:
        colleague = or_404(sharing_queries.colleague(facts["colleague"]))
        cover_and_emergency.cover(dyad, colleague, facts["first"], facts["last"], by=request.user)

    if not carry_out(form, cover):
        return _page(request, dyad, cover=form)
    name = or_404(sharing_queries.colleague(form.cleaned_data["colleague"])).name
    done = _("{name} covers for you. {client} can see this.").format(name=name, client=dyad.client.called)
    return redirect_with(request, done, "terms", dyad.uid)


def _end_cover(request: MemberRequest, dyad) -> HttpResponse:
    row = or_404(terms_queries.cover(dyad, request.POST.get("cover", "")))
    return _do(request, dyad, cover_and_emergency.end_cover, row, done=_("Cover has ended."))


CHANGES = {
    "facts": _facts,
    "messages": _messages,
    "agrees": _agrees,
    "guardian": _guardian,
    "answer": _answer,
    "cover": _cover,
    "end-cover": _end_cover,
}


def _do(request: MemberRequest, dyad, act, *args, done: str, **named) -> HttpResponse:
    return do(request, reverse("terms", args=[dyad.uid]), act, *args, by=request.user, done=done, **named)


def _page(request: MemberRequest, dyad, **sent) -> HttpResponse:
    """The page; `sent` holds a form that could not be read, with what was typed."""
    page, client = terms_pages.terms_page(request.user, dyad), dyad.client
    names = ("name", "address_as", "language", "born", "email", "phone", "channel")
    today = timezone.localdate()
    forms = {
        "facts": Facts(
            prefix="facts", with_contact=page.may_change_contact,
            initial={n: getattr(client, n) for n in names} | {"number": terms_queries.number_in_record(client)},
        ),
        "messages": Messages(prefix="messages", initial=own_numbers(dyad)),
        "agrees": WhoAgrees(prefix="agrees", initial=terms_pages.who_agrees(dyad)),
        "cover": CoverDays(page.colleagues, prefix="cover", initial={"first": today, "last": today}),
        **sent,
    }
    if page.waiting or page.answered:
        read_log.log_read(request.user, dyad, "correction", [])
    context = {"dyad": dyad, "page": page, "forms": forms, "wrong": next(iter(sent.values()), None)}
    return render(request, "therapist/terms.html", context, status=422 if sent else 200)
