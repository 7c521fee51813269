"""Accord is opened from a chart: against a foreign authorization server on this machine, honest and lying."""

import json
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from django.utils import timezone
from tests.clinic.foreign_record import LIES
from tests.clinic.people import a_dyad, a_session

from accord.errors import BadInput
from accord_clinic.accounts.launch_key import own_key
from accord_clinic.actions import launch
from accord_clinic.imports.calendar import job
from accord_clinic.models import (
    AuditEntry,
    CalendarChange,
    CareRecord,
    CareRecordUser,
    Client,
    ConnectedCalendar,
    Dyad,
)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.same_on_postgresql(reason="what is asked of the other server depends on no database"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The folder of a care record that runs, and its address."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "mode").write_text("")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    of = f"foreign_record.serve(Path({str(folder)!r}), {port})"
    run = f"from pathlib import Path; from tests.clinic import foreign_record; {of}"
    command = [sys.executable, "-c", run]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}/fhir"
    for _time in range(300):
        try:
            requests.get(f"{address}/.well-known/smart-configuration", timeout=30)
            break
        except requests.RequestException:
            time.sleep(0.1)
    yield folder, address
    process.kill()
    process.wait()


@pytest.fixture
def lie(server):
    """Have the record tell one of its lies; afterwards it is honest again."""
    folder, _address = server
    yield (folder / "mode").write_text
    (folder / "mode").write_text("")


@pytest.fixture
def record(server, ada):
    return launch.add_record("City record", server[1], "accord", False, by=ada)


@pytest.fixture
def bens(as_member, ben, ana):
    ana.external_names.create(system="urn:oid:1.2.3", value="mrn-p1")
    return as_member(ben)


def opened(browser, record, **changed):
    """From the chart to Accord, to the record's authorization page, and back."""
    left = browser.get("/launch/", {"iss": record.issuer, "launch": "chart-of-p1"})
    if left.status_code != 302:
        return left
    there = requests.get(left["Location"], allow_redirects=False, timeout=30)
    answer = {name: value[0] for name, value in parse_qs(urlsplit(there.headers["Location"]).query).items()}
    return browser.get(f"/launch/back/?{urlencode({name: v for name, v in (answer | changed).items() if v})}")


def tied(browser, record):
    assert "Did you open Accord from your own account in City record?" in opened(browser, record).content.decode()
    return browser.post("/launch/confirm/")


def refused():
    entry = AuditEntry.objects.filter(act="launch_refused").last()
    return entry.fields if entry else None


def test_the_first_time_a_member_says_who_it_is_and_lands_on_the_course(bens, record, dyad):
    assert tied(bens, record)["Location"] == f"/people/{dyad.uid}/"
    assert opened(bens, record)["Location"] == f"/people/{dyad.uid}/"
    assert CareRecordUser.objects.count() == 1
    assert AuditEntry.objects.filter(act="launched").count() == 2


def test_it_proves_by_its_key_who_it_is(bens, server, ada, dyad):
    folder, address = server
    (folder / "key.json").write_text(json.dumps(own_key().public))
    record = launch.add_record("City record", address, "accord-signing", True, by=ada)
    assert tied(bens, record)["Location"] == f"/people/{dyad.uid}/"
    assert own_key().public in bens.get("/launch/keys/").json()["keys"]
    assert "d" not in own_key().public


def test_no_token_of_the_record_is_kept(bens, record, dyad):
    tied(bens, record)
    stored = json.dumps(dict(bens.session.items()), default=str)
    assert "access_token" not in stored
    assert "launch_left" not in stored
    assert "launch_waiting" not in stored


def test_what_goes_to_the_record_is_what_smart_asks_for(bens, record):
    left = bens.get("/launch/", {"iss": record.issuer, "launch": "chart-of-p1"})
    sent = {name: value[0] for name, value in parse_qs(urlsplit(left["Location"]).query).items()}
    assert sent["aud"] == record.issuer
    assert sent["launch"] == "chart-of-p1"
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["state"]) > 20


