"""The audit log: ids and field names, each entry chained to the one before, its end noted outside the database."""

import json
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from tests.clinic.people import a_held_session, answers

from accord_clinic.actions import audit
from accord_clinic.models import AuditEntry
from accord_clinic.upkeep import audit_anchor


@pytest.fixture
def log(people, dyad, settings, tmp_path):
    """Some acts of some people, and a keys folder of the test's own."""
    settings.KEYS = tmp_path
    a_held_session(dyad, client=answers("client", words="A word that stays out."), therapist=answers("therapist"))
    return AuditEntry.objects.order_by("id")


class TestChain:
    def test_a_log_that_nobody_touched_holds(self, log):
        assert audit_anchor.verify() == log.count() > 3

    @pytest.mark.parametrize(
        "change",
        [{"actor": "member:999"}, {"act": "nothing"}, {"row": "session:999"}, {"fields": []}, {"at": timezone.now()}],
    )
    def test_a_changed_entry_is_found(self, log, change):
        victim = log[2]
        AuditEntry.objects.filter(pk=victim.pk).update(**change)
        assert audit.first_break() == victim.pk

    def test_a_deleted_entry_is_found(self, log):
        after = log[3].pk
        log[2].delete()
        assert audit.first_break() == after

    def test_an_entry_put_in_between_is_found(self, log):
        last = log.last()
        forged = AuditEntry(at=last.at - timedelta(seconds=1), actor="system", act="nothing", row="x:1", fields=[])
        forged.chain = audit.link("", forged)
        forged.save()
        assert audit.first_break() == forged.pk

    def test_it_holds_no_words_and_no_names(self, log):
        said = json.dumps(list(log.values("actor", "act", "row", "fields")))
        assert not any(word in said for word in ("A word", "Ana", "Ben", "example.org"))

    def test_an_entry_belongs_to_the_transaction_of_its_change(self, transactional_db):
        with pytest.raises(RuntimeError, match="inside a transaction"):
            audit.record(None, "nothing", "x:1")

    def test_what_is_rolled_back_leaves_no_entry(self, log):
        before = log.count()
        with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
            audit.record(None, "nothing", "x:1")
            1 / 0  # noqa: B018
        assert log.count() == before
        assert audit_anchor.verify() == before


class TestAnchor:
    def test_it_moves_on_with_the_log(self, log):
        assert audit_anchor.note()
        assert audit_anchor.read() == audit_anchor.Anchor(log.last().pk, log.last().chain)
        assert not audit_anchor.note()
        audit.record(None, "nothing", "x:1")
        assert audit_anchor.note()

    def test_a_log_cut_short_is_found(self, log):
        audit_anchor.note()
        log.last().delete()
        assert audit.first_break() is None
        with pytest.raises(audit_anchor.LogBroken, match="cut off"):
            audit_anchor.verify()

    def test_going_on_after_the_cut_hides_nothing(self, log):
        audit_anchor.note()
        noted = audit_anchor.read()
        log.last().delete()
        audit.record(None, "nothing", "x:1")
        with pytest.raises(audit_anchor.LogBroken):
            audit_anchor.note()
        assert audit_anchor.read() == noted

    def test_a_log_written_anew_is_found(self, log):
        audit_anchor.note()
        before = ""
        for entry in log:
            entry.actor = "member:999"
            entry.chain = before = audit.link(before, entry)
            entry.save()
        assert audit.first_break() is None
        with pytest.raises(audit_anchor.LogBroken, match="written anew"):
            audit_anchor.verify()

    def test_a_change_among_the_new_entries_is_found_before_they_are_noted(self, log):
        audit_anchor.note()
        audit.record(None, "one", "x:1")
        audit.record(None, "two", "x:1")
        AuditEntry.objects.filter(act="one").update(row="x:2")
        with pytest.raises(audit_anchor.LogBroken, match="does not follow"):
            audit_anchor.note()

    def test_a_damaged_note_is_said(self, log):
        audit_anchor.path().write_text("{")
        with pytest.raises(audit_anchor.LogBroken, match="damaged"):
            audit_anchor.verify()

    def test_the_sweep_says_it_and_goes_on(self, log, caplog):
        audit_anchor.note()
        log.last().delete()
        audit_anchor.note_or_warn()
        assert "cut off" in caplog.text
