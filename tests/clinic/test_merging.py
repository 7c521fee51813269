"""Two records of one person: everything moves, nothing is lost, and nobody reads what was not theirs to read."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, answers
from tests.clinic.program import agree, an_app, an_open_app

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, consent, erasure, erasure_ledger, merging, own_space, pause
from accord_clinic.actions.audit import first_break
from accord_clinic.messages import notices
from accord_clinic.models import AuditEntry, Client, ClientDoor, Consent, Erasure, Notice, PrivateLine, Response, Terms
from accord_clinic.permissions import dyads_visible_to
from accord_clinic.queries import own_space as space_queries
from accord_clinic.rules.consent import stands
from accord_clinic.upkeep import serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice(ana, eve):
    """Ana written down once more, by Eve, without an address."""
    return a_dyad(eve, care.register_client("Anna", by=eve, born=1990)).client


def test_every_table_that_names_a_client_is_in_one_list():
    named = {
        field.model
        for model in apps.get_app_config("accord_clinic").get_models()
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.related_model is Client
    }
    assert named == {*merging.MOVED, *merging.DROPPED}, "Say what a merge does with it."


def test_all_that_was_said_and_agreed_moves_and_the_second_record_is_gone(people, ana, twice, ada, eve):
    a_course(people.dyad, 2)
    theirs = twice.dyads.get()
    a_held_session(theirs, client=answers("client", words="Mine", reader="raise"), therapist=answers("therapist"))
    twice.external_names.create(system="record", value="77")
    consent.give(twice, "care", by=twice)
    before = Response.objects.count()
    merging.merge(ana, twice, by=ada)
    assert not Client.objects.filter(pk=twice.pk).exists()
    assert (ana.dyads.count(), Response.objects.count(), PrivateLine.objects.get().client) == (2, before, ana)
    assert ana.external_names.get().value == "77"
    assert ana.consents.get().purpose == "care"
    theirs.refresh_from_db()
    assert (theirs.client, theirs.therapist, theirs.sessions.count()) == (ana, eve, 1)
    last = AuditEntry.objects.last()
    assert (last.act, last.row, last.fields) == ("merge_clients", f"client:{ana.pk}", [f"client:{twice.pk}"])
    assert first_break() is None


def test_each_therapist_still_sees_the_own_course_alone(people, ana, twice, ada, ben, eve):
    merging.merge(ana, twice, by=ada)
    for therapist in (ben, eve):
        assert [dyad.therapist for dyad in dyads_visible_to(therapist)] == [therapist]


def test_link_that_is_out_still_works_and_open_pages_of_the_own_space_are_closed(ana, twice, ada, eve):
    session = a_held_session(twice.dyads.get(), timezone.now() - timedelta(hours=3))
    token = checkin.invite(session, by=eve)
    own_space.open_door(ana)
    own_space.open_door(twice)
    merging.merge(ana, twice, by=ada)
    assert not ClientDoor.objects.exists()
    assert space_queries.of_links([token]) == ana
    session.refresh_from_db()
    assert checkin.send(session, "client", answers("client"), by=ana)


def test_known_addresses_get_a_notice_that_says_what_was_done(ana, twice, ada, mailoutbox):
    """The address goes on being used, so nothing may say that it is not."""
    merging.merge(ana, twice, by=ada)
    notice = Notice.objects.get(kind="records_merged")
    assert (notice.to, notice.client) == ("ana@example.org", ana)
    notices.deliver()
    assert [mail.to for mail in mailoutbox] == [["ana@example.org"]]
    assert "second entry for you" in mailoutbox[0].body


def test_address_year_and_stricter_choices_are_filled_up(ana, twice, ada):
    Client.objects.filter(pk=ana.pk).update(born=None, recognisable=True)
    now = timezone.now()
    Client.objects.filter(pk=twice.pk).update(phone="0171 2345678", messages_stopped_at=now, pin="hash")
    merging.merge(ana, twice, by=ada)
    ana.refresh_from_db()
    assert (ana.born, ana.phone, ana.recognisable, ana.messages_stopped_at) == (1990, "0171 2345678", False, now)
    assert ana.pin == "", "a PIN never moves"


class TestConsents:
    def test_what_one_record_alone_agrees_to_ends_but_care(self, ana, twice, ada):
        for purpose in ("care", "research"):
            consent.give(twice, purpose, by=twice)
        merging.merge(ana, twice, by=ada)
        assert (stands(ana, "care"), stands(ana, "research")) == (True, False)
        assert Consent.objects.filter(purpose="research").exclude(withdrawn_at=None).exists(), "the row stays"

    def test_yes_to_one_program_is_none_to_another(self, ana, twice, ada):
        of_ana, of_twice, of_both = (an_app(ada, name=name) for name in ("City", "Harbour", "Both"))
        for client, programs in ((ana, (of_ana, of_both)), (twice, (of_twice, of_both))):
            for program in programs:
                agree(client, program)
        merging.merge(ana, twice, by=ada)
        assert set(ana.consents.filter(withdrawn_at=None).values_list("recipient", flat=True)) == {of_both.pk}

    def test_tokens_about_either_end(self, ana, twice, ada, eve, as_member):
        app = an_app(ada)
        for client in (ana, twice):
            agree(client, app)
        program = an_open_app(as_member(eve), app, twice)
        merging.merge(ana, twice, by=ada)
        assert program.ask("Patient").status_code == 401

    def test_what_both_agree_to_stands(self, ana, twice, ada):
        for client in (ana, twice):
            consent.give(client, "research", by=client)
        merging.merge(ana, twice, by=ada)
        assert stands(ana, "research")

    def test_what_one_took_back_is_said_and_nothing_is_merged(self, ana, twice, ada):
        for client in (ana, twice):
            consent.give(client, "research", by=client)
        consent.withdraw(twice, "research", by=twice)
        with pytest.raises(BadInput, match="agrees to research and the other took it back"):
            merging.merge(ana, twice, by=ada)
        assert Client.objects.filter(pk=twice.pk).exists()


@pytest.fixture
def older_backup(ana, twice, ada, settings, tmp_path, django_capture_on_commit_callbacks):
    """Merged today; what is here now is the backup of yesterday, in which there are two records."""
    settings.DATA = tmp_path
    course = twice.dyads.get()
    with django_capture_on_commit_callbacks(execute=True):
        merging.merge(ana, twice, by=ada)
    twice.save(force_insert=True)
    course.save()
    return twice


class TestAfterARestore:
    def test_what_was_merged_is_merged_again_and_only_once(self, ana, older_backup):
        assert merging.merge_again() == (1, 0)
        assert ana.dyads.count() == 2
        assert not Client.objects.filter(pk=older_backup.pk).exists()
        assert AuditEntry.objects.last().act == "merge_again"
        assert merging.merge_again() == (0, 0)

    def test_a_record_that_came_and_went_since_is_passed_over(self, ana, older_backup):
        """Yesterday's second record went into one made today, and that one into Ana's."""
        links = {(older_backup.pk, older_backup.uid): (9_000, "gone"), (9_000, "gone"): (ana.pk, ana.uid)}
        rows = [erasure_ledger.LedgerMerge(*merged, *into) for merged, into in links.items()]
        with patch.object(erasure_ledger, "merges", lambda: rows):
            assert merging.merge_again() == (1, 0)
        assert not Client.objects.filter(pk=older_backup.pk).exists()

    def test_two_that_were_merged_into_each_other_keep_nobody_waiting(self, ana):
        """After a restore they stood apart, and were merged the other way round; neither is there any more."""
        a, b = (9_000, "one"), (9_001, "other")
        rows = [erasure_ledger.LedgerMerge(*a, *b), erasure_ledger.LedgerMerge(*b, *a)]
        with patch.object(erasure_ledger, "merges", lambda: rows):
            assert merging.merge_again() == (0, 0)

    def test_what_differs_there_stays_apart_and_is_told(self, older_backup):
        Client.objects.filter(pk=older_backup.pk).update(born=1991)
        (told,) = serving.merged_again()
        assert told == "Not merged again, since the two records differ here: 1. An admin has to merge them."
        assert Client.objects.filter(pk=older_backup.pk).exists()

    @pytest.mark.parametrize("born", [1990, 1991], ids=["merged again", "apart"])
    def test_an_erasure_after_the_merge_reaches_both_records(
        self, ana, older_backup, born, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            erasure.ask(ana, by=ana)
        # the backup of yesterday knows nothing of that either
        Erasure.objects.all().delete()
        Client.objects.filter(pk=ana.pk).update(locked_at=None)
        Client.objects.filter(pk=older_backup.pk).update(born=born)
        merging.merge_again()
        erasure.reapply()
        assert not Client.objects.filter(pk__in=(ana.pk, older_backup.pk), locked_at=None).exists()
        assert not Client.objects.exclude(locked_at=None).exclude(email="").exists()
        assert erasure.reapply() == 0


class TestNotMerged:
    @pytest.mark.parametrize(
        ("facts", "why"),
        [
            ({"email": "other@example.org"}, "different values for the e-mail"),
            ({"phone": "0172 1"}, "different values for the telephone"),
            ({"born": 1991}, "different years of birth"),
            ({"language": "de"}, "different languages"),
        ],
    )
    def test_facts_that_differ_are_put_right_first(self, ana, twice, ada, facts, why):
        Client.objects.filter(pk=ana.pk).update(phone="0171 2345678")
        Client.objects.filter(pk=twice.pk).update(**facts)
        with pytest.raises(BadInput, match=why):
            merging.merge(ana, twice, by=ada)
        assert Client.objects.count() == 2

    def test_terms_that_differ(self, ana, twice, ada):
        Terms.objects.create(client=ana, consents="client")
        Terms.objects.create(client=twice, consents="guardian")
        with pytest.raises(BadInput, match="differs who agrees"):
            merging.merge(ana, twice, by=ada)

    def test_somebody_who_has_asked_for_erasure(self, ana, twice, ada):
        erasure.ask(twice, by=twice)
        with pytest.raises(BadInput, match="asked for erasure"):
            merging.merge(ana, twice, by=ada)

    def test_a_record_with_itself(self, ana, ada):
        with pytest.raises(BadInput, match="two records"):
            merging.merge(ana, ana, by=ada)

    def test_nobody_but_an_admin_who_treats_neither(self, ana, twice, ben, ada):
        with pytest.raises(PermissionDenied):
            merging.merge(ana, twice, by=ben)
        ada.roles = ["admin", "therapist"]
        ada.save()
        mine = a_dyad(ada, care.register_client("Ana", by=ada, email="mine@example.org")).client
        Client.objects.filter(pk=ana.pk).update(email="")
        with pytest.raises(PermissionDenied):
            merging.merge(mine, ana, by=ada)
        assert Client.objects.filter(pk=ana.pk).exists()


def test_both_paused_is_paused_once_and_terms_of_the_second_move(ana, twice, ada, ben, eve, dyad):
    pause.pause(dyad, "ill", by=ben)
    pause.pause(twice.dyads.get(), "away", by=eve)
    Terms.objects.create(client=twice, consents="client", guardian_learns="dates")
    merging.merge(ana, twice, by=ada)
    assert [row.reason for row in ana.pauses.filter(until=None)] == ["ill"]
    assert Terms.objects.get().client == ana


class TestPage:
    @pytest.fixture
    def browser(self, ada, as_member):
        return as_member(ada)

    def text(self, response) -> str:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))

    def test_found_looked_at_and_merged(self, ana, twice, browser):
        assert "Anna" in self.text(browser.post(reverse("find_records"), {"name": "an"}))
        both = {"keep": ana.uid, "other": twice.uid}
        preview = self.text(browser.post(reverse("look_at_merge"), both))
        assert "Anna would be merged into Ana" in preview
        assert "treatment with Eve" in preview
        browser.post(reverse("merge_records"), both)
        assert Client.objects.filter(pk=twice.pk).exists(), "not without the tick"
        done = browser.post(reverse("merge_records"), {**both, "sure": "yes"}, follow=True)
        assert "Ana has one record now." in self.text(done)
        assert not Client.objects.filter(pk=twice.pk).exists()

    def test_preview_says_what_cannot_be_merged_and_offers_no_button(self, ana, twice, browser):
        Client.objects.filter(pk=twice.pk).update(born=1950)
        page = self.text(browser.post(reverse("look_at_merge"), {"keep": ana.uid, "other": twice.uid}))
        assert "cannot be merged" in page
        assert "different years of birth" in page
        assert "Merge records" not in page

    def test_page_tells_nothing_that_was_said(self, people, ana, twice, browser):
        a_held_session(people.dyad, client=answers("client", t1=2, words="Kolibri"), therapist=answers("therapist"))
        pages = [
            browser.post(reverse("find_records"), {"name": "ana"}),
            browser.post(reverse("look_at_merge"), {"keep": ana.uid, "other": twice.uid}),
        ]
        assert not any("Kolibri" in self.text(page) for page in pages)

    def test_address_that_is_made_up_or_one_who_asked_for_erasure_is_not_there(self, ana, twice, browser):
        assert browser.post(reverse("look_at_merge"), {"keep": ana.uid, "other": "x"}).status_code == 404
        erasure.ask(twice, by=twice)
        assert browser.post(reverse("look_at_merge"), {"keep": ana.uid, "other": twice.uid}).status_code == 404
