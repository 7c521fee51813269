"""Many at once from a file: a look first, each conflict by its line, all or nothing, and twice is once."""

import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_member
from tests.clinic.test_imports import GOOD, HEADER, MAPPING

from accord.errors import BadTable
from accord_clinic.actions import erasure, pause
from accord_clinic.imports import door
from accord_clinic.imports.door import HandedIn
from accord_clinic.imports.ratings import NotTaken
from accord_clinic.models import AuditEntry, Client, Dyad, ExternalName, Response, Session
from accord_clinic.rules.practice import zone

pytestmark = pytest.mark.django_db

CLIENTS = """number,name,email,born,therapist,started,under_way
4711,Ina Roth,ina@example.org,1984,ben@example.org,2026-03-02,yes
4712,Max Blau,,1990,EVE@example.org,,
"""


def clients(text: str, **more) -> HandedIn:
    return HandedIn("clients", text.encode(), **more)


def bring(text: str, **more):
    return door.bring_in(clients(text), by=None, **more)


def faults(handed: HandedIn) -> list[str]:
    return [str(fault) for fault in door.look(handed, by=None).faults]


class TestClients:
    def test_each_line_becomes_a_client_with_a_course_and_a_number(self, people, ben, eve):
        assert door.look(clients(CLIENTS), by=None).new == 2
        assert Client.objects.count() == 1, "a look keeps nothing"
        bring(CLIENTS)
        ina = ExternalName.objects.get(system="care-record", value="4711").client
        assert (ina.name, ina.email, ina.born) == ("Ina Roth", "ina@example.org", 1984)
        course = ina.dyads.get()
        assert (course.therapist, str(course.started), course.under_way) == (ben, "2026-03-02", True)
        assert Dyad.objects.get(client__name="Max Blau").therapist == eve
        assert AuditEntry.objects.filter(act="import_clients", fields=["rows=2"]).exists()
        assert "Ina" not in str(list(AuditEntry.objects.values()))

    def test_the_same_file_again_adds_nothing_and_a_longer_one_the_rest(self, people):
        bring(CLIENTS)
        again = bring(CLIENTS + "4713,Lou Grün,,1970,ben@example.org,,\n")
        assert (again.new, again.already) == (1, 2)
        assert Client.objects.count() == 4

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            ("4711,Ina Rot,ina@example.org,1984,ben@example.org,,", "is here with another name"),
            ("4711,Ina Roth,other@example.org,1984,ben@example.org,,", "is here with another email"),
            ("1,Ana,,1990,ben@example.org,,", "somebody called Ana is here without this number"),
            ("2,ANÁ,,1990,ben@example.org,,", "without this number"),
            ("3,Kim,no-address,1990,ben@example.org,,", "email is 'no-address', which is no e-mail address"),
            ("4,Kim,,1890,ben@example.org,,", "year of birth"),
            ("5,Kim,,2024,ben@example.org,,", "twelve and older"),
            ("6,Kim,,x,ben@example.org,,", "write a year such as 1990"),
            ("7,Kim,,1990,nobody@example.org,,", "no therapist here has that e-mail address"),
            ("7,Kim,,1990,ada@example.org,,", "no therapist here has that e-mail address"),
            ("8,Kim,,1990,,,", "therapist is empty"),
            ("9,,,1990,ben@example.org,,", "a name has from 1 to 120"),
            (",Kim,,1990,ben@example.org,,", "it has no number"),
            ("10,Kim,,1990,ben@example.org,1026-01-01,", "check the year"),
            ("11,Kim,,1990,ben@example.org,soon,", "started is 'soon'; write a day"),
            ("12,Kim,,1990,ben@example.org,,perhaps", "write yes or no"),
            ("13,Kim", "it has 2 cells, the header 7"),
            ("4712,Max Blau,,1990,EVE@example.org,,\n4712,Max Blau,,1990,EVE@example.org,,", "was in line 2 already"),
        ],
    )
    def test_a_conflict_is_named_by_its_line_and_nothing_is_taken(self, people, line, why):
        bring(CLIENTS)
        before = list(Client.objects.values())
        text = f"{CLIENTS.splitlines()[0]}\n{line}\n99,Pat Neu,,1980,ben@example.org,,\n"
        (fault,) = faults(clients(text))
        assert re.match(r"line [23]: ", fault)
        assert why in fault
        with pytest.raises(NotTaken, match="nothing was taken"):
            bring(text)
        assert list(Client.objects.values()) == before
        assert bring(text, take_what_fits=True).new == 1
        assert ExternalName.objects.filter(value="99").exists()

    def test_a_number_to_call_that_is_none_names_its_column(self, people):
        text = "number,name,phone,therapist\n1,Jo,call me,ben@example.org\n"
        assert faults(clients(text)) == ["line 2: phone is 'call me'; write a number such as +49 171 2345678"]

    def test_two_of_one_name_with_two_numbers_are_two_people(self, people):
        text = "number,name,born,therapist\n1,Jo Lee,1980,ben@example.org\n2,Jo Lee,1991,ben@example.org\n"
        bring(text.replace("2,Jo Lee,1991,ben@example.org\n", ""))
        assert bring(text).new == 1
        assert Client.objects.filter(name="Jo Lee").count() == 2

    def test_where_one_therapist_works_the_file_need_not_say_so(self, people, eve, ben):
        text = "number;name\n1;Jo Lee\n"
        assert "therapist is empty" in faults(clients(text))[0]
        assert faults(clients(text, therapist=eve)) == []
        eve.is_active = False
        eve.save()
        bring(text)
        assert Dyad.objects.latest("id").therapist == ben

    @pytest.mark.parametrize(
        ("raw", "why"),
        [
            (b"", "empty"), (b"\xff\xfe\x00", "UTF-8"), (b"a\x00b", "UTF-16"), (b"name\nJo\n", "'number' is missing"),
            (b"number,name,salary\n1,Jo,3\n", "'salary' is not known"), (b"number,name,name\n1,a,b\n", "twice"),
            (b'number,name\n1,"Jo\n', "quotation marks"), (b"x" * 1_000_001, "more than 1 MB"), (b"{", "no JSON"),
            (b"[" * 100_000, "no JSON"), (b"[]", "no Patient"), (b'{"resourceType": "Goal"}', "no Patient"),
        ],
    )  # fmt: skip
    def test_what_is_no_such_table_is_refused_with_the_reason(self, people, raw, why):
        with pytest.raises(BadTable, match=re.escape(why)):
            door.look(HandedIn("clients", raw), by=None)

    def test_line_breaks_and_controls_in_a_cell_are_no_part_of_a_name(self, people):
        bring('number,name,therapist\n1,"Jo\nBcc: x@example.org \x07",ben@example.org\n')
        assert Client.objects.latest("id").name == "Jo Bcc: x@example.org"

    def test_nobody_comes_back_who_has_asked_for_erasure(self, people, ana):
        ana.external_names.create(system="care-record", value="1")
        erasure.ask(ana, by=ana)
        assert "has asked for erasure here" in faults(clients("number,name,therapist\n1,Ana,ben@example.org\n"))[0]

    def test_only_an_admin(self, people, ben):
        with pytest.raises(PermissionDenied):
            door.look(clients(CLIENTS), by=ben)
        with pytest.raises(PermissionDenied):
            door.bring_in(clients(CLIENTS), by=ben)