@pytest.mark.parametrize("how", LIES)
def test_a_record_that_lies_opens_nothing(bens, record, lie, how):
    tied(bens, record)
    lie(how)
    before = Client.objects.count(), Dyad.objects.count()
    response = opened(bens, record)
    assert response.status_code in (400, 404)
    assert refused()
    assert (Client.objects.count(), Dyad.objects.count()) == before


@pytest.mark.parametrize(
    "changed", [{"state": "forged"}, {"state": "é"}, {"state": None}, {"code": "forged"}, {"code": None}, {"iss": "x"}]
)
def test_a_forged_way_back_is_refused(bens, record, changed):
    tied(bens, record)
    assert opened(bens, record, **changed).status_code == 400
    assert refused()


def test_a_code_is_good_once_and_so_is_the_way_back(bens, record):
    tied(bens, record)
    left = bens.get("/launch/", {"iss": record.issuer, "launch": "x"})
    there = requests.get(left["Location"], allow_redirects=False, timeout=30)
    query = urlsplit(there.headers["Location"]).query
    assert bens.get(f"/launch/back/?{query}").status_code == 302
    assert bens.get(f"/launch/back/?{query}").status_code == 400
    again = bens.get("/launch/", {"iss": record.issuer, "launch": "x"})
    state = parse_qs(urlsplit(again["Location"]).query)["state"][0]
    code = parse_qs(query)["code"][0]
    assert bens.get("/launch/back/", {"code": code, "state": state}).status_code == 400
    assert refused() == ["code"]


def test_who_comes_back_too_late_is_refused(bens, record, monkeypatch):
    tied(bens, record)
    left = bens.get("/launch/", {"iss": record.issuer, "launch": "x"})
    there = requests.get(left["Location"], allow_redirects=False, timeout=30)
    now = time.time()
    monkeypatch.setattr("accord_clinic.accounts.launch.time.time", lambda: now + 601)
    assert bens.get(f"/launch/back/?{urlsplit(there.headers['Location']).query}").status_code == 400
    assert refused() == ["too_late"]


def test_an_issuer_that_is_not_listed_is_never_asked(bens, record, ada, monkeypatch):
    monkeypatch.setattr("accord_clinic.accounts.launch.requests.request", lambda *_all, **_more: 1 / 0)
    for issuer in ("https://evil.example/fhir", record.issuer + "/", ""):
        assert bens.get("/launch/", {"iss": issuer, "launch": "x"}).status_code == 400
        assert refused() == ["unknown_issuer"]
    launch.close_record(record, by=ada)
    assert bens.get("/launch/", {"iss": record.issuer, "launch": "x"}).status_code == 400


def test_one_user_there_is_one_member_here(bens, record, eve, as_member, lie):
    tied(bens, record)
    assert opened(as_member(eve), record).status_code == 400
    assert refused() == ["another_member"]
    lie("user")
    assert opened(bens, record).status_code == 400
    assert refused() == ["another_user"]


def test_a_tie_needs_the_second_factor_and_a_recent_one(record, ben, as_member, ana):
    from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY

    ana.external_names.create(system="urn:oid:1.2.3", value="mrn-p1")
    browser = as_member(ben)
    opened(browser, record)
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "mfa", "type": "totp", "at": time.time() - 3000}]
    session.save()
    assert browser.post("/launch/confirm/")["Location"].startswith("/account/reauthenticate/")
    assert not CareRecordUser.objects.exists()


def test_a_patient_of_a_colleague_and_an_unknown_one_look_the_same(bens, record, eve, lie):
    tied(bens, record)
    kim = a_dyad(eve, "Kim").client
    kim.external_names.create(system="urn:oid:1.2.3", value="mrn-p2")
    pages = []
    for how, why in (("patient", "foreign_patient"), ("other_patient", "unknown_patient")):
        lie(how)
        response = opened(bens, record)
        assert refused() == [why]
        pages.append((response.status_code, response.content.decode().replace("csrf", "")))
    assert pages[0][0] == pages[1][0] == 404
    assert "Kim" not in pages[0][1]
    strip = [page.split("<main")[1].split("</main>")[0] for _status, page in pages]
    assert strip[0] == strip[1]


