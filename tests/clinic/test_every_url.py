"""Every address is asked as everybody: a stranger, a colleague with no business here, each role, two clients.

The walk goes through the URL configuration, so an address without its row in `ROWS` fails, and the message says which
row to add. What somebody may not have is not there: *not yours* and *does not exist* get the same answer.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from django.utils import timezone
from tests.clinic.passkey import Passkey
from tests.clinic.people import a_course, a_dyad, a_held_session, a_member, a_session, answers
from tests.clinic.program import Key, agree, an_app, for_numbers

from accord_clinic import links
from accord_clinic.actions import (
    agreements,
    care,
    case_meetings,
    checkin,
    cover_and_emergency,
    erasure,
    launch,
    own_space,
    reveal,
    talk_sheet,
)
from accord_clinic.imports.calendar import job
from accord_clinic.models import (
    CalendarChange,
    ClosedDays,
    ExpectationSheet,
    Invitation,
    PrivateLine,
    Reaction,
    Recipient,
    StopLink,
    Strain,
    Study,
    StudyFile,
)
from accord_clinic.models import Client as ClinicClient
from accord_clinic.models.row import new_uid
from accord_clinic.views.own_space import DOOR

STAFF = "ben eve cy dee mo ada sue flo gus"
"""Ana's therapist; a therapist with no business here; the supervisor with whom Ben shares, who is also outside reader
and safety contact; the researcher, the manager, the admin; a supervisor with whom nothing is shared; a therapist who
covers for Ben now; an admin who has opened Ana's course in an emergency."""
THERAPISTS, ADMINS, LOOKS, TREATS = "ben eve flo", "ada gus", "ben cy flo gus", "ben flo"
"""Who works as what; who may look at Ana's course, and who may act in it."""
CLIENTS = "ana kim"
"""Both with the door to their own space open; Kim is another client of another therapist."""
ANYBODY = f"{STAFF} {CLIENTS} phone stranger"
"""`phone` is Ana's, after it has followed the check-in link."""
NOBODY = ""


@dataclass(frozen=True)
class Row:
    """Who gets in, by GET and by POST; `None`: the address does not take it. `at` fills the address.

    What the others get is decided by `of`. *staff*: members find nothing here, all others are sent to sign in.
    *own space*: other clients find nothing here, all others are asked for a code. *world*: nothing here.
    *sign-in*: all are sent to sign in. *token*: programs alone get in.
    """

    get: str | None = None
    post: str | None = None
    at: str = ""
    of: str = "staff"

    @property
    def methods(self) -> list[str]:
        """What the address takes. To all else it answers that it does not, to everybody, before it looks anything up:
        `test_everybody_gets_what_the_row_says_and_nothing_else`."""
        return [method for method in ("get", "post") if getattr(self, method) is not None]


SHUT = Row(get=NOBODY, post=NOBODY, of="world")

