"""Minors from twelve, and people who come by order: who agrees, who learns what, and the safe default."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, consent, corrections, schedule
from accord_clinic.models import Consent, Invitation, Practice
from accord_clinic.pages.consent import before_first_question
from accord_clinic.rules.consent import clients_who_consent, needed, stands

pytestmark = pytest.mark.django_db


def born(age: int) -> int:
    """A year of birth that makes somebody this old at the least, as the year alone tells it."""
    return timezone.localdate().year - age - 1


@pytest.fixture
def kim(ben, people):
    """Fourteen, and Ben's client."""
    client = care.register_client("Kim", by=ben, email="kim@example.org", born=born(14))
    return a_dyad(ben, client)


def test_under_twelve_is_refused_with_a_sentence(ben, people):
    year = timezone.localdate().year
    with pytest.raises(BadInput, match="people of twelve and older"):
        care.register_client("Too young", by=ben, born=year - 11)
    assert care.register_client("Twelve this year", by=ben, born=year - 12)


def test_by_default_guardians_open_no_page_and_must_agree_below_sixteen(kim):
    said = before_first_question(kim.client, kim)
    assert needed(kim.client) == {"client", "guardian"}
    assert "cannot open these pages. The law may let them ask for your record." in said.lines[0]
    assert "has to agree first" in said.waiting


def test_the_age_below_which_a_guardian_agrees_is_the_practices(kim):
    Practice.objects.update(guardian_below=14)
    assert needed(kim.client) == {"client"}


def test_who_may_still_be_fifteen_counts_as_fifteen(ben, people):
    this_year = timezone.localdate().year
    assert needed(care.register_client("Lou", by=ben, born=this_year - 16)) == {"client", "guardian"}
    assert needed(care.register_client("Max", by=ben, born=this_year - 17)) == {"client"}


class TestAnAgeThatNobodyWroteDown:
    """It counts as young, and the therapist is asked; nobody is taken for grown up."""

    @pytest.fixture
    def lou(self, ben, people):
        return a_dyad(ben, care.register_client("Lou", by=ben, email="lou@example.org"))

    def test_no_question_is_asked_and_no_link_goes_out_by_itself(self, lou, ben, client):
        token = checkin.invite(a_held_session(lou, timezone.now() - timezone.timedelta(hours=5)), by=ben)
        page = client.get(f"/c/{token}").content.decode()
        assert "Start</button>" not in page
        assert "Ben has to fill something in about you first." in page
        assert "guardian" not in page
        client.post(f"/c/{token}")
        assert not Consent.objects.exists()
        Invitation.objects.all().delete()
        assert schedule.due() == 0

    def test_the_therapist_is_asked_where_the_course_is_and_where_it_is_said(self, lou, ben, as_member):
        browser = as_member(ben)
        for path in (f"/people/{lou.uid}/", f"/people/{lou.uid}/terms/"):
            assert "Lou's age is not recorded." in browser.get(path).content.decode()

    @pytest.mark.parametrize("said", ["the year", "who agrees"])
    def test_one_answer_is_enough(self, lou, ben, as_member, client, said):
        if said == "the year":
            corrections.put_right(lou.client, by=ben, born=1980)
        else:
            consent.set_terms(lou, by=ben, consents="client")
        assert "age is not recorded" not in as_member(ben).get(f"/people/{lou.uid}/").content.decode()
        token = checkin.invite(a_held_session(lou, timezone.now() - timezone.timedelta(hours=5)), by=ben)
        assert "Start</button>" in client.get(f"/c/{token}").content.decode()
        Invitation.objects.all().delete()
        assert schedule.due() == 1

    def test_a_guardian_who_agreed_is_one_to_tell_of(self, lou, ben):
        consent.note_guardian(lou, "care", by=ben)
        said = before_first_question(lou.client, lou)
        assert said.waiting == ""
        assert "cannot open these pages. The law may let them ask for your record." in said.lines[0]

    def test_nobody_of_unknown_age_is_in_a_study(self, lou):
        consent.give(lou.client, "research", by=lou.client)
        assert not clients_who_consent("research").exists()
        consent.note_guardian(lou, "research", by=lou.therapist)
        assert clients_who_consent("research").exists()

    def test_a_practice_in_which_no_guardian_ever_agrees_need_not_ask(self, lou, ben, as_member):
        Practice.objects.update(guardian_below=0)
        assert needed(lou.client) == {"client"}
        assert "age is not recorded" not in as_member(ben).get(f"/people/{lou.uid}/").content.decode()


