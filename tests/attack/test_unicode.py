"""Whatever people write is printed, or the sheet says what is not: emoji, every script, what no keyboard writes."""

from dataclasses import replace

import pytest
from django.test import Client as Browser
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.clinic.people import a_held_session, answers
from tests.clinic.rights_steps import inside

from accord_clinic.exports import pdf
from accord_clinic.models import Wording
from accord_clinic.pages.talk_sheet import sheet
from accord_clinic.posted import without_controls

WRITTEN = {
    "emoji": "Better 😀 👩‍👩‍👧 🏳️‍🌈 ❤️", "Chinese": "我觉得好多了", "Thai": "ฉันรู้สึกดีขึ้น", "Arabic": "أشعر بتحسن",
    "Hindi": "मैं बेहतर हूँ",
    "NUL": "a\0b", "BOM": "\ufeffwords", "bell": "a\x07b", "no character": "a\uffffb", "half": "a\ud800b",
    "own use": "a\ue000b", "tags": "a\U000e0041b", "overrides": "a\u202eb", "combining": "Z" + "\u0301\u0323" * 40,
    "markup": "#panic() $x$ *bold* <b>", "Hangul": "한글", "Khmer": "ខ្ញុំ", "cuneiform": "𒀀", "music": "𝄞",
}  # fmt: skip


@pytest.fixture
def on_paper(dyad):
    """A sheet with these words on it, as bytes of a PDF."""
    shown = sheet(a_held_session(dyad, client=answers("client", words="WORDS"), therapist=answers("therapist")))

    def printed(words: str) -> bytes:
        written = replace(shown.answers, words=tuple(replace(own, words=words) for own in shown.answers.words))
        renamed = replace(shown, client=words[:60] or "Ana", answers=written)
        return pdf.talk_pdf(renamed, timezone.get_current_timezone())

    return printed


@pytest.mark.parametrize("words", WRITTEN.values(), ids=WRITTEN)
def test_one_sign_never_takes_the_sheet_away(on_paper, words):
    assert on_paper(words).startswith(b"%PDF")


@given(st.text(max_size=30))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_nor_does_any_other(on_paper, words):
    assert on_paper(words).startswith(b"%PDF")


def test_what_no_font_has_is_marked_and_all_else_stays(monkeypatch):
    monkeypatch.setattr(pdf, "_prints", lambda sign: sign != "我")
    assert pdf._printable("ab我cΩ") == f"ab{pdf.MARK}cΩ"


def test_the_sheet_says_that_something_is_missing(on_paper, monkeypatch):
    seen = []
    real = pdf._compiled
    monkeypatch.setattr(pdf, "_compiled", lambda layout, data: seen.append(data) or real(layout, data))
    on_paper("x\ue000\U000f0000 我 ไ 한 𒀀")
    sheets = [data for data in seen if isinstance(data, dict)]
    assert len(sheets) == 1 or f"{pdf.MARK} stands for a character that could not be printed" in sheets[-1]["foot"]


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_what_a_keyboard_writes_stays_as_it_is(words):
    kept = without_controls(words)
    assert without_controls(kept) == kept
    assert [c for c in words if c.isalnum()] == [c for c in kept if c.isalnum()]
    assert without_controls("a\tb\r\nc\u200d😀") == "a\tb\r\nc\u200d😀"


def test_what_no_keyboard_writes_stops_at_the_door(dyad, ana):
    inside(ana).post(f"/mine/{dyad.uid}/propose/", {"kind": "goal", "words": "Sle\0ep \ufeffthro\x07ugh\uffff"})
    assert Wording.objects.get().words == "Sleep through"


def test_a_body_that_is_too_long_is_refused_all_the_same(db, settings):
    long = {"email": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
    assert Browser().post("/mine/in/", long).status_code == 400