ROWS = {
    # a client's link and its check-in: whoever holds the link
    "^c/(?P<token>.*)$": Row(get=ANYBODY, post=ANYBODY, at="token", of="world"),
    "^(?:c|check-in)(?:/.*)?$": SHUT,
    "new-link-sent/": Row(get=ANYBODY),
    "check-in/<str:uid>/": Row(get="phone", post="phone", at="invitation", of="world"),
    "check-in/<str:uid>/received/": Row(get="phone", at="invitation", of="world"),
    # Ana's link of these tests was handed over, and so known here: only one that was sent can say this.
    "c/<str:token>/not-held/": Row(post=NOBODY, at="token", of="world"),
    "check-in/<str:uid>/not-held/": Row(post=NOBODY, at="invitation", of="world"),
    "^before/(?P<token>.*)$": Row(get=ANYBODY, post=ANYBODY, at="before", of="world"),
    "away": Row(get=ANYBODY),
    # the guide for clients, and lessons for those who work here
    "guide/": Row(get=ANYBODY),
    "guide/<slug:slug>/": Row(get=ANYBODY, at="page"),
    "learn/": Row(get=STAFF),
    "learn/misconceptions/": Row(get=STAFF),
    "learn/questions/": Row(get=STAFF),
    "learn/glossary/": Row(get=STAFF),
    "learn/meetings/": Row(get="cy sue", post="cy sue"),
    "learn/meetings/<str:uid>/": Row(get="cy", post="cy", at="meeting"),
    "learn/meetings/<str:uid>/add/": Row(post=STAFF, at="meeting"),
    "learn/cases/": Row(get=STAFF),
    "learn/cases/<slug:slug>/": Row(get=STAFF, post=STAFF, at="case"),
    "learn/<slug:slug>/": Row(get=STAFF, at="lesson"),
    # machines: numbers about the machine, none about people
    "health/": Row(get=ANYBODY),
    "metrics": Row(get=ANYBODY),
    # the client's own space
    "mine/": Row(get=CLIENTS, of="own space"),
    "mine/in/": Row(get=ANYBODY, post=ANYBODY),
    "mine/code/": Row(get=NOBODY, post=NOBODY, of="code"),
    "mine/pin/": Row(get=CLIENTS, post=CLIENTS, of="own space"),
    "mine/leave/": Row(post=ANYBODY),
    "mine/lines/<str:uid>/": Row(post="ana", at="line", of="own space"),
    "mine/goals/<str:uid>/": Row(post="ana", at="goal", of="own space"),
    "mine/sheet/<str:uid>/": Row(get="ana", at="session", of="own space"),
    "mine/not-held/<str:uid>/": Row(post="ana", at="session", of="own space"),
    "mine/<str:uid>/": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/goals/": Row(get="ana", at="dyad", of="own space"),
    "mine/follow-up/<str:uid>/": Row(post="ana", at="follow_up", of="own space"),
    "mine/<str:uid>/before/": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/looking-back/": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/plan/": Row(get="ana", post="ana", at="dyad", of="own space"),
    "mine/<str:uid>/plan.pdf": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/propose/": Row(post="ana", at="dyad", of="own space"),
    "mine/<str:uid>/lines/": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/readers/": Row(get="ana", at="dyad", of="own space"),
    "mine/<str:uid>/earlier/": Row(post="ana", at="dyad", of="own space"),
    "mine/<str:uid>/openings/": Row(post="ana", at="dyad", of="own space"),
    # the client's choices and rights
    "^stop/(?P<token>.*)$": Row(get=ANYBODY, post=ANYBODY, at="stop", of="world"),
    "mine/rights/": Row(get=CLIENTS, of="own space"),
    "mine/rights/consent/": Row(post=CLIENTS, of="own space"),
    "mine/rights/messages/": Row(post=CLIENTS, of="own space"),
    "mine/rights/code/": Row(post=CLIENTS, of="own space"),
    "mine/rights/copy/": Row(get=CLIENTS, post=CLIENTS, of="own space"),
    "mine/rights/contact/": Row(get=CLIENTS, post=CLIENTS, of="own space"),
    "mine/rights/corrections/": Row(get=CLIENTS, post="ana", of="own space"),
    "mine/rights/erase/": Row(get=CLIENTS, post=CLIENTS, of="own space"),
    "mine/erasure/": Row(get=ANYBODY, post=ANYBODY),
    # programs of others: without a token nobody gets anything; with one: test_fhir_walk.py
    "fhir/authorize/": Row(get=THERAPISTS, post=THERAPISTS),
    "fhir/token/": Row(post=ANYBODY, of="world"),
    "fhir/r4/metadata": Row(get=ANYBODY),
    "fhir/r4/.well-known/smart-configuration": Row(get=ANYBODY),
    "fhir/r4/<str:kind>": Row(get=NOBODY, at="kind", of="token"),
    "fhir/r4/<str:kind>/<str:identity>": Row(get=NOBODY, at="kind", of="token"),
    "^fhir/r4(?:/.*)?$": Row(get=NOBODY, of="world"),
    # opened from a care record: nobody comes without one; with one: test_launch.py
    "launch/": Row(get=THERAPISTS),
    "launch/back/": Row(get=THERAPISTS),
    "launch/confirm/": Row(post=THERAPISTS),
    "launch/keys/": Row(get=ANYBODY),
    # signing in; what allauth offers beyond the practice's own way is shut
    "account/signup/": SHUT,
    "account/email/": SHUT,
    "account/confirm-email/": SHUT,
    "account/password/set/": SHUT,
    "account/login/code/confirm/": SHUT,
    "^account/confirm-email/.*$": SHUT,
    "account/^confirm-email/(?P<key>[-:\\w]+)/$": SHUT,
    "account/login/": Row(get=ANYBODY, post=ANYBODY),
    "account/logout/": Row(get=STAFF, post=NOBODY, of="sign-in"),
    "account/inactive/": Row(get=ANYBODY),
    "account/reauthenticate/": Row(get=STAFF, post=STAFF),
    "account/password/change/": Row(get=STAFF, post=STAFF),
    "account/password/reset/": Row(get=ANYBODY, post=ANYBODY),
    "account/password/reset/done/": Row(get=ANYBODY),
    "account/password/reset/key/done/": Row(get=ANYBODY),
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Row(get=ANYBODY, post=ANYBODY),
    "account/2fa/": Row(get=STAFF),
    "account/2fa/authenticate/": Row(get=STAFF, post=STAFF),
    "account/2fa/reauthenticate/": Row(get=STAFF, post=STAFF),
    "account/2fa/totp/activate/": Row(get=STAFF, post=STAFF),
    "account/2fa/totp/deactivate/": Row(get=NOBODY, post=NOBODY),
    "account/2fa/recovery-codes/": Row(get=NOBODY),
    "account/2fa/recovery-codes/generate/": Row(get=STAFF, post=STAFF),
    "account/2fa/recovery-codes/download/": Row(get=NOBODY, post=NOBODY),
    "account/2fa/webauthn/": Row(get=STAFF),
    "account/2fa/webauthn/add/": Row(get=STAFF, post=STAFF),
    "account/2fa/webauthn/reauthenticate/": Row(get=STAFF, post=STAFF),
    "account/2fa/webauthn/keys/<int:pk>/edit/": Row(get="ben", post="ben", at="passkey"),
    "account/2fa/webauthn/keys/<int:pk>/remove/": Row(get="ben", post="ben", at="passkey"),
    "account/2fa/webauthn/login/": Row(get=STAFF, post=STAFF, of="sign-in"),
    # the way to a provider and back is not there without one: test_sso.py
    "paper/": Row(get="ben eve cy mo ada sue flo gus", post="ben eve cy mo ada sue flo gus"),
    "account/sso/": Row(post=NOBODY, of="world"),
    "account/sso/back/": Row(get=NOBODY, of="world"),
    "account/sessions/": Row(get=STAFF, post=STAFF),
    # the supervisor, the outside reader, the safety contact: all three are Cy
    "supervision/": Row(get="cy sue", post="cy sue"),
    "outside/": Row(get="cy"),
    "outside/<str:uid>/": Row(get="cy", at="line"),
    "outside/<str:uid>/read/": Row(post="cy", at="line"),
    "safety/": Row(get="cy"),
    "safety/<str:uid>/": Row(get=LOOKS, at="held"),
    "safety/<str:uid>/done/": Row(post="ben cy flo", at="held"),
    # the manager
    "service/": Row(get="mo"),
    "service/programs/<str:uid>/": Row(post="mo", at="numbers"),
    # the researcher
    "research/": Row(get="dee", post="dee"),
    "research/ask/": Row(get="dee", post="dee"),
    "research/studies/<str:uid>/": Row(get="dee", post="dee", at="study"),
    "research/files/<str:uid>/": Row(post="dee", at="study_file"),
    # the admin
    "practice/": Row(get=ADMINS, post=ADMINS),
    "practice/marks/": Row(post=ADMINS),
    "practice/studies/": Row(get=ADMINS),
    "practice/studies/<str:uid>/": Row(post=ADMINS, at="study"),
    "practice/files/<str:uid>/": Row(post=ADMINS, at="study_file"),
    "practice/closed/": Row(get=ADMINS, post=ADMINS),
    "practice/closed/<str:uid>/open/": Row(post=ADMINS, at="closed"),
    "practice/merge/": Row(get=ADMINS, post=ADMINS),
    "practice/merge/look/": Row(post=ADMINS),
    "practice/merge/yes/": Row(post=ADMINS),
    "practice/many/": Row(get=ADMINS, post=ADMINS),
    "practice/many/take/": Row(post=ADMINS),
    "practice/members/": Row(get=ADMINS, post=ADMINS),
    "practice/members/<str:uid>/": Row(get=ADMINS, post=ADMINS, at="member"),
    "practice/members/<str:uid>/absence/": Row(get=ADMINS, post=ADMINS, at="member"),
    "practice/members/<str:uid>/second-factor/": Row(post=ADMINS, at="member"),
    "practice/messages/": Row(get=ADMINS, post=ADMINS),
    "practice/due/": Row(get=ADMINS),
    "practice/erasures/": Row(get=ADMINS),
    "practice/erasures/<str:uid>/": Row(post=ADMINS, at="erasure"),
    "practice/care-records/": Row(get=ADMINS, post=ADMINS),
    "practice/care-records/<str:uid>/close/": Row(post=ADMINS, at="record"),
    "practice/programs/": Row(get=ADMINS, post=ADMINS),
    "practice/programs/<str:uid>/close/": Row(post=ADMINS, at="program"),
    "practice/emergency/": Row(get=ADMINS, post=ADMINS),
    # the therapist
    "": Row(get=f"{THERAPISTS} {ADMINS} cy dee mo sue"),
    "today/": Row(get=THERAPISTS),
    "people/": Row(get=THERAPISTS, post=THERAPISTS),
    "people/new/": Row(get=THERAPISTS, post=THERAPISTS),
    "people/<str:uid>/": Row(get=LOOKS, at="dyad"),
    "calendar/": Row(get=THERAPISTS),
    "calendar/connect/": Row(post=THERAPISTS),
    "calendar/read/": Row(post="ben"),
    "calendar/confirm/": Row(post="ben"),
    "calendar/gone/": Row(post="ben"),
    "calendar/disconnect/": Row(post=THERAPISTS),
    "calendar/seen/": Row(post=THERAPISTS),
    "calendar/changes/<str:uid>/undo/": Row(post="ben", at="change"),
    "people/<str:uid>/aside/": Row(post=LOOKS, at="dyad"),
    "people/<str:uid>/plan/": Row(get=TREATS, post=TREATS, at="dyad"),
    "people/<str:uid>/rhythm/end/": Row(post=TREATS, at="dyad"),
    "people/<str:uid>/pause/": Row(post=TREATS, at="dyad"),
    "people/<str:uid>/course/": Row(get="ben", post="ben", at="dyad"),
    "people/<str:uid>/arrange/": Row(get="ben", at="dyad"),
    "people/<str:uid>/delete/": Row(post="ben", at="dyad"),
    "people/<str:uid>/guide/": Row(post=TREATS, at="dyad"),
    "people/<str:uid>/share/": Row(post="ben", at="dyad"),
    "people/<str:uid>/unshare/": Row(post="ben", at="dyad"),
    "people/<str:uid>/set-up/": Row(get="ben", post="ben", at="dyad"),
    "people/<str:uid>/terms/": Row(get="ben", post="ben", at="dyad"),
    "people/<str:uid>/programs/": Row(get=TREATS, post=TREATS, at="dyad"),
    "people/<str:uid>/end/": Row(post="ben", at="dyad"),
    "people/<str:uid>/hand-over/": Row(post="ben", at="dyad"),
    "sessions/<str:uid>/mark/": Row(post=TREATS, at="planned"),
    "sessions/<str:uid>/move/": Row(get=TREATS, post=TREATS, at="planned"),
    "sessions/<str:uid>/link/": Row(post=TREATS, at="held"),
    "sessions/<str:uid>/rate/": Row(get=TREATS, post=TREATS, at="held"),
    "sessions/<str:uid>/rate/draft/": Row(post=TREATS, at="held"),
    "sessions/<str:uid>/rated/": Row(get=TREATS, at="held"),
    "ratings/<str:uid>/show/": Row(post="ben", at="kept"),
    "sessions/<str:uid>/waive/": Row(post=TREATS, at="held"),
    # the talk sheet, and the therapist's own sheet
    "people/<str:uid>/talk/": Row(get=LOOKS, at="dyad"),
    "sessions/<str:uid>/talk/": Row(get=LOOKS, at="session"),
    "sessions/<str:uid>/talk/tick/": Row(post=TREATS, at="session"),
    "sessions/<str:uid>/talk.pdf": Row(get=LOOKS, at="session"),
    "sessions/<str:uid>/prepare/": Row(get=TREATS, at="session"),
    "sessions/<str:uid>/agenda/": Row(post="ben", at="session"),
    "suggestions/<str:uid>/": Row(post="ben", at="card"),
    # out to the care record
    "sessions/<str:uid>/note/": Row(get=TREATS, at="session"),
    "people/<str:uid>/course.pdf": Row(get=TREATS, at="dyad"),
    "people/<str:uid>/course.csv": Row(get=TREATS, at="dyad"),
    # goals, tasks, the shared view, strains
    "people/<str:uid>/goals/": Row(get=LOOKS, at="dyad"),
    "people/<str:uid>/before/": Row(get=LOOKS, post=TREATS, at="dyad"),
    "people/<str:uid>/looking-back/": Row(get=LOOKS, at="dyad"),
    "people/<str:uid>/treatment-plan/": Row(get=LOOKS, post=TREATS, at="dyad"),
    "people/<str:uid>/treatment-plan.pdf": Row(get=LOOKS, at="dyad"),
    "people/<str:uid>/goals/propose/": Row(post=TREATS, at="dyad"),
    "goals/<str:uid>/reword/": Row(post=TREATS, at="goal"),
    "goals/<str:uid>/seal/": Row(post=TREATS, at="goal"),
    "goals/<str:uid>/end/": Row(post=TREATS, at="goal"),
    "strains/<str:uid>/": Row(get=LOOKS, at="strain"),
    "strains/<str:uid>/move/": Row(post=TREATS, at="strain"),
    "sessions/<str:uid>/link/close/": Row(post=TREATS, at="session"),
    "sessions/<str:uid>/strain/": Row(post=TREATS, at="session"),
    # the demo's door is not there outside the demo
    "demo/": SHUT,
    "demo/calendar.ics": SHUT,
    "demo/marks/": SHUT,
    "demo/be/<str:uid>/": SHUT,
    "demo/phone/<str:uid>/": SHUT,
}
POSTED = {
    "practice/merge/look/": lambda people: {"keep": people.ana.uid, "other": people.ana.uid},
    "practice/merge/yes/": lambda people: {"keep": people.ana.uid, "other": people.ana.uid},
    "sessions/<str:uid>/agenda/": lambda people: {
        "note": Reaction.objects.filter(by=people.ben).values_list("pk", flat=True).first() or ""
    },
    "people/<str:uid>/terms/": lambda people: {"what": "messages"},
    "^before/(?P<token>.*)$": lambda people: {"hope": "To sleep"},
    "mine/rights/code/": lambda people: {"for": "copy"},
    "mine/rights/consent/": lambda people: {"purpose": "research", "what": "give"},
    "mine/rights/corrections/": lambda people: {"dyad": people.dyad.uid, "words": "The date is wrong."},
    "people/<str:uid>/programs/": lambda people: {"program": Recipient.objects.get(use="app").uid},
    "people/<str:uid>/share/": lambda people: {"supervisor": people.cy.uid},
    "people/<str:uid>/unshare/": lambda people: {"supervisor": people.cy.uid},
}
"""What must be posted to get in at all."""
WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "accord_clinic_(\w+)"')
WRITTEN_BY_GET = {"readlog", "suggestion", "clientdoor"}
"""Reading is noted; which cards were shown is kept; a door that is used stays open. A GET writes nothing else."""


