"""Corrections are asked, answered and kept; an address is changed by its owner, and never redirected by a therapist."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from tests.clinic.people import a_dyad
from tests.clinic.rights_steps import code_for, inside

from accord.errors import BadInput
from accord_clinic.actions import care, corrections, erasure
from accord_clinic.messages import notices
from accord_clinic.models import Correction, Member, Notice

pytestmark = pytest.mark.django_db


def test_what_is_wrong_is_said_answered_and_both_stay(ana, ben, dyad, as_member):
    inside(ana).post("/mine/rights/corrections/", {"dyad": dyad.uid, "words": "It was a Tuesday"})
    row = Correction.objects.get()
    assert Notice.objects.get(kind="correction").member == ben
    browser = as_member(ben)
    assert "It was a Tuesday" in browser.get(f"/people/{dyad.uid}/terms/").content.decode()
    browser.post(f"/people/{dyad.uid}/terms/", {"what": "answer", "correction": row.uid, "words": "Changed to Tuesday"})
    page = inside(ana).get("/mine/rights/corrections/").content.decode()
    assert "It was a Tuesday" in page
    assert "Changed to Tuesday" in page


def test_an_answer_stands(ana, ben, dyad):
    row = corrections.ask(dyad, "It was a Tuesday", by=ana)
    corrections.answer(row, "Changed", by=ben)
    with pytest.raises(BadInput, match="already been answered"):
        corrections.answer(row, "Changed again", by=ben)


def test_the_admin_sees_that_one_waits_and_no_word_of_it(ana, ada, dyad, as_member):
    corrections.ask(dyad, "It was a Tuesday", by=ana)
    page = as_member(ada).get("/practice/messages/").content.decode()
    assert "1 for Ben to answer" in page
    assert "Tuesday" not in page


@pytest.mark.parametrize("left", [False, True])
def test_once_erasure_is_asked_for_it_waits_for_nobody(ana, ben, ada, dyad, as_member, left):
    """It is locked away with the record: no page for the admin names the client or has a word of it."""
    row = corrections.ask(dyad, "It was a Tuesday", by=ana)
    erasure.ask(ana, by=ana)
    Member.objects.filter(pk=ben.pk).update(is_active=not left)
    for page in ("/practice/messages/", "/practice/due/"):
        text = as_member(ada).get(page).content.decode()
        for words in (
            "It was a Tuesday",
            "for Ben to answer",
            "correction to answer",
            "Corrections that wait for therapists",
        ):
            assert words not in text
    answer = {"what": "answer", "correction": row.uid, "words": "No"}
    assert as_member(ada).post("/practice/messages/", answer).status_code == 404


def test_nobody_else_asks_or_answers(ana, people, dyad):
    kim = a_dyad(people.eve, "Kim").client
    with pytest.raises(PermissionDenied):
        corrections.ask(dyad, "Mine", by=kim)
    row = corrections.ask(dyad, "It was a Tuesday", by=ana)
    with pytest.raises(PermissionDenied):
        corrections.answer(row, "No", by=people.eve)


def test_a_new_address_needs_a_code_from_the_old_and_one_from_the_new(ana, mailoutbox):
    browser = inside(ana)
    old = code_for(browser, "contact")
    page = browser.post("/mine/rights/contact/", {"kind": "email", "address": "new@example.org", "code": old})
    signed = page.context["new"]
    told = Notice.objects.filter(kind="code").latest("id")
    assert told.to == "new@example.org"
    assert browser.post("/mine/rights/contact/", {"new": signed, "code": "000000"}).status_code == 422
    browser.post("/mine/rights/contact/", {"new": signed, "code": told.about})
    ana.refresh_from_db()
    assert ana.email == "new@example.org"
    notices.deliver()
    assert [m.to for m in mailoutbox if "no longer use this address" in m.body] == [["ana@example.org"]]


def test_a_code_for_one_client_changes_nobody_elses_address(ana, people):
    kim = a_dyad(people.eve, "Kim").client
    browser = inside(ana)
    page = browser.post(
        "/mine/rights/contact/", {"kind": "email", "address": "a@example.org", "code": code_for(browser, "contact")}
    )
    signed = page.context["new"]
    inside(kim).post("/mine/rights/contact/", {"new": signed, "code": Notice.objects.latest("id").about})
    kim.refresh_from_db()
    assert kim.email == "kim@example.org"


def test_a_therapist_fills_in_an_address_and_never_redirects_one(ben, ada, dyad, people):
    """Codes go there, and they open what is only for the client."""
    with pytest.raises(PermissionDenied):
        corrections.put_right(dyad.client, by=ben, email="ben-reads@example.org")
    bare = care.register_client("Lou", by=ben)
    care.start_course(bare, ben, dyad.started, by=ben)
    corrections.put_right(bare, by=ben, email="lou@example.org")
    corrections.put_right(dyad.client, by=ada, email="ana-anew@example.org")
    dyad.client.refresh_from_db()
    assert dyad.client.email == "ana-anew@example.org"
    assert Notice.objects.get(kind="contact_changed").to == "ana@example.org"


def test_an_admin_who_is_the_therapist_cannot_while_there_is_another_member(ben, dyad):
    ben.roles = ["therapist", "admin"]
    ben.save()
    with pytest.raises(PermissionDenied):
        corrections.put_right(dyad.client, by=ben, phone="0171 1")
    Member.objects.exclude(pk=ben.pk).update(is_active=False)
    corrections.put_right(dyad.client, by=ben, phone="0171 1")


def test_the_name_is_put_right_by_the_therapist(ben, dyad, as_member):
    posted = {"what": "facts", "facts-name": "Anna", "facts-language": "de", "facts-born": "1990"}
    assert as_member(ben).post(f"/people/{dyad.uid}/terms/", posted).status_code == 302
    dyad.client.refresh_from_db()
    assert (dyad.client.name, dyad.client.language, dyad.client.email) == ("Anna", "de", "ana@example.org")


def test_number_in_the_care_record_is_typed_in_found_by_and_nobody_elses(dyad, ben, as_member):
    browser, page = as_member(ben), reverse("terms", args=[dyad.uid])
    facts = {"facts-name": "Ana", "facts-language": "en", "facts-born": "1990", "what": "facts"}
    browser.post(page, {**facts, "facts-number": " 4711 "})
    assert dyad.client.external_names.get().value == "4711"
    assert 'value="4711"' in browser.get(page).content.decode()
    other = a_dyad(ben, "Kim")
    refused = browser.post(reverse("terms", args=[other.uid]), {**facts, "facts-number": "4711"}, follow=True)
    assert "Another client has this number" in refused.content.decode()
    assert other.client.__class__.objects.get(pk=other.client_id).name == "Kim", "together or not at all"
    browser.post(page, {**facts, "facts-number": ""})
    assert not dyad.client.external_names.exists()
