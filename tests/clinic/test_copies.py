"""A copy of everything: the client's own words and kept lines, for people and machines; nobody else's notes."""

import csv
import io
import json
import zipfile
from dataclasses import replace
from datetime import time, timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db import models as columns
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.clinic.people import a_course, a_dyad, a_held_session, a_session, answers, keeping
from tests.clinic.program import agree, an_app
from tests.clinic.rights_steps import code_for, inside

from accord_clinic.actions import (
    agreements,
    calibration,
    care,
    checkin,
    consent,
    corrections,
    cover_and_emergency,
    erasure,
    pause,
    planning,
    schedule,
    strains,
    talk_sheet,
    treatment_plan,
)
from accord_clinic.exports.client_tables import NAMES_OF_ROWS, NOT_IN_A_COPY, NOT_IN_A_ROW, TABLES, everything
from accord_clinic.exports.csv_safe import csv_safe
from accord_clinic.models import (
    Calibration,
    Client,
    Dyad,
    ExpectationSheet,
    Progress,
    ReadLog,
    Session,
    Signal,
    StrainMove,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(ana, ben, dyad):
    """Ana has said all kinds of things, and Ben has noted some for himself."""
    a_held_session(dyad, client=keeping(), therapist=replace(answers("therapist"), reaction="Ben's own note"))
    a_held_session(dyad, client=answers("client", words="Not open yet"))
    agreements.propose(dyad, "goal", "Sleep through", "client", by=ana)
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


ERASED = {**erasure.AT_ONCE, **erasure.RECORD, **erasure.SAFETY}
TO_CLIENT = {Client: "pk", Dyad: "client", Session: "dyad__client", ReadLog: "dyad__client", **ERASED}
IN_A_COPY = sorted({model for models, _table in TABLES.values() for model in models}, key=lambda model: model.__name__)


@pytest.fixture
def lived(said, people):
    """So much has happened that each table of a copy holds something of Ana; there is another client beside her."""
    ana, ben, dyad = people.ana, people.ben, said
    Client.objects.filter(pk=ana.pk).update(pin="a hash", born=1990)
    ana.external_names.create(system="urn:oid:1.2.3", value="77")
    consent.set_terms(dyad, by=ben, consents="client", guardian_learns="nothing", by_order=True, order_learns="dates")
    care.set_up(dyad, {"phq-9": 4}, by=ben)
    schedule.settle(dyad, by=ben, quiet_from=19)
    goal = agreements.propose(dyad, "goal", "Walk daily", "client", by=ana)
    for side, by in (("client", ana), ("therapist", ben)):
        agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    task = agreements.propose(dyad, "task", "Shoes by the door", "therapist", by=ben, goal=goal)
    agreements.seal(task, "therapist", seen=task.wordings.get().pk, by=ben)
    sheet = ExpectationSheet.objects.create(dyad=dyad, opened_at=timezone.now(), opened_by="both")
    for side, topic in (("client", "hope"), ("therapist", "ways")):
        sheet.expectations.create(side=side, topic=topic, words="To walk again", at=timezone.now())
    dyad.follow_ups.create(due_on=timezone.localdate(), asked_at=timezone.now(), answered_at=timezone.now(), now=1)
    for side, by, why in (("client", ana, "To try it"), ("therapist", ben, "It helped")):
        option = treatment_plan.OptionText("Every week", "starts now", "an evening", "yes")
        text = treatment_plan.PlanText([option], why, "Comes", "Asks", timezone.localdate())
        plan = dyad.plans.order_by("id").last()
        plan = treatment_plan.write(dyad, text, side, seen=plan.uid if plan else "", by=by)
        treatment_plan.confirm(dyad, side, seen=plan.uid, by=by)
        treatment_plan.rate_view(dyad, "client", 2, by=ana)
    session = a_held_session(dyad, client=answers("client", t1=3), therapist=answers("therapist"))
    agreements.note_progress(session, "client", {goal.uid: 4}, by=ana)
    agreements.pick(session, "client", [goal.uid], ["More rest"], by=ana)
    strains.move(dyad.strains.last(), "try_repair", "therapist", by=ben, session=session, step="Slowed down")
    talk_sheet.tick(session, "words:o2", by=ben)
    talk_sheet.untick(session, "words:o2", by=ben)
    talk_sheet.tick(session, "words:o2", by=ben)
    agreements.end(task, "dropped", "therapist", by=ben)
    agreements.take_back_end(task, "therapist", by=ben)
    corrections.answer(dyad.corrections.get(), "Changed.", by=ben)
    care.share(dyad, people.cy, by=ben)
    cover_and_emergency.cover(dyad, people.eve, timezone.localdate(), timezone.localdate(), by=ben)
    cover_and_emergency.break_glass(dyad, "Nobody answers.", by=people.ada)
    program, _other = an_app(people.ada), an_app(people.ada, name="Another")
    agree(ana, program)
    reads = {"member": ben, "dyad": dyad, "sessions": [session.uid], "at": timezone.now()}
    ReadLog.objects.create(what="words", recipient=program, **reads)
    line = ana.private_lines.first()
    ana.private_lines.create(response=line.response, reader="outside", to=people.cy, item="o2", words="For Cy")
    two_weeks_ago = timezone.localdate() - timedelta(days=14)
    planning.set_rhythm(dyad, two_weeks_ago, time(10), by=ben, until=two_weeks_ago)
    pause.pause(dyad, "ill", by=ben)
    pause.resume(dyad, by=ben)
    again = a_dyad(people.eve, ana)
    ExpectationSheet.objects.create(dyad=a_dyad(people.eve, ana))
    felt = a_held_session(again, client=answers("client", t1=2), therapist=answers("therapist"))
    talk_sheet.tick(felt, "words:o1", by=people.eve)
    a_course(a_dyad(ben, "Kim"), 2)
    return dyad


def other_values(client, column, old):
    """Some values that could stand there instead; of rows that it may name, every other one of the same client.

    What names the client is the exception: nobody else's row is in the copy, so there it is somebody else. The log of
    reading names sessions by their uid.
    """
    if (column.model, column.name) == (ReadLog, "sessions"):
        return [[uid] for uid in Session.objects.filter(dyad__client=client).values_list("uid", flat=True)]
    if column.is_relation:
        of = column.related_model
        rows = of.objects.filter(**{TO_CLIENT[of]: client.pk}) if of in TO_CLIENT and of is not Client else of.objects
        return [key for key in rows.values_list("pk", flat=True) if key != old]
    if column.choices:
        return [code for code, _name in column.choices if code != old]
    match column:
        case columns.BooleanField():
            return [not old]
        case columns.DateTimeField():
            return [(old or timezone.now()) + timedelta(days=3)]
        case columns.DateField():
            return [(old or timezone.localdate()) + timedelta(days=3)]
        case columns.TimeField():
            return [time(3)]
        case columns.JSONField():
            return [[77] if isinstance(old, list) else {"planted": 77} if isinstance(old, dict) else 77]
        case columns.IntegerField() | columns.FloatField():
            return [(old or 0) + 77]
    return ["planted"]


def changed(client, row, column, value):
    """The copy as it is while this row holds this; `None` where the database lets no row hold it."""
    try:
        with transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**{column.attname: value})
            after = a_copy(client)
            transaction.set_rollback(True)
            return after
    except IntegrityError:
        return None


