"""A canary: words that the therapist must never meet are planted, then everything is searched for them.

Planted are a line that the client keeps, a line for somebody else here, a line for statistics only, a kept answer, and
a comment that is not open yet. Searched are every address that the therapist, a colleague, one who covers, the manager
and the admins reach, its files among them; mails; logs; notices; messages; the log of reading and the audit log. All of
it once more after what happens to a course of care: a correction, a hand-over, a therapist who leaves, an erasure.
After a restore: test_backup.
"""

import logging
import re
import zlib
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_held_session, answers
from tests.clinic.rights_steps import erase
from tests.clinic.test_every_url import ROWS, routes, world  # noqa: F401

from accord_clinic.actions import (
    care,
    checkin,
    corrections,
    cover_and_emergency,
    earlier_course,
    erasure,
    reveal,
    safety,
    service,
)
from accord_clinic.messages import notices
from accord_clinic.models import (
    Agreement,
    AuditEntry,
    Comment,
    Dyad,
    Erasure,
    KeptRating,
    Notice,
    PrivateLine,
    ReadLog,
    Session,
    Signal,
    Strain,
)
from accord_clinic.questionnaires.submission import OpenLine

THERAPIST_KEPT = "kolibri-therapist"
"""What Ben keeps of his rating: his alone, and on no page of anybody else, Ana's own space and copies among them."""
KEPT, OUTSIDE, COUNTED, NOT_YET_OPEN = "kolibri-kept", "kolibri-outside", "kolibri-counted", "kolibri-not-open"
PRIVATE = (KEPT, OUTSIDE, COUNTED)
THERAPISTS_SIDE = ("ben", "eve", "flo", "mo", "dee", "ada", "gus", "sue", "kim", "stranger")
"""Everybody but Ana herself and Cy. Flo covers for Ben, Gus is an admin who has opened the course in an emergency."""
SAME = pytest.mark.same_on_postgresql(
    reason="the walk asks every page; which tables hold the words is searched on both"
)
TREAT = ("ben", "flo")
"""Who may see what the therapist keeps."""


@pytest.fixture
def planted(world, caplog):  # noqa: F811
    """A revealed session with three private lines, and one that is not open yet with a comment for the therapist."""
    caplog.set_level(logging.DEBUG)
    dyad = world.people.dyad
    lines = tuple(
        OpenLine(CHECK_IN, item, words, reader)
        for item, words, reader in (("o1", KEPT, "raise"), ("o2", OUTSIDE, "outside"), ("o2", COUNTED, "statistics"))
    )
    said = replace(answers("client", t1=2, sharing={"t1": "not_yet"}), open_lines=lines)
    opened = world.people.dyad.sessions.get(uid=world.things["planned"])
    Session.objects.filter(pk=opened.pk).update(state="held")
    opened.refresh_from_db()
    checkin.send(opened, "client", said, by=dyad.client)
    kept = (OpenLine(CHECK_IN, "o1", THERAPIST_KEPT),)
    rating = answers("therapist", sharing={"o1": "raise"})
    rating = replace(rating, open_lines=kept, around={"picked-words": THERAPIST_KEPT})
    checkin.send(opened, "therapist", rating, by=dyad.therapist)
    a_held_session(dyad, timezone.now() - timedelta(hours=1), client=answers("client", t1=3, words=NOT_YET_OPEN))
    notices.deliver()
    reveal.sweep()
    service.close_months()
    assert PrivateLine.objects.filter(words__in=PRIVATE).count() == 3
    assert Comment.objects.filter(words=NOT_YET_OPEN).exists()
    assert KeptRating.objects.filter(value=THERAPIST_KEPT).count() == 2
    world.things["opened"] = opened.uid
    return world


def text_of(response) -> str:
    """Everything in an answer: headers, the page, and what is packed inside a PDF."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    unpacked = b""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", body, re.S):
        try:
            unpacked += zlib.decompress(stream)
        except zlib.error:
            continue
    return f"{dict(response.headers)} {body.decode(errors='replace')} {unpacked.decode(errors='replace')}"


def everything(world, who):  # noqa: F811
    """Every answer to every address, with every course, session, strain, goal and line put into it."""
    rows = {"dyad": Dyad, "strain": Strain, "goal": Agreement, "line": PrivateLine}
    of_all = {at: list(model.objects.values_list("uid", flat=True)) for at, model in rows.items()}
    sessions = list(Session.objects.values_list("uid", flat=True))
    for route in sorted(set(routes()) & set(ROWS)):
        row = ROWS[route]
        for uid in sessions if "sessions/" in route else of_all.get(row.at, [world.things.get(row.at, "")]):
            for method in row.methods:
                if not (row.of == "world" and who == "stranger" and row.at == "token"):
                    yield f"{method} /{route} as {who}", world.ask(who, method, route, uid)


@SAME
def test_no_page_no_file_no_message_and_no_log_holds_them(planted, caplog):
    for who in THERAPISTS_SIDE:
        for where, response in everything(planted, who):
            told = text_of(response)
            words = (*PRIVATE, NOT_YET_OPEN) if who in TREAT else (*PRIVATE, NOT_YET_OPEN, THERAPIST_KEPT)
            found = [word for word in words if word in told]
            assert not found, f"{where}: {found}"
    planted.ask("cy", "get", "outside/<str:uid>/")
    holds_no_words(caplog)


@SAME
def test_what_a_therapist_keeps_is_on_no_page_of_the_client_or_the_supervisor_either(planted, caplog):
    for who in ("cy", "ana"):
        for where, response in everything(planted, who):
            assert THERAPIST_KEPT not in text_of(response), where
    for holder in (Notice, AuditEntry, ReadLog):
        assert THERAPIST_KEPT not in str(list(holder.objects.values()))
    assert THERAPIST_KEPT not in caplog.text
    ours = planted.ask("ben", "get", "sessions/<str:uid>/rated/", planted.things["opened"])
    assert THERAPIST_KEPT in text_of(ours), "the walk would find it where it is"


def a_correction(world):  # noqa: F811
    """Ana has said that something is wrong, and Ben has answered."""
    row = corrections.ask(world.people.dyad, "It was a Tuesday", by=world.people.ana)
    corrections.answer(row, "Changed", by=world.people.ben)


def a_hand_over(world):  # noqa: F811
    """Eve is Ana's therapist from today on, and Ben was. Ana lets her see all that he could."""
    after = care.hand_over(world.people.dyad, world.people.eve, timezone.localdate(), by=world.people.ben)
    earlier_course.show_earlier(after, "course", by=world.people.ana)
    assert world.ask("eve", "get", "people/<str:uid>/").status_code == 200


