"""What a practice does around the two, in a real browser: cover, successor, leaving; erasure asked for and decided."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from tests.clinic.people import a_course, a_member
from tests.journeys.test_loop_browser import phone
from tests.journeys.test_other_ways import signed_in

from accord_clinic.actions import step_in
from accord_clinic.messages import notices
from accord_clinic.models import Client, Dyad, Erasure, Member

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["phone", "signed_in"]


def give(page: Page, what: str, to: str, days: int | None = None):
    """On the admin's page: give Ben's clients to a colleague, and say that a person has told them."""
    page.get_by_label("What").select_option(what)
    page.get_by_label("Who").select_option(label=to)
    today = timezone.localdate()
    page.get_by_label("From").fill(today.isoformat())
    page.get_by_label("To, for a cover").fill((today + timedelta(days=days)).isoformat() if days else "")
    page.get_by_label("Why").fill("Ben is ill")
    page.get_by_label("Somebody has told each of these clients").check()
    page.get_by_role("button", name="Give them").click()


def into_the_own_space(page: Page, mailbox):
    """Ana types her address, and the code from her mail."""
    page.goto("/mine/in/")
    page.get_by_label(re.compile("e-mail", re.IGNORECASE)).first.fill("ana@example.org")
    page.get_by_role("button", name=re.compile("code", re.IGNORECASE)).first.click()
    step_in.send_codes()
    notices.deliver()
    page.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code_in(mailbox))
    page.get_by_role("button", name="Open").click()
    page.wait_for_url("**/mine/*/")


def code_in(mailbox) -> str:
    """The newest code that was sent."""
    return [found[0] for mail in mailbox if (found := re.search(r"\b\d{6}\b", mail.body))][-1]


def test_a_therapist_is_covered_then_succeeded_and_leaves_and_the_client_chooses_what_is_shown(
    people, phone, signed_in, mailoutbox
):
    flo = a_member("Flo", "therapist")
    a_course(people.dyad, 3)
    ada, covering = signed_in(people.ada), signed_in(flo)

    ada.goto(f"/practice/members/{people.ben.uid}/absence/")
    give(ada, "cover", "Flo", 13)
    covering.goto(f"/people/{people.dyad.uid}/")
    expect(covering.get_by_role("heading", level=1)).to_be_visible()
    into_the_own_space(phone, mailoutbox)
    phone.goto(f"/mine/{people.dyad.uid}/readers/")
    expect(phone.locator("main")).to_contain_text("In place of Ben")

    ada.goto(f"/practice/members/{people.ben.uid}/absence/")
    give(ada, "successor", "Flo")
    ada.goto(f"/practice/members/{people.ben.uid}/")
    ada.get_by_role("button", name="Ben leaves").click()
    assert not Member.objects.get(pk=people.ben.pk).is_active
    after = Dyad.objects.get(therapist=flo)

    covering.goto(f"/people/{after.uid}/")
    expect(covering.locator("main")).to_contain_text("You cannot see anything from treatment with Ben.")
    phone.goto(f"/mine/{after.uid}/readers/")
    phone.get_by_label("All that Ben could see").check()
    phone.get_by_role("button", name="Save").click()
    expect(phone.get_by_label("All that Ben could see")).to_be_checked()
    covering.reload()
    covering.get_by_role("link", name="Treatment with Ben").click()
    expect(covering.locator("main")).to_contain_text("Treatment ended on")


def test_erasure_is_asked_for_and_kept_and_why_stands_behind_the_receipt(people, phone, signed_in, mailoutbox):
    a_course(people.dyad, 3)
    into_the_own_space(phone, mailoutbox)
    phone.goto("/mine/rights/erase/")
    phone.get_by_role("button", name="Send me a code").click()
    notices.deliver()
    phone.get_by_label("I am sure. I ask for erasure.").check()
    phone.get_by_label(re.compile("code", re.IGNORECASE)).first.fill(code_in(mailoutbox))
    phone.get_by_role("button", name="Ask for erasure").click()
    receipt = phone.locator(".code-large").inner_text()
    notices.deliver()
    assert receipt in mailoutbox[-1].body

    ada = signed_in(people.ada)
    ada.goto("/practice/erasures/")
    ada.get_by_label("The care record").check()
    ada.get_by_label("What is not kept is erased now").check()
    ada.get_by_role("button", name="Decide").click()
    expect(ada.locator("main")).to_contain_text("why")
    assert Erasure.objects.get().decided_at is None
    ada.get_by_label("The care record").check()
    ada.get_by_label("The law asks us to keep it.").check()
    ada.get_by_label("What is not kept is erased now").check()
    ada.get_by_role("button", name="Decide").click()
    expect(ada.locator("main")).to_contain_text("Your decision is saved.")

    phone.goto("/mine/erasure/")
    phone.get_by_label("Receipt").fill(receipt.lower())
    phone.get_by_role("button", name="Show it").click()
    for words in ("Your practice decided on", "The care record is kept until", "The law asks us to keep it."):
        expect(phone.locator("main")).to_contain_text(words)
    assert Client.objects.get(pk=people.ana.pk).email == ""
