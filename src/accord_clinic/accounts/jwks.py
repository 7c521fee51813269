"""The key that somebody else signs with, chosen from their JSON Web Key Set. Whoever checks a signature asks here."""

from typing import Any

import jwt


def signing_key(keys: dict[str, Any], name: str | None) -> jwt.PyJWK:
    """The key with this name; without a name, the only one. Raises `jwt.PyJWKSetError` where it is not exactly one."""
    usable = [key for key in jwt.PyJWKSet.from_dict(keys).keys if key.public_key_use in (None, "sig")]
    named = [key for key in usable if key.key_id == name] if name else usable
    if len(named) != 1:
        raise jwt.PyJWKSetError("not exactly one key")
    return named[0]