def routes(patterns: list | None = None, before: str = "") -> Iterator[str]:
    """Every route of the URL configuration, as its patterns write it."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def address(route: str, uid: str) -> str:
    """A route with its gaps filled."""
    filled = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", uid or "x", route)
    return "/" + re.sub(r"[\^$]|\(\?:/\.\*\)\?|\.\*", "", filled).replace("(?:c|check-in)", "c")


def answer(response) -> str:
    """What an answer means to the person who asked."""
    to = response.headers.get("Location", "")
    if response.status_code == 404:
        return "nothing here"
    if response.status_code == 405:
        return "not so"
    if response.status_code == 401:
        return "a token, please"
    if to.startswith("/account/login/"):
        return "sign in"
    if to == "/mine/in/":
        return "a code, please"
    return "in" if response.status_code < 500 and response.status_code != 403 else str(response.status_code)


def expected(row: Row, method: str, who: str) -> set[str]:
    named = getattr(row, method)
    if named is None:
        return {"not so", "sign in"} if who not in STAFF.split() else {"not so"}
    if who in named.split():
        return {"in"}
    if row.of == "staff":
        return {"nothing here" if who in STAFF.split() else "sign in"}
    if row.of == "token":
        return {"a token, please"}
    if row.of == "own space":
        return {"nothing here" if who in CLIENTS.split() else "a code, please"}
    return {{"sign-in": "sign in", "code": "a code, please", "world": "nothing here"}[row.of]}


@dataclass
class World:
    """Something at every address, and a browser for everybody."""

    people: object
    things: dict[str, str]
    browsers: dict[str, Browser]
    # One for all: each new one would load the middleware anew, for thousands of requests.
    asking: Browser = field(default_factory=lambda: Browser(raise_request_exception=False))

    def ask(self, who: str, method: str, route: str, uid: str | None = None):
        """Ask as somebody whose cookies stay as they were; whatever is changed is undone."""
        browser = self.asking
        browser.cookies = self.browsers[who].cookies.copy()
        row = ROWS[route]
        posted = POSTED[route](self.people) if method == "post" and route in POSTED else {}
        undo = transaction.savepoint()
        response = getattr(browser, method)(address(route, self.things.get(row.at, "") if uid is None else uid), posted)
        transaction.savepoint_rollback(undo)
        return response


def a_stop_link(client) -> str:
    token = links.new_token()
    StopLink.objects.create(client=client, token_hash=links.digest(token), made_at=timezone.now())
    return token


def a_program(people) -> Recipient:
    """One that Ana lets read, and that opens from her page."""
    program = an_app(people.ada, launch_url="https://app.example.org/launch", asks_answers=True)
    agree(people.ana, program, answers=True)
    return program


def a_passkey(member) -> Authenticator:
    options = {"publicKey": {"user": {"id": "eA"}, "challenge": "eA"}}
    return WebAuthn.add(member, "Mine", json.loads(Passkey().create(options))).instance


def a_change_by_the_calendar(member, dyad) -> CalendarChange:
    """A session that came from this member's calendar a moment ago."""
    calendar = job.connect(member, "")
    series = calendar.series.create(name="x", dyad=dyad, answered_at=timezone.now())
    session = a_session(dyad, timezone.now() + timedelta(days=2))
    event = series.events.create(session=session, start=session.start, minutes=50)
    return event.changes.create(kind="new", at=timezone.now())


