"""The client chooses what a successor sees of the course before. It counts at once, and can be changed as often."""

from django.db import transaction

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Client, Dyad, codes
from accord_clinic.permissions import check_be_client
from accord_clinic.rules.earlier_course import earlier_course


@transaction.atomic
def show_earlier(dyad: Dyad, what: str, *, by: Client) -> None:
    """Let the therapist of this course see nothing, what was agreed, or all of the one before. `what`: of `EARLIER`."""
    check_be_client(by, dyad.client)
    codes.check(Dyad, shows_earlier=what)
    if earlier_course(dyad) is None:
        raise BadInput("No course with somebody else came before this one.")
    if Dyad.objects.filter(pk=dyad.pk).exclude(shows_earlier=what).update(shows_earlier=what):
        record(by, "show_earlier", f"dyad:{dyad.pk}", ["shows_earlier"])
