"""A week of twenty clients: what a therapist clicks in it, counted and printed by what happens to each client.

Sessions come from a feed on loopback, links go out, clients answer, the therapist rates, sheets open. One session is
moved in the calendar, one is missed, one turns out to be cancelled after its link, one counts as held and was not; one
client is new; one event was given to the wrong client. A click is a click, a field is one that is typed or chosen in.
Ratings of the first day and all that is put right are done in the browser; the others are posted, and counted by the
rows of their page.
"""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.urls import reverse
from playwright.sync_api import Page, expect
from tests.clinic.people import a_course, a_dyad
from tests.clinic.phone import USUAL, Phone, hidden
from tests.clinic.test_calendar_feed import server  # noqa: F401 - a fixture

from accord_clinic import links
from accord_clinic.actions import planning, reveal, schedule
from accord_clinic.demo.clock import story_time
from accord_clinic.imports.calendar import job
from accord_clinic.messages import notices
from accord_clinic.models import Dyad, Invitation, Practice, Response, Session

pytestmark = pytest.mark.django_db(transaction=True)

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2027, 3, 1)
HOURS = (9, 10, 11, 14)
NAMES = (
    "Ana", "Bo Lindqvist", "Carla Neri", "Dov Adler", "Elif Kaya", "Femi Ade", "Gita Rao", "Hugo Braun", "Ida Berg",
    "Ida Beck", "Jun Mori", "Kofi Mensah", "Lena Vogt", "Milan Horak", "Noor Aziz", "Otis Reed", "Pia Lang",
    "Quyen Tran", "Rosa Diaz", "Nadia Okafor",
)  # fmt: skip
NEW, MOVED, MISSED, CANCELLED, NOT_SO = "Nadia Okafor", "Elif Kaya", "Hugo Braun", "Jun Mori", "Milan Horak"
WRONG, RIGHT = "Ida Berg", "Ida Beck"
SHORT = ("Otis Reed", "Pia Lang", "Quyen Tran")
"""Who is asked the short set."""
KINDS = {
    NEW: "new", MOVED: "moved in the calendar", MISSED: "missed", CANCELLED: "cancelled after its link",
    NOT_SO: "assumed held, not so", WRONG: "wrong client",
}  # fmt: skip


class Hands:
    """A therapist at a screen. Clicks and fields are counted for whomever they are about."""

    def __init__(self, page: Page, clock, sign_in) -> None:
        self.page, self.clock, self.sign_in = page, clock, sign_in
        self.clicks: Counter[str] = Counter()
        self.fields: Counter[str] = Counter()

    def click(self, client: str, name: str, role: str = "button", within=None) -> None:
        (within or self.page.locator("main")).get_by_role(role, name=name).first.click()
        self.clicks[client] += 1

    def unfold(self, client: str, name: str, within) -> None:
        within.locator("summary", has_text=name).first.click()
        self.clicks[client] += 1

    def type(self, client: str, label: str, words: str) -> None:
        self.page.get_by_label(label, exact=True).fill(words)
        self.fields[client] += 1

    def choose(self, client: str, event: str, name: str) -> None:
        self.page.get_by_label(event, exact=True).select_option(label=name)
        self.fields[client] += 1

    def row(self, client: str):
        """The row of this client on Today."""
        return self.page.locator("li.row").filter(has=self.page.locator(".row-name", has_text=client)).first


@pytest.fixture
def hands(browser, live_server, people, as_member, settings):
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "accord", False
    with story_time(at(-1, 12)) as clock:
        context = browser.new_context(viewport={"width": 1280, "height": 820}, base_url=live_server.url)
        context.set_default_timeout(8_000)

        def sign_in():
            cookies = as_member(people.ben).cookies
            context.add_cookies([{"name": n, "value": m.value, "url": live_server.url} for n, m in cookies.items()])

        sign_in()
        yield Hands(context.new_page(), clock, sign_in)
        context.close()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of the week; day 0 is Monday."""
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour, minute, tzinfo=BERLIN) + timedelta(days=day)


class Week:
    """The therapist's calendar: each client once a week, for two weeks. `moved`: where the first one is now."""

    def __init__(self) -> None:
        slots = [at(day, hour) for day in range(5) for hour in HOURS]
        self.starts = dict(zip(NAMES, slots, strict=True))
        self.moved: dict[str, datetime] = {}

    def ics(self) -> bytes:
        events = [self._event(name, start, "RRULE:FREQ=WEEKLY;COUNT=2") for name, start in self.starts.items()]
        for name, start in self.moved.items():
            events.append(self._event(name, start, f"RECURRENCE-ID:{utc(self.starts[name])}"))
        return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *events, "END:VCALENDAR", ""]).encode()

    def _event(self, name: str, start: datetime, more: str) -> str:
        summary = "Ida" if name == RIGHT else name
        lines = ("BEGIN:VEVENT", f"UID:{links.digest(name)}", f"DTSTART:{utc(start)}", "DURATION:PT50M", more)
        return "\r\n".join([*lines, f"SUMMARY:{summary}", "END:VEVENT"])


def utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def sweep(hands: Hands, now: datetime) -> None:
    """What runs by itself, up to this moment; Ben signs in anew, since the last time was too long ago."""
    hands.clock.now = now
    hands.sign_in()
    job.read_feeds()
    planning.assume_held()
    reveal.sweep()
    schedule.due()
    notices.deliver()


class MailedPhone(Phone):
    """A client's phone on which the link of a mail is opened."""

    def __init__(self, mail) -> None:
        self.token = re.search(r"/c/([\w-]+)", mail.body)[1]
        self.invitation = Invitation.objects.get(token_hash=links.digest(self.token))
        self.url, self.key, self.browser = f"/check-in/{self.invitation.uid}/", "", Browser()
        self.start()

    @property
    def client(self) -> str:
        return self.invitation.session.dyad.client.name


def phones(mailbox) -> dict[str, MailedPhone]:
    """The phones of all to whom a link went out since the last time."""
    opened = [MailedPhone(mail) for mail in mailbox if "/c/" in mail.body]
    mailbox.clear()
    return {phone.client: phone for phone in opened}


def answer(phones_of_the_day: dict[str, MailedPhone], *, but: tuple[str, ...] = ()) -> None:
    """Everybody answers by the link, but those."""
    for name, phone in phones_of_the_day.items():
        if name not in but:
            assert phone.send(usual(phone.open())).status_code == 302, name


def usual(page) -> dict[str, str]:
    """The usual answers to what a page asks."""
    return {name: value for name, value in USUAL.items() if f'name="{name}"' in page.content.decode()}


def rate_in_the_browser(hands: Hands) -> int:
    """One tap a row, and *Send*; how many clicks."""
    heading = hands.page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Rate session")
    rows = hands.page.locator("[data-row]").all()
    for place, row in enumerate(rows):
        row.locator(".rating-cell").nth(3 if place else 4).click()
    hands.page.get_by_role("button", name="Send my rating").click()
    expect(heading).not_to_contain_text("Rate session")
    return len(rows) + 1


def rate_by_post(browser, session: Session) -> int:
    """The same posted: how many clicks it would take, with the one that leads there."""
    where = reverse("rate", args=[session.uid])
    page = browser.get(where)
    browser.post(where, {"key": hidden(page, "key"), **usual(page)})
    return 2 + page.content.decode().count(" data-row>")


def owed() -> list[Session]:
    """The sessions of the week that are held and not rated."""
    rated = Response.objects.filter(side="therapist").values("session")
    rows = Session.objects.filter(state="held", start__gte=at(0, 0)).exclude(pk__in=rated).order_by("start")
    return list(rows.select_related("dyad__client"))


def print_week(hands: Hands, ratings: dict[str, int]) -> None:
    print("\nclient                                      planning  fields  rating")
    for name in NAMES:
        told = f"{name}, {KINDS[name]}" if name in KINDS else name
        print(f"{told:<44} {hands.clicks[name]:>7} {hands.fields[name]:>7} {ratings.get(name, 0):>7}")
    planned, rated = sum(hands.clicks.values()), sum(ratings.values())
    print(f"{len(NAMES)} clients: {planned} clicks to plan and put right, {rated} to rate", end="; ")
    print(f"{planned / len(NAMES):.1f} and {rated / len(NAMES):.1f} a client and week")