def who_asked_for_erasure(therapist) -> ClinicClient:
    """Another client, about whom the practice has to decide."""
    client = a_dyad(therapist, "Max").client
    erasure.ask(client, by=client)
    return client


@pytest.fixture
def world(people, as_member) -> World:
    dyad, ben = people.dyad, people.ben
    a_course(dyad, 1)
    off = answers("client", t1=2, words="Look at the clock less")
    talked = a_held_session(dyad, client=off, therapist=answers("therapist"))
    held = a_held_session(dyad, client=answers("client", words="For Cy alone", reader="outside"))
    Reaction.objects.create(session=talked, by=ben, words="I looked at the clock", at=timezone.now())
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=people.ana)
    [card] = talk_sheet.suggest(talked, [("a-card", "strain_reported")], member=ben)
    care.share(dyad, people.cy, by=ben)
    reveal.raise_safety(held, "phq-9", "item9")
    token = checkin.invite(held, by=ben)
    not_met = a_dyad(ben, "Lou")
    ExpectationSheet.objects.create(dyad=not_met, token_hash=links.digest("before-they-meet"))
    study = Study.objects.create(
        title="S", purpose="P", until=timezone.localdate(), asked_by=people.dee, asked_at=timezone.now()
    )
    file = StudyFile.objects.create(
        kind="rows", made_by=people.dee, made_at=timezone.now(), courses=10, clients=10, sha256="", contents=b""
    )
    things = {
        "study": study.uid,
        "study_file": file.uid,
        "token": token,
        "before": "before-they-meet",
        "invitation": Invitation.objects.get().uid,
        "dyad": dyad.uid,
        "session": talked.uid,
        "held": held.uid,
        "planned": a_session(dyad).uid,
        "change": a_change_by_the_calendar(ben, dyad).uid,
        "closed": ClosedDays.objects.create(
            name="Christmas", first=timezone.localdate(), last=timezone.localdate()
        ).uid,
        "goal": goal.uid,
        "strain": Strain.objects.get().uid,
        "card": card.uid,
        "member": people.eve.uid,
        "lesson": "feedback",
        "case": "milan",
        "meeting": case_meetings.set_case("milan", by=people.cy).uid,
        "page": "what-you-may-say",
        "follow_up": dyad.follow_ups.create(due_on=timezone.localdate(), asked_at=timezone.now()).uid,
        "stop": a_stop_link(people.ana),
        "kept": talked.responses.filter(side="therapist")[0].kept_ratings.create(item="o1", value="Mine").uid,
        "line": PrivateLine.objects.get(reader="outside").uid,
        "passkey": str(a_passkey(ben).pk),
        "erasure": who_asked_for_erasure(people.eve).uid,
        "kind": "Goal",
        "program": a_program(people).uid,
        "numbers": for_numbers(people.ada, Key()).uid,
        "record": launch.add_record("City record", "https://r.example.org/fhir", "accord", False, by=people.ada).uid,
    }
    more = {"sue": a_member("Sue", "supervisor"), "flo": a_member("Flo", "therapist"), "gus": a_member("Gus", "admin")}
    cover_and_emergency.cover(dyad, more["flo"], timezone.localdate(), timezone.localdate() + timedelta(days=3), by=ben)
    cover_and_emergency.break_glass(dyad, "Ben is in hospital and Ana has called", by=more["gus"])
    members = {name: more.get(name) or getattr(people, name) for name in STAFF.split()}
    browsers = {name: as_member(member) for name, member in members.items()} | {"stranger": Browser()}
    for name, client in (("ana", people.ana), ("kim", a_dyad(people.eve, "Kim").client)):
        browsers[name] = Browser()
        browsers[name].cookies[DOOR] = own_space.open_door(client)
    browsers["phone"] = Browser()
    browsers["phone"].post(f"/c/{token}")
    return World(people, things, browsers)


