"""Fetch a calendar from the secret address of a feed, to no machine but the one that was named and may be asked.

The address comes from a member, and the server stands inside the practice's network: so https alone, no redirect, and
no private address unless the host stands in ACCORD_CALENDAR_HOSTS. The name is resolved once, judged, and that very
address is connected to, so that a name which changes between the two leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import certifi
import urllib3
from django.conf import settings

from accord_clinic.imports.calendar.reading import MOST_BYTES

PATIENCE = 20.0
"""Seconds for the whole answer. Google's feeds of five million bytes take about three."""


class NotFetched(Exception):
    """The feed gave no calendar. The argument is a code for `words/calendars.py`."""


@dataclass(frozen=True)
class Fetched:
    """What the feed sent; `content` is None where it says that nothing has changed since `tag`."""

    content: bytes | None
    tag: str
    """Its ETag, or its Last-Modified where it has none."""


def https(address: str) -> str:
    """The address as it is fetched: calendar programs write `webcal://` where they mean https."""
    address = address.strip()
    for scheme in ("webcal://", "webcals://"):
        if address.lower().startswith(scheme):
            return "https://" + address[len(scheme) :]
    return address


def fetch(address: str, tag: str = "") -> Fetched:
    """Ask the feed once. Raises `NotFetched`."""
    parts = urlsplit(https(address))
    named = parts.hostname in settings.CALENDAR_HOSTS
    if not parts.hostname or parts.username or (parts.scheme != "https" and not (named and parts.scheme == "http")):
        raise NotFetched("not_https")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise NotFetched("not_https") from error
    pool = _pool(parts.scheme, parts.hostname, _resolve(parts.hostname, port, named), port)
    headers = {"Host": parts.netloc, "Accept": "text/calendar", "User-Agent": "Accord", "Accept-Encoding": "gzip"}
    if tag:
        headers["If-None-Match" if tag.startswith(('"', "W/")) else "If-Modified-Since"] = tag
    began = time.monotonic()
    try:
        answer = pool.request(
            "GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers=headers,
            redirect=False, retries=False, preload_content=False,
        )  # fmt: skip
        with answer:
            if answer.status == 304:
                return Fetched(None, tag)
            if answer.status != 200:
                raise NotFetched("gone" if answer.status in (401, 403, 404, 410) else "not_answered")
            content = _body(answer, began)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotFetched("not_answered") from error
    finally:
        pool.close()
    return Fetched(content, answer.headers.get("ETag") or answer.headers.get("Last-Modified") or "")


def _resolve(host: str, port: int, named: bool) -> str:
    try:
        addresses = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise NotFetched("not_answered") from error
    if not named and not all(ipaddress.ip_address(each).is_global for each in addresses):
        raise NotFetched("private")
    return str(addresses[0])


def _pool(scheme: str, host: str, address: str, port: int) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=PATIENCE / 2, read=PATIENCE / 2)
    if scheme == "http":
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=1)
    return urllib3.HTTPSConnectionPool(
        address, port, timeout=timeout, maxsize=1,
        ca_certs=certifi.where(), cert_reqs="CERT_REQUIRED", server_hostname=host, assert_hostname=host,
    )  # fmt: skip


def _body(answer: urllib3.BaseHTTPResponse, began: float) -> bytes:
    """No more than a calendar may have, packed or not, and no longer than patience lasts."""
    content = b""
    while chunk := answer.read(65536, decode_content=True):
        content += chunk
        if len(content) > MOST_BYTES:
            raise NotFetched("too_large")
        if time.monotonic() - began > PATIENCE:
            raise NotFetched("not_answered")
    return content
