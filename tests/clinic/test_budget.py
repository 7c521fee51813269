"""Inferred signals have a budget: 10 in the practice's last 100 sessions, strongest first. Reported ones have none."""

import pytest
from django.utils import timezone
from tests.clinic.people import a_course

from accord.records import Signal as Found
from accord_clinic.actions import signals
from accord_clinic.models import Signal, Suggestion


@pytest.fixture
def full(people):
    """Ten inferred signals of strength 1 to 10 on one course."""
    sessions, now = a_course(people.dyad, 10), timezone.now()
    return [
        Signal.objects.create(
            dyad=people.dyad, session=session, kind="quiet", reported=False, strength=n, rule="quiet/1", raised_at=now
        )
        for n, session in enumerate(sessions, 1)
    ]


def raised(people, strength, reported=False):
    """One more signal, as a refresh would keep it."""
    found = Found("drop", 10, reported, "drop/1", strength=strength)
    session = people.dyad.sessions.ranked().get(number=10)
    signals._keep(people.dyad, {10: session}, found, withheld=not reported and not signals._make_room(found))
    return Signal.objects.get(kind="drop")


def test_a_stronger_one_takes_the_place_of_the_weakest(people, full):
    assert not raised(people, 5.5).withheld
    full[0].refresh_from_db()
    assert full[0].withheld
    assert Signal.objects.filter(reported=False, withheld=False).count() == 10


def test_a_weaker_one_is_kept_but_withheld(people, full):
    assert raised(people, 0.5).withheld


def test_what_the_therapist_acted_on_stays(people, full):
    weakest = full[0]
    Suggestion.objects.create(
        session=weakest.session, card="some-card", member=people.ben, signal_kind="quiet", shown_at=timezone.now()
    )
    raised(people, 5.5)
    assert not Signal.objects.get(pk=weakest.pk).withheld
    assert Signal.objects.get(pk=full[1].pk).withheld


def test_what_somebody_said_is_never_withheld(people, full):
    assert not raised(people, 0.0, reported=True).withheld