def test_every_address_has_its_row_and_every_row_its_address():
    there = set(routes())
    missing = "\n".join(f'    "{route}": Row(get="...", post="...", at="..."),' for route in sorted(there - set(ROWS)))
    assert not missing, f"Add to ROWS in {__name__}, saying who gets in:\n{missing}"
    assert not set(ROWS) - there, "Rows without an address: take them away."


def test_everybody_gets_what_the_row_says_and_nothing_else(world):
    wrong = []
    for route in sorted(set(routes()) & set(ROWS)):
        for method in ("get", "post"):
            for who in world.browsers:
                got, due = answer(world.ask(who, method, route)), expected(ROWS[route], method, who)
                if got not in due:
                    wrong.append(f"{method.upper()} /{route} as {who}: {got}; the row says {' or '.join(due)}")
    assert not wrong, "\n".join(wrong)


def test_not_yours_and_not_there_are_the_same(world):
    """Eve cannot tell a client's page from an address that she made up, nor can another client."""
    for route, row in ROWS.items():
        if not row.at or row.of in ("world", "token"):
            continue
        method = "get" if row.get is not None else "post"
        who = "kim" if row.of == "own space" else "eve"
        if who in (getattr(row, method) or "").split():
            continue
        theirs, made_up = world.ask(who, method, route), world.ask(who, method, route, new_uid())
        assert theirs.status_code == made_up.status_code == 404, route
        assert theirs.content == made_up.content, route
        assert theirs.headers.items() == made_up.headers.items(), route


