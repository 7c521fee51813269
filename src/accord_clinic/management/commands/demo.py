"""`accord_clinic demo`: make an invented practice on this machine once, and serve it until Ctrl-C."""

import os
import sys
import time

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection
from django.urls import reverse

from accord.errors import BadInput
from accord_clinic.demo import calendar, doors
from accord_clinic.demo.load import load
from accord_clinic.models import Member, Practice
from accord_clinic.upkeep import serving


class Command(BaseCommand):
    help = "Show Accord with an invented practice. Its data stay; --fresh starts over."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--fresh", action="store_true", help="throw the invented practice away and make it anew")
        parser.add_argument("--only-load", action="store_true", help="make the practice, print where to look, and stop")

    def handle(self, host, port, fresh, only_load, **_options):
        if not settings.DEMO:
            raise BadInput("The demo runs as accord_clinic demo and in no other way.")
        if not serving.is_loopback(host):
            raise BadInput(f"The demo lets anybody in, so it listens on this machine only, not on {host}.")
        if not only_load:
            serving.check_port(host, port)
        serving.prepare()
        self._check_invented()
        if fresh:
            self._start_over()
        made = not Practice.objects.exists()
        if made:
            self._make()
        address = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
        if made:
            calendar.connect(f"http://{host}:{port}" + reverse("demo_feed"))
        self._tell_where(address)
        if not only_load:
            # The sweep beside the web server makes links with it.
            os.environ.setdefault("ACCORD_URL", address)
            self.stdout.flush()
            connection.close()
            ended = serving.run(host, port)
            self.stdout.write("\nStopped." if ended == 0 else "\nThe web server ended by itself; its words are above.")
            sys.exit(ended)

    def _check_invented(self) -> None:
        if Practice.objects.filter(demo=False).exists():
            raise BadInput(f"{settings.DATA} holds a real practice. The demo keeps away; name another DATA folder.")

    def _start_over(self) -> None:
        """Remove the database of the invented practice, and nothing else that lies in its folder."""
        connection.close()
        database = settings.DATABASES["default"]["NAME"]
        for rest in ("", "-wal", "-shm"):
            database.with_name(database.name + rest).unlink(missing_ok=True)
        serving.prepare()

    def _make(self) -> None:
        self.stdout.write("Inventing a practice of sixty people; this takes about half a minute ...")
        self.stdout.flush()
        began = time.monotonic()
        load()
        self.stdout.write(f"Done in {time.monotonic() - began:.0f} seconds.")

    def _tell_where(self, address: str) -> None:
        therapist = Member.objects.filter(dyads__client__email=doors.HEADLINE)[0]
        lines = [
            "",
            "Everybody here is invented.",
            f"  {address}/demo/  be anybody, with one click: begin as {therapist.name}, a therapist, with Today",
        ]
        phones = doors.phones()
        if phones:
            lines.append(f"  {address}/c/{doors.phone_link(phones[0].uid)}  the phone of {phones[0].client}, a client")
        lines += [
            "  From the first page you can also be Cyrus, the supervisor, Mona, the manager, or Dana, the researcher.",
            "  One-time codes and notices appear here. Ctrl-C stops it; make demo starts it again with the same data.",
            "",
        ]
        self.stdout.write("\n".join(lines))
