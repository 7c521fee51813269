"""Approved studies: asked for, answered by another member, made for those who agree, released by a second member."""

import io
import json
import zipfile
from collections import defaultdict
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_member, answers
from tests.clinic.test_study import read

from accord.errors import BadInput
from accord.tables import vocabulary
from accord_clinic.actions import consent, erasure, study, study_forgotten
from accord_clinic.exports import study_rows
from accord_clinic.models import (
    Agreement,
    AuditEntry,
    Client,
    Consent,
    Dyad,
    ReadLog,
    Response,
    Session,
    Strain,
    StrainMove,
    Study,
    StudyFile,
)

pytestmark = pytest.mark.django_db

EVERYTHING = [name for names in vocabulary.variables().values() for name in names]


def asked(dee, **facts) -> Study:
    named = {"title": "Coupling", "purpose": "How working together goes with feeling better.", "variables": EVERYTHING}
    return study.ask(**{**named, "until": timezone.localdate() + timedelta(days=90), **facts}, by=dee)


def approved(dee, ada, **facts) -> Study:
    row = asked(dee, **facts)
    study.answer(row, "approved", by=ada)
    return row


def opened(file: StudyFile, ada) -> bytes:
    study.release(file, "released", by=ada)
    return study.take(file, by=file.made_by)


def fill(clients_of: list[int], purposes: tuple[str, ...] = ("studies",)) -> list[Dyad]:
    """Courses with an open session each: so many clients of each of as many therapists; everybody agrees."""
    now = timezone.now()
    dyads = []
    for n, many in enumerate(clients_of):
        therapist = a_member(f"T{n}", "therapist")
        clients = Client.objects.bulk_create(Client(name=f"C{n}-{k}", born=1980) for k in range(many))
        Consent.objects.bulk_create(
            Consent(client=client, purpose=purpose, version="1", given_at=now)
            for client in clients
            for purpose in purposes
        )
        dyads += Dyad.objects.bulk_create(
            Dyad(client=client, therapist=therapist, started=now.date() - timedelta(days=100), approach="cbt")
            for client in clients
        )
    hold(dyads)
    return dyads


def hold(dyads) -> None:
    at = timezone.now() - timedelta(days=50)
    Session.objects.bulk_create(
        Session(dyad=dyad, start=at, state="held", reveal_due=at, revealed_at=at, revealed_by="both", modality="room")
        for dyad in dyads
    )


class TestAskingAndAnswering:
    def test_who_asks_does_not_answer(self, people, dee, ada):
        dee.roles = ["researcher", "admin"]
        dee.save()
        row = asked(dee)
        with pytest.raises(PermissionDenied):
            study.answer(row, "approved", by=dee)
        study.answer(row, "approved", by=ada)
        assert row.answered_by == ada

    @pytest.mark.parametrize(
        "wrong", [{"title": " "}, {"purpose": ""}, {"variables": []}, {"variables": ["dyads.name"]}]
    )
    def test_it_names_a_purpose_and_variables_that_there_are(self, people, dee, wrong):
        with pytest.raises(BadInput):
            asked(dee, **wrong)

    @pytest.mark.parametrize("days", [-1, 6 * 366])
    def test_it_ends_within_five_years(self, people, dee, days):
        with pytest.raises(BadInput, match="five years"):
            asked(dee, until=timezone.localdate() + timedelta(days=days))

    def test_without_an_approval_that_holds_no_file_is_made(self, people, dee, ada):
        fill([3] * 10)
        row = asked(dee)
        with pytest.raises(BadInput, match="not approved"):
            study.make(by=dee, study=row)
        study.answer(row, "approved", by=ada)
        file = study.make(by=dee, study=row)
        study.answer(row, "refused", by=ada)
        file.refresh_from_db()
        assert file.contents is None
        with pytest.raises(BadInput, match="not approved"):
            study.make(by=dee, study=row)

    def test_an_approval_that_goes_while_a_file_is_made_takes_it_along(self, people, dee, ada, monkeypatch):
        fill([3] * 10)
        row = approved(dee, ada)

        def taken_back(*_made):
            study.answer(Study.objects.get(), "refused", by=ada)
            return b""

        monkeypatch.setattr(study, "pack", taken_back)
        with pytest.raises(BadInput, match="not approved"):
            study.make(by=dee, study=row)
        assert not StudyFile.objects.exists()

    def test_of_two_answers_to_a_study_at_once_a_refusal_counts(self, people, dee, ada):
        asked(dee)
        first, second = Study.objects.get(), Study.objects.get()
        study.answer(first, "refused", by=ada)
        with pytest.raises(BadInput, match="was refused"):
            study.answer(second, "approved", by=ada)

    def test_after_its_last_day_no_file_is_made(self, people, dee, ada):
        fill([3] * 10)
        row = approved(dee, ada)
        Study.objects.update(until=timezone.localdate() - timedelta(days=1))
        row.refresh_from_db()
        with pytest.raises(BadInput, match="has ended"):
            study.make(by=dee, study=row)

    def test_each_client_reads_which_studies_there_are_before_agreeing(self, people, dee, ada, ana):
        from tests.clinic.rights_steps import inside

        asked(dee, title="Not answered")
        browser = inside(ana)
        assert "approved" not in browser.get("/mine/rights/").content.decode()
        approved(dee, ada)
        page = browser.get("/mine/rights/").content.decode()
        assert "Studies that this practice has approved" in page
        assert "How working together goes with feeling better." in page
        assert "Not answered" not in page
        browser.post("/mine/rights/consent/", {"purpose": "studies", "what": "give"})
        assert Consent.objects.filter(client=ana, purpose="studies", withdrawn_at=None).exists()


