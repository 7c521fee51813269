"""Goals, tasks and the shared view as pages show them: last words, both seals, progress, history."""

from django.db.models import Prefetch

from accord_clinic.models import Agreement, Dyad, Pick, Progress, Seal, Undone, Wording
from accord_clinic.models.care import rank
from accord_clinic.records.agreements import Shown, shown_of, with_tasks
from accord_clinic.records.picks import in_common


def shown(dyad: Dyad) -> tuple[Shown, ...]:
    """All goals (with their tasks) and shared views of a dyad, open ones first. Five queries."""
    rows = (
        Agreement.objects.filter(dyad=dyad)
        .prefetch_related(
            Prefetch("undone", Undone.objects.order_by("id")),
            Prefetch(
                "wordings", Wording.objects.order_by("id").prefetch_related(Prefetch("seals", Seal.objects.all()))
            ),
            Prefetch(
                "progress", Progress.objects.order_by("id").select_related("session").annotate(number=rank("session"))
            ),
        )
        .order_by("id")
    )
    return with_tasks((row, _shown(row)) for row in rows)


def _shown(row: Agreement) -> Shown:
    wordings = [(wording, wording.seals.all()) for wording in row.wordings.all()]
    return shown_of(row, wordings, row.progress.all(), row.undone.all())


def picks_in_common(dyad: Dyad) -> tuple[int, int] | None:
    """How many of the last revealed picks of both sides are the same, of how many different ones; `None` before any."""
    rows = Pick.objects.filter(session__dyad=dyad).exclude(session__revealed_at=None)
    return in_common(rows.order_by("session__start", "session", "at"))
