"""The client says that a session did not take place: by a link that was sent, or in the own space."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accord.errors import AccordError
from accord_clinic.actions import care
from accord_clinic.queries import checkin as checkin_queries
from accord_clinic.queries import own_space as space_queries
from accord_clinic.records.checkin import Link
from accord_clinic.rules.sessions import was_denied
from accord_clinic.views import checkin_page
from accord_clinic.views.checkin import unknown
from accord_clinic.views.own_space import shell, through_the_door

PAGE = "client/not_held.html"


# No CSRF check, as for the link itself: the token in the address is the secret.
@csrf_exempt
@require_POST
def by_token(request: HttpRequest, token: str) -> HttpResponse:
    """Said on the page that a link opens."""
    return _by_link(request, checkin_queries.by_token(token))


@require_POST
def by_cookie(request: HttpRequest, uid: str) -> HttpResponse:
    """Said on the page of a check-in that was begun."""
    return _by_link(request, checkin_queries.by_uid(uid, request.COOKIES.get(checkin_page.cookie_name(uid), "")))


def _by_link(request: HttpRequest, link: Link | None) -> HttpResponse:
    """Take it back that a session was held, and say that this is noted; said again, it is noted already.

    Not by a link that somebody here has seen, and not on a device of theirs: what comes back would tell them whether
    there is an answer.
    """
    if link is None or not checkin_page.may_deny(link, request):
        return unknown(request)
    if link.is_shut(timezone.now()) and not was_denied(link.session):
        return redirect("check-in", link.invitation.uid)
    refused = False
    try:
        care.deny_session(link.session, by=link.client)
    except AccordError:
        refused = True
    with checkin_page.speaking(link):
        context = {**checkin_page.around(link), "refused": refused}
        return render(request, PAGE, context, status=409 if refused else 200)


@require_POST
@through_the_door
def in_own_space(request: HttpRequest, client, uid: str) -> HttpResponse:
    """The same from the client's own space."""
    session = space_queries.session(client, uid)
    if session is None:
        return unknown(request)
    refused = False
    try:
        care.deny_session(session, by=client)
    except AccordError:
        refused = True
    context = {"refused": refused, "therapist": session.dyad.therapist.name, "dyad": session.dyad}
    return shell(request, PAGE, context, client, status=409 if refused else 200)
