"""What a practice shows, as facts that a change of wording leaves alone: run by the old program and by the new one.

A page is what it names: rows by their uid, words that people wrote, numbers of sessions. What else has to be compared
before and after an upgrade gets its function here and its place in `shown`.
"""

import json
import re
import time
from html import unescape
from unittest import mock

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client as Browser
from tests.clinic.rights_steps import inside

from accord_clinic.exports import study
from accord_clinic.models import (
    Agreement,
    Client,
    Comment,
    Dyad,
    Member,
    PrivateLine,
    Reaction,
    Session,
    Signal,
    Strain,
    Wording,
)

try:
    from accord_clinic.exports.client_tables import everything
except ModuleNotFoundError:  # where the program of 0.1 has it
    from accord_clinic.exports.client_copy import everything

SIGNAL = (
    "dyad", "session__uid", "kind", "reported", "scale", "strength", "evidence", "rule", "calibration", "withheld",
)  # fmt: skip
NAMED = (Agreement, Client, Comment, Dyad, Member, Session, Strain)
NUMBER = re.compile(r"\bsessions? (\d+)|>(\d+) · ")


class InOrder:
    """Chance that leaves everything in its order, so that two study files can be compared."""

    def sample(self, population, k):
        return list(population)[:k]


def shown() -> dict:
    """Signals, copies, the study file and pages, as JSON keeps them."""
    everything_shown = {"signals": signals(), "study": study_file(), "copies": copies(), "pages": pages()}
    return json.loads(json.dumps(everything_shown, cls=DjangoJSONEncoder))


def signals() -> list:
    return list(Signal.objects.order_by("id").values_list(*SIGNAL))


def copies() -> dict:
    """By client: every table of the copy."""
    return {client.uid: everything(client) for client in Client.objects.order_by("id")}


def study_file() -> dict:
    """By table: its rows, by the names of its columns."""
    dyads = study._dyads().order_by("pk")
    with mock.patch.object(study, "SystemRandom", InOrder), mock.patch.object(study, "_dyads", return_value=dyads):
        courses = study.courses()
    tables = {}
    for table in study.TABLES:
        names = [column.name for column in table.columns]
        tables[table.name] = [dict(zip(names, row, strict=True)) for row in table.rows(courses)]
    return tables


def pages() -> dict:
    """By who looks and the address: what the page names."""
    uids = {uid: model.__name__ for model in NAMED for uid in model.objects.values_list("uid", flat=True)}
    written = [model.objects.values_list("words", flat=True) for model in (Comment, Wording, Reaction, PrivateLine)]
    words = {text for texts in (*written, Client.objects.values_list("name", flat=True)) for text in texts if text}
    found = {}
    for who, browser, addresses in (*_of_members(), *_of_clients()):
        for address in addresses:
            response = browser.get(address)
            html = unescape(response.content.decode())
            found[f"{who} {address}"] = {
                "status": response.status_code,
                "rows": sorted(f"{name} {uid}" for uid, name in uids.items() if uid in html),
                "words": sorted(text for text in words if text in html),
                "numbers": sorted({int(first or other) for first, other in NUMBER.findall(html)}),
            }
    return found


def _of_members():
    for member in Member.objects.order_by("id"):
        addresses = ["/today/", "/people/", "/supervision/", "/service/", "/safety/", "/outside/"]
        dyads = Dyad.objects.filter(therapist=member).order_by("id")
        for dyad in dyads:
            addresses += [f"/people/{dyad.uid}/", f"/people/{dyad.uid}/goals/", f"/people/{dyad.uid}/talk/"]
            for uid in _first_and_last(dyad):
                addresses += [f"/sessions/{uid}/talk/", f"/sessions/{uid}/prepare/"]
        addresses += [f"/strains/{uid}/" for uid in Strain.objects.filter(dyad__in=dyads).values_list("uid", flat=True)]
        yield member.name, _signed_in(member), addresses


def _signed_in(member) -> Browser:
    """A browser in which this member is signed in, with a second factor."""
    browser = Browser()
    browser.force_login(member)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(member.pk)
    session["began"] = session["seen"] = time.time()
    session.save()
    return browser


def _of_clients():
    for client in Client.objects.exclude(email="").order_by("id"):
        addresses = ["/mine/rights/"]
        for dyad in client.dyads.order_by("id"):
            addresses += [f"/mine/{dyad.uid}/{page}" for page in ("", "goals/", "lines/", "readers/")]
            addresses += [f"/mine/sheet/{uid}/" for uid in _first_and_last(dyad)]
        yield client.name, inside(client), addresses


def _first_and_last(dyad: Dyad) -> list[str]:
    """Sheets of a course differ by what was said, so some of each course are enough."""
    uids = list(dyad.sessions.order_by("id").values_list("uid", flat=True))
    return list(dict.fromkeys((*uids[:2], *uids[3:4], *uids[-3:])))
