"""What the code of a paper form stands for."""

from django.utils import timezone

from accord_clinic import links
from accord_clinic.models import Invitation
from accord_clinic.queries.checkin import link_of
from accord_clinic.records.checkin import Link


def by_code(code: str) -> Link | None:
    """The form with this code, as it was printed or without its dash; nothing where it has run out or was closed."""
    rows = Invitation.objects.select_related("session__dyad__client", "session__dyad__therapist")
    row = rows.filter(token_hash=links.paper_digest(code), revoked_at=None, expires_at__gt=timezone.now()).first()
    if row is None or row.session.dyad.client.locked_at:
        return None
    return link_of(row)