def patient(value: str = "77", **more) -> dict:
    return {
        "resourceType": "Patient", "birthDate": "1984-05-06",
        "identifier": [{"system": "urn:oid:1.2.3", "value": value}],
        "name": [{"use": "official", "family": "Roth", "given": ["Ina", "Maria"]}],
        "telecom": [{"system": "phone", "value": "0171 2345678"}, {"system": "email", "value": "ina@example.org"}],
        "communication": [{"language": {"coding": [{"code": "de-CH"}]}, "preferred": True}], **more,
    }  # fmt: skip


class TestPatients:
    def look(self, ben, *patients, bundle=True):
        entries = {"resourceType": "Bundle", "entry": [{"resource": each} for each in patients]}
        return clients(json.dumps(entries) if bundle else "\n".join(map(json.dumps, patients)), therapist=ben)

    @pytest.mark.parametrize("bundle", [True, False])
    def test_a_bundle_or_lines_become_clients(self, people, ben, bundle):
        door.bring_in(self.look(ben, patient(), patient("78", name=[{"text": "Max Blau"}]), bundle=bundle), by=None)
        ina = ExternalName.objects.get(system="urn:oid:1.2.3", value="77").client
        assert (ina.name, ina.born, ina.language) == ("Ina Maria Roth", 1984, "de")
        assert (ina.email, ina.phone) == ("ina@example.org", "0171 2345678")

    def test_the_usual_name_and_what_counts_now(self, people, ben):
        names = [{"use": use, "text": text} for use, text in (("old", "Alt"), ("official", "Dr. I."), ("usual", "Ina"))]
        telecom = [{"system": "email", "value": "old@example.org", "use": "old"}]
        door.bring_in(self.look(ben, patient(name=names, telecom=telecom)), by=None)
        ina = Client.objects.latest("id")
        assert (ina.name, ina.email) == ("Ina", "")

    @pytest.mark.parametrize(
        ("more", "why"),
        [
            ({"active": False}, "not active"), ({"deceasedBoolean": True}, "has died"),
            ({"deceasedDateTime": "2026-01-01"}, "has died"), ({"identifier": []}, "no number"),
            ({"identifier": [{"system": "urn:x"}]}, "no number"), ({"name": []}, "a name has"),
            ({"name": "Ina"}, "a name has"), ({"birthDate": "2020-01-01"}, "twelve"),
            ({"link": [{"type": "replaced-by"}]}, "was replaced"),
            ({"telecom": [{"system": "email", "value": "x"}]}, "no e-mail"),
            ({"communication": [{"language": {"coding": [{"code": "tlh"}]}}]}, "language is 'tlh'; write en or de"),
        ],
    )  # fmt: skip
    def test_a_patient_that_cannot_be_taken_says_why(self, people, ben, more, why):
        (fault,) = faults(self.look(ben, {**patient(), **more}))
        assert why in fault

    @pytest.mark.parametrize("odd", [None, 7, "x", [], {"a": []}, [None, 7]])
    def test_odd_contents_give_a_sentence_and_no_error(self, people, ben, odd):
        for name in ("name", "identifier", "telecom", "communication", "birthDate", "link"):
            assert len(faults(self.look(ben, {**patient(), name: odd}))) <= 1

    def test_numbers_of_two_clients_are_a_conflict(self, people, ana, ben):
        kim = a_dyad(ben, "Kim").client
        ana.external_names.create(system="urn:a", value="1")
        kim.external_names.create(system="urn:b", value="2")
        both = [{"system": "urn:a", "value": "1"}, {"system": "urn:b", "value": "2"}]
        assert "belong to two clients" in faults(self.look(ben, patient(identifier=both)))[0]


