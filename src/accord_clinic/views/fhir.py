"""The FHIR R4 read API for programs of others: read and search, for who holds a token, and never a write.

Whatever goes wrong, the answer is an OperationOutcome. What a token may not read is answered as what is not there.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import get_oauthlib_core

from accord.tables.fhir_search import PARAMETERS, PATIENT, SUBJECT, BadSearch, reference_id, search, values_of
from accord_clinic import links
from accord_clinic.accounts import fhir_tokens
from accord_clinic.accounts.fhir_tokens import Holder
from accord_clinic.actions.read_log import log_program
from accord_clinic.exports import fhir_numbers, fhir_records
from accord_clinic.exports.fhir_capability import base, capability_statement, smart_configuration
from accord_clinic.posted import whole_number
from accord_clinic.records.shared_record import row_uid
from accord_clinic.rules import shared_record

LOG = logging.getLogger(__name__)
TYPE, JSON = "application/fhir+json", "application/json"
FORMATS = ("json", JSON, TYPE)
USUAL, MOST = 50, 100
"""Resources on a page: as many as nobody asked for, and the most."""
A_MINUTE = 600
"""Requests of one program, over all workers; an order of magnitude above what a chart that is opened asks for."""
COUNT, PAGE, FORMAT = "_count", "_page", "_format"
ABOUT_NOBODY: dict[str, Callable[[], Iterable[dict[str, Any]]]] = {
    "Questionnaire": fhir_records.published, "Measure": fhir_numbers.measures, "MeasureReport": fhir_numbers.reports,
}  # fmt: skip
"""Kinds that are about no person: what there is of them, whoever may read it."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Access-Control-Allow-Headers": "Authorization, Accept, Content-Type",
    "Access-Control-Max-Age": "600",
}


class NotAnswered(Exception):
    """Why a request is not answered: the status, FHIR's code of the issue, and a sentence."""

    def __init__(self, status: int, code: str, problem: str) -> None:
        super().__init__(problem)
        self.status, self.code, self.problem = status, code, problem


NOT_THERE = NotAnswered(404, "not-found", "There is nothing here, or nothing that this token may read.")


def outcome(status: int, code: str, problem: str) -> HttpResponse:
    """An answer that says what was wrong, as FHIR says it; in its texts is no character that is not to be seen."""
    text = "".join(letter if letter.isprintable() else " " for letter in problem)
    issue = {"severity": "error", "code": code, "diagnostics": text}
    return _json({"resourceType": "OperationOutcome", "issue": [issue]}, status)


