"""Examine a running installation: for each thing that can be wrong, say whether it is well and what to do if not."""

import shutil
import smtplib
import ssl
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import DatabaseError, connection

from accord_clinic.addresses import origin
from accord_clinic.database import engine, keys
from accord_clinic.models import Member, Notice, Practice
from accord_clinic.upkeep import audit_anchor, health

DAY = 86_400
BACKUP_IN = 2 * DAY
SKEW = 5
ROOM = 2 * 10**9
ONCE_UNASKED = "In an emergency call 112."
"""The text that stood on clients' pages where nobody was asked; it is right in some countries only."""
TIMEDATECTL = "/usr/bin/timedatectl"


@dataclass(frozen=True)
class Verdict:
    """The result of one check."""

    about: str
    well: bool
    says: str


def examine() -> list[Verdict]:
    """Run all checks; those that need the database are left out where it does not answer."""
    findings = [_program(), _demo(), _hosts(), _tls(), _key_files(), _room()]
    database = _database()
    findings.append(database)
    if database.well:
        findings += [look() for look in AFTER_THE_DATABASE]
    return [*findings, _mail(), _sign_on(), _backups()]


def _program() -> Verdict:
    """Django's own checks of code and settings, those for a practice that strangers can reach included."""
    messages = checks.run_checks(include_deployment_checks=settings.TLS)
    wrong = [message for message in messages if message.level >= checks.WARNING and not message.is_silenced()]
    if wrong:
        return Verdict(
            "program", False, " ".join(f"{message.id}: {message.msg} {message.hint or ''}".strip() for message in wrong)
        )
    return Verdict("program", True, "Django's own checks find nothing.")


def _demo() -> Verdict:
    if settings.DEMO:
        return Verdict("mode", False, "demo: no second factor, no TLS. Unset ACCORD_DEMO for a real practice.")
    return Verdict("mode", True, "a real practice.")


def _hosts() -> Verdict:
    outside = [h for h in settings.ALLOWED_HOSTS if h not in ("localhost", "127.0.0.1", "[::1]", "")]
    if "*" in outside:
        return Verdict(
            "address", False, "ACCORD_HOSTS is *: anybody could put a name of theirs into links. Name yours."
        )
    if not outside:
        return Verdict(
            "address", False, "only this machine can reach it. Set ACCORD_HOSTS to the name clients will use."
        )
    return Verdict("address", True, ", ".join(outside))


def _tls() -> Verdict:
    if settings.HERE_ALONE:
        return Verdict(
            "TLS", False, f"none, since ACCORD_URL is {settings.PUBLIC_URL}. Clients need an address with https://."
        )
    if settings.SECURE_PROXY_SSL_HEADER is None and settings.SECURE_SSL_REDIRECT:
        return Verdict(
            "TLS", False, "no proxy is known, and Accord speaks no TLS itself. Set ACCORD_BEHIND_PROXY=1 behind one."
        )
    if not settings.SECURE_SSL_REDIRECT:
        return Verdict(
            "TLS", False, "requests without TLS are not sent on to TLS. Unset ACCORD_TLS_ELSEWHERE and ACCORD_DEMO."
        )
    return Verdict("TLS", True, "required; the proxy says when it was used.")


def _key_files() -> Verdict:
    loose = [p.name for p in settings.KEYS.iterdir() if p.stat().st_mode & 0o077]
    if loose or settings.KEYS.stat().st_mode & 0o077:
        return Verdict("keys", False, f"others on this machine can read them. Do: chmod -R go= {settings.KEYS}")
    sheet = settings.KEYS / keys.SHEET
    if sheet.exists() and not engine.is_postgresql():
        return Verdict("keys", False, f"{sheet} is still here. Print it, lock it away, delete the file.")
    return Verdict("keys", True, "only this user can read them.")


def _room() -> Verdict:
    free = shutil.disk_usage(settings.DATA).free
    return Verdict(
        "disk", free > ROOM, f"{free / 1e9:.0f} GB free." + ("" if free > ROOM else " Make room: check-ins need it.")
    )


