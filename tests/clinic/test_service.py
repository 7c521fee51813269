"""What the manager sees: closed months, small numbers kept back, nothing by therapist, one query however many rows."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, answers

from accord_clinic.actions import care, service, strains
from accord_clinic.models import Dyad, Response, ServiceMonth, Session, Strain
from accord_clinic.queries.service_counts import bounds, count_month
from accord_clinic.queries.service_release import release
from accord_clinic.submission import AskedAgain

BERLIN = ZoneInfo("Europe/Berlin")
MARCH = date(2026, 3, 1)


def in_march(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=BERLIN)


def concern_answered(dyad, talked, stands="still_there", day=3):
    """A strain of one week and, a week later, the client's word on it."""
    a_held_session(dyad, in_march(day), client=answers("client", t1=2), therapist=answers("therapist"))
    strain = dyad.strains.get(opened_by="client")
    again = replace(answers("client"), again=(AskedAgain(strain.uid, talked, stands),))
    a_held_session(dyad, in_march(day + 7), client=again, therapist=answers("therapist"))
    return strain


def test_a_month_counts_sessions_by_modality_and_who_answered(dyad):
    a_held_session(dyad, in_march(2), client=answers("client"), therapist=answers("therapist"), modality="video")
    a_held_session(dyad, in_march(9), therapist=answers("therapist"))
    Session.objects.filter(number=2).update(revealed_at=timezone.now())
    assert sorted(count_month(MARCH)["sessions"]) == [["room", False, True, 1], ["video", True, True, 1]]


def test_a_session_that_is_not_open_to_both_counts_nowhere(dyad):
    a_held_session(dyad, in_march(2), client=answers("client"))
    assert count_month(MARCH)["sessions"] == []


def test_past_ratings_from_a_file_were_not_asked_for_here(dyad):
    a_held_session(dyad, in_march(2), client=answers("client"), therapist=answers("therapist"))
    Session.objects.update(revealed_by="import")
    assert count_month(MARCH)["sessions"] == []


def test_whether_a_concern_was_talked_about_is_the_clients_word_alone(dyad, ben):
    strain = concern_answered(dyad, talked=True)
    strains.move(strain, "talk", "therapist", by=ben)
    counted = count_month(MARCH)["talked"]
    assert counted == {"yes": 1, "no": 0}


def test_a_month_begins_and_ends_on_the_practices_clock(dyad):
    a_held_session(dyad, in_march(1, 0), client=answers("client"), therapist=answers("therapist"))
    assert bounds(MARCH)[0].utcoffset() == timedelta(hours=1)
    assert count_month(MARCH)["sessions"] == [["room", True, True, 1]]
    assert count_month(date(2026, 2, 1))["sessions"] == []


def test_a_settling_lies_between_the_last_two_words_about_it(dyad):
    strain = concern_answered(dyad, talked=True, stands="still_there")
    settled = replace(answers("client"), again=(AskedAgain(strain.uid, True, "settled"),))
    a_held_session(dyad, in_march(24), client=settled, therapist=answers("therapist"))
    strain.moves.update(at=in_march(25))
    assert _march(opened=in_march(4))["repair"] == [[1, 3, 0, 1]]


def test_parting_before_it_was_settled_is_an_end_of_its_own(dyad, ben):
    strain = concern_answered(dyad, talked=True)
    Dyad.objects.update(started=MARCH)
    dyad.refresh_from_db()
    care.end_course(dyad, "by_client", date(2026, 3, 20), "", by=ben)
    strain.moves.update(at=in_march(12))
    counted = _march(opened=in_march(4))
    assert counted["repair"] == [[2, 3, 1, 1]]
    assert counted["open"] == {}
    assert counted["endings"] == {"by_client": 1}


def test_an_open_strain_is_known_to_be_open_as_long_as_somebody_says_so(dyad):
    strain = concern_answered(dyad, talked=False)
    strain.moves.update(at=in_march(12))
    counted = _march(opened=in_march(4))
    assert counted["repair"] == [[1, 2, 2, 1]]
    assert counted["open"] == {"8": 1}


def _march(opened):
    """What March counts when the strains were opened then; the tests themselves run much later."""
    Strain.objects.update(opened_at=opened)
    return count_month(MARCH)


