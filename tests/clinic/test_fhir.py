"""What both may see of a client's courses as FHIR, in the copy: for another clinic, so nothing that was kept."""

import io
import json
import shutil
import subprocess
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation
from fhirclient.models.bundle import Bundle
from tests.clinic.people import CHECK_IN, a_course, a_dyad, a_held_session, a_session, answers, keeping
from tests.clinic.rights_steps import code_for, inside

from accord.cli import main
from accord_clinic.actions import agreements, checkin
from accord_clinic.exports.fhir import as_fhir
from accord_clinic.models import Client, Dyad, Practice, Response
from accord_clinic.queries.courses import course_of

FOREIGN = Path(__file__).parents[1] / "fhir"
pytestmark = pytest.mark.django_db


@pytest.fixture
def said(ana, ben, dyad):
    """Four sessions: one with words shown and kept, one changed before it opened, one not open, one to come."""
    a_held_session(dyad, client=keeping(), therapist=replace(answers("therapist"), reaction="Ben's own note"))
    second = a_held_session(dyad, client=answers("client", d1=0), modality="video")
    checkin.send(second, "client", answers("client", d1=4), by=ana)
    checkin.send(second, "therapist", answers("therapist"), by=ben)
    a_held_session(dyad, client=answers("client", words="Not open yet"))
    a_session(dyad)
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=ana)
    for side, by in (("client", ana), ("therapist", ben)):
        agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    agreements.propose(dyad, "task", "Shoes by the door", "therapist", by=ben, goal=goal)
    agreements.propose(dyad, "problem", "We both rush", "client", by=ana)
    a_course(a_dyad(ben, "Kim"), 2)
    return dyad


def of(bundle, kind):
    return [one["resource"] for one in bundle["entry"] if one["resource"]["resourceType"] == kind]


def test_it_is_in_the_zip_and_a_fhir_library_reads_it(said, ana):
    browser = inside(ana)
    answer = browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": "zip"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        made = json.loads(packed.read("fhir.json"))
    read = Bundle(made, strict=True)
    kinds = Counter(one.resource.resource_type for one in read.entry)
    assert kinds["Patient"] == kinds["Practitioner"] == kinds["Goal"] == 1
    assert (kinds["Encounter"], kinds["QuestionnaireResponse"]) == (4, 4)


def test_every_name_that_is_used_is_in_it(said, ana):
    made = as_fhir(ana)
    there = [one["fullUrl"] for one in made["entry"]]
    assert len(set(there)) == len(there)
    used = set(_references(made))
    assert used
    assert used <= set(there)


def _references(value):
    if isinstance(value, dict):
        if "reference" in value:
            yield value["reference"]
        for one in value.values():
            yield from _references(one)
    if isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_what_was_kept_or_is_not_open_or_of_somebody_else_is_not(said, ana):
    text = json.dumps(as_fhir(ana))
    for secret in ("Only mine", "Not open yet", "Ben's own note", "Kim"):
        assert secret not in text
    assert "Slower, please" in text
    first = next(one for one in of(as_fhir(ana), "QuestionnaireResponse") if one["source"] == one["subject"])
    assert "t1" not in {item["linkId"] for item in first["item"]}


def test_the_last_word_counts(said, ana):
    own = [one for one in of(as_fhir(ana), "QuestionnaireResponse") if one["source"] == one["subject"]]
    assert [
        item["answer"][0]["valueCoding"]["code"] for one in own for item in one["item"] if item["linkId"] == "d1"
    ] == ["3", "4"]


def test_scores_are_those_that_pages_show(said, ana):
    theirs = Counter()
    for (rater, instrument, scale), series in course_of(said).scores.items():
        if scale != "strain":
            theirs.update((f"{instrument}.{scale}.{rater}", one.value) for one in series if one)
    mine = Counter(
        (one["code"]["coding"][0]["code"], one.get("valueQuantity", {}).get("value"))
        for one in of(as_fhir(ana), "Observation")
    )
    assert mine == theirs


def test_goals_tasks_and_the_shared_view_in_their_last_words(said, ana):
    made = as_fhir(ana)
    (goal,), (plan, proposal) = of(made, "Goal"), of(made, "CarePlan")
    assert (goal["description"]["text"], goal["lifecycleStatus"]) == ("Sleep through", "active")
    assert "description" not in plan
    assert "activity" not in plan
    assert (proposal["intent"], proposal["description"]) == ("proposal", "We both rush")
    assert [one["detail"]["status"] for one in proposal["activity"]] == ["not-started"]