def _database() -> Verdict:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, keys.BadInput) as error:
        return Verdict("database", False, f"does not answer ({str(error).strip().splitlines()[0]}).")
    if not connection.introspection.table_names():
        return Verdict("database", False, "empty. Run accord_clinic init.")
    if engine.lacks_migrations():
        return Verdict("database", False, "of another version. Run accord_clinic upgrade.")
    if Practice.objects.first() is None:
        return Verdict("database", False, "no practice yet. Run accord_clinic init.")
    return Verdict("database", True, "PostgreSQL answers." if engine.is_postgresql() else "the encrypted file opens.")


def _postgresql() -> Verdict:
    """The connection is encrypted, and the role that serves pages cannot rewrite the log."""
    if not engine.is_postgresql():
        return Verdict("rights", True, "the log is chained; its end is noted beside the keys.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('accord_clinic_auditentry', 'UPDATE'), "
            "COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false), inet_server_addr() IS NULL, "
            "COALESCE(host(inet_server_addr()) IN ('127.0.0.1', '::1'), false)"
        )
        may_change, encrypted, by_socket, loopback = cursor.fetchone()
    if may_change:
        return Verdict("rights", False, "this role can change the audit log. Use two roles: docs/how-to/postgresql.md.")
    if not (encrypted or by_socket or loopback):
        return Verdict(
            "rights", False, "the way to PostgreSQL is not encrypted. Add sslmode=verify-full to the address."
        )
    return Verdict("rights", True, "this role can only add to the log; nobody can listen on the way.")


def _changes() -> Verdict:
    """PostgreSQL can be put back to any minute only while each change is carried over to the backups."""
    if not engine.is_postgresql():
        return Verdict("changes", True, "each backup is whole; what came after it is in the practice alone.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('archive_mode'), COALESCE(last_failed_time > last_archived_time, "
            "last_failed_time IS NOT NULL) FROM pg_stat_archiver"
        )
        mode, failing = cursor.fetchone()
    if mode == "off":
        return Verdict("changes", False, "only backups are kept, not what came after. Do: docs/how-to/postgresql.md.")
    if failing:
        return Verdict("changes", False, "PostgreSQL cannot carry them over to the backups. Look into its log.")
    return Verdict("changes", True, "carried over to the backups as they happen.")


def _log() -> Verdict:
    try:
        return Verdict("audit log", True, f"{audit_anchor.verify()} entries, unbroken.")
    except audit_anchor.LogBroken as error:
        return Verdict("audit log", False, f"{error} Find out who had access; compare with a backup.")


def _sweep() -> Verdict:
    last = cache.get(health.SWEPT)
    if last is None or time.time() - last > 300:
        return Verdict(
            "sweep", False, "has not run for five minutes: no reveals, no notices. Start accord_clinic serve."
        )
    return Verdict("sweep", True, "runs.")


def _clock() -> Verdict:
    """A wrong clock opens sessions and ends links at the wrong time."""
    if engine.is_postgresql():
        before = time.time()
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            apart = float(cursor.fetchone()[0]) - (before + time.time()) / 2
        if abs(apart) > SKEW:
            return Verdict(
                "clock", False, f"PostgreSQL's clock is {apart:.0f} s apart from this one. Synchronise both."
            )
    if not _clock_is_set():
        return Verdict("clock", False, "nobody sets it. Do: apt install systemd-timesyncd, or use chrony.")
    newest = Notice.objects.order_by("-made_at").values_list("made_at", flat=True).first()
    if newest and newest.timestamp() > time.time() + SKEW:
        return Verdict("clock", False, "rows were written in what is now the future: it was, or is, wrong.")
    return Verdict("clock", True, time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()))


def _clock_is_set() -> bool:
    """Whether somebody corrects the clock: the kernel knows, whichever program it is. Elsewhere, the host's matter."""
    if not Path("/run/systemd/system").exists() or not Path(TIMEDATECTL).exists():
        return True
    asked = [TIMEDATECTL, "show", "--property=NTPSynchronized", "--value"]
    return subprocess.run(asked, capture_output=True, text=True).stdout.strip() != "no"  # noqa: S603