class TestAppointments:
    @pytest.fixture
    def number(self, ana):
        ana.external_names.create(system="care-record", value="4711")
        return "4711"

    def file(self, *lines: str) -> HandedIn:
        return HandedIn("appointments", "\n".join(("number,day,time,minutes,modality,therapist", *lines)).encode())

    def day(self, days: int) -> str:
        return (timezone.localdate() + timedelta(days=days)).isoformat()

    def test_each_line_becomes_a_planned_session_and_twice_is_once(self, number, dyad):
        handed = self.file(f"4711,{self.day(3)},10:00,50,video,", f"4711,{self.day(10)},10:00,,,")
        door.bring_in(handed, by=None)
        again = door.bring_in(handed, by=None)
        assert (again.new, again.already) == (0, 2)
        first, second = dyad.sessions.order_by("start")
        assert (first.source, first.state, first.modality, second.minutes) == ("file", "planned", "video", 50)
        assert timezone.localtime(first.start, zone()).hour == 10

    def test_a_conflict_is_named_by_its_line_and_nothing_is_taken(self, number, dyad, people):
        door.bring_in(self.file(f"4711,{self.day(3)},10:00,,,"), by=None)
        handed = self.file(
            f"4711,{self.day(3)},11:00,,,", f"4712,{self.day(4)},10:00,,,", f"4711,{self.day(-4)},10:00,,,",
            f"4711,{self.day(400)},10:00,,,", "4711,soon,10:00,,,", f"4711,{self.day(5)},25:00,,,",
            f"4711,{self.day(5)},10:00,0,,", f"4711,{self.day(5)},10:00,,moon,",
            f"4711,{self.day(6)},10:00,,,eve@example.org",
            f",{self.day(5)},10:00,,,", f"4711,{self.day(8)},10:00+05:00,,,", f"4711,{self.day(9)},10:00,,,",
        )  # fmt: skip
        why = [
            "another session", "no running course", "in the past", "a year ahead", "day is 'soon' and", "time '25:00'",
            "1 to 1440", "write one of room", "no running course with eve", "no number", "time '10:00+05:00'",
        ]  # fmt: skip
        told = faults(handed)
        assert [f"line {n}" for n in range(2, 13)] == [fault.split(":")[0] for fault in told]
        assert all(part in fault for part, fault in zip(why, told, strict=True)), told
        with pytest.raises(NotTaken):
            door.bring_in(handed, by=None)
        assert dyad.sessions.count() == 1
        assert door.bring_in(handed, by=None, take_what_fits=True).new == 1

    def test_of_two_courses_the_file_says_which(self, number, dyad, eve):
        other = a_dyad(eve, dyad.client)
        assert "several courses" in faults(self.file(f"4711,{self.day(3)},10:00,,,"))[0]
        door.bring_in(self.file(f"4711,{self.day(3)},10:00,,,EVE@example.org"), by=None)
        assert other.sessions.count() == 1

    def test_nothing_is_planned_for_who_has_died(self, number, dyad, ben):
        pause.pause(dyad, "died", by=ben)
        assert "no running course" in faults(self.file(f"4711,{self.day(3)},10:00,,,"))[0]


