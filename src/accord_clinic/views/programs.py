"""Programs of others that read by FHIR: the admin's list, a manager's yes, letting one in, opening one for a client."""

import json
import time
from collections.abc import Iterable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.oauth2_backends import get_oauthlib_core

from accord.errors import AccordError
from accord_clinic import links, permissions
from accord_clinic.accounts.fhir_tokens import CONTEXT, names_a_patient, recipient_of
from accord_clinic.actions import programs as program_actions
from accord_clinic.addresses import origin
from accord_clinic.exports.fhir_capability import base
from accord_clinic.forms.programs import NewProgram
from accord_clinic.queries import programs as program_queries
from accord_clinic.records.shared_record import ProgramReader
from accord_clinic.rules.shared_record import readable
from accord_clinic.rules.visible import treated_dyad
from accord_clinic.views.practice import admins_page
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import do, or_404

LAUNCH, LAUNCH_SECONDS = "fhir launch", 300


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def programs(request: MemberRequest) -> HttpResponse:
    """The programs that may read here, and a form to add one."""
    permissions.check_keep_practice(request.user)
    form = NewProgram(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            added = program_actions.add(by=request.user, **form.cleaned_data)
        except AccordError as error:
            form.add_error(None, str(error))
        else:
            done = (
                _("{name} is added. Clients are asked in their own space; until they agree it reads nothing.")
                if added.is_let_in
                else _("{name} is added. It reads nothing until a manager allows it on the page “Service”.")
            )
            messages.success(request, done.format(name=added.name))
            return redirect("programs")
    context = {"form": form, "programs": program_queries.listed(), "base": base()}
    return admins_page(request, "practice/programs.html", context, status=422 if form.is_bound else 200)


@require_POST
@login_required
def close(request: MemberRequest, uid: str) -> HttpResponse:
    """Close a program for ever."""
    permissions.check_keep_practice(request.user)
    recipient = or_404(program_queries.program(uid))
    done = _("{name} can no longer read anything.").format(name=recipient.name)
    return do(request, reverse("programs"), program_actions.close, recipient, by=request.user, done=done)


@require_POST
@login_required
def numbers(request: MemberRequest, uid: str) -> HttpResponse:
    """A manager lets a program read the practice's published numbers, or takes that back."""
    recipient = or_404(program_queries.of_numbers(request.user, uid))
    if request.POST.get("allow") == "yes":
        act, done = program_actions.let_read_numbers, _("{name} can now read the published numbers.")
    else:
        act, done = program_actions.stop_reading_numbers, _("{name} can no longer read anything.")
    return do(request, reverse("service"), act, recipient, by=request.user, done=done.format(name=recipient.name))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def of_client(request: MemberRequest, uid: str) -> HttpResponse:
    """The programs that one client lets read; the therapist opens one of them with this client's chart."""
    dyad = or_404(treated_dyad(request.user, uid))
    listed = program_queries.of_client(request.user, dyad)
    if request.method == "POST":
        chosen = [row for row in listed if row.may_open and row.program.uid == request.POST.get("program")]
        recipient = or_404(chosen[0] if chosen else None).program
        what = json.dumps([request.user.pk, dyad.client.uid, recipient.pk, int(time.time())])
        sealed = links.seal(LAUNCH, what, settings.SECRET_KEY)
        joined = "&" if "?" in recipient.launch_url else "?"
        query = urlencode({"iss": base(), "launch": sealed})
        return HttpResponseRedirect(f"{recipient.launch_url}{joined}{query}")
    response = render(request, "therapist/programs.html", {"dyad": dyad, "listed": listed})
    return leading_to(response, [row.program.launch_url for row in listed if row.may_open])


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def authorize(request: MemberRequest) -> HttpResponse:
    """A clinician lets a program read, with the record of one client, or of all own clients who have agreed."""
    permissions.check_work_as_therapist(request.user)
    core = get_oauthlib_core()
    try:
        scopes, asked = core.validate_authorization_request(request)
        recipient = recipient_of(asked["request"].client)
        problem = _problem(request, scopes, asked)
    except FatalClientError:
        # Nothing about this request can be trusted, not even where it wants to go.
        return _refused(request, "unknown_program")
    except OAuthToolkitError as error:
        return _back(error)
    if problem or recipient is None:
        return _refused(request, problem or "unknown_program")
    people = readable(ProgramReader(recipient, request.user)) if names_a_patient(scopes) else []
    people = _launched(request, recipient, people) if "launch" in request.GET else people
    if names_a_patient(scopes) and not people:
        return _refused(request, "no_client")
    if request.method == "POST":
        return _answer(request, core, scopes, asked, recipient, people)
    context = {"program": recipient, "people": people, "scopes": [scope for scope in scopes if scope not in CONTEXT]}
    response = render(request, "therapist/let_in.html", context)
    return leading_to(response, [asked["redirect_uri"]])


def leading_to(response: HttpResponse, addresses: Iterable[str]) -> HttpResponse:
    """The page, whose forms may lead to these addresses and to no others."""
    setattr(response, "_csp_update", {"form-action": sorted({origin(address) for address in addresses})})  # noqa: B010
    return response


def _answer(request: MemberRequest, core, scopes, asked, recipient, people) -> HttpResponse:
    """The form was sent: a code goes back, or that it was refused."""
    allowed = request.POST.get("allow") == "yes"
    chosen = [row.client for row in people if row.client.uid == request.POST.get("client")]
    if allowed and people and not chosen:
        return _refused(request, "no_client")
    asked["patient"] = chosen[0] if chosen else None
    try:
        address, _headers, _body, _status = core.create_authorization_response(request, scopes, asked, allowed)
    except OAuthToolkitError as error:
        return _back(error)
    program_actions.note_let_in(recipient, asked["patient"], by=request.user)
    return HttpResponseRedirect(address)


def _problem(request: MemberRequest, scopes: list[str], asked: dict) -> str:
    """What SMART asks for beyond OAuth: a strong challenge, and that the program means this server."""
    if asked.get("code_challenge_method") != "S256":
        return "no_pkce"
    if request.GET.get("aud", "").rstrip("/") != base():
        return "audience"
    return "no_launch" if "launch" in scopes and "launch" not in request.GET else ""


def _launched(request: MemberRequest, recipient, people: list) -> list:
    """The client with whose chart the program was opened, by this member, a moment ago; else nobody."""
    try:
        what = json.loads(links.unseal(LAUNCH, request.GET["launch"], settings.SECRET_KEY) or "[]")
        member, client, program, at = what
    except ValueError:
        return []
    if (member, program) != (request.user.pk, recipient.pk) or time.time() - at > LAUNCH_SECONDS:
        return []
    return [row for row in people if row.client.uid == client]


def _refused(request: MemberRequest, why: str) -> HttpResponse:
    program_actions.note_refused(why, by=request.user)
    return render(request, "therapist/let_in_refused.html", {"why": why}, status=400)


def _back(error: OAuthToolkitError) -> HttpResponse:
    """Tell the program what it did wrong, at the address that it is registered with."""
    wrong = error.oauthlib_error
    return HttpResponseRedirect(wrong.in_uri(wrong.redirect_uri))
