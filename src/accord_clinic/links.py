"""Links and codes: opaque, made from the system's randomness, and known to the database by their hash alone."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken

READABLE = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_token() -> str:
    """128 random bits, safe in a URL."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """Six digits for a one-time code; few tries and a short life make up for its shortness."""
    return f"{secrets.randbelow(1_000_000):06d}"


def new_paper_code() -> str:
    """Eight letters and digits that a pen cannot confuse, as printed on a paper form."""
    return "".join(secrets.choice(READABLE) for _place in range(8))


def paper_digest(code: str) -> str:
    """What the database keeps of the code of a paper form: apart from tokens, so that a code opens no link."""
    return digest(f"paper:{code.upper().replace('-', '').replace(' ', '')}")


def digest(secret: str) -> str:
    """What the database keeps of a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed(what: str, text: str, signing_key: str) -> str:
    """What the database keeps of something short that is only ever compared: an address, a code.

    Keyed, since a million codes or a list of addresses are soon tried against a bare hash. `what` keeps kinds apart.
    """
    return hmac.new(signing_key.encode(), f"{what}:{text}".encode(), hashlib.sha256).hexdigest()


def code_digest(row: int, code: str, signing_key: str, about: str = "") -> str:
    """What the database keeps of a code: bound to the row that asked, and to the new address that it is about."""
    return keyed("code", f"{row}:{about}:{code}", signing_key)


def seal(what: str, text: str, signing_key: str) -> str:
    """A secret of somebody else's that has to be read again, such as the address of a feed: encrypted."""
    return _box(what, signing_key).encrypt(text.encode()).decode()


def unseal(what: str, sealed: str, signing_key: str) -> str:
    """The secret; empty where the key is another one by now."""
    try:
        return _box(what, signing_key).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


def seal_file(what: str, contents: bytes, signing_key: str) -> bytes:
    """The contents of a file that lies in the database for a while: encrypted with a key that lies elsewhere."""
    return _box(what, signing_key).encrypt(contents)


def unseal_file(what: str, sealed: bytes, signing_key: str) -> bytes:
    """The contents; empty where the key is another one by now."""
    try:
        return _box(what, signing_key).decrypt(sealed)
    except InvalidToken:
        return b""


def _box(what: str, signing_key: str) -> Fernet:
    key = hmac.new(signing_key.encode(), f"seal:{what}".encode(), hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def new_receipt() -> str:
    """Sixteen letters and digits that a pen cannot confuse: years later they show what a request for erasure led to."""
    letters = "".join(secrets.choice(READABLE) for _place in range(16))
    return "-".join(letters[i : i + 4] for i in range(0, 16, 4))


def receipt_digest(code: str) -> str:
    """What the database keeps of a receipt, as it was typed with or without dashes."""
    return digest(f"receipt:{code.upper().replace('-', '').replace(' ', '')}")
