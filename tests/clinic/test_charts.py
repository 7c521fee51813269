"""The course as a picture: what is drawn for what was said, what is kept closed, and that no two labels touch."""

import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from accord.course import course
from accord.instruments import catalogue, load
from accord.records import DyadRecord, Response, SessionFacts
from accord_clinic.charts import Panel, SessionMark, StrainSpan, Words, course_chart, course_table
from accord_clinic.charts.axis import width_of
from accord_clinic.pages.pictures import picture
from accord_clinic.words.sentences import Names

TEA = Path(__file__).parents[1] / "accord" / "good.toml"

WORDS = Words(
    title="The course",
    description="Ten sessions.",
    client="Ana",
    therapist="Ben",
    session="Session",
    modality="How",
    usual="usual for Ana",
    wide_gap="further apart than usual",
    no_answer="no answer",
    not_open_yet="not open yet",
    not_asked="–",
    strain="Strain",
    no_strain="No strain was named.",
    opened="opened",
    talked_about="talked about",
    settled="settled",
)


def sessions(count, closed=()):
    return [SessionMark(n, "room", revealed=n not in closed) for n in range(1, count + 1)]


def panel(client, therapist=None, **more):
    return Panel("Collaboration", client, therapist or {}, more.pop("band", {}), **more)


def draw(count, one_panel, strains=None, closed=(), **more):
    return course_chart(sessions(count, closed), [one_panel], strains, [], WORDS, **more)


def texts(chart):
    drawn = [label for part in (*chart.panels, *chart.outcomes) for label in part.labels]
    return [label.text for label in (*drawn, *(chart.track.labels if chart.track else ()), *chart.axis)]


def marks(path):
    return path.count("M")


def test_each_answer_is_one_mark_of_its_voice():
    drawn = draw(3, panel({1: 50, 2: 60, 3: 70}, {1: 55, 2: 60})).panels[0]
    assert (marks(drawn.client_marks), marks(drawn.therapist_marks)) == (3, 2)


def test_higher_answers_stand_higher_and_stay_inside_their_panel():
    drawn = draw(3, panel({1: 0, 2: 100, 3: 250})).panels[0]
    heights = [float(y) for y in re.findall(r"[ML]\S+ (\S+?)(?=[L]|$)", drawn.client_line)]
    assert heights[0] > heights[1] == heights[2]


def test_a_missing_answer_breaks_the_line_and_is_said():
    chart = draw(3, panel({1: 50, 2: None, 3: 70}))
    assert marks(chart.panels[0].client_line) == 2
    assert "no answer" in texts(chart)


def test_a_scale_that_was_not_asked_keeps_its_line_and_says_nothing():
    chart = draw(3, panel({1: 50, 3: 70}))
    assert marks(chart.panels[0].client_line) == 1
    assert "no answer" not in texts(chart)


def test_a_session_that_was_not_held_misses_no_answer():
    cancelled = SessionMark(2, "cancelled", asked=False)
    chart = course_chart([SessionMark(1, "room"), cancelled], [panel({1: 50, 2: None})], None, [], WORDS)
    assert "no answer" not in texts(chart)


@pytest.mark.parametrize("answered", [{1: 50, 2: None}, {1: 50}])
def test_a_session_that_is_not_open_yet_looks_the_same_whether_the_client_answered_or_not(answered):
    unanswered, absent = (
        draw(2, panel(answered, {1: 40, 2: 45}), closed={2}),
        draw(2, panel({1: 50}, {1: 40, 2: 45}), closed={2}),
    )
    assert unanswered == absent
    assert "no answer" not in texts(unanswered)
    assert "not open yet" in texts(unanswered)


def test_no_gap_is_drawn_before_a_session_is_open():
    wide = panel({1: 20, 2: 20}, {1: 80, 2: 80}, wide=frozenset({1, 2}))
    assert marks(draw(2, wide).panels[0].gaps) == 2
    assert marks(draw(2, wide, closed={2}).panels[0].gaps) == 1