def test_a_week_of_twenty_clients(hands, people, server, as_member, mailoutbox):  # noqa: F811
    page, week, ratings = hands.page, Week(), {}
    Practice.objects.update(held_by_itself_since=at(-30, 0))
    for dyad in [people.dyad] + [a_dyad(people.ben, name, at(-40, 9).date()) for name in NAMES[1:-1]]:
        a_course(dyad, 3)
    Dyad.objects.filter(client__name__in=SHORT).update(form="minimum")

    # Before the week the calendar is connected, once. An event called Ida is given to the wrong one of two.
    server.content = week.ics()
    page.goto("/calendar/")
    page.get_by_label("Secret address of the calendar").fill(server.address)
    page.get_by_role("button", name="Connect calendar").click()
    page.locator("summary", has_text="other events").click()
    page.get_by_label("Ida", exact=True).select_option(label=WRONG)
    page.get_by_role("button", name="Plan these sessions").click()
    expect(page.locator("main")).to_contain_text("Sessions come from it for:")
    assert Session.objects.filter(source="calendar").count() == 2 * 19
    mailoutbox.clear()

    # Monday morning: Ida's event is put right.
    sweep(hands, at(0, 7, 30))
    page.goto("/today/")
    hands.click(WRONG, "Your calendar", "link")
    hands.click(WRONG, "Match events with clients")
    hands.choose(WRONG, "Ida", RIGHT)
    hands.click(WRONG, "Plan these sessions")
    for name in (WRONG, RIGHT):
        of = Session.objects.filter(dyad__client__name=name, source="calendar", state="planned")
        assert of.count() == 2, name

    # Monday: four sessions, four links, four answers; rated one after the other from Today.
    sweep(hands, at(0, 17))
    of_monday = phones(mailoutbox)
    assert set(of_monday) == set(NAMES[:4])
    answer(of_monday)
    page.goto("/today/")
    hands.row(NAMES[0]).get_by_role("link", name="Rate").click()
    for name in NAMES[:4]:
        ratings[name] = 1 + rate_in_the_browser(hands)
        if name != NAMES[3]:
            page.get_by_role("link", name="Next rating").click()
    assert owed() == []

    # Tuesday: one has been moved to Wednesday in the calendar; Today says so in one line. One does not come.
    week.moved[MOVED] = at(2, 16)
    server.content = week.ics()
    sweep(hands, at(1, 7, 30))
    page.goto("/today/")
    expect(page.locator("main")).to_contain_text(f"{MOVED} moved from Tue 2 Mar, 09:00 to Wed 3 Mar, 16:00")
    hands.click(MOVED, "That is right")
    sweep(hands, at(1, 15))
    page.goto("/today/")
    hands.unfold(MISSED, "It did not", hands.row(MISSED))
    hands.click(MISSED, "Missed by the client", within=hands.row(MISSED))
    sweep(hands, at(1, 19))
    of_tuesday = phones(mailoutbox)
    assert set(of_tuesday) == set(NAMES[4:8]) - {MOVED, MISSED}, "nobody asks who was not there"
    answer(of_tuesday)

    # Wednesday: the link had gone out when it turns out that the session was cancelled. The client has not answered.
    sweep(hands, at(2, 19))
    of_wednesday = phones(mailoutbox)
    assert set(of_wednesday) == {MOVED, *NAMES[8:12]}
    answer(of_wednesday, but=(CANCELLED,))
    page.goto("/today/")
    hands.unfold(CANCELLED, "Assumed held. Not so?", hands.row(CANCELLED))
    hands.click(CANCELLED, "Cancelled", within=hands.row(CANCELLED))
    assert of_wednesday[CANCELLED].browser.get(of_wednesday[CANCELLED].url).status_code == 410

    # Thursday: a session counts as held; the client says by the link that it was not, and Today asks.
    sweep(hands, at(3, 19))
    of_thursday = phones(mailoutbox)
    denying = of_thursday.pop(NOT_SO)
    denying.browser.post(f"{denying.url}not-held/")
    answer(of_thursday)
    page.goto("/today/")
    expect(hands.row(NOT_SO)).to_contain_text("says that this session did not take place")
    hands.unfold(NOT_SO, "It did not", hands.row(NOT_SO))
    hands.click(NOT_SO, "Cancelled", within=hands.row(NOT_SO))

    # Friday morning: somebody new, whose session is in the calendar already.
    sweep(hands, at(4, 7, 30))
    page.goto("/today/")
    page.get_by_role("navigation").get_by_role("link", name="People").first.click()
    hands.clicks[NEW] += 1
    hands.click(NEW, "New client", "link")
    hands.type(NEW, "Name", NEW)
    hands.type(NEW, "E-mail", "nadia@example.org")
    hands.type(NEW, "Year of birth", "1991")
    hands.click(NEW, "Add client")
    page.get_by_role("navigation").get_by_role("link", name="Today").first.click()
    hands.clicks[NEW] += 1
    hands.click(NEW, "Your calendar", "link")
    hands.click(NEW, "Match events with clients")
    expect(page.get_by_label(NEW, exact=True).locator("option:checked")).to_have_text(NEW)
    hands.click(NEW, "Plan these sessions")
    sweep(hands, at(4, 19))
    of_friday = phones(mailoutbox)
    assert NEW in of_friday, "the link went out by itself"
    answer(of_friday)

    # The other ratings of the week, and the sheets that are ready for the next sessions.
    browser = as_member(people.ben)
    for session in owed():
        ratings[session.dyad.client.name] = rate_by_post(browser, session)
    sweep(hands, at(7, 7, 30))
    page.goto("/today/")
    sheets = page.get_by_role("link", name=re.compile("talk sheet", re.IGNORECASE)).count()
    held = [name for name in NAMES if name in ratings]
    print_week(hands, ratings)
    assert len(held) == 17
    assert sheets == 17, "each stands at the session that it is for"
    ordinary = set(held) - {MOVED, NEW, WRONG}
    assert all(hands.clicks[name] == 0 for name in ordinary), "nobody plans what is in the calendar"
    assert max(hands.clicks[name] for name in (MOVED, MISSED, CANCELLED, NOT_SO)) <= 2
    assert hands.clicks[NEW] <= 10
    assert hands.fields[NEW] == 3
    assert {ratings[name] for name in SHORT} == {7}
    assert max(ratings.values()) <= 11
