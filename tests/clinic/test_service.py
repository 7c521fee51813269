"""What the manager sees: closed months, small numbers kept back, nothing by therapist, one query however many rows."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, a_member, answers

from accord_clinic.actions import care, checkin, consent, erasure, service, strains
from accord_clinic.models import Dyad, Response, ServiceMonth, Session, Strain, StrainMove
from accord_clinic.pages.work import work_page
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.service.counts import bounds, count_month, following
from accord_clinic.service.periods import periods
from accord_clinic.service.release import Proportion, release

BERLIN = ZoneInfo("Europe/Berlin")
MARCH = date(2026, 3, 1)


def in_march(day, hour=12):
    return datetime(2026, 3, day, hour, tzinfo=BERLIN)


def concern_answered(dyad, talked, stands="still_there", day=3, answer=None):
    """A strain of one week and, a week later, the client's word on it."""
    a_held_session(dyad, in_march(day), client=answers("client", t1=2), therapist=answers("therapist"))
    strain = dyad.strains.get(opened_by="client")
    again = replace(answers("client"), again=(AskedAgain(strain.uid, talked, stands, answer),))
    a_held_session(dyad, in_march(day + 7), client=again, therapist=answers("therapist"))
    return strain


def test_a_month_counts_sessions_by_modality_and_who_answered(dyad):
    a_held_session(dyad, in_march(2), client=answers("client"), therapist=answers("therapist"), modality="video")
    a_held_session(dyad, in_march(9), therapist=answers("therapist"))
    second = [session.pk for session in Session.objects.ranked() if session.number == 2]
    Session.objects.filter(pk__in=second).update(revealed_at=timezone.now())
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
    assert counted == {"yes": 1, "partly": 0, "no": 0}


def test_in_part_is_neither_yes_nor_no_and_partly_settled_is_counted_among_the_open(dyad):
    strain = concern_answered(dyad, talked=True, stands="partly", answer="partly")
    assert strain.moves.filter(move="talk_in_part", side="client").exists(), "it has been talked about"
    StrainMove.objects.update(at=in_march(12))
    counted = _march(in_march(3))
    assert counted["talked"] == {"yes": 0, "partly": 1, "no": 0}
    assert (sum(counted["open"].values()), counted["partly"]) == (1, 1)


def test_of_a_corrected_word_the_last_counts(dyad):
    strain = concern_answered(dyad, talked=True, answer="partly")
    later = strain.dyad.sessions.order_by("start").last()
    [context] = Response.objects.filter(session=later, side="client").values_list("context", flat=True)
    context["again"][0]["answer"] = "yes"
    Response.objects.create(
        session=later, side="client", instrument=CHECK_IN, version="0.2", form="full", language="en",
        sent_at=in_march(12), submission="later", context=context,
    )  # fmt: skip
    assert count_month(MARCH)["talked"] == {"yes": 1, "partly": 0, "no": 0}


def test_partly_settled_until_somebody_says_it_is_still_there(dyad):
    strain = concern_answered(dyad, talked=True, stands="partly", answer="partly")
    strains.move(strain, "still_there", "client", by=None)
    StrainMove.objects.update(at=in_march(20))
    assert _march(in_march(3))["partly"] == 0


def test_open_concerns_are_told_for_less_and_for_more_than_four_weeks():
    by_age = {"2": 9, "4": 6, "8": 8, "more": 4}
    told = release([(date(2026, 1, 1), counts(100, still_open=by_age, rule=2))]).open
    assert (told.counts, told.together) == ({"less": 15, "more": 12}, 27)
    assert release([(date(2026, 1, 1), counts(100, still_open=by_age, rule=2, therapists=2))]).open is None
    assert release([(date(2026, 1, 1), counts(300, still_open=by_age))]).open is None, "older pages told four ages"


def test_a_small_number_in_part_hides_yes_or_no_as_well():
    row = release([(date(2026, 1, 1), counts(300, yes=40, partly=3, no=50))]).periods[0].row
    assert row.partly == Proportion(None, row.talked.whole)
    assert None in (row.talked.part, row.talked.whole), "or three would be left"
    many = release([(date(2026, 1, 1), counts(300, yes=40, partly=30, no=50))]).periods[0].row
    assert (many.talked, many.partly) == (Proportion(40, 120), Proportion(30, 120))