def a_therapist_who_left(world):  # noqa: F811
    """And then Ben has left, so that an admin answers what Ana says is wrong there."""
    a_hand_over(world)
    for other in Dyad.objects.filter(therapist=world.people.ben, ended=None):
        care.hand_over(other, world.people.eve, timezone.localdate(), by=world.people.ben)
    cover_and_emergency.leave(world.people.ben, by=world.people.ada)
    corrections.ask(world.people.dyad, "It was a Wednesday", by=world.people.ana)


def a_request_for_erasure(world):  # noqa: F811
    """Ana has asked for erasure, and the practice keeps the record."""
    erasure.ask(world.people.ana, by=world.people.ana)
    erasure.decide(Erasure.objects.get(client=world.people.ana.pk), ["record"], ["law"], by=world.people.ada)


def an_erasure(world):  # noqa: F811
    """What was done after a safety answer is recorded, and Ana is erased."""
    safety.look_after(Signal.objects.get(kind="safety"), ["assessment"], by=world.people.cy)
    erase(world.people.ana, by=world.people.ada)


AFTERWARDS = [
    (a_correction, "ben gus"),
    (a_hand_over, "eve flo"),
    (a_therapist_who_left, "eve ada"),
    (a_request_for_erasure, "ben cy ada"),
    (an_erasure, "ben cy ada"),
]


@SAME
@pytest.mark.parametrize(("happens", "walkers"), AFTERWARDS, ids=lambda one: getattr(one, "__name__", ""))
def test_nor_does_any_after_what_happens_to_a_course(happens, walkers, planted, caplog):
    happens(planted)
    notices.deliver()
    for who in walkers.split():
        for where, response in everything(planted, who):
            told = text_of(response)
            found = [word for word in (*PRIVATE, NOT_YET_OPEN) if word in told]
            assert not found, f"{where}: {found}"
    holds_no_words(caplog)
    assert AuditEntry.objects.count() > 20
    for entry in AuditEntry.objects.all():
        assert all(re.fullmatch(pattern, told) for pattern, told in log_line(entry)), vars(entry)


def log_line(entry):
    """What an entry of the audit log says, and what it may look like: ids, and names of fields, acts and tables."""
    yield r"system|(?:member|client):\d+", entry.actor
    yield r"[a-z_]+", entry.act
    yield r"[a-z_]+:[\w-]+", entry.row
    yield from ((r"[\w.-]{1,40}", field) for field in entry.fields)


def test_the_canary_sings_where_it_may(planted):
    """The search is worth something only if it finds the words where they do belong."""
    line = PrivateLine.objects.get(words=OUTSIDE)
    assert OUTSIDE in text_of(planted.ask("cy", "get", "outside/<str:uid>/", line.uid))
    lines = text_of(planted.ask("ana", "get", "mine/<str:uid>/lines/"))
    assert KEPT in lines
    assert KEPT not in text_of(planted.ask("kim", "get", "mine/<str:uid>/lines/"))


@SAME
def test_the_supervisor_meets_only_what_was_said_to_the_outside_reader(planted):
    for where, response in everything(planted, "cy"):
        told = text_of(response)
        allowed = (OUTSIDE,) if "outside/<str:uid>" in where else ()
        found = [word for word in (*PRIVATE, NOT_YET_OPEN) if word in told and word not in allowed]
        assert not found, f"{where}: {found}"


def holds_no_words(caplog):
    """The log of the program, mails, notices, the log of reading and the audit log."""
    written = [caplog.text, *(f"{m.subject} {m.body} {m.extra_headers}" for m in mail.outbox)]
    written += [str(row) for table in (AuditEntry, Notice, ReadLog) for row in table.objects.values()]
    for word in (*PRIVATE, NOT_YET_OPEN):
        assert not [one for one in written if word in one], word


def test_the_words_lie_in_the_tables_made_for_them_and_nowhere_else(planted):
    """The whole database is searched, column by column."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            for column in columns:
                cursor.execute(f'SELECT COUNT(*) FROM "{table}" WHERE CAST("{column}" AS TEXT) LIKE %s', ["%kolibri%"])
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column}")
    own = {"accord_clinic_privateline.words", "accord_clinic_keptrating.value", "accord_clinic_comment.words"}
    assert found == own


def test_no_count_tells_that_something_was_kept(planted):
    """A page about two people is the same, word for word, when the private lines were never written."""
    pages = [(route, world_page(planted, route)) for route in ("people/<str:uid>/", "today/", "people/")]
    PrivateLine.objects.all().delete()
    assert [(route, world_page(planted, route)) for route, _page in pages] == pages


def world_page(world, route):  # noqa: F811
    page = world.ask("ben", "get", route).content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)
