"""The demo shows every kind of course a newcomer should see, told by the clinic's own actions, and stays a demo."""

import io
import json
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.test_fhir import comes_out_once

from accord.cli import main
from accord.errors import BadInput
from accord_clinic.actions.audit import first_break
from accord_clinic.demo import doors
from accord_clinic.demo.load import load
from accord_clinic.exports.fhir import as_fhir
from accord_clinic.models import (
    Agreement,
    Client,
    Comment,
    Dyad,
    ExpectationSheet,
    Member,
    Notice,
    Practice,
    PrivateLine,
    Progress,
    Response,
    Session,
    Signal,
    Strain,
    StudyFile,
)
from accord_clinic.questionnaires.plan import STARTING_PATH, WIDER_LOOK
from accord_clinic.records.attainment import LEVELS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.same_on_postgresql(reason="a demo keeps its practice in the embedded database"),
]


@pytest.fixture(scope="module")
def told(django_db_setup, django_db_blocker):
    """The whole invented practice, told once for this file and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def in_demo(settings):
    settings.DEMO = True


def headline() -> Dyad:
    return Dyad.objects.get(client__email="ana@example.org")


def test_the_copy_of_its_client_comes_out_of_another_clinics_server_once(told):
    copy = as_fhir(headline().client)
    kinds = {row["resource"]["resourceType"] for row in copy["entry"]}
    assert kinds > {"Goal", "Observation", "QuestionnaireResponse"}
    comes_out_once(copy)


# Who is there


def test_four_therapists_somebody_in_each_other_role_and_sixty_clients(told):
    roles = Counter(role for roles in Member.objects.values_list("roles", flat=True) for role in roles)
    assert roles == {"therapist": 4, "supervisor": 1, "manager": 1, "researcher": 1, "admin": 1}
    assert Client.objects.count() == 60
    held = Session.objects.filter(state="held").values("dyad").annotate(n=Count("pk")).values_list("n", flat=True)
    assert min(held) <= 2
    assert max(held) >= 20
    assert set(Session.objects.values_list("modality", flat=True)) == {"room", "video", "phone", "text"}


def test_the_practice_says_that_it_is_a_demo_and_nobody_has_a_password(told):
    assert Practice.objects.get().demo
    assert not any(member.has_usable_password() for member in Member.objects.all())


def test_today_has_sessions_and_ratings_that_wait(told):
    assert Session.objects.filter(state="planned").count() >= 30
    assert Session.objects.filter(state="held", revealed_at=None).exists()


# What happens there


def test_strains_are_settled_or_stay_and_are_opened_by_either_voice(told):
    states = set(Strain.objects.values_list("state", flat=True))
    assert {"settled", "still_there"} <= states
    assert {"client", "therapist"} <= set(Strain.objects.values_list("opened_by", flat=True))


def test_one_therapist_sees_no_strain_at_all(told):
    by_therapist = Counter(Strain.objects.filter(opened_by="therapist").values_list("dyad__therapist__name", flat=True))
    by_client = Counter(Strain.objects.filter(opened_by="client").values_list("dyad__therapist__name", flat=True))
    blind = [name for name in by_client if not by_therapist[name]]
    assert "Tomas" in blind


def test_signals_of_many_kinds_are_raised_by_the_same_rules_as_anywhere(told):
    kinds = set(Signal.objects.values_list("kind", flat=True))
    assert kinds >= {
        "strain_reported", "not_said_yet", "seen_by_one", "goals_apart", "not_talked_about", "safety",
        "drop", "slide", "gap", "quiet", "silence",
    }  # fmt: skip


def test_courses_end_planned_and_unplanned_and_one_is_handed_over(told):
    assert set(Dyad.objects.values_list("ending", flat=True)) == {"", "planned", "agreement", "by_client", "moved_on"}
    assert Dyad.objects.exclude(follows=None).count() == 1


def test_goals_have_both_seals_one_or_none(told):
    seals = Agreement.objects.filter(kind="goal").annotate(n=Count("wordings__seals")).values_list("n", flat=True)
    assert {1, 2} <= set(seals)
    assert set(Agreement.objects.values_list("kind", flat=True)) == {"goal", "task", "problem", "medication"}


def test_goals_are_rated_by_levels_and_a_medication_plan_is_asked_about(told):
    rated = Progress.objects.filter(value__in=LEVELS)
    assert rated.values("agreement").distinct().count() >= 3
    assert Progress.objects.filter(agreement__kind="medication", session__dyad__therapist__name="Ben").exists()


def test_some_wrote_before_the_first_session_and_one_still_waits_for_it(told):
    waiting, opened = (ExpectationSheet.objects.filter(opened_at__isnull=none) for none in (True, False))
    [not_met] = waiting
    assert not not_met.dyad.sessions.filter(state="held").exists()
    assert headline().pk in opened.values_list("dyad", flat=True)


def test_comments_have_each_kind_of_reader_and_some_answers_are_kept(told):
    assert Comment.objects.filter(side="client").exists()
    assert set(PrivateLine.objects.values_list("reader", flat=True)) >= {"raise", "outside", "statistics"}
    assert PrivateLine.objects.filter(item="t1").exclude(value=None).exists()


def test_the_starting_path_the_wider_look_and_outcome_measures_are_answered(told):
    answered = set(Response.objects.values_list("instrument", flat=True))
    assert answered >= {STARTING_PATH, WIDER_LOOK, "phq-9", "gad-7"}


def test_somebody_answers_in_german(told):
    assert Response.objects.filter(side="client", language="de").exists()


def test_one_safety_notice_went_to_the_therapist_and_the_safety_contact(told):
    names = set(Notice.objects.filter(kind="safety").values_list("member__name", flat=True))
    assert names == {"Lea", "Cyrus"}


def test_the_audit_chain_is_whole_and_in_the_order_of_time(told):
    assert first_break() is None


def test_nothing_is_told_of_the_future(told):
    now = timezone.now()
    assert not Response.objects.filter(sent_at__gt=now).exists()
    assert not Session.objects.exclude(state="planned").filter(start__gt=now).exists()


def test_the_manager_finds_three_things_to_do_two_pictures_and_no_table_of_dashes(told, in_demo):
    browser = Browser()
    browser.force_login(Member.objects.get(name="Mona"))
    page = browser.get("/service/").content.decode()
    assert page.count('class="work-count"') >= 3
    assert "check-in links did not arrive" in page
    before, _heading, _after = page.partition("<table")
    assert before.count('role="img"') == 2, "the pictures come before the first table"
    for table in re.findall(r"<tbody>.*?</tbody>", page, re.S):
        cells = [re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r"<td.*?</td>", table, re.S)]
        dashes = [cell for cell in cells if cell.startswith("–")]
        assert 3 * len(dashes) <= len([cell for cell in cells if cell]), cells


# The headline


def test_ana_and_ben_see_session_nine_differently(told):
    dyad = headline()
    third_session, seventh, ninth_session = dyad.sessions.ranked().filter(number__in=(3, 7, 9)).order_by("number")
    kinds = set(dyad.signals.filter(session=ninth_session).values_list("kind", flat=True))
    assert kinds >= {"strain_reported", "seen_by_one", "not_said_yet"}
    assert dyad.signals.filter(kind="drop", session=ninth_session, withheld=False).exists()
    third, ninth = dyad.strains.order_by("session__start")
    assert (third.session, third.state) == (third_session, "settled")
    assert (ninth.session, ninth.state) == (ninth_session, "still_there")
    assert not Response.objects.filter(session=seventh, side="client").exists()
    assert dyad.sessions.latest("start").state == "planned"


# The door


def test_one_click_signs_in_as_anybody(told, in_demo):
    ben = Member.objects.get(name="Ben")
    browser = Browser()
    page = browser.get("/demo/")
    assert page.status_code == 200
    assert "invented" in page.content.decode()
    sent = browser.post(f"/demo/be/{ben.uid}/")
    assert (sent.status_code, sent.url) == (302, "/")
    assert browser.session["_auth_user_id"] == str(ben.pk)


def test_a_safety_notice_is_one_click_away_as_its_therapist_meets_it(told, in_demo):
    browser, notice = Browser(), doors.safety_notice()
    assert notice.client in browser.get("/demo/").content.decode()
    browser.post(f"/demo/be/{notice.therapist_uid}/")
    page = browser.get("/today/").content.decode()
    assert f"/safety/{notice.session}/" in page
    answer = browser.get(f"/safety/{notice.session}/").content.decode()
    assert "care record" in answer


def test_both_settings_are_there_to_see(told, in_demo):
    """The same sheet with an inferred mark: without a card, and with one once marks are switched on."""
    browser, shown = Browser(), doors.marked_course()
    with transaction.atomic():
        for choose in (False, True):
            assert doors.marks_choose_cards() is choose
            sent = browser.post(f"/demo/be/{shown.therapist_uid}/", {"prepare": shown.session})
            page = browser.get(sent.url).content.decode()
            assert ("Nothing is suggested" in page) is not choose
            browser.post("/demo/marks/")
        assert not doors.marks_choose_cards()
        transaction.set_rollback(True)


def test_a_phone_is_one_click_away(told, in_demo):
    session = Session.objects.filter(state="held", dyad__ended=None).exclude(responses__side="client").first()
    sent = Browser().post(f"/demo/phone/{session.uid}/")
    assert sent.status_code == 302
    assert sent.url.startswith("/c/")


def test_the_door_opens_nothing_by_get_and_nobody_unknown(told, in_demo):
    ben = Member.objects.get(name="Ben")
    assert Browser().get(f"/demo/be/{ben.uid}/").status_code == 405
    assert Browser().post("/demo/be/nobody/").status_code == 404
    assert Browser().post("/demo/phone/nothing/").status_code == 404


# The demo keeps away from the network; from real practices: test_no_demo


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "clinic.example"])
def test_the_demo_listens_on_this_machine_only(db, in_demo, host):
    with pytest.raises(BadInput, match="this machine only"):
        call_command("demo", "--host", host)


def test_the_demo_runs_as_the_demo_only(db, settings):
    settings.DEMO = False
    with pytest.raises(BadInput, match="accord_clinic demo"):
        call_command("demo", "--only-load")


# The tutorial on a study is followed as it is written

TUTORIAL = Path(__file__).parents[2] / "docs/tutorial/a-study.md"
PRESSED = (
    "Research", "Make a report", "Files and reports", "The practice", "Studies", "Look at it", "Release it",
    "Make a study file",
)  # fmt: skip
"""What it tells its reader to look for."""


def labels(page) -> set[str]:
    """What the page's headings, links and buttons say."""
    whole = re.findall(r"<(h\d|a|button)\b[^>]*>(.*?)</\1>", page.content.decode(), re.DOTALL)
    return {" ".join(re.sub("<[^>]*>", "", text).split()) for _tag, text in whole}


