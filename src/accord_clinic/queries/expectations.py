"""What two people expect before they meet: whose link it is, what a side has sent, and both once it is open."""

from django.db.models import Q

from accord_clinic import links
from accord_clinic.models import Dyad, Expectation, ExpectationSheet
from accord_clinic.records.expectations import ExpectationRows, expectations_of
from accord_clinic.rules.care import have_met


def dyad_of_link(token: str) -> Dyad | None:
    """The course of care that a link is about, if the client may still write."""
    rows = Dyad.objects.filter(
        expectation_sheet__token_hash=links.digest(token), ended=None, client__locked_at=None
    ).select_related("client__terms", "therapist")
    dyad = rows.first()
    return None if dyad is None or have_met(dyad) else dyad


def expectation_rows(dyad: Dyad, own: str) -> ExpectationRows:
    """What the reader may see. `own`: the side of the reader, or nothing. Two queries."""
    sheet = ExpectationSheet.objects.filter(dyad=dyad).first()
    if sheet is None:
        return ExpectationRows({}, {}, None)
    rows = Expectation.objects.filter(sheet=sheet)
    return expectations_of(own, rows if sheet.opened_at else rows.filter(side=own), sheet.opened_at)


def is_open(dyad: Dyad) -> bool:
    """Whether there is a sheet that both may read."""
    return ExpectationSheet.objects.filter(dyad=dyad).exclude(opened_at=None).exists()


def has_written(dyad: Dyad) -> bool:
    """Whether the client has something to read there: own answers, or both once it is open."""
    rows = Expectation.objects.filter(sheet__dyad=dyad)
    return rows.filter(Q(side="client") | Q(sheet__opened_at__isnull=False)).exists()