def test_the_band_is_one_wash_for_each_unbroken_run():
    drawn = draw(5, panel({}, band={1: (40, 60), 2: (45, 65), 4: (50, 70)})).panels[0]
    assert drawn.band.count("z") == 2


def test_coordinates_are_strings_with_a_point_in_every_language(settings):
    settings.LANGUAGE_CODE = "de"
    chart = draw(7, panel(dict.fromkeys(range(1, 8), 51.7)))
    assert "," not in render_to_string("parts/course.svg.html", {"chart": chart, "uid": "c"}).split("<path", 1)[1]


def test_an_open_strain_runs_past_the_last_session_and_a_settled_one_ends_where_it_was_settled():
    spans = [StrainSpan(1, 2, 3, "client", "settled"), StrainSpan(3, None, None, "therapist", "open")]
    track = draw(4, panel({}), spans).track
    ends = [float(x) for x in re.findall(r"H(\S+?)(?=M|$)", track.waiting + track.talked)]
    chart_right = max(float(label.x) for label in draw(4, panel({})).axis)
    assert sum(end > chart_right for end in ends) == 1
    assert marks(track.turns) == 2  # talked about, settled
    assert [label.kind for label in track.labels[1:]] == ["", "open"]


def test_without_a_strain_the_track_says_so():
    assert "No strain was named." in texts(draw(4, panel({}), []))


def test_the_newest_sessions_alone_for_a_narrow_screen_and_all_in_the_table():
    all_sessions, ago = panel(dict.fromkeys(range(1, 26), 50)), [StrainSpan(2, 3, 4, "client", "long ago")]
    chart = draw(25, all_sessions, ago, width=330, last=10)
    assert marks(chart.panels[0].client_marks) == 10
    assert "long ago" not in texts(chart)
    assert len(draw(25, all_sessions, ago).table.rows) == 25


def test_the_legend_explains_what_is_drawn_and_nothing_else():
    assert draw(4, panel({1: 50.0}), []).drawn == {"client_marks"}
    assert draw(4, panel({}), []).drawn == set()


def test_a_strain_from_before_the_newest_sessions_starts_at_the_edge_without_a_mark():
    chart = draw(25, panel({}), [StrainSpan(2, None, None, "client", "still open")], width=330, last=10)
    assert (chart.track.marks, "still open" in texts(chart)) == ("", True)


def boxes(labels):
    """Left, right and baseline of each label, as generously as the chart itself measures them."""
    for label in labels:
        x, wide = float(label.x), width_of(label.text)
        left = {"start": x, "middle": x - wide / 2, "end": x - wide}[label.anchor]
        yield left, left + wide, float(label.y), label.text


@pytest.mark.parametrize("width", [330, 740])
@pytest.mark.parametrize("count", [1, 2, 3, 10, 25, 40])
@pytest.mark.parametrize("seed", range(5))
def test_no_two_labels_touch(width, count, seed):
    draw_one = random.Random(seed)
    held = [
        SessionMark(n, draw_one.choice(["room", "video", "phone"]), revealed=n < count or draw_one.random() < 0.5)
        for n in range(1, count + 1)
    ]
    client = {n: None if draw_one.random() < 0.3 else draw_one.uniform(0, 100) for n in range(1, count + 1)}
    therapist = {n: None if draw_one.random() < 0.2 else draw_one.uniform(0, 100) for n in range(1, count + 1)}
    spans = [
        StrainSpan(start, None, None, "client", "open, said by Ana")
        if draw_one.random() < 0.3
        else StrainSpan(start, start, min(count, start + 2), "therapist", "settled in 2 sessions")
        for start in sorted(draw_one.choices(range(1, count + 1), k=6))
    ]
    chart = course_chart(held, [panel(client, therapist)], spans, [], WORDS, width=width)
    for labels in (chart.panels[0].labels, chart.track.labels[1:], chart.axis):
        placed = list(boxes(labels))
        for i, (left, right, y, text) in enumerate(placed):
            for other_left, other_right, other_y, other in placed[i + 1 :]:
                apart = abs(y - other_y) >= 12 or right <= other_left or other_right <= left
                assert apart, f"{text!r} touches {other!r}"