class TestWhoIsInIt:
    def test_codes_say_which_courses_belong_together(self, people, dee, ada):
        dyads = fill([3, 4, *[3] * 8])
        last, today = dyads[-1].therapist, timezone.localdate()
        hold(Dyad.objects.bulk_create(Dyad(client=d.client, therapist=last, started=today) for d in dyads[:11]))
        rows = read(opened(study.make(by=dee, study=approved(dee, ada)), ada))["dyads"]
        by_client, by_therapist = defaultdict(list), defaultdict(set)
        for row in rows:
            by_client[row["client"]].append(row["course"])
            by_therapist[row["therapist"]].add(row["client"])
        assert sorted(map(sorted, by_client.values())) == [["1"]] * 20 + [["1", "2"]] * 11
        assert sorted(map(len, by_therapist.values())) == [3] * 8 + [4, 14]

    def test_later_courses_that_few_clients_have_are_left_out(self, people, dee, ada):
        dyads = fill([3] * 10)
        last, today = dyads[-1].therapist, timezone.localdate()
        hold([Dyad.objects.create(client=dyads[0].client, therapist=last, started=today)])
        rows = read(opened(study.make(by=dee, study=approved(dee, ada)), ada))["dyads"]
        assert [row["course"] for row in rows] == ["1"] * 30

    def test_a_therapist_with_two_clients_is_left_out(self, people, dee, ada):
        fill([3] * 10 + [2])
        file = study.make(by=dee, study=approved(dee, ada))
        assert (file.courses, file.clients) == (30, 30)
        assert len({row["therapist"] for row in read(opened(file, ada))["dyads"]}) == 10

    def test_nine_therapists_are_refused_and_nothing_is_noted(self, people, dee, ada):
        fill([5] * 9 + [2])
        with pytest.raises(BadInput, match="at least 10 therapists, each with at least 3 clients"):
            study.make(by=dee, study=approved(dee, ada))
        assert not ReadLog.objects.exists()

    def test_agreeing_to_research_is_not_agreeing_to_codes(self, people, dee, ada):
        fill([3] * 10, purposes=("research",))
        with pytest.raises(BadInput, match="10 therapists"):
            study.make(by=dee, study=approved(dee, ada))
        rows = read(opened(study.make(by=dee), ada))["dyads"]
        assert not {"client", "course", "therapist"} & set(rows[0])

    def test_codes_are_drawn_anew(self, people, dee, ada):
        fill([3] * 9 + [7])
        row = approved(dee, ada)
        large = set()
        for _n in range(12):
            of = defaultdict(int)
            for one in read(opened(study.make(by=dee, study=row), ada))["dyads"]:
                of[one["therapist"]] += 1
            large.add(max(of, key=of.__getitem__))
        assert len(large) > 1

    def test_it_holds_the_variables_that_were_approved_and_no_other(self, people, dee, ada):
        fill([3] * 10)
        row = approved(dee, ada, variables=["dyads.therapist", "scores.score"])
        packed = opened(study.make(by=dee, study=row), ada)
        with zipfile.ZipFile(io.BytesIO(packed)) as folder:
            package = json.loads(folder.read("datapackage.json"))
            assert {name for name in folder.namelist() if name.endswith("csv")} == {"dyads.csv", "scores.csv"}
        assert [f["name"] for f in package["resources"][0]["schema"]["fields"]] == ["dyad", "therapist"]
        assert package["study"]["title"] == "Coupling"
        assert package["consent"]["purpose"] == "studies"