def a_change_is_seen(client, model, column, before) -> bool:
    """Whether a copy, `before` as it is, tells that this column of some row of this client holds something else."""
    return any(
        changed(client, row, column, value) not in (None, before)
        for row in model.objects.filter(**{TO_CLIENT[model]: client.pk})
        for value in other_values(client, column, getattr(row, column.attname))
    )


def columns_of(model):
    return [column for column in model._meta.concrete_fields if column.name not in NAMES_OF_ROWS]


def a_copy(client):
    """The copy as it is, by what the database holds."""
    return everything(Client.objects.get(pk=client.pk))


def seen_in_a_copy(client, model) -> set[str]:
    """Each column is changed, one after the other: those of which the copy tells."""
    before = a_copy(client)
    return {column.name for column in columns_of(model) if a_change_is_seen(client, model, column, before)}


@pytest.mark.same_on_postgresql(reason="which columns a copy has is decided by the models")
@pytest.mark.parametrize("model", IN_A_COPY, ids=lambda model: model.__name__)
def test_every_column_is_in_a_copy_or_said_to_be_left_out_and_why(lived, model):
    names = {column.name for column in columns_of(model)}
    seen = seen_in_a_copy(lived.client, model)
    left_out = {name for one, name in NOT_IN_A_ROW if one is model}
    assert sorted(names - left_out - seen) == [], "neither in a copy nor said to be left out"
    assert sorted(left_out - names) == [], "there is no such column"
    assert sorted(left_out & seen) == [], "said to be left out, and in it"


