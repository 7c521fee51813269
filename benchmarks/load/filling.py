"""One course of care in; as many copies of it as wanted out, made by PostgreSQL itself, so that millions take minutes.

Every second therapist has rated the last session already, so that every second check-in that is sent opens it. Each
copy of a row has the number of its pattern plus a multiple of a stride, and so have the rows it points to.
"""

import argparse
import json
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accord_clinic.settings")
django.setup()

import time  # noqa: E402
from datetime import timedelta  # noqa: E402

from allauth.account.internal.flows import login  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client as Browser  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402
from tests.clinic.people import a_dyad, a_held_session, answers  # noqa: E402

from accord_clinic.actions import checkin  # noqa: E402
from accord_clinic.models import (  # noqa: E402
    Client,
    Comment,
    Dyad,
    Invitation,
    Member,
    Response,
    Session,
    Signal,
    Strain,
    StrainMove,
)

COPIED = (Member, Client, Dyad, Session, Response, Comment, Strain, StrainMove, Signal, Invitation)
STRIDE = 1000
SIGNED_IN = 20
OVER_DAYS = 4
"""A caseload's last sessions are spread over so many days; nobody sees forty people on one."""


def pattern(sessions: int) -> Dyad:
    """One course: so many rated sessions, and one more, today, rated by the therapist alone, with an open link."""
    ben, start = Member.objects.get(), timezone.now() - timedelta(days=7 * (sessions + 1))
    dyad = a_dyad(ben, "Somebody", started=start.date())
    for week in range(sessions):
        at = start + timedelta(days=7 * week)
        # Like what people say: mostly well, now and then not, so that courses have something to show.
        said = {"d1": 3 if week % 4 else 2, "m1": 3 if week % 3 else 4, "t1": int(week % 7 == 5)}
        a_held_session(
            dyad,
            at,
            client=answers("client", **said, words="A line" if week % 5 == 0 else ""),
            therapist=answers("therapist"),
        )
    last = a_held_session(dyad, timezone.now() - timedelta(hours=3), therapist=answers("therapist"))
    checkin.invite(last, by=ben)
    return dyad


def fill(dyad: Dyad, clients: int, therapists: int) -> None:
    """Copy the pattern. Client number n has therapist number n modulo `therapists`, and the link `load-n`.

    The last session of every second one has not been rated by the therapist.
    """
    last = dyad.sessions.order_by("-start").first()
    columns_of = {model: list(model._meta.concrete_fields) for model in COPIED}
    with connection.cursor() as cursor:
        for model, fields in columns_of.items():
            copies = therapists - 1 if model is Member else clients - 1
            names = ", ".join(f'"{f.column}"' for f in fields)
            values = ", ".join(_copied(f, therapists) for f in fields)
            table = model._meta.db_table
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} p, generate_series(1, {copies}) n"
                + (f" WHERE n % 2 = 0 OR p.session_id <> {last.pk}" if model is Response else "")
            )
        for statement in connection.ops.sequence_reset_sql(no_style(), COPIED):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def _copied(field, therapists: int) -> str:
    """The SQL of one column of a copy."""
    if field.name == "uid":
        return "substr(md5(random()::text || n || p.id), 1, 22)"
    if field.column == "token_hash":
        return "encode(sha256(('load-' || n)::bytea), 'hex')"
    if field.model is Member and field.name == "email":
        return "'t' || n || '@example.org'"
    if field.model is Member and field.name == "roles":
        return """'["therapist"]'::jsonb"""
    if field.model is Session and field.name in ("start", "reveal_due"):
        return f"p.{field.column} - n / {therapists} % {OVER_DAYS} * interval '1 day'"
    if field.related_model is Member:
        return f'p."{field.column}" + (n % {therapists}) * {STRIDE}'
    if field.primary_key or field.related_model in COPIED:
        return f'p."{field.column}" + n * {STRIDE}'
    return f'p."{field.column}"'


def sign_in(members: list[Member]) -> dict[str, list[str]]:
    """An open session for each of some therapists, with the addresses of some of their dyads."""
    opened = {}
    for member in members:
        session = SessionStore()
        now = time.time()
        session.update({
            SESSION_KEY: str(member.pk), HASH_SESSION_KEY: member.get_session_auth_hash(),
            "_auth_user_backend": settings.AUTHENTICATION_BACKENDS[0], "began": now, "seen": now,
            login.AUTHENTICATION_METHODS_SESSION_KEY: [{"method": "mfa", "type": "totp", "at": now}],
            login._AUTHENTICATION_METHODS_USER_SESSION_KEY: str(member.pk),
        })  # fmt: skip
        session.save()
        opened[session.session_key] = list(member.dyads.order_by("id").values_list("uid", flat=True)[:20])
    return opened


def queries(key: str, dyad: str, link: str) -> dict[str, int]:
    """How many SQL queries each page makes now."""
    browser = Browser(headers={"host": "localhost", "x-forwarded-proto": "https"})
    browser.cookies["__Host-accord"] = key
    counted = {}
    for name, address in {"Today": "/today/", "dyad": f"/people/{dyad}/", "link": f"/c/{link}"}.items():
        browser.get(address)
        with CaptureQueriesContext(connection) as caught:
            answer = browser.get(address)
        counted[name] = len(caught)
        assert answer.status_code == 200, (name, answer.status_code)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("clients", "sessions", "therapists"):
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    dyad = pattern(asked.sessions)
    Invitation.objects.update(token_hash=checkin.links.digest("load-0"))
    small = queries(next(iter(sign_in([dyad.therapist]))), dyad.uid, "load-0")
    began = time.monotonic()
    fill(dyad, asked.clients, asked.therapists)
    took = time.monotonic() - began
    opened = sign_in(list(Member.objects.order_by("id")[:SIGNED_IN]))
    key, dyads = next(iter(opened.items()))
    print("FILLED", json.dumps({
        "responses": Response.objects.count(), "took": round(took, 1), "opened": opened,
        "queries": {name: [n, queries(key, dyads[0], "load-0")[name]] for name, n in small.items()},
    }))  # fmt: skip


if __name__ == "__main__":
    main()