def api(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What every address of the API does: GET alone, answers for browsers of known origins, errors as outcomes."""

    @csrf_exempt  # a browser sends no token of ours by itself, and nothing is written
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if request.method == "OPTIONS":
            return _for_origin(request, HttpResponse(status=204, headers=PREFLIGHT))
        try:
            if request.method not in ("GET", "HEAD"):
                raise NotAnswered(405, "not-supported", "This server is for reading alone.")
            _check_format(request)
            response = view(request, *args, **named)
        except NotAnswered as refused:
            response = outcome(refused.status, refused.code, refused.problem)
            if refused.status == 401:
                response["WWW-Authenticate"] = 'Bearer realm="Accord"'
            if refused.status == 405:
                response["Allow"] = "GET, HEAD, OPTIONS"
            if refused.status == 429:
                response["Retry-After"] = "60"
        except BadSearch as error:
            response = outcome(400, "invalid", str(error))
        except SuspiciousOperation:
            response = outcome(400, "too-long", "This request holds more than any search needs.")
        except Exception as error:  # whatever it was: a page of ours would be no FHIR
            LOG.error("the FHIR API failed: %s", type(error).__name__)
            response = outcome(500, "exception", "Something went wrong on our side.")
        return _for_origin(request, response)

    return wrapped


@api
def metadata(request: HttpRequest) -> HttpResponse:
    """What this server can do. For everybody."""
    _only(request, FORMAT)
    return _json(capability_statement())


@api
def configuration(request: HttpRequest) -> HttpResponse:
    """Where tokens come from. For everybody."""
    _only(request)
    return _json(smart_configuration(), kind=JSON)


@api
def unknown(request: HttpRequest, **_of_the_address: str) -> HttpResponse:
    """Every other address."""
    raise NotAnswered(404, "not-supported", f"Here are {', '.join(PARAMETERS)}, to read by id or to search for.")


@api
def read(request: HttpRequest, kind: str, identity: str) -> HttpResponse:
    """One resource by its id."""
    holder = _holder(request, kind, "r")
    _only(request, FORMAT)
    if kind in ABOUT_NOBODY:
        for resource in ABOUT_NOBODY[kind]():
            if resource["id"] == identity:
                return _json(resource)
        raise NOT_THERE
    for shared in shared_record.readable(holder.reader, [shared_record.whose(kind, identity)]):
        for piece in fhir_records.pieces(kind, shared):
            if piece.resource["id"] == identity:
                log_program(holder.reader, [piece])
                return _json(piece.resource)
    raise NOT_THERE


@api
def look_for(request: HttpRequest, kind: str) -> HttpResponse:
    """The resources of one kind that fit, page by page."""
    holder = _holder(request, kind, "s")
    asked, count, offset = _asked(request, kind, holder)
    if kind in ABOUT_NOBODY:
        fit = search(kind, ABOUT_NOBODY[kind](), asked, base())
        return _bundle(request, kind, holder, fit, count, offset, asked)
    search(kind, (), asked, base())  # what cannot be asked is refused before anything is read
    people = shared_record.readable(holder.reader, _patients(kind, holder, asked))
    pieces = [piece for shared in people for piece in fhir_records.pieces(kind, shared)]
    fit = search(kind, [piece.resource for piece in pieces], asked, base())
    # Who asks for the number alone learns of all that fit: a day at a time it would be the days of all sessions.
    shown = {resource["id"] for resource in (fit[offset : offset + count] if count else fit)}
    log_program(holder.reader, [piece for piece in pieces if piece.resource["id"] in shown])
    return _bundle(request, kind, holder, fit, count, offset, asked)


@csrf_exempt  # a program posts here, and proves by a code or its key who it is
def token(request: HttpRequest) -> HttpResponse:
    """Swap a code, or a service's own assertion, for a token."""
    if request.method == "OPTIONS":
        return _for_origin(request, HttpResponse(status=204, headers=PREFLIGHT))
    if request.method != "POST":
        return _json({"error": "invalid_request"}, 405, JSON)
    if _too_often(f"token:{get_adapter().get_client_ip(request)}"):
        return _json({"error": "temporarily_unavailable"}, 429, JSON)
    _address, headers, body, status = get_oauthlib_core().create_token_response(request)
    response = HttpResponse(body, status=status, content_type=JSON)
    for name, value in headers.items():
        response[name] = value
    return _for_origin(request, response)


def _holder(request: HttpRequest, kind: str, right: str) -> Holder:
    """Whose token this is, if it may do this with this kind."""
    if kind not in PARAMETERS:
        raise NotAnswered(404, "not-supported", f"This server has no {kind[:40]}.")
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    holder = fhir_tokens.holder(secret.strip()) if scheme.lower() == "bearer" else None
    if holder is None:
        raise NotAnswered(401, "login", "Give a token that is good now.")
    if _too_often(f"program:{holder.reader.recipient.pk}"):
        raise NotAnswered(429, "throttled", "Too many requests. Wait a minute.")
    if right not in holder.rights(kind):
        what = "read" if right == "r" else "search for"
        raise NotAnswered(403, "forbidden", f"This token has no scope to {what} {kind}.")
    return holder


def _asked(request: HttpRequest, kind: str, holder: Holder) -> tuple[list[tuple[str, str]], int, int]:
    """The parameters, how many resources a page has, and where it begins."""
    pairs = [(name, value) for name, values in request.GET.lists() for value in values if name != FORMAT]
    if any(name == PAGE for name, _value in pairs):
        if len(pairs) > 1:
            raise BadSearch(PAGE, f"{PAGE} stands alone: follow the link as it is.")
        return _page(kind, holder, pairs[0][1])
    counts = [value for name, value in pairs if name == COUNT]
    count = whole_number(counts[0]) if len(counts) == 1 else USUAL if not counts else None
    if count is None or count < 0:
        raise BadSearch(COUNT, f"{COUNT}: give one number from 0 to {MOST}.")
    return [(name, value) for name, value in pairs if name != COUNT], min(count, MOST), 0


def _page(kind: str, holder: Holder, sealed: str) -> tuple[list[tuple[str, str]], int, int]:
    """What the link to a further page asks for; it works for the token that it was given to."""
    try:
        row, of, asked, count, offset = json.loads(links.unseal("fhir page", sealed, settings.SECRET_KEY) or "[]")
    except ValueError:
        row = None
    if row != holder.number or of != kind:
        raise BadSearch(PAGE, f"{PAGE}: this link is not one of this search.")
    return [(name, value) for name, value in asked], count, offset


def _patients(kind: str, holder: Holder, asked: list[tuple[str, str]]) -> list[str] | None:
    """The uids of those who are asked for; nobody in particular only where the token or the kind says who it is."""
    if kind == "Patient":
        named = [values_of(value) for name, value in asked if name == "_id"]
    else:
        named = [values_of(value) for name, value in asked if name in (PATIENT, SUBJECT)]
        if not (named or holder.reader.bound):
            raise NotAnswered(400, "required", f"Say which patient: {kind}?patient=ID.")
    if not named:
        return None
    wanted = set.intersection(*({reference_id("Patient", value, base()) for value in values} for values in named))
    if kind != "Patient" and len(wanted) > 1:
        raise NotAnswered(400, "too-costly", "Search for one patient at a time.")
    return [row_uid(identity) for identity in wanted]


def _bundle(
    request: HttpRequest, kind: str, holder: Holder, fit: list, count: int, offset: int, asked: list[tuple[str, str]]
) -> HttpResponse:  # fmt: skip
    """One page. The link to the next says nothing to anybody and works for this token alone."""
    links_there = [{"relation": "self", "url": f"{base()}/{kind}" + _query(request)}]
    if 0 < count < len(fit) - offset:
        whole = json.dumps([holder.number, kind, asked, count, offset + count])
        sealed = links.seal("fhir page", whole, settings.SECRET_KEY)
        links_there.append({"relation": "next", "url": f"{base()}/{kind}?{PAGE}={sealed}"})
    entries = [
        {"fullUrl": f"{base()}/{kind}/{resource['id']}", "resource": resource, "search": {"mode": "match"}}
        for resource in fit[offset : offset + count]
    ]
    made = {"resourceType": "Bundle", "type": "searchset", "total": len(fit), "link": links_there}
    return _json(made | ({"entry": entries} if entries else {}))


def _query(request: HttpRequest) -> str:
    return f"?{request.GET.urlencode()}" if request.GET else ""


def _only(request: HttpRequest, *names: str) -> None:
    for name in request.GET:
        if name not in names:
            raise BadSearch(name, f"There is no parameter {name[:40]!r} here.")


def _check_format(request: HttpRequest) -> None:
    """JSON alone, which is also what is sent to who does not say."""
    wanted = request.GET.getlist(FORMAT)
    if any(value.replace(" ", "+") not in FORMATS for value in wanted):
        raise NotAnswered(406, "not-supported", "This server speaks application/fhir+json.")
    accepts = request.headers.get("Accept", "*/*")
    if not wanted and not any(text in accepts for text in ("json", "*/*", "application/*")):
        raise NotAnswered(406, "not-supported", "This server speaks application/fhir+json.")


def _too_often(who: str) -> bool:
    """Whether this is more than a minute allows, counted for all workers together (two at once may count as one)."""
    key = f"fhir:{who}:{int(time.time() // 60)}"
    before: int = cache.get(key, 0)
    cache.set(key, before + 1, 120)
    return before >= A_MINUTE


def _for_origin(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the page of a program read the answer in a browser, if its origin is known."""
    origin = request.headers.get("Origin", "")
    response["Vary"] = "Origin"
    if origin and fhir_tokens.is_known_origin(origin):
        response["Access-Control-Allow-Origin"] = origin
    return response


def _json(content: Any, status: int = 200, kind: str = TYPE) -> HttpResponse:
    return HttpResponse(json.dumps(content, ensure_ascii=False), status=status, content_type=f"{kind}; charset=utf-8")
