"""Read from environment and keys folder the one OpenID Connect provider that members may sign in with, or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from accord.errors import BadInput
from accord_clinic.addresses import origin, safe
from accord_clinic.database import keys

ISSUER, CLIENT, NAME, ORIGINS, FACTOR = (
    f"ACCORD_SSO_{name}" for name in ("ISSUER", "CLIENT", "NAME", "ORIGINS", "SECOND_FACTOR")
)
FILE = "sso.secret"


@dataclass(frozen=True)
class SignOn:
    """A provider. `second_factor`: claims of the ID token; any of them shows that it asked for a second factor."""

    issuer: str
    client: str
    secret: str = field(repr=False)
    name: str = "single sign-on"
    origins: tuple[str, ...] = ()
    second_factor: frozenset[tuple[str, str]] = frozenset()

    @property
    def id(self) -> str:
        """The name under which ties are stored. Another issuer has another name, since it may use the same subjects."""
        return f"sso-{sha256(self.issuer.encode()).hexdigest()[:16]}"

    @property
    def form_action(self) -> list[str]:
        """Where the form on the sign-in page may redirect to, for the content policy."""
        return [origin(self.issuer), *self.origins]


def chosen(environment: Mapping[str, str], folder: Path) -> SignOn | None:
    """The provider of this practice; none without an issuer. An incomplete configuration is refused."""
    issuer = environment.get(ISSUER, "")
    if not issuer:
        return None
    client, secret = environment.get(CLIENT, ""), keys.read(folder / FILE)
    if not client or not secret:
        raise BadInput(f"{ISSUER} is set, so {CLIENT} and the file {folder / FILE} have to be there too.")
    if not safe(issuer):
        raise BadInput(f"{ISSUER}: {issuer} does not begin with https://, so anybody on the way could sign in.")
    return SignOn(
        issuer, client, secret, environment.get(NAME) or SignOn.name,
        tuple(environment.get(ORIGINS, "").split()), _claims(environment.get(FACTOR, "")),
    )  # fmt: skip


def _claims(text: str) -> frozenset[tuple[str, str]]:
    """`amr:mfa acr:phr` -> pairs."""
    pairs = [pair.partition(":") for pair in text.split()]
    if any(not colon or claim not in ("amr", "acr") for claim, colon, _value in pairs):
        raise BadInput(f"{FACTOR}: write amr:VALUE or acr:VALUE, with spaces between several.")
    return frozenset((claim, value) for claim, _colon, value in pairs)