def test_the_table_says_the_same_as_the_picture():
    held = [SessionMark(1, "room", when="4 March"), SessionMark(2, "video"), SessionMark(3, "room", revealed=False)]
    table = course_table(
        held, [panel({1: 49.6, 2: None}, {1: 55, 2: 60, 3: 65})], [StrainSpan(1, 2, None, "client", "open")], WORDS
    )
    assert table.heads == ("Session", "How", "Collaboration, Ana", "Collaboration, Ben", "Strain")
    assert table.rows == (
        ("1 · 4 March", "room", "50", "55", "opened"),
        ("2", "video", "no answer", "60", "talked about"),
        ("3", "room", "not open yet", "65", "–"),
    )


def test_a_course_without_sessions_is_an_empty_picture():
    chart = course_chart([], [panel({})], [], [], WORDS)
    assert chart.panels[0].client_line == ""
    assert chart.table.rows == ()


def test_the_picture_has_a_name_a_description_and_no_style_of_its_own():
    chart = draw(4, panel({1: 50, 2: 60, 3: None, 4: 20}, {1: 60, 4: 70}, wide=frozenset({4})), [])
    svg = ElementTree.fromstring(render_to_string("parts/course.svg.html", {"chart": chart, "uid": "course"}))  # noqa: S314
    names = {child.get("id"): child.text for child in svg if child.get("id")}
    assert svg.get("role") == "img"
    assert names == {"course-title": "The course", "course-desc": "Ten sessions."}
    assert svg.get("aria-labelledby") == "course-title course-desc"
    assert not [element for element in svg.iter() if element.get("style")]


@pytest.mark.parametrize(("same_questions", "panels"), [(True, 1), (False, 2)])
def test_voices_that_answer_different_questions_are_not_drawn_together(tmp_path, same_questions, panels):
    """A questionnaire of the practice's own, whose second question means something else to a therapist."""
    text = TEA.read_text()
    if same_questions:
        text = text.replace('construct = "bitterness"', 'construct = "bitterness"\ncommensurate = true')
    (tmp_path / "tea.toml").write_text(text)
    tea = load(tmp_path / "tea.toml")
    answers = [
        Response(n, rater, "tea", "1.0", "full", {"warm": 2, "bitter": n % 2, "why": None})
        for n in (1, 2, 3)
        for rater in ("client", "therapist")
    ]
    heard = DyadRecord(tuple(SessionFacts(n, True, "room") for n in (1, 2, 3)), tuple(answers))
    drawn = picture(course(heard, {"tea": tea}, {}), {"tea": tea}, sessions(3), [], {}, Names("Ana", "Ben")).wide
    parts = drawn.outcomes
    assert [bool(p.client_line) + bool(p.therapist_line) for p in parts] == ([2] if same_questions else [1, 1])
    assert len(parts) == panels
    assert drawn.table.heads[2:4] == ("Tea, Ana's answers", "Tea, your answers")


@pytest.mark.parametrize("wide", [{}, {("accord-check-in", "collaboration"): frozenset({2})}])
def test_the_legend_says_how_often_a_wide_gap_is_chance_where_one_is_marked(wide):
    shelf = catalogue().instruments
    said = Response(1, "client", "accord-check-in", "0.1", "full", {"d1": 3, "d2": 3, "m1": 3, "m2": 3})
    heard = DyadRecord((SessionFacts(1, True, "room"),), (said,))
    words = picture(course(heard, shelf, {}), shelf, sessions(1), [], wide, Names("Ana", "Ben")).wide.words
    assert ("by chance alone in about 3 of 100 courses of 15 sessions" in words.wide_gap) == bool(wide)
