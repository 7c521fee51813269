"""When links and reminders go out for a dyad, and of which messages may be told."""

from django.db.models import Q

from accord_clinic.models import Dyad, Practice
from accord_clinic.models.habit import habit
from accord_clinic.records.schedule import Habit


def habit_of(dyad: Dyad) -> Habit:
    """The habit that holds for a dyad. One query."""
    return habit(Practice.objects.get(), dyad)


# A reminder goes only to somebody who has not answered, so it counts nowhere before the session is open to both.
TELLS_OF_NOBODY = ~Q(kind="reminder") | Q(session__revealed_at__isnull=False)
