"""Out to the care record: a note on one session as plain text, and a course as PDF and CSV."""

import csv
import io
import re
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from tests.clinic.people import CHECK_IN, a_course, a_held_session, a_part, answers
from tests.clinic.test_canary import text_of

from accord_clinic.actions import agreements, treatment_plan
from accord_clinic.actions.treatment_plan import OptionText, PlanText
from accord_clinic.models import ReadLog
from accord_clinic.pages.care_record import course_record, note
from accord_clinic.questionnaires.submission import OpenLine
from accord_clinic.rules.visible import revealed_session

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def session(people):
    """The fourth session: Ana felt something, kept one answer, wrote a line, and answered the PHQ-9."""
    a_course(people.dyad, 3)
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 1 for i in range(1, 9)} | {"phq9": 0})
    said = answers("client", t1=2, t3=("quiet",), d1=1, words="Look at the clock less", parts=(phq,))
    said = replace(said, sharing={(CHECK_IN, "m1"): "not_yet"})
    made = a_held_session(people.dyad, client=said, therapist=answers("therapist", m2=4))
    for words, sides in (("Sleep through", ("client", "therapist")), ("Work less", ("client",))):
        goal = agreements.propose(people.dyad, "goal", words, "client", by=people.ana)
        for side in sides:
            by = people.ana if side == "client" else people.ben
            agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    return revealed_session(people.ben, made.uid)


def test_a_note_says_when_what_both_rated_the_strain_and_what_both_agreed(session):
    opening, rated, strains, agreed = note(session, BERLIN).strip().split("\n\n")
    assert opening.startswith("Session 4, ")
    assert opening.endswith("in person, 50 minutes")
    assert "Time on what matters most: Ana: About half of it; Ben: Nearly all of it" in rated.splitlines()
    assert rated.splitlines()[-1] == "PHQ-9, Total (0 to 27): client 8"
    went_quiet = "Session 4: Ana said that something felt off (went quiet or went along). Now: open."
    assert strains.splitlines() == ["Strains", went_quiet]
    assert agreed.splitlines() == ["Agreed by both", "Goal: Sleep through"]


def test_a_plan_is_in_the_note_once_both_have_confirmed_it(session, people):
    plans = (OptionText("One walk a day", "", "", "yes"), OptionText("Medication", "", "", "not_now"))
    text = PlanText(plans, "It worked before", "Walk", "Ask each time", date(2027, 3, 1))
    plan = treatment_plan.write(people.dyad, text, "therapist", seen="", by=people.ben)
    treatment_plan.confirm(people.dyad, "therapist", seen=plan.uid, by=people.ben)
    assert "Walk" not in note(session, BERLIN), "a draft of one side is not agreed"
    treatment_plan.confirm(people.dyad, "client", seen=plan.uid, by=people.ana)
    heading, version, *lines = note(session, BERLIN).strip().split("\n\n")[-1].splitlines()
    assert heading == "Treatment plan, confirmed by both"
    assert version.startswith("Version 1, confirmed by both on ")
    assert lines == ["Decided: One walk a day", "Ana does: Walk", "Ben does: Ask each time", "Review on 1 March 2027"]


def test_a_note_of_a_session_without_an_answer_is_its_date(people):
    """Nothing is printed as a blank row, and no heading stands above nothing."""
    made = a_held_session(people.dyad)
    type(made).objects.filter(pk=made.pk).update(revealed_at=made.start, revealed_by="time")
    assert note(revealed_session(people.ben, made.uid), BERLIN).count("\n") == 1


def test_a_kept_answer_is_in_no_file_and_neither_are_own_words(session, people, as_member):
    """The kept answer leaves no trace: the other's answer to that question stands alone."""
    text = note(session, BERLIN)
    [row] = [line for line in text.splitlines() if line.startswith("Where the work is heading")]
    assert "Ana" in row
    [kept] = [line for line in text.splitlines() if line.startswith("What to change in the way of working")]
    assert "Ana" not in kept
    assert "Ben" in kept
    browser = as_member(people.ben)
    course = f"/people/{people.dyad.uid}/course"
    for address in (f"/sessions/{session.uid}/note/", f"{course}.pdf", f"{course}.csv"):
        assert "Look at the clock less" not in text_of(browser.get(address))


