"""A copy of everything: the client's own words and kept lines, for people and machines; nobody else's notes."""

import csv
import io
import json
import zipfile
from dataclasses import replace

import pytest
from django.apps import apps
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.clinic.people import CHECK_IN, a_held_session, answers
from tests.clinic.rights_steps import code_for, inside

from accord_clinic.actions import alliance, consent, corrections, erasure
from accord_clinic.queries.copies import NOT_IN_A_COPY, TABLES, csv_safe, everything
from accord_clinic.submission import OpenLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(ana, ben, dyad):
    """Ana has said all kinds of things, and Ben has noted some for himself."""
    kept = replace(
        answers("client", t1=2, words="Slower, please", sharing={"t1": "not_yet"}),
        open_lines=(OpenLine(CHECK_IN, "o2", "Slower, please"), OpenLine(CHECK_IN, "o1", "Only mine", "raise")),
    )
    a_held_session(dyad, client=kept, therapist=replace(answers("therapist"), reaction="Ben's own note"))
    a_held_session(dyad, client=answers("client", words="Not open yet"))
    alliance.propose(dyad, "goal", "Sleep through", "client", by=ana)
    consent.give(ana, "research", by=ana)
    corrections.ask(dyad, "It was a Tuesday", by=ana)
    return dyad


def take(client, how: str):
    """The copy, behind a fresh code."""
    browser = inside(client)
    return browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": how})


def unpacked(response) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(response.content)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


OWN = ("Slower, please", "Only mine", "Not open yet", "Sleep through", "It was a Tuesday", "ana@example.org")


def test_the_page_holds_every_own_word_kept_ones_too(said):
    page = take(said.client, "page").content.decode()
    assert [words for words in OWN if words not in page] == []


def test_the_zip_holds_the_same_as_a_page_as_json_and_as_tables(said):
    files = unpacked(take(said.client, "zip"))
    tables = "".join(text for name, text in files.items() if name.endswith(".csv"))
    for words in OWN:
        assert words in files["copy.html"], words
        assert words in json.dumps(json.loads(files["copy.json"]), ensure_ascii=False), words
        assert words in tables, words
    assert {f"tables/{name}.csv" for name in TABLES} <= set(files)


def test_nobody_elses_private_notes_are_in_it(said):
    files = unpacked(take(said.client, "zip"))
    assert not [name for name, text in files.items() if "Ben's own note" in text or "Ben&#x27;s own note" in text]


def test_of_the_therapist_only_what_is_open_to_both(ana, ben, dyad):
    from tests.clinic.people import a_session

    from accord_clinic.actions import checkin

    waiting = a_session(dyad, state="held")
    checkin.send(waiting, "therapist", answers("therapist", words="Not for Ana yet"), by=ben)
    assert "Not for Ana yet" not in str(everything(ana))
    checkin.send(waiting, "client", answers("client"), by=ana)
    assert "Not for Ana yet" in str(everything(ana))


def test_answers_stand_with_their_questions_and_in_words(said):
    first = next(r for r in everything(said.client)["answers"] if r["item"] == "d1" and r["side"] == "client")
    assert first["question"] != "d1"
    assert "{" not in first["question"]
    assert first["in_words"]


def test_every_table_is_in_a_copy_or_said_to_be_left_out_and_why(said):
    inside_ = {model for models, _table in TABLES.values() for model in models}
    about_clients = set(apps.get_app_config("accord_clinic").get_models()) - set(erasure.ABOUT_NOBODY)
    assert inside_ | set(NOT_IN_A_COPY) == about_clients
    assert not inside_ & set(NOT_IN_A_COPY)


def test_nothing_of_anybody_else_is_in_it(said, people):
    from tests.clinic.people import a_dyad

    other = a_dyad(people.ben, "Kim")
    a_held_session(other, client=answers("client", words="Kim's words"))
    assert "Kim" not in str(everything(said.client))


@pytest.mark.parametrize("code", ["", "000000"])
def test_without_a_fresh_code_there_is_no_copy(said, code):
    browser = inside(said.client)
    code_for(browser, "copy")
    response = browser.post("/mine/rights/copy/", {"code": code, "as": "zip"})
    assert response.status_code == 422
    assert "Slower, please" not in response.content.decode()


def test_a_code_is_good_for_one_copy(said):
    browser = inside(said.client)
    code = code_for(browser, "copy")
    assert browser.post("/mine/rights/copy/", {"code": code}).status_code == 200
    assert browser.post("/mine/rights/copy/", {"code": code}).status_code == 422


def test_a_copy_is_never_stored_by_a_browser(said):
    assert take(said.client, "zip").headers["Cache-Control"] == "no-store"


@given(st.text())
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_cell_is_taken_for_a_formula(words):
    safe = csv_safe(words)
    assert safe.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
    assert safe.replace("'", "") == words.replace("'", "")


def test_a_table_reads_back_as_it_was_written(said):
    from accord_clinic.queries.copies import as_csv

    rows = [{"words": 'Said: "no", twice\nand again', "n": 3}]
    assert list(csv.DictReader(io.StringIO(as_csv(rows)))) == [{"words": 'Said: "no", twice\nand again', "n": "3"}]