def _admins() -> Verdict:
    admins = [m for m in Member.objects.filter(is_active=True) if m.is_a("admin")]
    return Verdict("people", bool(admins), "has an admin." if admins else "nobody is admin. Make somebody one.")


def _place() -> Verdict:
    """Country, time zone and whom clients call in need are said here, since nothing can tell whether they are right."""
    practice = Practice.objects.get()
    if not practice.country or not practice.crisis_text.strip() or practice.crisis_text == ONCE_UNASKED:
        missing = "which country this is" if not practice.country else "whom clients should call in need"
        return Verdict("place", False, f"nobody has said {missing}. Set it under The practice.")
    return Verdict(
        "place", True, f"country {practice.country}, time zone {practice.time_zone}; in need: {practice.crisis_text}"
    )


def _mail() -> Verdict:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return Verdict(
            "mail",
            False,
            "goes nowhere. Set ACCORD_EMAIL_BACKEND=django.core.mail.backends.smtp.EmailBackend and ACCORD_SMTP_HOST.",
        )
    where = f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}"
    try:
        with _dial() as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Verdict(
            "mail", False, f"{where} does not answer ({type(error).__name__}). Check ACCORD_SMTP_HOST and _PORT."
        )
    if settings.DEFAULT_FROM_EMAIL.endswith("@localhost"):
        return Verdict("mail", False, "comes from nobody. Set ACCORD_FROM to an address of yours.")
    return Verdict("mail", True, f"{where} answers.")


def _dial() -> smtplib.SMTP:
    context = ssl.create_default_context()
    if settings.EMAIL_USE_SSL:
        return smtplib.SMTP_SSL(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=5, context=context)
    server = smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=5)
    if settings.EMAIL_USE_TLS:
        server.starttls(context=context)
    return server


def _sign_on() -> Verdict:
    """The provider of single sign-on is who it is said to be, and its pages may be opened from ours."""
    chosen, about = settings.SSO, "single sign-on"
    if chosen is None:
        return Verdict(about, True, "off.")
    try:
        about_it = f"{chosen.issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = requests.get(about_it, timeout=5, allow_redirects=False)
        answer.raise_for_status()
        configuration = answer.json()
        issuer, door = configuration["issuer"], origin(configuration["authorization_endpoint"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        problem = f"{chosen.issuer} does not say who it is ({type(error).__name__}). Check ACCORD_SSO_ISSUER."
        return Verdict(about, False, problem)
    if issuer != chosen.issuer:
        return Verdict(about, False, f"the provider calls itself {issuer}. Set ACCORD_SSO_ISSUER to exactly that.")
    if door not in chosen.form_action:
        return Verdict(about, False, f"people sign in at {door}, which no page may open. Set ACCORD_SSO_ORIGINS={door}")
    if "S256" not in configuration.get("code_challenge_methods_supported", ["S256"]):
        return Verdict(about, False, "the provider knows no PKCE with S256. Turn it on there, or take another.")
    return Verdict(about, True, f"{issuer} answers.")


def _backups() -> Verdict:
    if settings.BACKUPS is None:
        return Verdict(
            "backups", False, "nobody knows where they are. Set ACCORD_BACKUPS and the timer of docs/how-to/deploy.md."
        )
    newest = health.newest_backup()
    if newest is None:
        return Verdict(
            "backups", False, f"none in {settings.BACKUPS}. Run accord_clinic backup, or start accord-backup.service."
        )
    days = (time.time() - newest) / DAY
    if time.time() - newest > BACKUP_IN:
        return Verdict("backups", False, f"the newest is {days:.0f} days old. Look why the timer does not run.")
    return Verdict("backups", True, f"the newest is {days * 24:.0f} hours old. When did you last restore one?")


AFTER_THE_DATABASE: tuple[Callable[[], Verdict], ...] = (_postgresql, _changes, _log, _sweep, _clock, _admins, _place)
