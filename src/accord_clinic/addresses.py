"""The address of another machine in; whether what goes there can be read on the way, out."""

from urllib.parse import urlsplit

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def safe(address: str) -> bool:
    """Over TLS, or not leaving this machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
