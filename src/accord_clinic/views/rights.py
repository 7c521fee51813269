"""A client's choices and rights: consents, messages, address, copy, corrections, erasure; stopping messages."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic.actions import client_copy, consent, corrections, erasure, own_space, schedule
from accord_clinic.addresses import is_number
from accord_clinic.exports import client_copy as copy_queries
from accord_clinic.exports.chapters import chapters
from accord_clinic.pages import consent as consent_pages
from accord_clinic.pages import erasure as erasure_pages
from accord_clinic.pages.key_holders import what_it_means
from accord_clinic.queries import own_space as space_queries
from accord_clinic.queries import programs as program_queries
from accord_clinic.queries import rights as rights_queries
from accord_clinic.queries.study import running
from accord_clinic.rules.key_holders import key_holders
from accord_clinic.rules.practice import practice
from accord_clinic.upkeep import backups
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import DOOR, WHO, shell, through_the_door
from accord_clinic.views.shortcuts import in_chosen_language
from accord_clinic.words import phrases

COPY, ERASE, CONTACT, NEW, PIN = "copy", "erase", "contact", "contact-new", "pin"
PURPOSES = {COPY: "my-copy", ERASE: "my-erasure", CONTACT: "my-contact", PIN: "my-pin"}
SIGNER = signing.TimestampSigner(salt="accord.contact.new")
GOOD_FOR = 900


@require_safe
@through_the_door
def my_rights(request: HttpRequest, client) -> HttpResponse:
    """Everything that the client may choose or ask for, on one page."""
    named = practice()
    context = {
        "purposes": consent_pages.purposes(client, client.language),
        "of_the_key": what_it_means(key_holders(client)),
        "studies": running(),
        "client": client,
        "sender": named.sender_name or named.name,
    }
    return shell(request, "client/rights.html", context, client)


@require_POST
@through_the_door
def my_consent(request: HttpRequest, client) -> HttpResponse:
    """Give or withdraw one consent in one step. The page it leads back to says what follows."""
    act = consent.give if request.POST.get("what") == "give" else consent.withdraw
    named = {}
    if "program" in request.POST:
        named["recipient"] = program_queries.any_program(request.POST["program"])
        if named["recipient"] is None:
            return unknown(request)
    return _do(request, client, "my-rights", act, client, request.POST.get("purpose", ""), **named)


@require_POST
@through_the_door
def my_messages(request: HttpRequest, client) -> HttpResponse:
    """Stop messages, start them again, switch between mail and text, or choose whether they name the practice."""
    what = request.POST.get("what", "")
    if what in ("email", "sms"):
        return _do(request, client, "my-rights", corrections.change_own_contact, client, channel=what)
    if what in ("recognisable", "neutral"):
        chosen = what == "recognisable"
        return _do(request, client, "my-rights", schedule.let_be_recognised, client, recognisable=chosen)
    act = schedule.start_again if what == "start" else schedule.stop
    return _do(request, client, "my-rights", act, client)


@require_POST
@through_the_door
def my_code(request: HttpRequest, client) -> HttpResponse:
    """Send a fresh code for one of the things that need one."""
    purpose = request.POST.get("for", "")
    if purpose not in PURPOSES:
        return unknown(request)
    response = redirect(PURPOSES[purpose])
    try:
        _show_in_demo(response, own_space.ask_code(client, purpose))
    except own_space.AskedTooOften as error:
        return shell(request, "client/too_often.html", {"problem": str(error)}, client, 429)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_copy(request: HttpRequest, client) -> HttpResponse:
    """A copy of everything, made at once: a page to read and print, or a zip with the same page, JSON and CSV."""
    if request.method != "POST":
        return _asking(request, "client/rights_copy.html", client, COPY)
    if not own_space.fresh(client, _given(request), COPY):
        return _asking(request, "client/rights_copy.html", client, COPY, wrong=True)
    tables = client_copy.take(client, by=client)
    page = {"chapters": chapters(tables), "client": client, "made": phrases.at(timezone.now())}
    if request.POST.get("as") != "zip":
        return shell(request, "client/copy.html", page, client)
    readable = render_to_string("client/copy_file.html", page)
    response = HttpResponse(copy_queries.archive(client, tables, readable), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="copy.zip"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_contact(request: HttpRequest, client) -> HttpResponse:
    """Change the address: a code to the old one, then one to the new one, against thieves and typing errors."""
    template = "client/rights_contact.html"
    if request.method != "POST":
        return _asking(request, template, client, CONTACT)
    if "new" in request.POST:
        return _confirm_contact(request, client)
    kind, address = request.POST.get("kind", "email"), request.POST.get("address", "").strip()
    problem = _problem(kind, address)
    if problem:
        return _asking(request, template, client, CONTACT, problem=problem, address=address)
    if not own_space.fresh(client, _given(request), CONTACT):
        return _asking(request, template, client, CONTACT, wrong=True, address=address)
    try:
        code = own_space.ask_code(client, NEW, to=address)
    except own_space.AskedTooOften as error:
        return _asking(request, template, client, CONTACT, problem=str(error), address=address)
    new = SIGNER.sign_object([client.uid, kind, address])
    context = {"new": new, "address": address, "shown": code if settings.DEMO else None}
    return shell(request, "client/rights_contact_new.html", context, client)


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_pin(request: HttpRequest, client) -> HttpResponse:
    """Choose a PIN that is asked for after the code, or take it away; with a fresh code, and the client is told."""
    template, has_pin = "client/pin.html", bool(client.pin)
    if request.method != "POST":
        return _asking(request, template, client, PIN, has_pin=has_pin)
    pin, remove = request.POST.get("pin", "").replace(" ", ""), request.POST.get("what") == "remove"
    if not (remove or own_space.is_pin(pin)):
        return _asking(request, template, client, PIN, has_pin=has_pin, problem=_("A PIN has six to twelve digits."))
    if not own_space.fresh(client, _given(request), PIN):
        return _asking(request, template, client, PIN, has_pin=has_pin, wrong=True)
    if remove:
        own_space.remove_pin(client, by=client)
    else:
        own_space.set_pin(client, pin, by=client, keep=request.COOKIES.get(DOOR, ""))
    return redirect("mine")


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_corrections(request: HttpRequest, client) -> HttpResponse:
    """Corrections: what is wrong, in the client's words, and the answers."""
    problem, dyads = "", space_queries.dyads(client)
    if request.method == "POST":
        dyad = next((d for d in dyads if d.uid == request.POST.get("dyad")), None)
        if dyad is None:
            return unknown(request)
        try:
            corrections.ask(dyad, request.POST.get("words", ""), by=client)
            return redirect("my-corrections")
        except AccordError as error:
            problem = str(error)
    context = {"rows": rights_queries.corrections(client), "dyads": dyads, "problem": problem}
    return shell(request, "client/rights_corrections.html", context, client, 422 if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@through_the_door
def my_erasure(request: HttpRequest, client) -> HttpResponse:
    """Ask for erasure: what goes at once, and what the practice decides; with a fresh code and a tick."""
    template = "client/rights_erase.html"
    stays = {**erasure_pages.before_asking(client), "backups": backups.count()}
    if request.method != "POST":
        return _asking(request, template, client, ERASE, **stays)
    if not request.POST.get("sure"):
        return _asking(request, template, client, ERASE, **stays, problem=_("If you are sure, please tick the box."))
    if not own_space.fresh(client, _given(request), ERASE):
        return _asking(request, template, client, ERASE, **stays, wrong=True)
    sent = bool(client.email or client.phone)
    context = {"receipt": erasure.ask(client, by=client), "day": timezone.now(), "sent": sent}
    response = shell(request, "client/erasure_asked.html", context)
    for name in (DOOR, WHO, WHO + "-demo"):
        response.delete_cookie(name)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def erasure_state(request: HttpRequest) -> HttpResponse:
    """What has happened with a request for erasure, for whoever has its receipt. It names nobody."""
    code = request.POST.get("code", "") if request.method == "POST" else ""
    state = erasure_pages.state(code) if code else None
    context = {"state": state, "wrong": bool(code) and state is None}
    return shell(request, "client/erasure_state.html", context, status=422 if context["wrong"] else 200)


# No CSRF check: mail programs post here themselves (RFC 8058), and the token in the address is the secret.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the stop link of a message. Opening it changes nothing; its button stops all messages."""
    client = schedule.whose(token)
    if client is None:
        return unknown(request)
    if request.method == "POST":
        schedule.stop(client, by=client)
    done = request.method == "POST" or client.messages_stopped_at is not None
    with translation.override(in_chosen_language(request, client).language):
        # Whoever holds the link is not inside: the shell gets no client.
        return shell(request, "client/stopped.html", {"done": done, "about": ""})


def _confirm_contact(request: HttpRequest, client) -> HttpResponse:
    """The code that went to the new address came back, so somebody reads what is sent there."""
    try:
        uid, kind, address = SIGNER.unsign_object(request.POST["new"], max_age=GOOD_FOR)
    except signing.BadSignature:
        return redirect("my-contact")
    if uid != client.uid or not own_space.use_code(client, _given(request), NEW, to=address):
        context = {"new": request.POST["new"], "address": address, "wrong": True}
        return shell(request, "client/rights_contact_new.html", context, client, 422)
    corrections.change_own_contact(
        client, by=client, **{kind: address, "channel": "sms" if kind == "phone" else "email"}
    )
    return redirect("my-rights")


def _problem(kind: str, address: str) -> str:
    """A sentence when this cannot be an address of this kind."""
    if kind == "phone":
        return "" if is_number(address) else _("Give a telephone number.")
    try:
        validate_email(address)
    except ValidationError:
        return _("Give an e-mail address, for example name@example.org.")
    return "" if kind == "email" else _("Choose e-mail or telephone.")


def _asking(request: HttpRequest, template: str, client, purpose: str, **context: Any) -> HttpResponse:
    """The page with its form for the code, as far as one has been sent."""
    waits = rights_queries.code_waits(client, purpose)
    around = {
        "for": purpose,
        "waits": waits or not (client.email or client.phone),
        "by_pin": not (client.email or client.phone),
        "shown": request.COOKIES.get(WHO + "-demo") if settings.DEMO and waits else None,
        "client": client,
    }
    failed = context.get("wrong") or context.get("problem")
    return shell(request, template, {**around, **context}, client, 422 if failed else 200)


def _given(request: HttpRequest) -> str:
    return request.POST.get("code", "").replace(" ", "")


def _show_in_demo(response: HttpResponse, code: str) -> None:
    """The demonstration sends no messages, so its code travels in a cookie."""
    if settings.DEMO:
        response.set_cookie(WHO + "-demo", code, httponly=True, samesite="Lax", max_age=GOOD_FOR)


def _do(request: HttpRequest, client, back: str, act: Callable[..., Any], *args: Any, **named: Any) -> HttpResponse:
    """One act, then back. What our own forms cannot ask for does not exist."""
    try:
        act(*args, by=client, **named)
    except AccordError:
        return unknown(request)
    return redirect(back)