def test_what_both_have_sealed_is_the_plan_until_its_words_change(said, ana, ben):
    view = said.agreements.get(kind="problem")
    for side, by in (("client", ana), ("therapist", ben)):
        agreements.seal(view, side, seen=view.wordings.get().pk, by=by)
    plan = of(as_fhir(ana), "CarePlan")[0]
    assert (plan["intent"], plan["description"]) == ("plan", "We both rush")
    agreements.reword(view, "We both hurry", "client", seen=view.wordings.get().pk, by=ana)
    plan, proposal = of(as_fhir(ana), "CarePlan")
    assert "description" not in plan
    assert proposal["description"] == "We both hurry"


def test_kept_and_skipped_look_alike(dyad, ana):
    """A line that says: nothing was shown here, and not why."""
    kept = answers("client", b1=3, t1=2, t2=None, t3=None, sharing={"b1": "raise", "t1": "not_yet"})
    skipped = answers("client", b1=None, t1=None)
    for one in (kept, skipped):
        a_held_session(dyad, client=one, therapist=answers("therapist"))
    both = [one for one in of(as_fhir(ana), "QuestionnaireResponse") if one["source"] == one["subject"]]
    first, second = ([(item["linkId"], item.get("answer")) for item in one["item"]] for one in both)
    assert first == second


@pytest.mark.parametrize(
    ("language", "day"), [("en", "the session on 3 November 2026"), ("de", "der Sitzung am 3. November 2026")]
)
def test_it_speaks_the_clients_language_and_names_days_by_their_date(dyad, ana, language, day):
    """Whatever language is active: the copy is the client's. A weekday would say nothing to who reads it later.

    Most questions of version 0.1 name the session; of the next, only what is in no copy for machines.
    """
    Client.objects.update(language=language)
    a_held_session(dyad, datetime(2026, 11, 3, 9, tzinfo=UTC), client=answers("client"), therapist=answers("therapist"))
    Response.objects.update(version="0.1")
    ana.refresh_from_db()
    with translation.override("de" if language == "en" else "en"):
        response = of(as_fhir(ana), "QuestionnaireResponse")[0]
    assert response["language"] == language
    assert day in response["item"][0]["text"]


def test_times_are_told_by_the_practices_clock(dyad, ana):
    """A session late in the evening is not on the next day, as it would be by UTC."""
    practice = Practice.objects.get()
    practice.time_zone = "America/New_York"
    practice.save()
    a_held_session(dyad, datetime(2026, 11, 3, 1, tzinfo=UTC), client=answers("client"), therapist=answers("therapist"))
    made = as_fhir(ana)
    assert of(made, "Encounter")[0]["period"]["start"] == "2026-11-02T20:00:00-05:00"
    assert of(made, "Observation")[0]["effectiveDateTime"] == "2026-11-02T20:00:00-05:00"


def test_of_what_was_taken_in_from_a_file_no_hour_is_made_up(said, ana):
    said.sessions.update(revealed_by="import")
    Dyad.objects.update(note="Imported from: paper.")
    made = as_fhir(ana)
    assert {len(one["period"]["start"]) for one in of(made, "Encounter")} == {len("2026-11-03")}
    assert {len(one["effectiveDateTime"]) for one in of(made, "Observation")} == {len("2026-11-03")}
    assert not any("authored" in one for one in of(made, "QuestionnaireResponse"))
    assert of(made, "CarePlan")[0]["note"] == [{"text": "Imported from: paper."}]


def test_an_answer_of_a_version_that_is_gone_breaks_nothing(said, ana):
    Response.objects.filter(side="client").update(version="0.0", answers={"d1": 99, "gone": "yes"})
    own = [one for one in of(as_fhir(ana), "QuestionnaireResponse") if one["source"] == one["subject"]]
    assert own[0]["item"][0]["answer"] == [{"valueDecimal": 99}]
    Bundle(as_fhir(ana), strict=True)


MAPPING = """
source = "Ana's copy from elsewhere"
[columns]
person = "subject"
session = "session"
date = "date"
rater = "rater"
[raters]
client = "client"
therapist = "therapist"
[names]
person = "Ana from elsewhere {}"
with = "ben@example.org"
[[questionnaires]]
instrument = "accord-check-in"
form = "full"
[questionnaires.items]
"""


def test_what_a_client_carries_away_another_practice_takes_in(said, ana, ben, tmp_path):
    """fhir.json through `accord fhir` and `import-ratings`: the same scores in the same sessions."""
    before = course_of(said).scores["client", CHECK_IN, "collaboration"]
    (tmp_path / "fhir.json").write_text(json.dumps(as_fhir(ana)))
    table = tmp_path / "answers.csv"
    assert main(["fhir", str(tmp_path / "fhir.json"), "--questionnaire", CHECK_IN, "--out", str(table)]) == 0
    items = "".join(f'{item} = "{item}"\n' for item in ("d1", "d2", "m1", "m2", "b1", "b2", "b3"))
    (tmp_path / "map.toml").write_text(MAPPING + items)
    call_command("import_ratings", table, mapping=tmp_path / "map.toml")
    taken = Dyad.objects.get(client__name__startswith="Ana from elsewhere")
    assert [s.number for s in taken.sessions.order_by("start")] == [1, 2]
    after = course_of(taken).scores["client", CHECK_IN, "collaboration"]
    assert [one.value for one in after] == [one.value for one in before]