def test_the_tutorials_study_leads_from_the_plan_to_a_released_pdf(
    told, in_demo, as_member, tmp_path, monkeypatch, capsys
):
    [plan] = re.findall(r"```toml\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    commands = re.findall(r"^    accord (.+)$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    dana, ada = (as_member(Member.objects.get(name=name)) for name in ("Dana", "Ada"))
    text = " ".join(TUTORIAL.read_text(encoding="utf-8").split())
    assert [name for name in PRESSED if f"*{name}*" not in text] == []
    dana.post("/research/", {"what": "report", "plan": SimpleUploadedFile("plan.toml", plan.encode())})
    dana.post("/research/")
    seen = labels(dana.get("/research/")) | labels(ada.get("/practice/studies/"))
    report, rows = (StudyFile.objects.get(kind=kind) for kind in ("report", "rows"))
    assert dana.post(f"/research/files/{report.uid}/").status_code == 302
    for file in (report, rows):
        assert ada.post(f"/practice/files/{file.uid}/", {"answer": "look"}).content.startswith(b"PK")
        ada.post(f"/practice/files/{file.uid}/", {"answer": "released"})
    assert set(PRESSED) <= seen | labels(dana.get("/research/"))
    got = dana.post(f"/research/files/{report.uid}/").content
    with zipfile.ZipFile(io.BytesIO(got)) as folder:
        assert folder.read("report.pdf").startswith(b"%PDF")
        numbers = json.loads(folder.read("numbers.json"))
    answered = {section["analysis"]: section for section in numbers["sections"]}
    assert "no codes for therapists" in answered["therapists"]["refused"]
    follows, symptoms = (section for section in numbers["sections"] if section["analysis"] == "coupling")
    assert "it is asked less often" in symptoms["refused"]
    for section in (answered["describe"], answered["dyads"], answered["growth"], follows):
        assert section["estimates"], section
    (tmp_path / "plan.toml").write_text(plan)
    (tmp_path / "study.zip").write_bytes(dana.post(f"/research/files/{rows.uid}/").content)
    monkeypatch.chdir(tmp_path)
    for command in commands:
        assert main(command.split()) == 0, command
    compared = capsys.readouterr().out
    for criterion in ("t1: known in", "partner: known in", "next score after a mark", "unplanned ending after a mark"):
        assert criterion in compared
    again = json.loads((tmp_path / "report/numbers.json").read_text())
    first = answered["growth"]["estimates"][0]
    repeated = next(s for s in again["sections"] if s["analysis"] == "growth")["estimates"][0]
    assert repeated["value"] == pytest.approx(first["value"], rel=1e-6)