class TestPage:
    @pytest.fixture
    def browser(self, ada, as_member):
        return as_member(ada)

    def hand_in(self, browser, kind: str, text: str, **more):
        file = SimpleUploadedFile("file.csv", text.encode())
        return browser.post(reverse("hand_in"), {"kind": kind, "file": file, **more})

    def signed(self, page) -> str:
        return re.search(r'name="signed" value="([^"]+)"', page.content.decode())[1]

    def test_a_look_then_the_yes(self, people, browser):
        page = self.hand_in(browser, "clients", CLIENTS)
        assert "2 clients would be added" in page.content.decode()
        assert Client.objects.count() == 1
        done = browser.post(reverse("take_many"), {"signed": self.signed(page)}, follow=True)
        assert "2 rows have been imported." in done.content.decode()
        assert Client.objects.count() == 3

    def test_lines_that_do_not_fit_are_shown_and_left_out_only_where_one_says_so(self, people, browser):
        page = self.hand_in(browser, "clients", CLIENTS + "1,Ana,,1990,ben@example.org,,\n")
        assert "line 4: somebody called Ana" in page.content.decode()
        refused = browser.post(reverse("take_many"), {"signed": self.signed(page)}, follow=True)
        assert "nothing was taken" in refused.content.decode()
        browser.post(reverse("take_many"), {"signed": self.signed(page), "fits": "yes"})
        assert Client.objects.count() == 3

    def test_what_became_a_conflict_meanwhile_is_not_taken(self, people, browser, ben):
        page = self.hand_in(browser, "clients", CLIENTS)
        a_dyad(ben, "Ina Roth")
        done = browser.post(reverse("take_many"), {"signed": self.signed(page)}, follow=True)
        assert "do not fit" in done.content.decode()
        assert not ExternalName.objects.exists()

    def test_another_admin_cannot_send_it_and_nobody_can_change_it(self, people, browser, as_member):
        signed = self.signed(self.hand_in(browser, "clients", CLIENTS))
        other = as_member(a_member("Gus", "admin"))
        for who, what in ((other, signed), (browser, signed[:-2] + "xx"), (browser, "")):
            assert "out of date" in who.post(reverse("take_many"), {"signed": what}, follow=True).content.decode()
        assert Client.objects.count() == 1

    def test_what_is_no_table_is_said_on_the_page_and_what_was_chosen_stays(self, people, browser):
        page = self.hand_in(browser, "appointments", "nonsense")
        assert page.status_code == 422
        assert "is missing" in page.content.decode()
        assert re.search(r'value="appointments"[^>]*checked', page.content.decode())

    def test_past_ratings_with_their_mapping(self, people, browser):
        text = "\n".join([HEADER, *GOOD])
        page = self.hand_in(browser, "ratings", text, mapping=SimpleUploadedFile("map.toml", MAPPING.encode()))
        assert "3 ratings would be imported" in page.content.decode()
        browser.post(reverse("take_many"), {"signed": self.signed(page)})
        assert Response.objects.count() == 3
        again = self.hand_in(browser, "ratings", text, mapping=SimpleUploadedFile("map.toml", MAPPING.encode()))
        assert "3 are already here" in again.content.decode()

    def test_past_ratings_without_or_with_a_wrong_mapping_say_so(self, people, browser):
        assert "need a mapping" in self.hand_in(browser, "ratings", HEADER).content.decode()
        wrong = self.hand_in(browser, "ratings", HEADER, mapping=SimpleUploadedFile("map.toml", b"source = 3"))
        assert wrong.status_code == 422
        assert "/proc/" not in wrong.content.decode()

    def test_markup_in_a_file_is_text_on_the_page(self, people, browser):
        page = self.hand_in(browser, "clients", "number,name,email\n1,<script>alert(1)</script>,<b>\n").content.decode()
        assert "<script>alert" not in page
        assert "<b>" not in page


