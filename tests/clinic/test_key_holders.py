"""Who holds the key: where nobody but the therapist does, clients are told, and promised only what pages show."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import a_dyad, a_member, a_session
from tests.clinic.phone import USUAL, Phone, past_the_first_time, text
from tests.clinic.rights_steps import inside
from tests.clinic.test_german import ENGLISH, words_of

from accord_clinic.actions import care, checkin, corrections, cover_and_emergency
from accord_clinic.models import Client, Member, Notice, Practice
from accord_clinic.rules.key_holders import key_holders

pytestmark = pytest.mark.django_db

KEPT = {**USUAL, "0-t1": "2", "share.0-t1": "not_yet", "0-o1": "Mine", "read.0-o1": "raise", "0-o2": "Slower"}
PROMISES = ("Nobody sees this", "Nobody yet", "Nobody: only count", "never your words", "nobody else sees")


def roles(member, *given):
    member.roles = list(given)
    member.save()


@pytest.fixture
def alone(people):
    """Ben works here and nobody else does; Cy, from outside, reads what is for somebody else."""
    Member.objects.exclude(pk__in=(people.ben.pk, people.cy.pk)).update(is_active=False)
    roles(people.ben, "therapist", "admin")
    return people


@pytest.fixture
def two(people):
    """Ben and Ada: Ben sees people and Ada keeps the practice with him, and sees nobody."""
    Member.objects.exclude(pk__in=(people.ben.pk, people.ada.pk, people.cy.pk)).update(is_active=False)
    roles(people.ben, "therapist", "admin")
    roles(people.ada, "therapist", "admin")
    return people


@pytest.fixture
def both_treat(two):
    """The same two, and Ana comes to both of them."""
    a_dyad(two.ada, two.ana)
    return two


def first_page(people):
    """The page of the first link of all: Ana has not agreed yet."""
    return Browser().get(f"/c/{checkin.invite(a_session(people.dyad, state='held'), by=people.ben)}")


def pages(people) -> dict[str, str]:
    """What Ana reads before, while and after she answers, and in her own space."""
    start = first_page(people)
    phone = Phone(a_session(people.dyad, state="held"))
    questions = phone.open()
    phone.send({**KEPT, "read.0-o2": "outside"})
    browser, uid = inside(people.ana), people.dyad.uid
    own = {name: browser.get(f"/mine/{uid}/{name}/") for name in ("lines", "readers")}
    own |= {"contact": browser.get("/mine/rights/contact/"), "rights": browser.get("/mine/rights/")}
    later = a_session(people.dyad, state="held")
    past_the_first_time(later)
    again = Browser().get(f"/c/{Phone(later).token}")
    shown = {"start": start, "questions": questions, "again": again, **own}
    return {name: words_of(page.content.decode()) for name, page in shown.items()}


class TestAPracticeOfOne:
    def test_says_once_where_one_agrees_who_holds_the_key_and_could_redirect_links(self, alone):
        told = pages(alone)
        for name in ("start", "rights"):
            assert "Ben looks after the data of this practice and holds the key to it." in told[name], name
            assert "No page shows Ben what you keep for yourself, but nobody else checks that." in told[name], name
            assert "Ben could also change the address to which your links and codes go." in told[name], name
        again = [name for name, page in told.items() if "the key to it" in page or "could also change" in page]
        assert again == ["start", "rights"]
        assert "Looks after the data and holds the key." in told["readers"]

    def test_whoever_opens_the_link_sees_it_whether_or_not_the_client_has_begun(self, alone):
        link = f"/c/{Phone(a_session(alone.dyad, state='held')).token}"
        assert "Ben looks after the data of this practice" in words_of(Browser().get(link).content.decode())

    def test_promises_nowhere_what_only_the_key_holder_could_keep(self, alone):
        made = [(name, promise) for name, page in pages(alone).items() for promise in PROMISES if promise in page]
        assert made == []

    def test_says_of_each_line_what_its_pages_show(self, alone):
        lines = pages(alone)["lines"]
        assert "No page shows this to anybody else. You said: not yet." in lines
        assert "No page shows this to anybody else. You wanted to bring it up yourself." in lines
        assert "Cy sees this. No page shows it to Ben." in lines

    def test_offers_the_same_readers_by_what_the_client_wants(self, alone):
        questions = pages(alone)["questions"]
        assert "I’ll bring it up myself" in questions
        assert "Only count that I wrote something" in questions

    def test_the_old_address_is_told_as_the_page_says(self, alone):
        cover_and_emergency.leave(alone.cy, by=alone.ben)
        corrections.put_right(alone.ana, by=alone.ben, email="other@example.org")
        assert Notice.objects.get(kind="contact_changed").to == "ana@example.org"

    def test_says_it_in_german(self, alone):
        Client.objects.filter(pk=alone.ana.pk).update(language="de", name="Anna")
        alone.ana.refresh_from_db()
        here = Practice.objects.get()
        here.name, here.crisis_text, here.outside_reader_role = "Praxis am Park", "", "Supervision"
        here.outside_reader_reply, here.outside_reader_duty = "binnen einer Woche", ""
        here.save()
        told = pages(alone)
        assert "Ben betreut die Daten dieser Praxis und hat den Schlüssel dazu." in told["start"]
        assert "Keine Seite zeigt das jemand anderem. Sie haben gesagt: noch nicht." in told["lines"]
        assert {name: ENGLISH.findall(page) for name, page in told.items() if ENGLISH.search(page)} == {}


class TestAPracticeOfTwo:
    """Somebody who does not treat this client keeps the practice, too."""

    def test_says_nothing_of_keys_and_promises_what_it_keeps(self, two):
        told = pages(two)
        assert not [name for name, page in told.items() if "the key" in page or "could also change" in page]
        assert "Nobody sees this. You said: not yet." in told["lines"]
        assert "Cy sees this. Ben does not." in told["lines"]
        assert "Nobody yet: I’ll bring it up myself" in told["questions"]
        assert "Counts across many people. In an emergency the office can open your answers." in told["readers"]

    def test_whoever_covers_for_the_therapist_watches_over_nothing_meanwhile(self, two):
        today = timezone.localdate()
        cover_and_emergency.cover(two.dyad, two.ada, today, today + timedelta(days=1), by=two.ben)
        assert key_holders(two.ana) == ("Ada", "Ben")

    def test_who_has_left_watches_over_nothing(self, two):
        Member.objects.filter(pk=two.ada.pk).update(is_active=False)
        assert key_holders(two.ana) == ("Ben",)


class TestWhereEveryAdminTreatsTheClient:
    def test_both_are_named_and_nothing_more_is_promised(self, both_treat):
        told = pages(both_treat)
        assert "Ada and Ben look after the data of this practice and hold the key to it." in told["start"]
        assert "Ada and Ben could also change the address" in told["rights"]
        assert "Ada and Ben Look after the data and hold the key." in told["readers"]
        assert [(name, promise) for name, page in told.items() for promise in PROMISES if promise in page] == []

    def test_another_client_of_one_of_them_is_promised_what_the_other_watches_over(self, both_treat):
        assert key_holders(a_dyad(both_treat.ben, "Kim").client) == ()

    def test_one_who_treated_this_client_once_does_not_watch_either(self, both_treat):
        dyad = both_treat.ana.dyads.get(therapist=both_treat.ada)
        care.end_course(dyad, "planned", timezone.localdate(), "", by=both_treat.ada)
        assert key_holders(both_treat.ana) == ("Ada", "Ben")

    def test_a_third_admin_who_does_not_treat_this_client_does(self, both_treat):
        a_member("Gil", "admin")
        assert key_holders(both_treat.ana) == ()


def test_the_only_admin_is_named_although_others_work_here_and_one_of_them_is_the_therapist(people):
    """Ana comes to Ben and to Eve; Eve keeps the practice, and so could read what Ana keeps from either."""
    roles(people.ada, "manager")
    roles(people.eve, "therapist", "admin")
    a_dyad(people.eve, people.ana)
    assert key_holders(people.ana) == ("Eve",)
    page = text(first_page(people))
    assert "Eve looks after the data of this practice" in page