def test_what_is_not_open_yet_is_in_no_file(session, people, as_member):
    before = [text_of(as_member(people.ben).get(f"/people/{people.dyad.uid}/course.csv"))]
    waiting = a_held_session(people.dyad, client=answers("client", t1=4, d1=0, words="Not yet"))
    assert as_member(people.ben).get(f"/sessions/{waiting.uid}/note/").status_code == 404
    assert [text_of(as_member(people.ben).get(f"/people/{people.dyad.uid}/course.csv"))] == before
    record = course_record(people.dyad, BERLIN)
    assert max(row.session for row in record.scores) == 4
    assert len(record.picture.wide.table.rows) == 4


def test_before_the_therapist_rates_the_own_rating_is_not_in_it_either(session, people):
    """Own ratings of a session that is not open yet would tell which sessions wait for the client."""
    a_held_session(people.dyad, therapist=answers("therapist", d1=0))
    assert max(row.session for row in course_record(people.dyad, BERLIN).scores) == 4


def test_the_table_has_a_row_for_each_scale_of_each_session(session, people, as_member):
    answer = as_member(people.ben).get(f"/people/{people.dyad.uid}/course.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert list(rows[0]) == [
        "session", "day", "where", "questionnaire", "scale", "low", "high", "client", "therapist",
    ]  # fmt: skip
    by = {(row["session"], row["scale"]): row for row in rows}
    assert by["1", "Collaboration"]["client"] == by["1", "Collaboration"]["therapist"] == "75.0"
    assert by["4", "Strain"]["client"] == "2.0"
    assert by["4", "Total"]["client"] == "8.0"
    assert by["4", "Total"]["therapist"] == ""


def test_the_pdf_holds_the_picture_the_numbers_strains_and_goals(session, people, as_member):
    answer = as_member(people.ben).get(f"/people/{people.dyad.uid}/course.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert b"/StructTreeRoot" in answer.content


@pytest.mark.parametrize("route", ["sessions/{session}/note/", "people/{dyad}/course.pdf", "people/{dyad}/course.csv"])
def test_the_client_reads_that_a_file_was_taken(session, people, as_member, route):
    as_member(people.ben).get("/" + route.format(session=session.uid, dyad=people.dyad.uid))
    assert ReadLog.objects.latest("id").what == ("note" if "note" in route else "course_file")


def test_the_note_stands_in_a_field_that_can_be_edited_and_nothing_is_posted(session, people, as_member):
    page = as_member(people.ben).get(f"/sessions/{session.uid}/note/").content.decode()
    field = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.S)
    assert field[1].startswith("Session 4, ")
    main = page[page.index("<main") : page.index("</main")]
    assert "<form" not in main


def test_words_in_a_note_are_never_markup(people, as_member):
    made = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    goal = agreements.propose(people.dyad, "goal", "</textarea><script>x</script>", "client", by=people.ana)
    for side, by in (("client", people.ana), ("therapist", people.ben)):
        agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    page = as_member(people.ben).get(f"/sessions/{made.uid}/note/").content.decode()
    assert "<script>x" not in page
    assert as_member(people.ben).get(f"/people/{people.dyad.uid}/course.pdf").content.startswith(b"%PDF")


def test_a_line_of_the_client_to_somebody_else_is_in_no_file(people, as_member):
    said = replace(answers("client"), open_lines=(OpenLine(CHECK_IN, "o2", "For Cy", "outside"),))
    made = a_held_session(people.dyad, client=said, therapist=answers("therapist"))
    for route in (f"sessions/{made.uid}/note/", f"people/{people.dyad.uid}/course.pdf"):
        assert "For Cy" not in text_of(as_member(people.ben).get(f"/{route}"))
