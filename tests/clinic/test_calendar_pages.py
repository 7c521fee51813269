"""The pages of a therapist's calendar: connect it, match events, see and undo what it changed; and the pause."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session
from tests.clinic.test_calendar_feed import ics, server, tomorrow  # noqa: F401 - a fixture

from accord_clinic.imports.calendar import changing, job
from accord_clinic.models import CalendarSeries, ConnectedCalendar, Pause, Rhythm

pytestmark = pytest.mark.django_db


def a_file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("calendar.ics", content, content_type="text/calendar")


def text(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def signed(response) -> str:
    return re.search(r'name="signed" value="([^"]+)"', response.content.decode())[1]


@pytest.fixture
def handed_in(ben, dyad, as_member):
    """Ben's browser, and the page with the two events of a file, both called Ana."""
    browser = as_member(ben)
    page = browser.post(reverse("read_calendar"), {"file": a_file(ics(tomorrow(), tomorrow(24 * 7)))})
    return browser, page


def test_file_is_matched_in_one_confirmation_and_its_words_are_kept_nowhere(dyad, handed_in):
    browser, page = handed_in
    assert page.content.decode().count(f'<option value="{dyad.uid}" selected>') == 2
    posted = {"signed": signed(page), "event-0": dyad.uid, "event-1": "nobody"}
    answer = browser.post(reverse("confirm_calendar"), posted, follow=True)
    assert "1 session is planned." in text(answer)
    assert dyad.sessions.get().source == "calendar"
    assert "Ana" not in str([row.__dict__ for row in CalendarSeries.objects.all()])


def test_confirmation_of_another_calendar_or_another_therapists_client_is_refused(ben, eve, dyad, handed_in, as_member):
    browser, page = handed_in
    hers = a_dyad(eve, "Kim")
    assert "Choose one of your clients" in text(
        browser.post(reverse("confirm_calendar"), {"signed": signed(page), "event-0": hers.uid}, follow=True)
    )
    job.connect(eve, "")
    posted = {"signed": signed(page), "event-0": hers.uid}
    assert "too old" in text(as_member(eve).post(reverse("confirm_calendar"), posted, follow=True))
    assert not dyad.sessions.exists()
    assert not hers.sessions.exists()


def test_feed_is_connected_matched_and_its_address_shown_to_nobody(server, ben, dyad, as_member):  # noqa: F811
    server.content = ics(tomorrow())
    browser = as_member(ben)
    page = browser.post(reverse("connect_calendar"), {"address": server.address})
    browser.post(reverse("confirm_calendar"), {"signed": signed(page), "event-0": dyad.uid})
    assert dyad.sessions.count() == 1
    shown = browser.get(reverse("calendar")).content.decode() + browser.get(reverse("today")).content.decode()
    assert "secret" not in shown.replace("secret address", "").replace("Secret address", "").replace("Secret", "")


@pytest.mark.parametrize("address", ["", "nonsense", "http://example.org/a.ics", "https://127.0.0.1/a.ics"])
def test_address_that_cannot_be_read_says_why(ben, dyad, as_member, address):
    answer = as_member(ben).post(reverse("connect_calendar"), {"address": address}, follow=True)
    assert re.search(r"begin with https|begins with https|into the network", text(answer))


def test_today_tells_what_the_calendar_changed_and_undoes_it(ben, dyad, as_member):
    calendar = job.connect(ben, "")
    changing.match(calendar, "ana-0", dyad)
    first, last = job.span(timezone.now())

    def read(content: bytes) -> None:
        changing.apply(ConnectedCalendar.objects.get(), job.read_file(content), first, last)
        ConnectedCalendar.objects.update(read_until=last)

    read(ics(tomorrow()))
    read(ics(tomorrow(26)))
    browser = as_member(ben)
    page = browser.get(reverse("today"))
    assert re.search(r"Ana moved from \w+ \d+ \w+, \d+:\d+ to", text(page))
    browser.post(re.search(r"/calendar/changes/[^/]+/undo/", page.content.decode())[0])
    assert dyad.sessions.get().start == tomorrow()
    assert "moved from" not in text(browser.get(reverse("today")))


