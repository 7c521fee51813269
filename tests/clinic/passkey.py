"""A passkey without a browser: what pages ask of a device goes in, what an honest or a broken device says comes out."""

import json
from hashlib import sha256
from secrets import token_bytes

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

FLAG = AuthenticatorData.FLAG
SEEN = FLAG.UP | FLAG.UV


class Passkey:
    """One key on one device, for one site."""

    def __init__(self, origin: str = "https://testserver", *, rp: str = "testserver"):
        self.origin, self.rp = origin, rp
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = token_bytes(16)
        self.handle = ""

    def create(self, options: dict, flags=SEEN) -> str:
        """The answer to a page that adds a passkey."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        public = AttestedCredentialData.create(bytes(16), self.id, ES256.from_cryptography_key(self.key.public_key()))
        data = AuthenticatorData.create(self._rp_hash(), flags | FLAG.AT, 0, public)
        said = {"attestationObject": websafe_encode(AttestationObject.create("none", data, {})), "transports": []}
        return self._answer("webauthn.create", asked["challenge"], said, {"credProps": {"rk": True}})

    def get(self, options: dict, flags=SEEN) -> str:
        """The answer to a page that wants to be shown it."""
        challenge = options["publicKey"]["challenge"]
        data = AuthenticatorData.create(self._rp_hash(), flags, 0)
        signed = bytes(data) + sha256(self._client_data("webauthn.get", challenge)).digest()
        said = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": self.handle,
        }
        return self._answer("webauthn.get", challenge, said, {})

    def _answer(self, kind: str, challenge: str, said: dict, extensions: dict) -> str:
        said["clientDataJSON"] = websafe_encode(self._client_data(kind, challenge))
        own = websafe_encode(self.id)
        answer = {"id": own, "rawId": own, "type": "public-key", "clientExtensionResults": extensions}
        return json.dumps(answer | {"response": said})

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return CollectedClientData.create(type=kind, challenge=challenge, origin=self.origin)

    def _rp_hash(self) -> bytes:
        return sha256(self.rp.encode()).digest()