def test_months_that_were_closed_before_say_that_in_part_stands_with_yes(as_member, mo):
    old = [(month, counted | {"talked": {"yes": 30, "no": 20}}) for month, counted in year_of(held=150)[:2]]
    new = [(date(2026, 3, 1), counts(300, yes=30, partly=12, no=20)), (date(2026, 4, 1), counts(300, yes=20, no=20))]
    released = release([*old, *new])
    assert [p.row.partly for p in released.periods] == [None, Proportion(12, 62), Proportion(0, 40)]
    assert released.total.partly == Proportion(12, 102)
    for month, counted in (*old, *new):
        ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=counted)
    page = as_member(mo).get("/service/").content.decode()
    assert "“In part” has been counted separately since March 2026" in page
    assert "It was in part 12 times." in page


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


def counts(
    held=0, client=0, therapist=0, yes=0, no=0, partly=0, endings=None, still_open=None, repair=(), modality="room",
    rule=1, therapists=9,
):  # fmt: skip
    """One closed month. `client` and `therapist` are how many answered, the rest did not.

    `rule`: 1 for a month that was closed by the rules before, which noted neither themselves nor the therapists.
    """
    rows = [[modality, True, True, min(client, therapist)], [modality, False, False, held - max(client, therapist)]]
    rows.append([modality, client > therapist, therapist > client, abs(client - therapist)])
    return {
        **({"rule": rule, "therapists": therapists} if rule > 1 else {}),
        "sessions": [row for row in rows if row[-1]],
        "talked": {"yes": yes, "partly": partly, "no": no},
        "endings": endings or {},
        "open": still_open or {},
        "repair": list(repair),
    }


def a_closed(month, **facts):
    return ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=counts(**facts))


def year_of(first=date(2026, 1, 1), **facts):
    """Twelve closed months that are alike."""
    months = []
    for _month in range(12):
        months.append((first, counts(**facts)))
        first = following(first)
    return months


def test_a_small_number_is_kept_back_and_so_is_what_would_give_it_away():
    [february] = release([(date(2026, 2, 1), counts(360, 356, 30))]).periods
    # 360 − 356 = 4 did not answer: what was answered would tell.
    assert february.row.client == Proportion(None, 360)
    assert february.row.therapist == Proportion(30, 360)


def test_zero_is_about_nobody_and_is_shown():
    released = release([(date(2026, 1, 1), counts(400, 400, 0))])
    assert released.total.client == Proportion(400, 400)
    assert released.total.therapist == Proportion(0, 400)


def test_a_large_practice_is_told_by_month_and_a_small_one_when_enough_has_gathered():
    small = release(year_of(held=80, client=40, therapist=50))
    large = release(year_of(held=300, client=200, therapist=9))
    assert [(p.first.month, p.last.month) for p in small.periods] == [(1, 4), (5, 8), (9, 12)]
    assert [p.row.client for p in small.periods] == [Proportion(160, 320)] * 3
    assert [(p.first, p.last) for p in large.periods] == [(month, month) for month, _counts in year_of()]


def test_what_is_older_than_a_year_is_not_shown_but_the_newest_always_is():
    two = [*year_of(held=300), *year_of(date(2027, 1, 1), held=20)]
    assert [p.first for p in release(two[:14]).periods] == [month for month, _counts in two[2:12]]
    assert [p.first for p in release(two).periods] == [date(2026, 12, 1)]


def test_what_is_published_is_never_told_again_in_other_pieces():
    """With every month that is closed there are the same periods and perhaps one more, and none shares a month."""
    months = [*year_of(held=60), *year_of(date(2027, 1, 1), held=400), *year_of(date(2028, 1, 1), held=50)]
    months = [one for n, one in enumerate(months) if n not in (4, 5, 30)]
    told = [periods(months[:n]) for n in range(1, len(months) + 1)]
    for before, after in zip(told, told[1:], strict=False):
        assert after[: len(before)] == before
    for one, other in zip(told[-1], told[-1][1:], strict=False):
        assert one.first <= one.last < other.first


