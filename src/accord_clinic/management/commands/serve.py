"""`accord_clinic serve`: bring the database up to date, then run the web server and the sweep until told to stop."""

import sys
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from accord.errors import BadInput
from accord_clinic.actions import erasure
from accord_clinic.models import Practice
from accord_clinic.upkeep import serving


class Command(BaseCommand):
    help = "Run the practice: web server and, beside it, the sweep that opens sessions and delivers notices."

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, help="8000, or the port in ACCORD_URL where that names this machine")
        parser.add_argument("--workers", type=int, default=2)

    def handle(self, host, port, workers, **_options):
        if settings.HERE_ALONE and not serving.is_loopback(host):
            raise BadInput(
                f"ACCORD_URL is {settings.PUBLIC_URL}, without TLS: Accord listens on this machine only, not on {host}."
            )
        port = _port(port)
        serving.check_port(host, port)
        serving.prepare()
        practice = Practice.objects.first()
        if practice is None:
            raise BadInput(
                f"There is no practice in {settings.DATA}. Run accord_clinic init first, or set ACCORD_DATA and "
                "ACCORD_KEYS to where it lies."
            )
        if practice.demo != settings.DEMO:
            raise BadInput("The demo practice is for accord_clinic demo only, and a real practice never for it.")
        # Whichever way an older database came back, of PostgreSQL's own restore too: who was erased stays erased, and
        # two records that became one are one.
        for line in serving.merged_again():
            self.stdout.write(line)
        if again := erasure.reapply():
            self.stdout.write(f"{again} people asked to be erased after the day of this database. They are, again.")
        self.stdout.write(f"{practice.name}: listening on {host}, port {port}. Ctrl-C stops it.\n{where_it_opens()}")
        self.stdout.flush()
        sys.exit(serving.run(host, port, workers))


def _port(wanted: int | None) -> int:
    """The port to listen on: every link has the one in ACCORD_URL, so without a web server in front it is that one."""
    if not settings.HERE_ALONE:
        return wanted or 8000
    try:
        linked = urlsplit(settings.PUBLIC_URL).port or 80
    except ValueError as error:
        raise BadInput(f"ACCORD_URL is {settings.PUBLIC_URL}: {error}.") from None
    if wanted not in (None, linked):
        raise BadInput(f"ACCORD_URL is {settings.PUBLIC_URL}, --port is {wanted}. Give both the same port.")
    return linked


def where_it_opens() -> str:
    """What to type into a browser, and what is missing before it answers."""
    if settings.SECURE_SSL_REDIRECT and settings.SECURE_PROXY_SSL_HEADER is None:
        return (
            "No page opens yet: without TLS each leads to https. Put a web server with TLS in front and set "
            "ACCORD_BEHIND_PROXY=1 (docs/how-to/deploy.md). To try it on this machine alone, set "
            "ACCORD_URL=http://localhost:8000."
        )
    return f"Open {settings.PUBLIC_URL}/"
