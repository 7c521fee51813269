"""Whether an address of another machine, or a telephone number, is safe to send to.

A new kind of address is judged here.
"""

import re
from urllib.parse import urlsplit

NUMBER = re.compile(r"\+?[0-9(][0-9 ()/.-]{3,38}[0-9]")
"""As people write them. No line break: gateways would take what follows for a header or a second message."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def safe(address: str) -> bool:
    """Over TLS, or not leaving this machine."""
    try:
        parts = urlsplit(address)
    except ValueError:  # brackets that hold no address
        return False
    if parts.username is not None or "\\" in address:  # browsers read another host there than Python does
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def origin(address: str) -> str:
    """Scheme, host and port, as browsers name where a page comes from."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_number(text: str) -> bool:
    """Whether this can be a telephone number."""
    return bool(NUMBER.fullmatch(text)) and sum(c.isdigit() for c in text) >= 5
