"""The key by which Accord proves to care records who it is (`private_key_jwt`), made when it is first asked for."""

import os
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from accord_clinic.links import digest

FILE = "launch.pem"


@dataclass(frozen=True)
class OwnKey:
    """The private key, the public one as others get it, and the name that both have."""

    private: ec.EllipticCurvePrivateKey
    public: dict[str, Any]
    name: str


def own_key() -> OwnKey:
    """From the folder of keys; whoever has the file can open the charts that care records let Accord open."""
    path = settings.KEYS / FILE
    if not path.exists():
        made = ec.generate_private_key(ec.SECP384R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        partial = path.with_suffix(".partial")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(made)
        os.replace(partial, path)
    private = serialization.load_pem_private_key(path.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    public = jwt.algorithms.ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    name = digest(f"{public['x']}{public['y']}")[:16]
    return OwnKey(private, public | {"kid": name, "alg": "ES384", "use": "sig"}, name)