def test_a_period_is_told_when_its_last_month_is_closed():
    months = year_of(held=110, client=40, therapist=50)
    assert [len(release(months[:n]).periods) for n in (1, 2, 3, 5, 6)] == [0, 0, 1, 1, 2]


def test_what_stands_for_the_whole_time_adds_up_what_the_rows_show():
    months = year_of(held=100, client=80, therapist=85)
    months[:3] = [(month, counts(100, 98, 85)) for month, _counts in months[:3]]
    released = release(months)
    assert released.periods[0].row.client == Proportion(None, 300)
    assert released.total.client == Proportion(720, 900)
    assert released.total.therapist == Proportion(1020, 1200)


def test_nothing_is_said_to_be_zero_because_it_is_kept_back():
    released = release([(month, counts(100, 40, 50, yes=2)) for month, _counts in year_of()[:3]])
    assert released.total.talked == Proportion(None, None)


def test_a_period_is_told_from_a_hundred_sessions_on_and_older_ones_stay_as_they_were():
    old = year_of(held=60, client=30, therapist=30)[:8]
    new = year_of(date(2026, 9, 1), held=60, client=30, therapist=30, rule=2)
    told = periods([*old, *new])
    spans = [(period.first.month, period.last.month) for period in told[:3]]
    assert spans == [(1, 5), (6, 9), (10, 11)], "three months that still waited were never published"
    assert [period.coarse for period in told[:3]] == [False, True, True]
    assert told[:1] == periods(old)


def test_places_are_made_coarser_before_anything_is_kept_back():
    month = counts(120, 80, 90, rule=2)
    month["sessions"] += [["video", True, True, 14], ["video", False, False, 6], ["phone", True, True, 6]]
    month["sessions"] += [["text", False, False, 4]]
    [period] = release([(MARCH, month)]).periods
    assert period.places["remote"].client == Proportion(20, 30)
    assert set(period.places) == {"room", "remote"}


def test_ratings_are_work_so_a_few_that_lack_hide_nothing():
    [period] = release([(MARCH, counts(120, 90, 117, rule=2))]).periods
    assert period.row.therapist == Proportion(117, 120)
    [period] = release([(MARCH, counts(120, 117, 100, rule=2))]).periods
    assert period.row.client == Proportion(None, 120), "what clients answered stays kept back"


def test_concerns_are_told_from_five_therapists_on_and_ratings_from_three():
    """With three, one who also manages takes own cases off and sees how often the two others talk about concerns."""
    shown = {}
    for therapists in (2, 3, 4, 5):
        [period] = release([(MARCH, counts(120, 80, 90, yes=20, no=20, rule=2, therapists=therapists))]).periods
        shown[therapists] = (period.row.therapist is not None, period.row.talked is not None)
    assert shown == {2: (False, False), 3: (True, False), 4: (True, False), 5: (True, True)}


def test_endings_are_told_for_a_whole_year():
    months = year_of(held=60, endings={"planned": 2, "by_client": 1})
    assert release(months[:11]).endings is None
    told = release([*months, *year_of(date(2027, 1, 1), endings={"planned": 9})[:5]]).endings
    assert (told.first, told.last) == (date(2026, 1, 1), date(2026, 12, 1))
    assert (told.counts, told.together) == ({"planned": 24, "by_client": 12}, 36)


PLACES = ("room", "video", "phone")
KINDS = [(modality, client, therapist) for modality in PLACES for client in (1, 0) for therapist in (1, 0)]
ENDINGS = ("planned", "by_client")
YES, NO, PARTLY = range(len(KINDS), len(KINDS) + 3)
ENDED = PARTLY + 1
WIDTH = ENDED + len(ENDINGS)
a_month = st.tuples(
    st.lists(st.integers(0, 9) | st.integers(0, 30), min_size=len(KINDS), max_size=len(KINDS)),
    st.lists(st.integers(0, 12), min_size=3, max_size=3),
    st.lists(st.integers(0, 3), min_size=2, max_size=2),
)


