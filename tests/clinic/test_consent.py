"""Consent per purpose: dated, in a wording with a version, withdrawn in one step, and what follows is done."""

import tomllib

import pytest
from django.conf import settings
from django.utils import timezone
from tests.clinic.people import a_held_session, answers
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import checkin, consent, reveal
from accord_clinic.models import AuditEntry, Consent, Invitation, Notice
from accord_clinic.queries.checkin import by_token
from accord_clinic.rules.consent import clients_who_consent, stands
from accord_clinic.words import wordings

pytestmark = pytest.mark.django_db


def test_a_consent_keeps_its_day_its_wording_and_its_language(ana):
    ana.language = "de"
    ana.save()
    consent.give(ana, "research", by=ana)
    row = Consent.objects.get()
    assert (row.purpose, row.version, row.language, row.by) == ("research", "2026-11", "de", "client")
    assert row.given_at is not None
    assert row.withdrawn_at is None


def test_giving_twice_is_giving_once(ana):
    consent.give(ana, "research", by=ana)
    consent.give(ana, "research", by=ana)
    assert Consent.objects.count() == 1


def test_a_new_wording_is_agreed_to_anew_and_the_old_yes_stays_on_record(ana, monkeypatch):
    consent.give(ana, "research", by=ana)
    newer = wordings.ConsentWording("research", "en", "2027-03", "Research", ("Other words.",), "Out.")
    monkeypatch.setattr(consent, "consent", lambda purpose, language: newer)
    consent.give(ana, "research", by=ana)
    old, new = Consent.objects.order_by("id")
    assert (old.version, old.withdrawn_at is None) == ("2026-11", False)
    assert (new.version, new.withdrawn_at) == ("2027-03", None)


def test_all_languages_have_every_purpose_in_the_same_version():
    versions = {}
    for path in (wordings.HERE / "consents").glob("*.toml"):
        texts = tomllib.loads(path.read_text())
        del texts["status"]
        assert set(texts) == {*wordings.PURPOSES, *wordings.OF_PROGRAMS}, path.name
        versions[path.stem] = {name: said["version"] for name, said in texts.items()}
    assert set(versions) == {code for code, _name in settings.LANGUAGES}
    assert len({tuple(sorted(v.items())) for v in versions.values()}) == 1


def test_who_withdraws_from_research_is_in_no_new_study_file(ana):
    consent.give(ana, "research", by=ana)
    assert list(clients_who_consent("research")) == [ana]
    consent.withdraw(ana, "research", by=ana)
    assert not clients_who_consent("research").exists()


def test_who_withdraws_transcripts_has_them_off(ana):
    consent.give(ana, "transcripts", by=ana)
    assert stands(ana, "transcripts")
    consent.withdraw(ana, "transcripts", by=ana)
    assert not stands(ana, "transcripts")


def test_starting_a_check_in_is_the_yes_to_care_that_its_page_spoke_of(ana, ben, dyad, client):
    session = a_held_session(dyad)
    token = checkin.invite(session, by=ben)
    page = client.get(f"/c/{token}").content.decode()
    assert "What you agree to by starting" in page
    assert not Consent.objects.exists()
    client.post(f"/c/{token}")
    assert stands(ana, "care")
    assert client.get(f"/c/{token}").content.decode() == page, "a link does not tell whether the client has begun"
    client.post(f"/c/{token}")
    assert Consent.objects.count() == 1
    reveal.waive(session, "It is a test.", by=ben)
    token = checkin.invite(a_held_session(dyad), by=ben)
    assert "What you agree to by starting" not in client.get(f"/c/{token}").content.decode()


def test_withdrawing_care_revokes_links_stops_messages_and_tells_the_therapist(ana, ben, dyad):
    consent.give(ana, "care", by=ana)
    token = checkin.invite(a_held_session(dyad), by=ben)
    consent.withdraw(ana, "care", by=ana)
    ana.refresh_from_db()
    assert by_token(token).is_shut(timezone.now())
    assert ana.messages_stopped_at
    assert Notice.objects.get(kind="consent").member == ben
    assert Invitation.objects.exclude(revoked_at=None).count() == 1


def test_what_was_said_before_stays(ana, dyad):
    session = a_held_session(dyad, client=answers("client"))
    consent.give(ana, "care", by=ana)
    consent.withdraw(ana, "care", by=ana)
    assert session.responses.filter(side="client").exists()


def test_one_button_withdraws_and_the_page_says_what_that_does(ana):
    browser = inside(ana)
    browser.post("/mine/rights/consent/", {"purpose": "research", "what": "give"})
    assert "You agreed on" in browser.get("/mine/rights/").content.decode()
    response = browser.post("/mine/rights/consent/", {"purpose": "research", "what": "withdraw"})
    assert response.headers["Location"] == "/mine/rights/"
    page = browser.get("/mine/rights/").content.decode()
    assert "You took it back on" in page
    assert "you are in no new study file" in page


def test_there_is_no_other_purpose(ana):
    with pytest.raises(BadInput, match="no purpose 'advertising'"):
        consent.give(ana, "advertising", by=ana)
    assert inside(ana).post("/mine/rights/consent/", {"purpose": "advertising", "what": "give"}).status_code == 404


def test_the_log_names_the_purpose_and_nobody(ana):
    consent.give(ana, "research", by=ana)
    entry = AuditEntry.objects.latest("id")
    assert (entry.act, entry.actor, entry.fields) == ("give_consent", f"client:{ana.pk}", ["research"])