@pytest.mark.parametrize(
    ("table", "model", "name", "column"),
    [
        ("courses", Dyad, "ending_reason", "ending_reason"),
        ("strains", StrainMove, "step", "step"),
        ("progress", Progress, "instead_of", "corrects"),
        ("sessions", Session, "waived_why", "waived_why"),
    ],
)
def test_a_column_that_a_copy_forgets_is_found(lived, monkeypatch, table, model, name, column):
    """As if somebody had added the column and not thought of the copy."""
    of, rows = TABLES[table]

    def without(client):
        return [{key: value for key, value in row.items() if key != name} for row in rows(client)]

    column = model._meta.get_field(column)
    assert a_change_is_seen(lived.client, model, column, a_copy(lived.client))
    monkeypatch.setitem(TABLES, table, (of, without))
    assert not a_change_is_seen(lived.client, model, column, a_copy(lived.client))


def test_a_moment_that_the_therapist_noted_stays_out_until_the_session_is_open_to_both(ana, ben, dyad):
    waiting = a_session(dyad, state="held")
    strains.open_strain(waiting, "withdrawal", "therapist", by=ben)
    checkin.send(waiting, "therapist", answers("therapist", t1=3), by=ben)
    closed = everything(ana)
    assert closed["strains"] == closed["signals"] == closed["answers"] == closed["sent"] == []
    assert "withdrawal" not in str(closed)
    checkin.send(waiting, "client", answers("client"), by=ana)
    assert [row["kind"] for row in everything(ana)["strains"]] == ["withdrawal"]


def test_what_the_therapist_wrote_about_the_course_is_in_it_and_own_notes_are_not(lived, ben):
    care.end_course(lived, "planned", timezone.localdate(), "Ana has what she came for", by=ben)
    copy = str(everything(lived.client))
    assert "Ana has what she came for" in copy
    assert "Slowed down" in copy
    assert "Ben's own note" not in copy


def test_a_mark_says_how_often_such_a_mark_comes_by_chance(said, ana):
    calibration.calibrate(["accord-check-in/collaboration"], by=None)
    version = Calibration.objects.get().version
    session = said.sessions.ranked().get(number=1)
    facts = {"dyad": said, "session": session, "reported": False, "scale": "collaboration", "raised_at": timezone.now()}
    Signal.objects.create(kind="drop", calibration=version, **facts)
    inferred, *reported = sorted(everything(ana)["signals"], key=lambda row: row["reported"])
    assert inferred["how_sure"] == "By chance alone, about 5 in 300 courses of 15 sessions get one."
    assert {row["how_sure"] for row in reported} <= {""}
    assert inferred["how_sure"] in take(ana, "page").content.decode()


def test_nothing_of_anybody_else_is_in_it(said, people):
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
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cell_is_taken_for_a_formula(words):
    safe = csv_safe(words)
    assert safe.lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
    assert safe.replace("'", "") == words.replace("'", "")


def test_a_table_reads_back_as_it_was_written(said):
    from accord_clinic.exports.client_copy import as_csv

    rows = [{"words": 'Said: "no", twice\nand again', "n": 3}]
    assert list(csv.DictReader(io.StringIO(as_csv(rows)))) == [{"words": 'Said: "no", twice\nand again', "n": "3"}]