@settings(max_examples=25, derandomize=True)
@given(
    st.lists(a_month, min_size=13, max_size=16), st.sampled_from((0, 30, 60, 300)), st.sampled_from((0, 0, 5, 13)),
    st.sampled_from((2, 4, 9)),
)  # fmt: skip
def test_from_all_pages_of_all_months_together_no_kept_back_number_can_be_worked_out(drawn, more, older, therapists):
    """A reader who has kept every page since the first: each number printed is an equation about what happened.

    The first `older` months were closed by the rules before, in longer periods and by modality, and published so.
    """
    drawn = [([*cells], talked, endings) for cells, talked, endings in drawn]
    for cells, _talked, _endings in drawn:
        cells[0] += more
    months, first = [], date(2026, 1, 1)
    for place, (cells, (yes, no, partly), endings) in enumerate(drawn):
        sessions = [[m, bool(c), bool(t), n] for (m, c, t), n in zip(KINDS, cells, strict=True) if n]
        ended = {kind: n for kind, n in zip(ENDINGS, endings, strict=True) if n}
        rule = 1 if place < older else 2
        told = counts(yes=yes, no=no, partly=partly, endings=ended, rule=rule, therapists=therapists)
        months.append((first, told | {"sessions": sessions}))
        first = following(first)
    reader = Reader(drawn)
    for n in range(1, len(months) + 1):
        reader.reads(release(months[:n]), [month for month, _counts in months[:n]])
    for name, cell in reader.small_cells():
        assert reader.most(cell) >= 10 - 1e-6, name


class Reader:
    """What somebody knows who has read pages: for each cell that was printed, that these single counts add up to it."""

    def __init__(self, drawn):
        self.truth = np.array([n for cells, talked, endings in drawn for n in (*cells, *talked, *endings)], dtype=float)
        self.equations, self.least, self.cells = {}, {}, {}

    def reads(self, released, months):
        at = {month: n for n, month in enumerate(months)}
        for period in released.periods:
            span = range(at[period.first], at[period.last] + 1)
            for place, row in (("", period.row), *period.places.items()):
                self._row(row, span, place, period.coarse)
        # Sums are what the rows show added up, or they would be equations of their own.
        for name in ("client", "therapist", "talked", "partly"):
            shares = [share for p in released.periods if (share := getattr(p.row, name)) is not None]
            shown = [s for s in shares if None not in (s.part, s.whole)]
            total = getattr(released.total, name)
            sums = Proportion(sum(s.part for s in shown), sum(s.whole for s in shown))
            assert total in (sums, Proportion(None, None), None)
        if released.endings:
            span = range(at[released.endings.first], at[released.endings.last] + 1)
            columns = {kind: self._cell(span, [ENDED + n]) for n, kind in enumerate(ENDINGS)}
            for kind, n in released.endings.counts.items():
                self._told(columns[kind], n)
            self._told(sum(columns.values()), released.endings.together)

    def _row(self, row, span, place, coarse):
        inside = {"": PLACES, "remote": PLACES[1:]}.get(place, (place,))
        of = [n for n, (modality, *_said) in enumerate(KINDS) if modality in inside]
        for share, side in ((row.client, 1), (row.therapist, 2)):
            yes = [n for n in of if KINDS[n][side]]
            if share is not None:
                self._told(self._cell(span, of), share.whole)
            if share is not None and side == 2 and coarse:  # about work: known, and not to be protected
                if share.part is not None:
                    cell = self._cell(span, yes)
                    assert share.part == cell @ self.truth
                    self.equations[cell.tobytes()] = cell
            elif share is not None:
                self._told(self._cell(span, yes), share.part)
                self._told(self._cell(span, sorted(set(of) - set(yes))), ...)
        if not place and row.talked is not None:
            self._told(self._cell(span, [YES, NO, PARTLY]), row.talked.whole)
            self._told(self._cell(span, [YES]), row.talked.part)
            self._told(self._cell(span, [PARTLY]), row.partly.part)
            self._told(self._cell(span, [NO]), ...)

    def _cell(self, span, columns):
        cell = np.zeros(len(self.truth))
        for month in span:
            cell[[WIDTH * month + column for column in columns]] = 1
        return cell

    def _told(self, cell, number):
        """A number that is printed; `None`: kept back, so it is not zero; `...`: never printed, but a cell as well."""
        key = cell.tobytes()
        self.cells[key] = cell
        if number is None:
            self.least[key] = cell
        elif number is not ...:
            assert number == cell @ self.truth
            self.equations[key] = cell

    def small_cells(self):
        """Every count from 1 to 9 of which a page speaks."""
        found = [(key, cell) for key, cell in self.cells.items() if 0 < cell @ self.truth < 10]
        assert not [key for key, _cell in found if key in self.equations], "a small number was printed"
        return [(f"{np.flatnonzero(cell)}: {cell @ self.truth}", cell) for _key, cell in found]

    def most(self, cell):
        """The largest number that it could be, for all that was printed."""
        known = np.array(list(self.equations.values()))
        above = np.array(list(self.least.values()))
        ends = linprog(-cell, A_eq=known, b_eq=known @ self.truth, A_ub=-above, b_ub=-np.ones(len(above)))
        return np.inf if ends.status == 3 else -ends.fun


