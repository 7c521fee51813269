"""The client's copy: every table about one client. The audit log notes that it was taken."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from accord_clinic.actions.audit import record
from accord_clinic.exports.client_tables import Row, everything
from accord_clinic.models import Client
from accord_clinic.permissions import check_be_client


@transaction.atomic
def take(client: Client, *, by: Client) -> Mapping[str, Sequence[Row]]:
    """All tables of a copy, as they are at this moment, for the client alone."""
    check_be_client(by, client)
    record(by, "take_copy", f"client:{client.pk}")
    return everything(client)
