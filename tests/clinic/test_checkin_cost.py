"""What a check-in costs: few queries, however long the course, and few bytes."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.clinic.people import a_course, a_session
from tests.clinic.phone import USUAL, Phone

from accord_clinic.actions import agreements
from accord_clinic.models import Measure, Response

MOST_QUERIES = 8
MOST_BYTES = 30_000


@pytest.fixture(params=[3, 15], ids=["4 sessions", "16 sessions"])
def phone(request, dyad, people):
    """A course with a concern, two goals with a task each, and an outcome measure."""
    Measure.objects.create(dyad=dyad, instrument="phq-9", every=1)
    a_course(dyad, request.param)
    for words in ("Sleep through the night", "See my sister"):
        goal = agreements.propose(dyad, "goal", words, "client", by=people.ana)
        task = agreements.propose(dyad, "task", "One step", "client", by=people.ana, goal=goal)
        for row in (goal, task):
            for side, by in (("client", people.ana), ("therapist", people.ben)):
                agreements.seal(row, side, seen=row.wordings.get().pk, by=by)
    return Phone(a_session(dyad, state="held"))


def spent(act):
    """The statements of one act, without the brackets of a transaction and PostgreSQL's lock of the audit log."""
    with CaptureQueriesContext(connection) as seen:
        act()
    brackets = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "SELECT pg_advisory")
    return [q["sql"] for q in seen.captured_queries if not q["sql"].startswith(brackets)]


def on_the_wire(phone):
    """Bytes of the page of questions, as every browser asks for it."""
    return len(phone.browser.get(phone.url, headers={"accept-encoding": "gzip"}).content)


def test_the_first_page(phone):
    assert len(spent(lambda: phone.browser.get(f"/c/{phone.token}"))) <= MOST_QUERIES


def test_the_questions(phone):
    assert len(spent(phone.open)) <= MOST_QUERIES


def test_the_last_look(phone):
    phone.open()
    assert len(spent(lambda: phone.browser.post(phone.url, {"key": phone.key, **USUAL}))) <= MOST_QUERIES


def test_sending(phone):
    phone.open()
    posted = {"key": phone.key, "reviewed": "page", **USUAL, "0-o2": "Less homework"}
    seen = spent(lambda: phone.browser.post(phone.url, posted))
    assert Response.objects.filter(submission__in=[phone.key.partition(".")[0]]).count() >= 2
    assert len(seen) <= MOST_QUERIES, "\n".join(seen)


def test_the_thanks_and_the_questions_again(phone):
    phone.send({**USUAL, "0-o2": "Less homework", "0-t1": "2", "share.0-t1": "not_yet"})
    assert len(spent(lambda: phone.browser.get(phone.url + "received/"))) <= MOST_QUERIES
    assert len(spent(phone.open)) <= MOST_QUERIES


def test_the_longest_page_is_small(phone):
    """The full check-in, the wider look, PHQ-9, tasks and goals, with the rows of the last look."""
    assert on_the_wire(phone) <= MOST_BYTES


def test_the_longest_first_page_is_small(dyad):
    """The full check-in, the starting path and PHQ-9."""
    Measure.objects.create(dyad=dyad, instrument="phq-9", every=1)
    assert on_the_wire(Phone(a_session(dyad, state="held"))) <= MOST_BYTES