class TestLettingOut:
    @pytest.fixture
    def file(self, people, dee):
        fill([3] * 10, purposes=("research", "studies"))
        return study.make(by=dee)

    def test_nobody_takes_it_before_a_second_member_let_it_out(self, file, dee, ada):
        with pytest.raises(BadInput, match="Another admin"):
            study.take(file, by=dee)
        dee.roles = ["researcher", "admin"]
        with pytest.raises(PermissionDenied):
            study.release(file, "released", by=dee)
        study.release(file, "released", by=ada)
        assert study.take(file, by=dee).startswith(b"PK")
        acts = list(AuditEntry.objects.order_by("id").values_list("act", "actor"))[-2:]
        assert acts == [("release_study_file", f"member:{ada.pk}"), ("take_study_file", f"member:{dee.pk}")]

    def test_it_lies_encrypted(self, file):
        file.refresh_from_db()
        contents = bytes(file.contents)
        assert not contents.startswith(b"PK")
        assert b"datapackage" not in contents

    def test_what_is_refused_is_destroyed(self, file, dee, ada):
        study.release(file, "refused", by=ada)
        assert StudyFile.objects.get().contents is None
        with pytest.raises(BadInput):
            study.take(file, by=dee)

    def test_of_two_answers_at_once_the_first_counts_and_brings_nothing_back(self, file, ada):
        first, second = StudyFile.objects.get(), StudyFile.objects.get()
        study.release(first, "refused", by=ada)
        with pytest.raises(BadInput, match="has been deleted"):
            study.release(second, "released", by=ada)
        file.refresh_from_db()
        assert (file.answer, file.contents) == ("refused", None)

    def test_after_thirty_days_it_is_destroyed(self, file, dee, ada):
        study.release(file, "released", by=ada)
        now = timezone.now()
        assert study_forgotten.forget_old(now + timedelta(days=29)) == 0
        assert study_forgotten.forget_old(now + timedelta(days=31)) == 1
        file.refresh_from_db()
        with pytest.raises(BadInput, match="has been deleted"):
            study.take(file, by=dee)

    def test_who_withdraws_takes_what_lies_there_along(self, file, dee, ada):
        client = Client.objects.filter(name="C0-0").get()
        consent.withdraw(client, "studies", by=client)
        file.refresh_from_db()
        assert file.contents is not None
        consent.withdraw(client, "research", by=client)
        file.refresh_from_db()
        assert file.contents is None

    def test_so_does_who_asks_to_be_erased(self, file, dee):
        client = Client.objects.filter(name="C0-0").get()
        erasure.ask(client, by=client)
        file.refresh_from_db()
        assert file.contents is None

    def test_it_stays_where_it_is_when_somebody_else_has_to_agree_by_now(self, file, ada):
        Client.objects.filter(name="C0-0").update(born=timezone.now().year - 13)
        with pytest.raises(BadInput, match="has withdrawn consent"):
            study.release(file, "released", by=ada)
        StudyFile.objects.update(answer="released")
        with pytest.raises(BadInput, match="has withdrawn consent"):
            study.take(file, by=file.made_by)

    def test_the_pages_lead_from_asking_to_the_download(self, people, dee, ada, as_member):
        fill([3] * 10)
        researcher, admin = as_member(dee), as_member(ada)
        until = timezone.localdate() + timedelta(days=30)
        facts = {"title": "Repair", "purpose": "How strains are mended.", "until": until, "in_scores": ["scores.score"]}
        page = researcher.post("/research/ask/", facts | {"in_dyads": ["dyads.therapist"]}, follow=True)
        row = Study.objects.get()
        assert "waiting for an admin" in page.content.decode()
        assert "Repair" in admin.get("/practice/studies/").content.decode()
        admin.post(f"/practice/studies/{row.uid}/", {"answer": "approved"})
        page = researcher.post(f"/research/studies/{row.uid}/", follow=True).content.decode()
        assert "waiting for release" in page
        file = StudyFile.objects.get()
        assert "30 treatments of 30 clients" in admin.get("/practice/studies/").content.decode()
        looked = admin.post(f"/practice/files/{file.uid}/", {"answer": "look"})
        assert looked.content.startswith(b"PK")
        admin.post(f"/practice/files/{file.uid}/", {"answer": "released"})
        assert "released by Ada" in researcher.get(f"/research/studies/{row.uid}/").content.decode()
        got = researcher.post(f"/research/files/{file.uid}/")
        assert got.headers["Content-Type"] == "application/zip"
        assert got.headers["Cache-Control"] == "no-store"
        assert set(read(got.content)) == {"dyads", "scores"}


