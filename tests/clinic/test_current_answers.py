"""Which answers and which picks count, where they were sent more than once: said once, in `records`."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from tests.clinic.people import a_dyad, a_session

from accord_clinic.models import Pick, Response
from accord_clinic.records.picks import current_picks
from accord_clinic.records.responses import current_responses

BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_response(session, side="client", instrument="accord-check-in") -> Response:
    return Response.objects.create(
        session=session, side=side, instrument=instrument, version="1", form="full", language="en", wording="",
        sent_at=timezone.now(), submission=str(Response.objects.count()),
    )  # fmt: skip


def a_pick(side, words, minutes) -> Pick:
    """About the same session as all others; not stored, since the rule takes rows."""
    return Pick(session_id=1, side=side, words=words, at=BEGUN + timedelta(minutes=minutes))


def test_the_latest_response_of_each_session_side_and_questionnaire_counts(people, dyad):
    first, second = a_session(dyad), a_session(dyad)
    a_response(first)
    corrected = a_response(first)
    others = [
        a_response(first, side="therapist"),
        a_response(first, instrument="phq-9"),
        a_response(second),
        a_response(a_session(a_dyad(people.eve, "Zoe"))),
    ]
    expected = {row.pk for row in (corrected, *others)}
    assert {row.pk for row in current_responses(Response.objects.order_by("id")).values()} == expected
    assert set(Response.objects.current_ids().values_list("last", flat=True)) == expected


def test_of_a_queryset_the_latest_in_it_counts_however_it_is_ordered(dyad):
    session = a_session(dyad)
    a_response(session)
    corrected = a_response(session)
    a_response(session, side="therapist")
    rows = Response.objects.filter(side="client").order_by("-sent_at", "form")
    assert list(rows.current_ids().values_list("last", flat=True)) == [corrected.pk]


def test_the_picks_with_the_latest_time_count():
    sleep, work, rest = a_pick("client", "Sleep", 0), a_pick("client", "Work", 5), a_pick("client", "Rest", 5)
    trust = a_pick("therapist", "Trust", 1)
    for rows in ([sleep, trust, work, rest], [sleep, work, rest, trust], [work, rest, trust, sleep]):
        assert current_picks(rows) == {(1, "client"): [work, rest], (1, "therapist"): [trust]}


def test_picks_that_were_taken_back_leave_an_empty_list():
    assert current_picks([a_pick("client", "Sleep", 0), a_pick("client", "", 5)]) == {(1, "client"): []}
