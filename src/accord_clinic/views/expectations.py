"""Before the first session: the client's page behind a link, the therapist's own answers, one sheet for both."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord.lessons import client_pages
from accord_clinic import permissions
from accord_clinic.actions import expectations, read_log
from accord_clinic.forms.expectations import ExpectationsForm
from accord_clinic.messages import delivery
from accord_clinic.pages.consent import before_first_question
from accord_clinic.pages.expectations import expected
from accord_clinic.queries.expectations import dyad_of_link, expectation_rows
from accord_clinic.rules.care import have_met
from accord_clinic.rules.practice import zone
from accord_clinic.rules.visible import dyad_for, treated_dyad
from accord_clinic.views import checkin_page
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import page_of_course, through_the_door
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, in_chosen_language, or_404, sent_or_printed

GUIDE = "before-the-first-session"
"""The page of the guide that stands above the questions."""


# No CSRF check: the token in the address is the secret, as for a check-in.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, token: str) -> HttpResponse:
    """What happens in session 1, and four questions. Nothing that was sent comes back on it."""
    dyad = dyad_of_link(token)
    if dyad is None:
        return unknown(request)
    in_chosen_language(request, dyad.client)
    with translation.override(dyad.client.language), timezone.override(zone()):
        before = before_first_question(dyad.client, dyad)
        form = _form(dyad, "client", request.POST if request.method == "POST" else None)
        context = {"before": before, "form": form, "problem": ""}
        if request.method != "POST":
            return _page(request, dyad, "client/before_first.html", context)
        if before.waiting or not form.is_valid():
            return _page(request, dyad, "client/before_first.html", context, 409 if before.waiting else 422)
        try:
            agrees_to = before.agree.purpose if before.agree and before.gives else ""
            expectations.send(dyad, "client", form.cleaned_data, by=dyad.client, agrees_to=agrees_to)
        except AccordError as error:
            return _page(request, dyad, "client/before_first.html", context | {"problem": str(error)}, 409)
        return _page(request, dyad, "client/before_sent.html", {})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def show(request: MemberRequest, uid: str) -> HttpResponse:
    """The therapist's own answers until it is open; then both, on one sheet."""
    dyad = or_404(dyad_for(request.user, uid))
    may = permissions.can(permissions.check_treat, request.user, dyad)
    if request.method == "POST" and not may:
        raise Http404
    rows = expectation_rows(dyad, "therapist" if may else "")
    form = _form(dyad, "therapist", request.POST if request.method == "POST" else None, rows.own)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            expectations.send(dyad, "therapist", form.cleaned_data, by=request.user)
            return redirect("expectations", uid)
        except AccordError as error:
            problem = str(error)
    if rows.opened_at:
        read_log.log_read(request.user, dyad, "expectations", [])
    context = {
        "dyad": dyad,
        "rows": rows,
        "topics": expected(rows),
        "form": form,
        "problem": problem,
        "can_write": may and not rows.opened_at and not dyad.ended and not have_met(dyad),
    }
    status = 409 if problem else 422 if request.method == "POST" else 200
    return render(request, "therapist/expectations.html", context, status=status)


@require_safe
@through_the_door
def mine(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The sheet in the client's own space: what the client wrote, and both once it is open."""
    dyad = dyad_for(client, uid)
    if dyad is None:
        return unknown(request)
    rows = expectation_rows(dyad, "client")
    own = [(field.label, rows.own[field.name]) for field in _form(dyad, "client") if field.name in rows.own]
    context = {"rows": rows, "topics": expected(rows), "own": own}
    return page_of_course(request, "client/expectations.html", context, client, dyad, "my-course")


@require_POST
@login_required
def send_guide(request: MemberRequest, uid: str) -> HttpResponse:
    """Send the client the link."""
    dyad = or_404(treated_dyad(request.user, uid))
    done = sent_or_printed(delivery.contact(dyad.client), _("The page is on its way."))
    return do(request, reverse("dyad", args=[uid]), expectations.send_page, dyad, by=request.user, done=done)


def _form(dyad, side: str, data=None, initial=None) -> ExpectationsForm:
    return ExpectationsForm(data, side=side, client=dyad.client.called, therapist=dyad.therapist.name, initial=initial)


def _page(request: HttpRequest, dyad, template: str, context: dict, status: int = 200) -> HttpResponse:
    guide = next(page for page in client_pages(dyad.client.language) if page.slug == GUIDE)
    around = {
        "about": _("Your first session with {therapist}").format(therapist=dyad.therapist.name),
        "therapist": dyad.therapist.name,
        "guide": guide,
        # The last of its sections says what one could think about: here the questions ask it.
        "sections": guide.sections[:-1],
        **checkin_page.in_need(),
    }
    response = render(request, template, {**around, **context}, status=status)
    response["Content-Language"] = dyad.client.language
    return response
