"""A supervisor from outside the practice who wants a name, or a course that its client has not released."""

from html import unescape

import pytest
from django.urls import reverse
from tests.clinic.people import a_dyad, a_member, a_part, a_session, answers
from tests.clinic.rights_steps import inside
from tests.clinic.test_every_url import ROWS, address, answer, world  # noqa: F401

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, consent, members, paper
from accord_clinic.models import Notice, Practice, Share
from accord_clinic.records.from_outside import code_of

NAME, EMAIL = "Anastasia", "ana@example.org"


@pytest.fixture
def uma(people):
    """A supervisor from outside."""
    return a_member("Uma", "outside", "supervisor")


@pytest.fixture
def released(world, uma):  # noqa: F811
    """Ana's course with something at every address, released and shared with Uma; Ana has a name that stands nowhere
    else, and a safety answer.
    """
    people = world.people
    people.ana.name, people.ana.address_as = NAME, "Anastasia M."
    people.ana.save()
    session = a_session(people.dyad, state="held")
    phq = a_part("phq-9", "client", "full", {"phq9": 2})
    checkin.send(session, "client", answers("client", parts=(phq,)), by=people.ana)
    consent.give(people.ana, "supervision", by=people.ana)
    care.share(people.dyad, uma, by=people.ben)
    world.things |= {"held": session.uid}
    return world


def test_no_address_gives_a_name_to_who_is_from_outside(released, uma, as_member):
    """Every page and every form, the printed sheet too, with what each leads to."""
    browser, code, got_in = as_member(uma), code_of(released.people.dyad.uid), 0
    released.browsers["uma"] = browser
    for route, row in ROWS.items():
        if route.startswith("^"):
            continue
        for method in row.methods:
            response = released.ask("uma", method, route)
            got_in += answer(response) == "in" and row.at in ("dyad", "session", "held", "strain")
            read = _read(response)
            if "Location" in response.headers:
                read += _read(browser.get(response.headers["Location"]))
            for secret in (NAME, EMAIL):
                assert secret not in read, f"{method} /{route}"
    assert got_in > 6
    assert code in browser.get("/supervision/").content.decode()
    assert code in browser.get(f"/people/{released.people.dyad.uid}/").content.decode()


def _read(response) -> str:
    text = response.content
    if response.headers["Content-Type"] == "application/pdf":
        assert NAME.encode() not in text
        return ""
    return unescape(text.decode())


def test_the_printed_sheet_holds_the_code(released, uma, as_member, monkeypatch):
    """Its text is compressed, so what it is made of is looked at."""
    printed = []
    monkeypatch.setattr("accord_clinic.views.talk_sheet.talk_pdf", lambda sheet, _zone: printed.append(sheet) or b"")
    as_member(uma).get(reverse("talk_pdf", args=[released.things["session"]]))
    assert NAME not in repr(printed)
    assert printed[0].client == code_of(released.people.dyad.uid)


def test_the_name_is_still_there_for_those_who_work_here(released, uma, as_member):
    as_member(uma).get(f"/people/{released.people.dyad.uid}/")
    released.people.ana.refresh_from_db()
    assert released.people.ana.name == NAME
    assert NAME in released.ask("cy", "get", "supervision/").content.decode()


def test_messages_to_them_name_nobody(released, uma):
    told = [notice for notice in Notice.objects.filter(member=uma) if NAME in f"{notice.about} {notice.to}"]
    assert told == []


def test_before_the_release_nothing_can_be_shared(people, uma, as_member):
    with pytest.raises(BadInput, match="has to release this course first"):
        care.share(people.dyad, uma, by=people.ben)
    page = as_member(people.ben).post(
        reverse("share", args=[people.dyad.uid]), {"supervisor": uma.uid}, follow=True
    ).content.decode()  # fmt: skip
    assert "has to release this course first" in unescape(page)
    assert as_member(uma).get(f"/people/{people.dyad.uid}/").status_code == 404


def test_the_client_releases_and_takes_it_back_in_the_own_space(people, uma, as_member):
    browser = inside(people.ana)
    assert "Advice from outside the practice" in browser.get(reverse("my-rights")).content.decode()
    browser.post(reverse("my-consent"), {"purpose": "supervision", "what": "give"})
    care.share(people.dyad, uma, by=people.ben)
    seen = as_member(uma)
    page = f"/people/{people.dyad.uid}/"
    assert seen.get(page).status_code == 200
    readers = browser.get(reverse("my-readers", args=[people.dyad.uid])).content.decode()
    assert "Reads a code, not your name." in readers
    browser.post(reverse("my-consent"), {"purpose": "supervision", "what": "withdraw"})
    assert seen.get(page).status_code == 404
    assert code_of(people.dyad.uid) not in seen.get("/supervision/").content.decode()


def test_nobody_is_asked_where_nobody_from_outside_supervises(people):
    assert "Advice from outside" not in inside(people.ana).get(reverse("my-rights")).content.decode()


def test_a_practice_whose_law_asks_for_no_release_shares_without_it(people, uma):
    members.set_up(people.practice, by=people.ada, release_before_outside=False)
    care.share(people.dyad, uma, by=people.ben)
    assert Share.objects.filter(until=None).count() == 1
    members.set_up(Practice.objects.get(), by=people.ada, release_before_outside=True)
    assert not Share.objects.filter(until=None).exists(), "what would not be shared now ends"


def test_other_roles_and_other_terms_end_it_too(people, eve):
    sue = a_member("Sue", "supervisor")
    care.share(people.dyad, sue, by=people.ben)
    members.set_roles(sue, ["supervisor", "outside"], by=people.ada)
    assert not Share.objects.filter(until=None).exists()
    consent.give(people.ana, "supervision", by=people.ana)
    care.share(people.dyad, sue, by=people.ben)
    consent.set_terms(people.dyad, by=people.ben, consents="both")
    assert not Share.objects.filter(until=None).exists(), "a guardian has to agree from now on, and has not"


@pytest.mark.parametrize("roles", [["outside"], ["outside", "therapist"], ["outside", "supervisor", "admin"]])
def test_who_is_from_outside_is_a_supervisor_and_nothing_else(people, eve, roles):
    with pytest.raises(BadInput, match="a supervisor and nothing else"):
        members.set_roles(eve, roles, by=people.ada)


def test_whom_clients_can_turn_to_is_from_inside(people, cy):
    with pytest.raises(BadInput, match="Name somebody else"):
        members.set_roles(cy, ["supervisor", "outside"], by=people.ada)


def test_the_code_is_the_same_for_therapist_and_supervisor_and_another_for_another_course(people, uma, as_member):
    page = as_member(people.ben).get(reverse("arrange", args=[people.dyad.uid])).content.decode()
    assert code_of(people.dyad.uid) in page
    assert code_of(people.dyad.uid) != code_of(a_dyad(people.ben, "Kim").uid)


def test_they_type_in_no_paper_form(people, uma, as_member):
    session = a_session(people.dyad, state="held")
    _row, code = paper.make_form(session, by=people.ben)
    browser = as_member(uma)
    assert browser.get(reverse("paper")).status_code == 404
    assert browser.post(reverse("paper"), {"code": code}).status_code == 404
