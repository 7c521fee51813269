"""Print what each page costs beside a bare Django view: `python -m benchmarks.web [--sizes 1000,50000] [--rounds 25]`.

`plain` is the same page where every prepared query (`database/prepared.py`) runs as the plain queryset that it was made
from. Each size runs in a process of its own on a fresh encrypted database. Within it, every page and the bare view take
turns in the same minute, so that what else the machine does falls on all alike. CPU is this process's own.
"""

import argparse
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from html import unescape
from itertools import count, cycle
from unittest.mock import patch

SIZES = (1_000, 50_000, 1_000_000)
GOALS = {
    "check-in": 6, "check-in, link": 6, "check-in, sent": 6, "today": 20, "people": 15, "search": 12, "dyad": 20,
    "manager": 30,
}  # fmt: skip


def main() -> None:
    """Measure every size and print one table for each."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__)
    arguments.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="numbers of responses, separated by commas"
    )
    arguments.add_argument("--rounds", type=int, default=25, help="how often each page is asked for")
    arguments.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.rounds)))
        return
    for size in map(int, options.sizes.split(",")):
        show(size, run_apart(size, options.rounds))


def run_apart(size: int, rounds: int) -> dict:
    """One size in a process and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="accord-bench-") as folder:
        env = os.environ | {
            "ACCORD_DATA": f"{folder}/data",
            "ACCORD_DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "accord_clinic.settings",
        }
        command = [sys.executable, "-m", "benchmarks.web", "--one", str(size), "--rounds", str(rounds)]
        return json.loads(
            subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
        )


def show(size: int, rows: dict) -> None:
    bare, member = rows.pop("bare")["cpu"], rows.pop("bare, signed in")["cpu"]
    print(f"\n{size:,} responses; a bare view takes {bare:.2f} ms of CPU, one that knows who is signed in {member:.2f}")
    heads = {
        "CPU ms": 9, "median ms": 11, "× bare": 8, "goal": 6, "plain × bare": 14, "× signed in": 13, "queries": 9,
        "kB gz": 7,
    }  # fmt: skip
    print(f"{'page':16}" + "".join(f"{head:>{width}}" for head, width in heads.items()))
    for name, row in rows.items():
        signed_in = "" if name.startswith("check-in") else f"{row['cpu'] / member:.1f}"
        print(
            f"{name:16}{row['cpu']:>9.2f}{row['wall']:>11.2f}{row['cpu'] / bare:>8.1f}{GOALS[name]:>6}"
            f"{row['plain'] / bare:>14.1f}{signed_in:>13}{row['queries']:>9}{row['kB']:>7.1f}"
        )


def measure(size: int, rounds: int) -> dict:
    """Fill, then ask for each page in turn."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    settings.ROOT_URLCONF = "benchmarks.web.urls"
    settings.ALLOWED_HOSTS = ["testserver"]
    from benchmarks.web.fill import fill

    pages = _pages(fill(size))
    for ask in pages.values():
        ask()
    times = {name: ([], [], []) for name in pages}
    for _round in range(rounds):
        for name, ask in pages.items():
            cpu, wall = ask()[1:]
            with _plain_querysets():
                plain = ask()[1]
            for measured, seconds in zip(times[name], (cpu, wall, plain), strict=True):
                measured.append(seconds)
    return {name: _row(pages[name], *times[name]) for name in pages}


def _row(ask, cpu, wall, plain) -> dict:
    answer = ask()[0]
    return {
        "cpu": statistics.median(cpu) * 1e3, "wall": statistics.median(wall) * 1e3,
        "plain": statistics.median(plain) * 1e3,
        "queries": answer.queries, "kB": len(gzip.compress(answer.content)) / 1e3,
    }  # fmt: skip


@contextmanager
def _plain_querysets():
    """Every prepared query as the queryset that it was made from, built and compiled anew each time."""
    from accord_clinic.database.prepared import Prepared

    def rows(prepared, *values):
        return list(prepared.make(*(values or prepared.places)))

    with patch.multiple(Prepared, rows=rows, all=rows):
        yield


def _pages(therapist) -> dict:
    """Each page by name, as something to call that gives the answer, its CPU seconds and its wall seconds."""
    from django.db import connection
    from django.test import Client as Browser

    from accord_clinic.actions import care, checkin
    from accord_clinic.models import Dyad, Invitation

    dyad = Dyad.objects.filter(therapist=therapist).select_related("client", "therapist").order_by("id").first()
    last = dyad.sessions.order_by("-start").first()
    session = care.plan_session(dyad, last.start + timedelta(days=7), by=therapist, state="held")
    phone, office, anybody = Browser(), Browser(), Browser()
    token = checkin.invite(session, by=therapist)
    phone.post(f"/c/{token}")
    office.force_login(therapist)
    url = f"/check-in/{Invitation.objects.latest('id').uid}/"
    name = dyad.client.name.split()[0]

    def timed(browser, method, *args):
        asked = []
        with connection.execute_wrapper(lambda run, *query: (asked.append(query[0]), run(*query))[1]):
            wall, cpu = time.perf_counter(), time.process_time()
            answer = getattr(browser, method)(*args)
            cost = time.process_time() - cpu, time.perf_counter() - wall
        answer.queries = len(asked)
        assert answer.status_code in (200, 302), (args, answer.status_code)
        return answer, *cost

    # Of another therapist, or their sessions would all be rows on the Today that is measured.
    others = cycle(Dyad.objects.exclude(therapist=therapist).select_related("client", "therapist"))
    minutes = count(1)

    def send():
        """Each time for somebody else, since one session's answers would pile up."""
        other = next(others)
        start = session.start + timedelta(minutes=next(minutes))
        held = care.plan_session(other, start, by=other.therapist, state="held")
        phone.post(f"/c/{checkin.invite(held, by=other.therapist)}")
        there = f"/check-in/{Invitation.objects.latest('id').uid}/"
        page = phone.get(there).content.decode()
        key = unescape(re.search(r'name="key" value="([^"]+)"', page)[1])
        fields = dict.fromkeys(re.findall(r'name="(\d+-[dmbv]\d)"', page), "3")
        return timed(phone, "post", there, {"key": key, "reviewed": "page", **fields})

    return {
        "bare": lambda: timed(anybody, "get", "/bare/"),
        "bare, signed in": lambda: timed(office, "get", "/bare/member/"),
        "check-in": lambda: timed(phone, "get", url),
        "check-in, link": lambda: timed(phone, "get", f"/c/{token}"),
        "check-in, sent": send,
        "today": lambda: timed(office, "get", "/today/"),
        "people": lambda: timed(office, "get", "/people/"),
        "search": lambda: timed(office, "post", "/people/", {"name": name}),
        "dyad": lambda: timed(office, "get", f"/people/{dyad.uid}/"),
        "manager": lambda: timed(office, "get", "/service/"),
    }


if __name__ == "__main__":
    main()