def test_the_reader_works_out_what_a_sum_beside_its_months_would_give_away():
    """The search is worth something only if it finds what can be found."""
    rest = [0] * (len(KINDS) - 1)
    reader = Reader([([20, *rest], [0] * 3, [0] * 2), ([4, *rest], [0] * 3, [0] * 2)])
    kept, shown, both = (reader._cell(span, range(len(KINDS))) for span in ((1,), (0,), (0, 1)))
    for cell, number in ((kept, None), (shown, 20)):
        reader._told(cell, number)
    assert reader.most(kept) == np.inf
    reader._told(both, 24)
    assert reader.most(kept) == pytest.approx(4)


def test_the_curve_needs_thirty_strains_and_tells_them_roughly():
    few = release([(date(2026, 1, 1), counts(40, 20, 20, repair=[[0, 1, 0, 29]]))])
    many = release([(date(2026, 1, 1), counts(40, 20, 20, repair=[[0, 1, 0, 14], [1, 2, 1, 17]]))])
    assert few.repair is None
    assert many.repair.n == 31
    assert many.repair.settled[1] == pytest.approx(0.45)


def test_before_the_first_month_is_closed_the_page_says_when_it_comes(as_member, mo):
    assert b"The first numbers appear after 100 sessions have been held" in as_member(mo).get("/service/").content


def test_the_page(as_member, mo):
    a_closed(date(2026, 2, 1), held=320, client=290, therapist=300, yes=30, no=20)
    a_closed(
        MARCH, held=310, client=280, therapist=290, yes=31, no=12, modality="video", still_open={"2": 15, "more": 12},
        repair=[[0, 1, 0, 20], [1, 3, 0, 15], [2, 3, 1, 10], [4, 5, 2, 12]],
    )  # fmt: skip
    page = as_member(mo).get("/service/").content.decode()
    assert "Clients were asked 93 times whether an earlier strain had been talked about." in page
    assert "The answer was yes 61 times." in page
    assert "290 of 320" in page
    assert "Of 57 strains" in page
    assert "February to March 2026" in page
    assert "ublished once a year" in page


def test_the_page_of_a_small_practice(as_member, mo):
    for month, counted in year_of(held=60, client=40, therapist=50, endings={"planned": 2, "moved_on": 0}):
        ServiceMonth.objects.create(month=month, closed_at=timezone.now(), counts=counted)
    page = as_member(mo).get("/service/").content.decode()
    assert "January to May 2026" in page
    assert "200 of 300" in page
    assert "Treatments that ended, January to December 2026" in page


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
    with django_assert_max_num_queries(18):
        assert browser.get("/service/").status_code == 200


