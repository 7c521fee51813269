"""Many rows at once, for the admin: a file is handed in, what it would bring is shown, and then it is taken.

Between the two the file is in the page alone, signed for whoever handed it in: nothing is kept before the yes.
"""

import base64

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.forms.many import HandIn
from accord_clinic.imports import door
from accord_clinic.queries import members as member_queries
from accord_clinic.views.practice import admins_page
from accord_clinic.views.requests import MemberRequest

SALT = "many"
GOOD_FOR = 2 * 60 * 60
MOST_SHOWN = 200
"""Faults on one page. Who has more mends the file first."""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def hand_in(request: MemberRequest) -> HttpResponse:
    """Choose a file, and see what it would bring. Nothing is kept."""
    permissions.check_keep_practice(request.user)
    form = HandIn(_therapists(), request.POST or None, request.FILES or None)
    if not form.is_valid():
        return admins_page(request, "practice/many.html", {"form": form}, status=422 if form.is_bound else 200)
    facts = form.cleaned_data
    handed = _handed(facts["kind"], facts["file"].read(), _bytes(facts["mapping"]), facts["therapist"])
    try:
        preview = door.look(handed, by=request.user)
    except AccordError as error:
        form.add_error("file", str(error))
        return admins_page(request, "practice/many.html", {"form": form}, status=422)
    context = {
        "kind": facts["kind"], "preview": preview, "faults": preview.faults[:MOST_SHOWN],
        "more": len(preview.faults) - MOST_SHOWN, "signed": _sign(request, handed, facts["therapist"]),
    }  # fmt: skip
    return admins_page(request, "practice/many_preview.html", context)


@require_POST
@login_required
@sensitive_post_parameters("signed")
def take(request: MemberRequest) -> HttpResponse:
    """Take the file that was shown: all of it, or what fits."""
    permissions.check_keep_practice(request.user)
    try:
        kind, raw, mapping, therapist = signing.loads(
            request.POST.get("signed", ""), salt=f"{SALT}:{request.user.uid}", max_age=GOOD_FOR
        )
    except signing.BadSignature:
        messages.error(request, _("This page is out of date. Upload the file again."))
        return redirect("hand_in")
    handed = _handed(kind, base64.b64decode(raw), base64.b64decode(mapping), therapist)
    try:
        taken = door.bring_in(handed, by=request.user, take_what_fits="fits" in request.POST)
    except AccordError as error:
        messages.error(request, str(error))
        return redirect("hand_in")
    added = ngettext("{n} row has been imported.", "{n} rows have been imported.", taken.new)
    messages.success(request, added.format(n=taken.new))
    return redirect("hand_in")


def _handed(kind: str, raw: bytes, mapping: bytes, therapist: str) -> door.HandedIn:
    member = next((m for m in _therapists() if m.uid == therapist), None)
    return door.HandedIn(kind, raw, mapping, member)


def _sign(request: MemberRequest, handed: door.HandedIn, therapist: str) -> str:
    content = [handed.kind, *(base64.b64encode(part).decode() for part in (handed.raw, handed.mapping)), therapist]
    return signing.dumps(content, salt=f"{SALT}:{request.user.uid}", compress=True)


def _therapists():
    return [member for member in member_queries.active() if member.is_a("therapist")]


def _bytes(file) -> bytes:
    return file.read() if file else b""