class TestStrains:
    """What felt off stays between the two: another clinic's record has no word for it, and would read a complaint."""

    def test_neither_answers_nor_guesses_nor_scores_are_in_it(self, dyad, ana):
        said = answers("client", t1=3, t2=1, t3=("quiet",), sharing={"t1": "show"})
        a_held_session(dyad, client=said, therapist=answers("therapist", g2=3))
        text = json.dumps(of(as_fhir(ana), "QuestionnaireResponse") + of(as_fhir(ana), "Observation"))
        assert '"d1"' in text
        for secret in ('"t1"', '"t2"', '"t3"', '"g2"', "strain"):
            assert secret not in text

    def test_nor_of_a_version_that_is_gone(self, said, ana):
        Response.objects.filter(side="client").update(version="0.0", answers={"d1": 99, "t1": 3})
        assert '"t1"' not in json.dumps(of(as_fhir(ana), "QuestionnaireResponse"))

    def test_that_somebody_was_asked_again_about_one_is_not_told(self, said, ana):
        before = len(as_fhir(ana)["entry"])
        row = Response.objects.filter(side="client", session__revealed_at__isnull=False).first()
        row.pk, row.uid, row.instrument, row.version = None, "asked-again", "accord-asking-again", "0.1"
        row.answers, row.submission = {"a1": 1, "a2": 2}, "asked-again"
        row.save()
        assert len(as_fhir(ana)["entry"]) == before
        assert "asking-again" not in json.dumps(as_fhir(ana))


def test_a_check_in_of_which_only_the_strain_was_shown_is_there_as_one_of_which_nothing_was(said, ana):
    for shown in ({}, {"t1": 3}):
        Response.objects.filter(side="client").update(answers=shown)
        own = [one for one in of(as_fhir(ana), "QuestionnaireResponse") if one["source"] == one["subject"]]
        assert [("item" in one) for one in own[1:]] == [False]


def test_the_questionnaires_that_were_answered_are_in_it_in_the_clients_language(said, ana):
    Client.objects.update(language="de")
    ana.refresh_from_db()
    made = as_fhir(ana)
    names = {f"{one['url']}|{one['version']}" for one in of(made, "Questionnaire")}
    assert names == {one["questionnaire"] for one in of(made, "QuestionnaireResponse")}
    assert {one["language"] for one in of(made, "Questionnaire")} == {"de"}
    assert "Ana" not in json.dumps(of(made, "Questionnaire"))


def test_how_far_each_sees_a_goal_is_in_it_once_both_may_see_it(said, ana, ben):
    goal = said.agreements.get(kind="goal")
    first, _second, third = said.sessions.order_by("start")[:3]
    now = datetime(2026, 11, 3, 9, tzinfo=UTC)
    wrong = goal.progress.create(session=first, side="client", value=2, at=now)
    goal.progress.create(session=first, side="client", value=7, at=now, corrects=wrong)
    taken = goal.progress.create(session=first, side="therapist", value=3, at=now)
    goal.progress.create(session=first, side="therapist", value=None, at=now, corrects=taken)
    goal.progress.create(session=third, side="client", value=9, at=now)
    made = as_fhir(ana)
    (step,) = (one for one in of(made, "Observation") if one["code"]["coding"][0]["code"].startswith("goal."))
    assert (step["valueQuantity"]["value"], step["code"]["coding"][0]["code"]) == (7, "goal.client")
    assert len(of(made, "Goal")[0]["outcomeReference"]) == 1


def test_another_clinics_server_has_everything_once_however_often_it_takes_a_copy_in(said, ana):
    comes_out_once(as_fhir(ana))


def comes_out_once(made):
    """Medplum's validator, with warnings as errors but for its remark on every urn, and its server in memory."""
    if not (FOREIGN / "node_modules" / "@medplum").is_dir() or not shutil.which("node"):
        pytest.skip("Medplum's server is not here: `make fhir-of-others` fetches it (it needs node and npm)")
    done = subprocess.run(
        ["node", "upload.mjs"], cwd=FOREIGN, input=json.dumps(made), capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert [one for one in told["found"] if 'Invalid reference: got "urn:uuid' not in one] == []
    assert told["statuses"] == [["201"], ["200"]]
    there = Counter(one["resource"]["resourceType"] for one in made["entry"])
    assert told["counts"] == [dict(there)] * 2