class TestLinesThatAreOnlyCounted:
    """A client who says *statistics only* is counted as one person in a month; the words go nowhere."""

    def a_line(self, dyad, day=2, words="kolibri", reader="statistics"):
        said = answers("client", words=words, reader=reader)
        return a_held_session(dyad, in_march(day), client=said, therapist=answers("therapist"))

    def test_it_counts_people_and_not_lines(self, dyad, eve):
        self.a_line(dyad)
        self.a_line(dyad, day=9)
        assert count_month(MARCH)["counted"] == 1
        self.a_line(a_dyad(eve, "Kim"))
        assert count_month(MARCH)["counted"] == 2

    @pytest.mark.parametrize("reader", ["therapist", "raise", "outside"])
    def test_a_line_for_anybody_or_nobody_is_not_among_them(self, dyad, reader):
        self.a_line(dyad, reader=reader)
        assert count_month(MARCH)["counted"] == 0

    def test_nor_one_of_a_session_that_is_not_open_yet_or_of_another_month(self, dyad):
        a_held_session(dyad, in_march(2), client=answers("client", words="kolibri", reader="statistics"))
        assert count_month(MARCH)["counted"] == 0
        Session.objects.update(revealed_at=timezone.now())
        assert count_month(MARCH)["counted"] == 1
        assert count_month(date(2026, 2, 1))["counted"] == 0

    def test_nor_one_that_a_later_answer_took_back(self, dyad):
        session = a_held_session(dyad, in_march(2), client=answers("client", words="kolibri", reader="statistics"))
        checkin.send(session, "client", answers("client", words="For Ben"), by=dyad.client)
        checkin.send(session, "therapist", answers("therapist"), by=dyad.therapist)
        assert count_month(MARCH)["counted"] == 0

    @pytest.mark.parametrize(("n", "shown"), [(0, None), (1, None), (9, None), (10, 10), (40, 40)])
    def test_below_ten_none_included_it_is_kept_back(self, n, shown):
        [period] = release([(MARCH, {**counts(360, 240, 230), "counted": n})]).periods
        assert period.counted == shown

    def test_it_gives_no_other_number_away(self):
        """353 of 360 answered, which is kept back for the 7 who did not; 352 who wrote such a line would tell it."""
        [period] = release([(MARCH, {**counts(360, 353, 360), "counted": 352})]).periods
        assert period.row.client.part is None
        assert period.counted is None

    def test_of_several_months_the_one_with_most_stands_since_the_same_people_come_again(self):
        months = [(month, {**told, "counted": 12 + n}) for n, (month, told) in enumerate(year_of(held=100, client=50))]
        assert [period.counted for period in release(months[:6]).periods] == [14, 17]

    def test_a_month_that_was_closed_before_this_was_counted_stays_as_it_is(self):
        [period] = release([(MARCH, counts(360, 240, 230))]).periods
        assert period.counted is None

    def test_the_managers_page_is_the_same_whether_one_client_did_so_or_none(self, as_member, mo):
        row = a_closed(MARCH, held=360, client=240, therapist=230)
        pages = []
        for n in (0, 1):
            ServiceMonth.objects.filter(pk=row.pk).update(counts={**row.counts, "counted": n})
            pages.append(without_nonces(as_member(mo).get("/service/").content))
        assert b"Comments that are only counted" in pages[0]
        assert pages[0] == pages[1]

    def test_ten_clients_stand_as_a_number_and_no_word_of_theirs_leaves(self, as_member, mo, ben):
        for n in range(10):
            self.a_line(a_dyad(ben, f"Client {n}"))
        service.close_months(datetime(2026, 5, 1, tzinfo=BERLIN))
        row = ServiceMonth.objects.get(month=MARCH)
        assert row.counts["counted"] == 10
        assert "kolibri" not in str(row.counts)
        row.counts["sessions"] += counts(360, 240, 230)["sessions"]
        row.save()
        page = as_member(mo).get("/service/").content.decode()
        assert re.search(r'March 2026</th><td class="number">10</td>', page.partition("only counted")[2])
        assert "kolibri" not in page


