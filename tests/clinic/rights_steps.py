"""What a client does in the own space, step by step: stepping in, asking for a fresh code, typing it."""

from django.test import Client as Browser

from accord_clinic.actions import erasure, own_space, step_in
from accord_clinic.models import Erasure, Notice
from accord_clinic.views.own_space import DOOR


def inside(client) -> Browser:
    """A browser in which this client's own space is open."""
    browser = Browser()
    browser.cookies[DOOR] = own_space.open_door(client)
    return browser


def ask_to_step_in(browser: Browser, email: str = "") -> str:
    """Ask for a code and let the sweep send it; what the mail says, or nothing where none was made."""
    before = Notice.objects.filter(kind="code").count()
    browser.post("/mine/in/", {"email": email})
    step_in.send_codes()
    rows = Notice.objects.filter(kind="code").order_by("id")
    return rows.last().about if rows.count() > before else ""


def erase(client, by) -> None:
    """The client asks for erasure, and this admin keeps nothing."""
    erasure.ask(client, by=client)
    erasure.decide(Erasure.objects.get(client=client.pk), (), (), by=by)


def code_for(browser: Browser, purpose: str) -> str:
    """Ask for a fresh code and read it from the outbox, as the client reads it from a mail."""
    browser.post("/mine/rights/code/", {"for": purpose})
    return Notice.objects.filter(kind="code").latest("id").about