def test_a_month_is_closed_once_and_then_stays_as_it_was(dyad):
    a_held_session(dyad, in_march(2), client=answers("client"), therapist=answers("therapist"))
    before, after = datetime(2026, 4, 7, 23, tzinfo=BERLIN), datetime(2026, 4, 8, 1, tzinfo=BERLIN)
    assert service.close_months(before) == 0
    assert service.close_months(after) == 1
    a_held_session(dyad, in_march(30), client=answers("client"), therapist=answers("therapist"))
    assert service.close_months(after) == 0
    assert ServiceMonth.objects.get().counts["sessions"] == [["room", True, True, 1]]


def counts(held=0, client=0, therapist=0, yes=0, no=0, endings=None, still_open=None, repair=(), modality="room"):
    """One closed month. `client` and `therapist` are how many answered, the rest did not."""
    rows = [[modality, True, True, min(client, therapist)], [modality, False, False, held - max(client, therapist)]]
    rows.append([modality, client > therapist, therapist > client, abs(client - therapist)])
    return {
        "sessions": [row for row in rows if row[-1]],
        "talked": {"yes": yes, "no": no},
        "endings": endings or {},
        "open": still_open or {},
        "repair": list(repair),
    }


def a_closed(month, **facts):
    return ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=counts(**facts))


def test_a_small_number_is_kept_back_and_so_is_what_would_give_it_away():
    released = release(
        [("2026-01-01", counts(60, 40, 30)), ("2026-02-01", counts(60, 56, 30)), ("2026-03-01", counts(60, 30, 30))]
    )
    february = released.months[1]
    assert february.client.part is None
    assert february.client.whole == 60
    assert february.therapist.part == 30
    shown = [month.client.part for month in released.months]
    # 60 − 56 = 4 did not answer: with the year's total and the two other months it could be worked out.
    assert shown.count(None) >= 2 or released.total.client.part is None


def test_zero_is_about_nobody_and_is_shown():
    released = release([("2026-01-01", counts(40, 40, 0))])
    assert released.total.client.part == 40
    assert released.total.therapist.part == 0


def test_the_curve_needs_thirty_strains_and_tells_them_roughly():
    few = release([("2026-01-01", counts(40, 20, 20, repair=[[0, 1, 0, 29]]))])
    many = release([("2026-01-01", counts(40, 20, 20, repair=[[0, 1, 0, 14], [1, 2, 1, 17]]))])
    assert few.repair is None
    assert many.repair.n == 31
    assert many.repair.settled[1] == pytest.approx(0.45)


def test_before_the_first_month_is_closed_the_page_says_when_it_comes(as_member, mo):
    assert b"a week after the first full month" in as_member(mo).get("/service/").content


def test_the_page(as_member, mo):
    a_closed(date(2026, 2, 1), held=120, client=90, therapist=100, yes=30, no=20)
    a_closed(
        MARCH, held=100, client=80, therapist=70, yes=31, no=12, modality="video",
        endings={"planned": 25, "by_client": 3}, still_open={"2": 15, "more": 12},
        repair=[[0, 1, 0, 20], [1, 3, 0, 15], [2, 3, 1, 10], [4, 5, 2, 12]],
    )  # fmt: skip
    page = as_member(mo).get("/service/").content.decode()
    assert "A client was asked 93 times whether an earlier concern had been talked about." in page
    assert "The answer was yes 61 times." in page
    assert "170 of 220 sessions held" in page
    assert "Of 57 strains" in page
    assert "February 2026 to March 2026" in page


def test_the_page_names_no_therapist_and_no_client(as_member, mo, people, dyad):
    concern_answered(dyad, talked=True)
    service.close_months(datetime(2026, 5, 1, tzinfo=BERLIN))
    page = as_member(mo).get("/service/").content.decode()
    assert not [name for name in ("Ana", "Ben", "Eve", "Cy") if f">{name}" in page or f"{name} " in page]


@pytest.mark.parametrize("rows", [1, 40])
def test_the_page_costs_the_same_however_many_rows(rows, as_member, mo, ben, django_assert_max_num_queries):
    for n in range(rows):
        dyad = a_dyad(ben, f"Client {n}")
        a_held_session(dyad, in_march(2), client=answers("client"), therapist=answers("therapist"))
    service.close_months(datetime(2026, 5, 1, tzinfo=BERLIN))
    browser = as_member(mo)
    with django_assert_max_num_queries(5):
        assert browser.get("/service/").status_code == 200


@pytest.mark.parametrize("rows", [1, 20])
def test_closing_a_month_takes_the_same_queries_however_many_rows(rows, ben, django_assert_max_num_queries):
    for n in range(rows):
        dyad = a_dyad(ben, f"Client {n}")
        concern_answered(dyad, talked=True)
    assert Response.objects.exists()
    with django_assert_max_num_queries(8):
        count_month(MARCH)