def without_nonces(page: bytes) -> bytes:
    """A page but for what is new in each answer."""
    return re.sub(rb'(nonce|value)="[^"]*"', b"", page)


@pytest.mark.parametrize("rows", [1, 20])
def test_closing_a_month_takes_the_same_queries_however_many_rows(rows, ben, django_assert_max_num_queries):
    for n in range(rows):
        dyad = a_dyad(ben, f"Client {n}")
        concern_answered(dyad, talked=True)
    assert Response.objects.exists()
    with django_assert_max_num_queries(10):
        count_month(MARCH)


class TestTheWorkOfTheWeek:
    """Counts of what is to be done, from the first week on; about work, so none is kept back."""

    def tasks(self, mo):
        return {task.text: task.count for task in work_page(mo).tasks}

    def test_a_new_practice_sees_it_before_any_number(self, as_member, mo, dyad):
        page = as_member(mo).get("/service/").content.decode()
        assert "Work to do" in page
        assert "1 client" in page
        assert "clients have had no session" in page or "client has had no session" in page

    def test_who_did_not_answer_counts_only_in_sessions_that_are_open_to_both(self, mo, dyad):
        now = timezone.now()
        for days in (9, 2):
            a_held_session(dyad, now - timedelta(days=days), therapist=answers("therapist"))
        silent = "client has not answered the last two check-ins"
        assert silent not in self.tasks(mo)
        Session.objects.update(revealed_at=now, revealed_by="time")
        assert self.tasks(mo)[silent] == 1
        Session.objects.update(revealed_by="import")
        assert silent not in self.tasks(mo), "past ratings from a file ask nobody"

    def test_one_missed_check_in_in_each_of_two_courses_is_not_two_in_a_row(self, mo, dyad):
        now = timezone.now()
        for course in (dyad, a_dyad(a_member("Flo", "therapist"), dyad.client)):
            a_held_session(course, now - timedelta(days=9), client=answers("client"), therapist=answers("therapist"))
            a_held_session(course, now - timedelta(days=2), therapist=answers("therapist"))
        Session.objects.update(revealed_at=now, revealed_by="time")
        assert "client has not answered the last two check-ins" not in self.tasks(mo)

    def test_ratings_that_are_owed_count_from_three_therapists_on(self, mo, dyad):
        session = a_held_session(dyad, timezone.now() - timedelta(days=4))
        checkin.invite(session, by=dyad.therapist)
        owed = "rating is more than two days late"
        assert owed not in self.tasks(mo), "there are two"
        a_member("Flo", "therapist")
        assert self.tasks(mo)[owed] == 1

    def test_who_asked_for_erasure_or_is_away_counts_nowhere(self, mo, dyad):
        without = "client has had no session for four weeks and none is planned"
        assert self.tasks(mo)[without] == 1
        erasure.ask(dyad.client, by=dyad.client)
        assert without not in self.tasks(mo)

    def test_a_consent_that_is_missing_counts_once_a_session_is_open_to_both(self, mo, dyad):
        """Before, a consent would tell that the client has opened the link."""
        missing = "client has no consent on record"
        a_held_session(dyad, timezone.now() - timedelta(days=1), therapist=answers("therapist"))
        assert missing not in self.tasks(mo)
        Session.objects.update(revealed_at=timezone.now(), revealed_by="time")
        assert self.tasks(mo)[missing] == 1
        consent.give(dyad.client, "care", by=dyad.client)
        assert self.tasks(mo)[missing] == 1, "it would tell that the next check-in has begun"
        Session.objects.update(revealed_at=timezone.now())
        assert missing not in self.tasks(mo)

    def test_only_the_manager_sees_it(self, ben):
        with pytest.raises(PermissionDenied):
            work_page(ben)


def test_a_table_that_is_mostly_kept_back_is_a_sentence(as_member, mo):
    month = counts(130, 104, 117, rule=2)
    month["sessions"] += [["video", True, True, 6]]
    ServiceMonth.objects.create(month=MARCH, closed_at=timezone.now(), counts=month)
    page = as_member(mo).get("/service/").content.decode()
    assert "are too small to show separately" in page
