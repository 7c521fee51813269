"""Who has not answered for a while, of what both may know."""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import takewhile

from django.db.models import Exists, F, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from accord_clinic.models import Dyad, Response, Session

MOST_SILENT = 2
"""So many check-ins in a row without an answer: as the signal `silence`, of which clients are told beforehand."""


def silent_twice(dyads: Collection[int] | QuerySet[Dyad]) -> set[int]:
    """The dyads in which the client has not answered the last two check-ins that are open to both.

    Closed ones count for nothing: nobody may learn from it whether there is an answer. Nor does what came from a file.
    """
    answered = Exists(Response.objects.filter(session=OuterRef("pk"), side="client"))
    place = Window(RowNumber(), partition_by=F("dyad"), order_by=[F("start").desc(), F("pk").desc()])
    opened = Session.objects.filter(dyad__in=dyads, state="held", passed_over=False).exclude(revealed_at=None)
    opened = opened.exclude(revealed_by="import")
    newest = opened.annotate(answered=answered, place=place).filter(place__lte=MOST_SILENT)
    unanswered = Counter(dyad for dyad, there in newest.values_list("dyad", "answered") if not there)
    return {dyad for dyad, n in unanswered.items() if n == MOST_SILENT}


def unanswered_in_a_row(dyad: Dyad) -> int:
    """How many of the last sessions with a check-in went without an answer of the client, of those open to both.

    Of the others nobody may know yet; so a pause can tell the therapist nothing that the pages do not.
    """
    of_client = Response.objects.filter(session=OuterRef("pk"), side="client")
    opened = dyad.sessions.filter(state="held", passed_over=False).exclude(revealed_at=None)
    newest_first: Iterable[bool] = opened.order_by("-start", "-pk").values_list(Exists(of_client), flat=True)
    return len(list(takewhile(lambda answered: not answered, newest_first)))
