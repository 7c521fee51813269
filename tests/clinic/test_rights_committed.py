"""The client's rights as they run in earnest: every act commits by itself, together with its audit entry."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from tests.clinic.people import a_held_session, a_practice, answers
from tests.clinic.rights_steps import code_for, inside

from accord_clinic.actions import checkin
from accord_clinic.actions.audit import first_break
from accord_clinic.models import AuditEntry, Client, Correction, Cover, Erasure

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_the_first_link_to_the_erasure(as_member, client, mailoutbox, tmp_path, settings):
    people = a_practice()
    settings.DATA = tmp_path
    dyad, ben = people.dyad, as_member(people.ben)
    session = a_held_session(dyad, timezone.now() - timezone.timedelta(hours=2))
    client.post(f"/c/{checkin.invite(session, by=people.ben)}")
    checkin.send(session, "client", answers("client", words="Slower"), by=people.ana)
    browser = inside(people.ana)
    for purpose in ("research", "transcripts", "care"):
        browser.post("/mine/rights/consent/", {"purpose": purpose, "what": "give"})
        browser.post("/mine/rights/consent/", {"purpose": purpose, "what": "withdraw"})
    browser.post("/mine/rights/messages/", {"what": "start"})
    browser.post("/mine/rights/corrections/", {"dyad": dyad.uid, "words": "It was a Tuesday"})
    terms = f"/people/{dyad.uid}/terms/"
    today, both = timezone.localdate(), {"agrees-consents": "both"}
    tomorrow = today + timezone.timedelta(days=1)  # towards midnight it is tomorrow already where the practice is
    for posted in (
        {"what": "answer", "correction": Correction.objects.get().uid, "words": "Changed"},
        {"what": "messages", "messages-most_reminders": "2"},
        {"what": "agrees", **{f"agrees-{name}": "nothing" for name in ("guardian_learns", "order_learns")}} | both,
        {"what": "guardian", "purpose": "care", "said": "yes"},
        {"what": "guardian", "purpose": "care", "said": "no"},
        {"what": "facts", "facts-name": "Anna", "facts-language": "en"},
        {"what": "cover", "cover-colleague": people.eve.uid, "cover-first": today, "cover-last": tomorrow},
    ):
        assert ben.post(terms, posted).status_code == 302, posted
    assert ben.post(terms, {"what": "end-cover", "cover": Cover.objects.get().uid}).status_code == 302
    ada = as_member(people.ada)
    why = {"therapist": people.ben.uid, "name": "Anna", "why": "Ben is in hospital and Anna has called"}
    assert ada.post("/practice/emergency/", why).status_code == 302
    flo = {"name": "Flo", "email": "flo@example.org", "roles": "manager"}
    assert ada.post("/practice/members/", flo).status_code == 302
    call_command("sweep", stdout=StringIO())
    assert mailoutbox
    copy = browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy"), "as": "zip"})
    assert copy.headers["Content-Type"] == "application/zip"
    erased = browser.post("/mine/rights/erase/", {"code": code_for(browser, "erase"), "sure": "yes"})
    assert erased.status_code == 200
    row = Erasure.objects.get()
    assert row.client == people.ana.pk
    assert (tmp_path / "erasures.jsonl").exists()
    ada.post(f"/practice/erasures/{row.uid}/", {"sure": "yes"})
    assert Client.objects.get(pk=people.ana.pk).name == ""
    assert first_break() is None
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    rights = {"give_consent", "withdraw_consent", "take_copy", "ask_erasure", "decide_erasure", "put_right"}
    assert rights | {"break_glass", "cover"} <= acts
