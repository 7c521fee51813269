"""Put a mark, or what was said, aside for one reader until a later session opens; take it back."""

from django.db import transaction
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic.actions.audit import record
from accord_clinic.models import Dyad, Member, PutAside
from accord_clinic.permissions import check_see_dyad
from accord_clinic.queries.findings import signal_called


@transaction.atomic
def put_aside(dyad: Dyad, mark: str, aside: bool, *, by: Member) -> None:
    """Put aside what a page calls `mark`, or show it again. Nobody else sees it otherwise than before."""
    check_see_dyad(by, dyad)
    signal = signal_called(dyad, mark)
    if signal is None:
        raise BadInput("This mark is not on the page any more.")
    if aside:
        PutAside.objects.update_or_create(signal=signal, member=by, defaults={"at": timezone.now()})
    else:
        PutAside.objects.filter(signal=signal, member=by).delete()
    record(by, "put_aside" if aside else "show_again", f"signal:{signal.pk}")