def test_number_typed_here_finds_patient_of_named_system(server, ben, dyad, ana, ada, as_member):
    ana.external_names.create(system="care-record", value="mrn-p1")
    unnamed = launch.add_record("City record", server[1], "accord", False, by=ada, numbers="urn:oid:9.9.9")
    browser = as_member(ben)
    opened(browser, unnamed)
    assert browser.post("/launch/confirm/").status_code == 404
    launch.close_record(unnamed, by=ada)
    named = launch.add_record("City record", server[1], "accord", False, by=ada, numbers="urn:oid:1.2.3")
    assert tied(browser, named)["Location"] == f"/people/{dyad.uid}/"


class TestAppointments:
    """Of a record that plans sessions. The first launch ties the user; from the second on appointments are read."""

    @pytest.fixture
    def planning(self, server, bens, ada):
        record = launch.add_record("City record", server[1], "accord", False, by=ada, plans=True)
        tied(bens, record)
        return record

    @pytest.fixture
    def has(self, server):
        """Say which appointments the record has of a patient."""
        folder, _address = server

        def write(*resources, of="p1", **others):
            (folder / "appointments.json").write_text(json.dumps({of: list(resources)} | others))

        write()
        return write

    def at(self, days, *, name="a", hour=10, **changed):
        start = timezone.localtime().replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
        who = [{"actor": {"reference": "Patient/p1"}}, {"actor": {"reference": "Practitioner/1"}, "status": "accepted"}]
        return {
            "resourceType": "Appointment", "id": name, "status": "booked", "start": start.isoformat(),
            "end": (start + timedelta(minutes=45)).isoformat(), "participant": who,
        } | changed  # fmt: skip

    def planned(self, dyad):
        rows = dyad.sessions.filter(state="planned", start__gt=timezone.now()).order_by("start")
        return [(timezone.localtime(row.start).hour, row.minutes) for row in rows]

    def test_become_sessions_move_and_go_as_those_of_a_calendar(self, planning, has, bens, dyad):
        theirs = {"participant": [{"actor": {"reference": "Practitioner/2"}}]}
        declined = {"participant": [{"actor": {"reference": "Practitioner/1"}, "status": "declined"}]}
        others = [
            self.at(3, name="x", **theirs),
            self.at(4, name="y", status="proposed"),
            self.at(5, name="z", **declined),
        ]
        has(self.at(2), self.at(9, name="b", minutesDuration=90), self.at(400, name="c"), *others)
        opened(bens, planning)
        assert self.planned(dyad) == [(10, 45), (10, 90)]
        has(self.at(2, hour=14), self.at(9, name="b", status="cancelled"))
        opened(bens, planning)
        assert self.planned(dyad) == [(14, 45)]
        today = bens.get("/", follow=True).content.decode()
        assert "City record changed:" in today
        assert "moved from" in today
        assert "Connect your calendar" in today
        change = CalendarChange.objects.get(kind="gone")
        bens.post(f"/calendar/changes/{change.uid}/undo/")
        opened(bens, planning)
        assert len(self.planned(dyad)) == 2, "what was put right here stays"

    def test_what_an_own_calendar_has_planned_that_day_is_not_planned_twice(self, planning, has, bens, ben, dyad):
        calendar = job.connect(ben, "")
        series = calendar.series.create(name="own", dyad=dyad, answered_at=timezone.now())
        session = a_session(dyad, timezone.localtime().replace(hour=9, minute=0) + timedelta(days=2))
        series.events.create(session=session, start=session.start, minutes=50)
        has(self.at(2), self.at(9, name="b"))
        opened(bens, planning)
        assert [hour for hour, _minutes in self.planned(dyad)] == [9, 10]

    def test_only_one_record_gives_the_numbers_that_are_typed_here(self, server, ada):
        launch.add_record("City record", server[1], "accord", False, by=ada, numbers="urn:oid:1.2.3")
        with pytest.raises(BadInput, match="Another care record"):
            launch.add_record("Lake record", "https://lake.example.org/fhir", "a", False, by=ada, numbers="urn:oid:9")

    @pytest.mark.parametrize("odd", ["https://[x", "http://[::1", "//", "https://"])
    def test_an_odd_address_is_refused_in_a_sentence(self, odd, ada, as_member):
        page = as_member(ada).post("/practice/care-records/", {"name": "X", "issuer": odd, "client_id": "a"})
        assert page.status_code == 422
        assert "Give an address that begins with https://" in page.content.decode()

    def test_of_one_patient_say_nothing_of_another(self, planning, has, bens, ben, dyad, lie):
        lee = a_dyad(ben, "Lee")
        lee.client.external_names.create(system="urn:oid:1.2.3", value="mrn-p2")
        has(self.at(2), p2=[self.at(3, name="d")])
        opened(bens, planning)
        lie("patient")
        opened(bens, planning)
        assert len(self.planned(dyad)) == len(self.planned(lee)) == 1

    @pytest.mark.parametrize(
        ("of", "code"),
        [
            ([], "mostly_gone"),
            ({"resourceType": "OperationOutcome"}, "appointments"),
            ({"resourceType": "Bundle", "entry": [1]}, "appointments"),
            (
                {"resourceType": "Bundle", "link": [{"relation": "next", "url": "https://evil.example/"}]},
                "appointments",
            ),
            ([{"resourceType": "Appointment", "id": "a", "status": "booked", "participant": 1}], ""),
        ],
    )
    def test_that_vanish_at_once_or_cannot_be_read_change_nothing(self, planning, has, bens, dyad, of, code):
        has(*(self.at(7 * week, name=str(week)) for week in range(1, 6)))
        opened(bens, planning)
        assert len(self.planned(dyad)) == 5
        has(p1=of)
        assert opened(bens, planning)["Location"] == f"/people/{dyad.uid}/"
        assert len(self.planned(dyad)) == 5
        assert AuditEntry.objects.filter(act="launched").last().fields == ([code] if code else [])
        page = bens.get(f"/people/{dyad.uid}/").content.decode()
        assert ("gone from City record" in page, "did not provide" in page) == (
            code == "mostly_gone",
            code == "appointments",
        )

    def test_are_not_read_where_nobody_said_so_nor_of_a_colleagues_course(self, record, has, bens, dyad, ada, server):
        has(self.at(2))
        tied(bens, record)
        opened(bens, record)
        assert self.planned(dyad) == []
        launch.close_record(record, by=ada)
        planning = launch.add_record("City record", server[1], "accord", False, by=ada, plans=True)
        tied(bens, planning)
        Dyad.objects.filter(pk=dyad.pk).update(ended=timezone.localdate())
        opened(bens, planning)
        assert self.planned(dyad) == []
        assert not ConnectedCalendar.objects.exists()

    def test_leave_the_own_calendar_as_it_is(self, planning, has, bens, ben, dyad, ada):
        own = job.connect(ben, "https://calendar.example.org/secret.ics")
        has(self.at(2))
        opened(bens, planning)
        assert job.connect(ben, "").pk == own.pk
        assert [row.pk for row in job.due()] == []
        launch.close_record(planning, by=ada)
        assert [row.pk for row in ConnectedCalendar.objects.all()] == [own.pk]
        assert len(self.planned(dyad)) == 1


def test_who_is_not_signed_in_signs_in_first(record):
    from django.test import Client as Browser

    response = Browser().get("/launch/", {"iss": record.issuer, "launch": "x"})
    assert response["Location"].startswith("/account/login/?next=")


def test_nobody_but_therapists_opens_it(record, as_member, mo, ada):
    for member in (mo, ada):
        assert as_member(member).get("/launch/", {"iss": record.issuer, "launch": "x"}).status_code == 404


def test_an_admin_lists_and_closes_records(as_member, ada):
    browser = as_member(ada)
    posted = {"name": "City record", "issuer": "https://record.example.org/fhir", "client_id": "accord"}
    assert browser.post("/practice/care-records/", posted | {"issuer": "http://record.example.org"}).status_code == 422
    assert browser.post("/practice/care-records/", posted).status_code == 302
    assert "listed already" in browser.post("/practice/care-records/", posted).content.decode()
    page = browser.get("/practice/care-records/").content.decode()
    assert "https://localhost/launch/back/" in page
    row = CareRecord.objects.get()
    browser.post(f"/practice/care-records/{row.uid}/close/")
    assert CareRecord.objects.get().closed_at is not None