def test_a_researcher_reaches_nothing_about_anybody(world):
    """There is one page, which says how many agree; what a study file holds is in `test_study.py`."""
    for route, row in ROWS.items():
        for method in ("get", "post"):
            if answer(world.ask("dee", method, route)) == "in":
                own = route == "" or route.startswith(("account/", "learn/", "research/"))
                assert own or "stranger" in getattr(row, method).split(), f"{method} /{route}"
    assert "Ana" not in world.ask("dee", "get", "research/").content.decode()


def test_looking_changes_nothing_but_the_log_of_reading(world):
    for route, row in ROWS.items():
        for who in (row.get or "").split()[:3]:
            with CaptureQueriesContext(connection) as asked:
                world.ask(who, "get", route)
            writes = {found[1] for query in asked if (found := WRITE.match(query["sql"]))}
            if route in ("fhir/authorize/", "launch/", "launch/back/"):
                writes.discard("auditentry")  # that a program, or a launch, was refused is noted
            assert writes <= WRITTEN_BY_GET, f"GET {route} as {who} writes {writes - WRITTEN_BY_GET}"


def test_nobody_is_let_in_without_a_second_factor(people):
    """A password alone opens the pages that set up the second factor, and no other."""
    browser = Browser()
    browser.force_login(people.ben)
    for route, row in ROWS.items():
        if row.of != "staff" or row.at == "passkey" or "stranger" in f"{row.get} {row.post}":
            continue
        if "ben" not in f"{row.get} {row.post}".split():
            continue
        method = "get" if row.get else "post"
        response = getattr(browser, method)(address(route, people.dyad.uid))
        if route.startswith("account/"):
            assert response.status_code in (200, 302), route
        else:
            assert response.headers.get("Location") == "/account/2fa/", route