def test_the_link_waits_for_the_guardian_and_then_opens(kim, ben, client):
    token = checkin.invite(a_held_session(kim), by=ben)
    assert "Start</button>" not in client.get(f"/c/{token}").content.decode()
    client.post(f"/c/{token}")
    assert not Consent.objects.exists()
    consent.note_guardian(kim, "care", by=ben)
    assert "Start</button>" in client.get(f"/c/{token}").content.decode()
    client.post(f"/c/{token}")
    assert stands(kim.client, "care")


def test_no_link_goes_out_by_itself_before_the_guardian_has_agreed(kim, ben):
    start = timezone.now() - timezone.timedelta(hours=5)
    a_held_session(kim, start)
    assert schedule.due() == 0
    consent.note_guardian(kim, "care", by=ben)
    assert schedule.due() == 1


def test_a_guardians_yes_is_not_the_clients(kim, ben):
    consent.note_guardian(kim, "research", by=ben)
    assert not stands(kim.client, "research")
    consent.give(kim.client, "research", by=kim.client)
    assert stands(kim.client, "research")
    consent.withdraw(kim.client, "research", by=kim.client)
    assert not stands(kim.client, "research")


def test_a_guardian_takes_it_back_through_the_therapist_alone(kim, ben, people):
    consent.note_guardian(kim, "care", by=ben)
    with pytest.raises(PermissionDenied, match="not on your list"):
        consent.withdraw(kim.client, "care", by=people.eve, voice="guardian")
    consent.withdraw(kim.client, "care", by=ben, voice="guardian")
    assert before_first_question(kim.client, kim).waiting


def test_a_client_of_age_needs_no_guardian(dyad, ben):
    with pytest.raises(BadInput, match="No guardian has to agree"):
        consent.note_guardian(dyad, "care", by=ben)
    assert before_first_question(dyad.client, dyad).lines == ()


def test_who_comes_by_order_reads_what_the_sender_learns(dyad, ben):
    consent.set_terms(dyad, by=ben, by_order=True, order_learns="dates")
    dyad.client.refresh_from_db()
    said = " ".join(before_first_question(dyad.client, dyad).lines)
    assert "is told that sessions take place, and when" in said
    assert "skip any question" in said


def test_what_differs_for_one_is_read_on_the_link_page(kim, ben, client):
    consent.set_terms(kim, by=ben, consents="client", guardian_learns="together")
    page = client.get(f"/c/{checkin.invite(a_held_session(kim), by=ben)}").content.decode()
    assert "you and your therapist decide, together" in page
    assert "Start</button>" in page


def test_only_the_own_therapist_sets_the_terms(dyad, people, as_member):
    posted = {
        "what": "agrees",
        "agrees-consents": "guardian",
        "agrees-guardian_learns": "nothing",
        "agrees-order_learns": "nothing",
    }
    assert as_member(people.eve).post(f"/people/{dyad.uid}/terms/", posted).status_code == 404
    assert as_member(people.ben).post(f"/people/{dyad.uid}/terms/", posted).status_code == 302
    dyad.client.refresh_from_db()
    assert needed(dyad.client) == {"guardian"}
    assert not Invitation.objects.exists()


def test_where_a_guardian_alone_agrees_the_clients_own_no_counts_all_the_same(kim, ben):
    consent.set_terms(kim, by=ben, consents="guardian")
    kim.client.refresh_from_db()
    consent.note_guardian(kim, "research", by=ben)
    assert stands(kim.client, "research")
    browser = inside(kim.client)
    assert "Take it back" in browser.get("/mine/rights/").content.decode()
    browser.post("/mine/rights/consent/", {"purpose": "research", "what": "withdraw"})
    assert not stands(kim.client, "research")