def test_each_client_in_it_can_see_so(people, dee, ada, ben):
    dyads = fill([3] * 10)
    file = study.make(by=dee, study=approved(dee, ada))
    assert ReadLog.objects.filter(what="study_file", at=file.made_at).count() == len(dyads)


def test_the_vocabulary_has_the_codes_that_the_tables_may_hold():
    columns = {
        "dyads.ending": ((Dyad, "ending"), {"ongoing"}), "dyads.modality": ((Dyad, "modality"), set()),
        "dyads.approach": ((Dyad, "approach"), set()), "sessions.state": ((Session, "state"), set()),
        "responses.rater": ((Response, "side"), set()), "responses.order": ((Dyad, "order"), set()),
        "strains.kind": ((Strain, "kind"), set()), "strains.opened_by": ((Strain, "opened_by"), set()),
        "strains.move": ((StrainMove, "move"), set()), "strains.side": ((StrainMove, "side"), set()),
        "agreements.end": ((Agreement, "end"), set()),
        "agreements.proposed_by": ((Agreement, "proposed_by"), set()),
        "sessions.revealed_by": ((Session, "revealed_by"), set()),
    }  # fmt: skip
    for name, ((model, field), more) in columns.items():
        table, column = name.split(".")
        choices = {code for code, _label in model._meta.get_field(field).choices if code}
        assert set(vocabulary.TABLE[table].column(column).codes) == choices | more, name
    kinds = vocabulary.TABLE["agreements"].column("kind").codes
    assert set(kinds) == set(study_rows.AGREED_KINDS), "and no plan of medication"


def test_a_small_practice_has_no_file_with_codes(people, ben, dee, ada):
    for n in range(10):
        dyad = a_dyad(ben, f"Client{n}")
        a_course(dyad, 1)
        consent.give(dyad.client, "studies", by=dyad.client)
    with pytest.raises(BadInput, match="10 therapists"):
        study.make(by=dee, study=approved(dee, ada))


PLAN = b"""
title = "Who is in it?"
[measures]
collaboration = { scale = "accord-check-in/collaboration" }
[[questions]]
asks = "How do clients rate?"
analysis = "describe"
measures = ["collaboration"]
"""


class TestReports:
    @pytest.fixture
    def ten(self, people, ben):
        dyads = [a_dyad(ben, f"Client{letter}") for letter in "ABCDEFGHIJ"]
        for n, dyad in enumerate(dyads):
            for lower in (0, n % 2, 1):
                a_held_session(dyad, client=answers("client", d1=3 - lower), therapist=answers("therapist"))
            consent.give(dyad.client, "research", by=dyad.client)
        return dyads

    def test_a_plan_is_answered_inside_and_let_out_by_a_second_member(self, ten, dee, ada, as_member):
        researcher, admin = as_member(dee), as_member(ada)
        page = researcher.post(
            "/research/", {"what": "report", "plan": SimpleUploadedFile("plan.toml", PLAN)}, follow=True
        )
        assert "report: Who is in it?" in page.content.decode()
        file = StudyFile.objects.get()
        assert (file.kind, file.courses) == ("report", 10)
        admin.post(f"/practice/files/{file.uid}/", {"answer": "released"})
        got = researcher.post(f"/research/files/{file.uid}/")
        with zipfile.ZipFile(io.BytesIO(got.content)) as folder:
            assert set(folder.namelist()) == {"numbers.json", "plan.toml", "report.html", "report.pdf"}
            assert folder.read("plan.toml") == PLAN
            numbers = json.loads(folder.read("numbers.json"))
        assert numbers["counts"]["used"] == 10
        assert numbers["sections"][0]["refused"] == ""
        assert ReadLog.objects.filter(what="study_report").count() == 10

    @pytest.mark.parametrize("plan", [None, b"no plan", b"x" * 200_000])
    def test_what_is_no_plan_is_refused_and_nothing_is_noted(self, ten, dee, as_member, plan):
        sent = {"what": "report"} | ({"plan": SimpleUploadedFile("plan.toml", plan)} if plan else {})
        as_member(dee).post("/research/", sent)
        assert not StudyFile.objects.exists()
        assert not ReadLog.objects.exists()
