"""Whoever works here, at every address: before the reveal each answer is the same to the byte, whatever the client did.

An address is added to `ROWS` of `test_every_url.py` and is then walked here too. What needs more than an empty form to
say something is in `POSTED`.
"""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from tests.clinic.people import a_held_session, answers
from tests.clinic.phone import Phone
from tests.clinic.test_every_url import ROWS, STAFF, address, world  # noqa: F401

from accord_clinic.actions import agreements, checkin
from accord_clinic.models import Agreement, Consent, Strain
from accord_clinic.questionnaires.submission import AskedAgain, OpenLine

NEW_EACH_TIME = (
    re.compile(r'name="(?:csrfmiddlewaretoken|key)" value="[^"]*"'),
    re.compile(r"/c/[\w-]+"),
    re.compile(r"<svg.*?</svg>", re.DOTALL),  # the picture of a new link
    re.compile(r"(?<![\w-])[\w-]{22,34}(?![\w-])"),
)
"""Tokens of a page, the picture of a new link, the name of a new row."""
POSTED = {
    "people/": {"name": "ana"},
    "people/<str:uid>/plan/": {"day": "2031-01-01", "time": "10:00", "minutes": "50", "modality": "room"},
    "people/<str:uid>/end/": {"ending": "agreed", "reason": "It is done."},
    "sessions/<str:uid>/mark/": {"state": "cancelled"},
    "sessions/<str:uid>/move/": {"day": "2031-01-01", "time": "10:00", "minutes": "50", "modality": "room"},
    "people/<str:uid>/goals/propose/": {"kind": "goal", "words": "Sleep"},
    "sessions/<str:uid>/strain/": {"kind": "unclear"},
    "practice/emergency/": {"name": "Ana", "why": "Ben is in hospital and she has called us."},
}


def everything(goal, strain):
    """A check-in in which the client uses each thing that there is."""
    said = answers("client", t1=4, t2=3, t3=("quiet",), b1=4, d1=0, sharing={"d1": "raise"})
    lines = (OpenLine("accord-check-in", "o2", "You were late."), OpenLine("accord-check-in", "o1", "Mine", "raise"))
    again = (AskedAgain(strain.uid, True, "settled"),)
    return replace(said, open_lines=lines, again=again, progress={goal.uid: 9}, picked=(goal.uid,))


pytestmark = pytest.mark.same_on_postgresql(
    reason="two walks of the same pages are compared; what each page reads is tested on both with its queries"
)


@pytest.fixture
def waiting(world, monkeypatch):  # noqa: F811
    """One more session of Ana's, not rated, with a link; a clock that stands still."""
    session = a_held_session(world.people.dyad, timezone.now() - timedelta(hours=2))
    checkin.invite(session, by=world.people.ben)
    world.things |= {"waiting": session.uid}
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    return session


def walk(world, members: str) -> dict[tuple[str, str, str], tuple]:  # noqa: F811
    """What these members get at each address that lets them in: to look, and to send and be led on."""
    seen = {}
    for route, row in ROWS.items():
        if route.startswith(("account/", "safety/", "metrics")):
            continue  # about no client; the one exception, which the client is told; the age of the sweep in seconds
        for method in ("get", "post"):
            for who in set((getattr(row, method) or "").split()) & set(members.split()):
                for at in {row.at, "waiting"} if row.at in ("held", "planned", "session") else {row.at}:
                    seen[f"{method} /{route} {at}", who] = ask(world, who, method, route, world.things.get(at, ""))
    return seen


def ask(world, who, method, route, uid) -> tuple:  # noqa: F811
    browser = world.asking
    browser.cookies = world.browsers[who].cookies.copy()
    undo = transaction.savepoint()
    response = getattr(browser, method)(address(route, uid), POSTED.get(route, {}) if method == "post" else {})
    seen = [plain(response)]
    if "Location" in response.headers:
        seen.append(plain(browser.get(response.headers["Location"])))
    transaction.savepoint_rollback(undo)
    return tuple(seen)


def plain(response) -> tuple:
    text = b"".join(response.streaming_content) if response.streaming else response.content
    # A print holds its time and a number of its own. It is made of the sheet, which is walked too.
    body = "" if response.headers["Content-Type"] == "application/pdf" else text.decode(errors="replace")
    headers = {name: same_each_time(value) for name, value in response.headers.items() if name != "Content-Length"}
    return response.status_code, headers, same_each_time(body)


def same_each_time(text: str) -> str:
    for pattern in NEW_EACH_TIME:
        text = pattern.sub("", text)
    return text


def differences(before, after) -> list[str]:
    assert before.keys() == after.keys()
    return [" as ".join(where) for where in before if before[where] != after[where]]


def test_no_address_tells_what_the_client_did(world, waiting):  # noqa: F811
    Consent.objects.all().delete()
    phone = Phone(waiting, start=False)
    silent = walk(world, STAFF)
    assert len(silent) > 150
    phone.start()
    assert Consent.objects.filter(purpose="care").exists()
    assert differences(silent, walk(world, STAFF)) == [], "the client has begun"

    said = everything(Agreement.objects.get(kind="goal"), Strain.objects.get())
    for_somebody_else = answers("client", words="I am afraid of Ben.", reader="outside")
    for what, of_client in (("everything", said), ("for somebody else", for_somebody_else)):
        undo = transaction.savepoint()
        checkin.send(waiting, "client", of_client, by=world.people.ana)
        told = differences(silent, walk(world, STAFF))
        if what == "for somebody else":  # the one whom the client named reads it: that is what it is for
            told = [where for where in told if not re.fullmatch(r"(get /(outside/)?|post /outside/.*) .*as cy", where)]
        assert told == [], what
        transaction.savepoint_rollback(undo)


def test_the_walk_finds_what_is_told(world, waiting):  # noqa: F811
    """The check is worth something only if it can fail: what both may see is seen on many pages."""
    silent = walk(world, "ben")
    agreements.propose(world.people.dyad, "goal", "Walk in the evening", "client", by=world.people.ana)
    assert len(differences(silent, walk(world, "ben"))) > 5