def test_today_names_a_feed_that_has_failed_for_a_day(ben, as_member):
    job.connect(ben, "")
    browser, why = as_member(ben), "There is no calendar at this address"
    for hours, told in ((23, False), (25, True)):
        ConnectedCalendar.objects.update(failed_since=timezone.now() - timedelta(hours=hours), failure="gone")
        assert (why in text(browser.get(reverse("today")))) is told


def test_rhythm_is_planned_from_the_page_that_plans_a_session_and_ended_there(ben, dyad, as_member):
    browser, day = as_member(ben), timezone.localdate() + timedelta(days=2)
    where = reverse("plan_session", args=[dyad.uid])
    posted = {"day": day.isoformat(), "time": "10:00", "every": "1", "until": "", "minutes": "50", "modality": "video"}
    browser.post(where, posted)
    assert Rhythm.objects.get().every == 1
    assert dyad.sessions.count() == 8
    assert "Every week on" in text(browser.get(where))
    browser.post(reverse("end_rhythm", args=[dyad.uid]))
    assert not dyad.sessions.exists()


SOON = timezone.localdate() + timedelta(days=20)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"day": "2036-13-01"}, "Enter a valid date"),
        ({"day": "2062-03-01"}, "more than a year away"),
        ({"day": "0026-03-01", "every": "0"}, "more than a year away"),
        ({"until": (SOON - timedelta(days=1)).isoformat()}, "The last session is before the first"),
    ],
)
def test_wrong_day_is_refused_and_nothing_typed_is_lost(ben, dyad, as_member, wrong, why):
    posted = {"day": SOON.isoformat(), "time": "10:00", "every": "2", "minutes": "80", "modality": "phone"} | wrong
    answer = as_member(ben).post(reverse("plan_session", args=[dyad.uid]), posted)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert why in html
    assert 'value="80"' in html
    assert f'<option value="{posted["every"]}" selected>' in html
    assert not dyad.sessions.exists()


def test_the_year_is_told_when_a_session_is_planned_or_moved(ben, dyad, as_member):
    browser, posted = as_member(ben), {"day": SOON.isoformat(), "time": "10:00", "minutes": "50", "modality": "phone"}
    planned = text(browser.post(reverse("plan_session", args=[dyad.uid]), posted, follow=True))
    assert f"The session is planned: {SOON:%A}, {SOON.day} {SOON:%B} {SOON.year}, 10:00." in planned
    far = posted | {"day": (SOON + timedelta(days=320)).isoformat()}
    where = reverse("move_session", args=[dyad.sessions.get().uid])
    assert f"{SOON + timedelta(days=320):%B %Y}" in text(browser.post(where, far, follow=True))
    assert f"{SOON + timedelta(days=320):%b %Y}" in text(browser.get(reverse("dyad", args=[dyad.uid])))


def test_what_an_admin_typed_stays_where_it_is_refused(ada, as_member):
    browser = as_member(ada)
    closing = {"name": "Winter break", "first": SOON.isoformat(), "last": (SOON - timedelta(days=1)).isoformat()}
    member = {"name": "Nora New", "email": ada.email.upper(), "roles": ["therapist"]}
    for page, posted in (("closed_days", closing), ("members", member)):
        answer = browser.post(reverse(page), posted)
        assert answer.status_code == 422
        assert f'value="{posted["name"]}"' in answer.content.decode()


def test_one_tap_pauses_a_client_and_today_asks_again(ben, dyad, as_member):
    a_session(dyad, timezone.now() + timedelta(days=1))
    browser, where = as_member(ben), reverse("pause", args=[dyad.uid])
    browser.post(where, {"what": "hospital"})
    assert "Paused since" in text(browser.get(reverse("dyad", args=[dyad.uid])))
    Pause.objects.update(ask_again_at=timezone.now())
    assert "in hospital" in text(browser.get(reverse("today")))
    browser.post(where, {"what": "still", "from": "today"})
    assert "in hospital" not in text(browser.get(reverse("today")))
    browser.post(where, {"what": "resume"})
    assert not Pause.objects.filter(client=dyad.client, until=None)


def test_odd_reason_for_a_pause_is_refused(ben, dyad, as_member):
    answer = as_member(ben).post(reverse("pause", args=[dyad.uid]), {"what": "<script>"}, follow=True)
    assert "choose one of those" in text(answer).lower()
    assert not Pause.objects.exists()
