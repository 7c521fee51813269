"""Links and codes: opaque, made from the system's randomness, and known to the database by their hash alone."""

import hashlib
import hmac
import secrets


def new_token() -> str:
    """128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """Six digits for a one-time code; few tries and a short life make up for its shortness."""
    return f"{secrets.randbelow(1_000_000):06d}"


def digest(secret: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def code_digest(client_id: int, code: str, signing_key: str) -> str:
    """What the database keeps of a code. Keyed, since a million codes are soon tried against a bare hash."""
    return hmac.new(signing_key.encode(), f"{client_id}:{code}".encode(), hashlib.sha256).hexdigest()
