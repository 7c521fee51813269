"""A canary: words that the therapist must never meet are planted, then everything is searched for them.

Planted are a line that the client keeps, a line for somebody else here, a line for statistics only, a kept answer, and
a comment that is not open yet. Searched are every address that the therapist, a colleague, the manager and the admin
can reach, its files among them; mails; logs; notices; messages; the log of reading and the audit log.
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
from tests.clinic.test_every_url import ROWS, routes, world  # noqa: F401

from accord_clinic import notices
from accord_clinic.actions import checkin, reveal, service
from accord_clinic.models import AuditEntry, Comment, Notice, PrivateLine, ReadLog, Session
from accord_clinic.submission import OpenLine

KEPT, OUTSIDE, COUNTED, NOT_YET_OPEN = "kolibri-kept", "kolibri-outside", "kolibri-counted", "kolibri-not-open"
PRIVATE = (KEPT, OUTSIDE, COUNTED)
THERAPISTS_SIDE = ("ben", "eve", "mo", "dee", "ada", "kim", "stranger")


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
    checkin.send(opened, "therapist", answers("therapist"), by=dyad.therapist)
    a_held_session(dyad, timezone.now() - timedelta(hours=1), client=answers("client", t1=3, words=NOT_YET_OPEN))
    notices.deliver()
    reveal.sweep()
    service.close_months()
    assert PrivateLine.objects.filter(words__in=PRIVATE).count() == 3
    assert Comment.objects.filter(words=NOT_YET_OPEN).exists()
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
    """Every answer to every address that a session, a dyad or a strain can be put into."""
    sessions = list(Session.objects.values_list("uid", flat=True))
    for route in sorted(set(routes()) & set(ROWS)):
        row = ROWS[route]
        uids = sessions if "sessions/" in route else [world.things.get(row.at, "")]
        for uid in uids:
            for method in ("get", "post"):
                if not (row.of == "world" and who == "stranger" and row.at == "token"):
                    yield f"{method} /{route} as {who}", world.ask(who, method, route, uid)


@pytest.mark.parametrize("who", THERAPISTS_SIDE)
def test_no_page_no_file_and_no_message_holds_them(who, planted):
    for where, response in everything(planted, who):
        told = text_of(response)
        found = [word for word in (*PRIVATE, NOT_YET_OPEN) if word in told]
        assert not found, f"{where}: {found}"


def test_the_canary_sings_where_it_may(planted):
    """The search is worth something only if it finds the words where they do belong."""
    line = PrivateLine.objects.get(words=OUTSIDE)
    assert OUTSIDE in text_of(planted.ask("cy", "get", "outside/<str:uid>/", line.uid))
    lines = text_of(planted.ask("ana", "get", "mine/<str:uid>/lines/"))
    assert KEPT in lines
    assert KEPT not in text_of(planted.ask("kim", "get", "mine/<str:uid>/lines/"))


def test_the_supervisor_meets_only_what_was_said_to_the_outside_reader(planted):
    for where, response in everything(planted, "cy"):
        told = text_of(response)
        allowed = (OUTSIDE,) if "outside/<str:uid>" in where else ()
        found = [word for word in (*PRIVATE, NOT_YET_OPEN) if word in told and word not in allowed]
        assert not found, f"{where}: {found}"


def test_logs_mails_notices_and_the_two_logs_hold_no_words(planted, caplog):
    for where, _response in everything(planted, "ben"):
        assert where
    planted.ask("cy", "get", "outside/<str:uid>/")
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
    assert found == {"accord_clinic_privateline.words", "accord_clinic_comment.words"}


def test_no_count_tells_that_something_was_kept(planted):
    """A page about two people is the same, word for word, when the private lines were never written."""
    pages = [(route, world_page(planted, route)) for route in ("people/<str:uid>/", "today/", "people/")]
    PrivateLine.objects.all().delete()
    assert [(route, world_page(planted, route)) for route, _page in pages] == pages


def world_page(world, route):  # noqa: F811
    page = world.ask("ben", "get", route).content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page)