class TestCommands:
    def run(self, *words) -> tuple[str, str]:
        out, err = StringIO(), StringIO()
        call_command(*words, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    def test_dry_run_then_the_import(self, people, tmp_path):
        file = tmp_path / "clients.csv"
        file.write_text(CLIENTS)
        assert "2 would be added" in self.run("import_clients", file, "--dry-run")[0]
        assert Client.objects.count() == 1
        assert "2 added." in self.run("import_clients", file)[0]
        assert "2 are here already" in self.run("import_clients", file)[0]
        appointments = tmp_path / "appointments.csv"
        day = timezone.localdate() + timedelta(days=2)
        appointments.write_text(f"number,day,time\n4711,{day},10:00\n1,{day},10:00\n")
        with pytest.raises(NotTaken):
            self.run("import_appointments", appointments)
        out, err = self.run("import_appointments", appointments, "--take-what-fits")
        assert ("1 added." in out, "line 3: no running course" in err) == (True, True)
        assert Session.objects.filter(source="file").count() == 1

    def test_therapist_who_does_not_work_here_and_file_that_is_not_there(self, people, tmp_path):
        with pytest.raises(CommandError, match="No therapist here"):
            self.run("import_clients", tmp_path / "x.csv", "--therapist", "ada@example.org")
        with pytest.raises(BadTable, match="cannot be read"):
            self.run("import_clients", tmp_path / "x.csv")
