"""Somebody wants into a client's own space, or wants to know whose it is.

What answers and what it costs is compared by what is sent and by counts of queries, hashes and mails, never by a clock.
"""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import hashers
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests.clinic.people import a_dyad, a_session
from tests.clinic.phone import Phone, text
from tests.clinic.rights_steps import ask_to_step_in, code_for, inside

from accord.errors import BadInput
from accord_clinic.actions import care, own_space, step_in
from accord_clinic.messages import notices
from accord_clinic.models import Client, ClientDoor, Code, Notice, StepIn
from accord_clinic.views.own_space import DOOR, WHO

PIN = "482915"


@pytest.fixture
def count_hashes(monkeypatch):
    """How many slow hashes were worked out."""
    counted = []
    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda *args, **named: counted.append(1) or real(*args, **named)
    )
    return counted


def with_a_pin(client) -> None:
    own_space.set_pin(client, PIN, by=client)
    client.refresh_from_db()


def walk(email: str, language: str, count_hashes: list) -> list:
    """All that a stranger can see and weigh of asking for a code and giving wrong ones."""
    browser = Browser(headers={"accept-language": language})
    seen, count_hashes[:] = [], []
    for method, path, posted in (
        ("get", "/mine/in/", {}),
        ("post", "/mine/in/", {"email": email}),
        ("get", "/mine/code/", {}),
        *(("post", "/mine/code/", {"code": "000000"}),) * 6,
        ("post", "/mine/code/", {"code": PIN}),
        ("post", "/mine/code/", {"code": PIN, "pin": PIN, "who": "x"}),
    ):
        with CaptureQueriesContext(connection) as asked:
            answer = getattr(browser, method)(path, posted)
        cookies = sorted((name, len(one.value), str(one["max-age"])) for name, one in answer.cookies.items())
        body = re.sub(r'value="[^"]+"', "", answer.content.decode())
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        kinds = [query["sql"].split()[0] for query in asked]
        seen.append((path, answer.status_code, headers, cookies, body, kinds, len(mail.outbox)))
    return [*seen, len(count_hashes)]


class TestWhoIsAClient:
    @pytest.mark.parametrize("browser_speaks", ["de", "en"])
    @pytest.mark.parametrize("client_speaks", ["de", "en"])
    @pytest.mark.parametrize("pin", [False, True], ids=["no pin", "pin"])
    def test_stranger_cannot_tell_a_client_from_anybody(self, ana, count_hashes, browser_speaks, client_speaks, pin):
        Client.objects.update(language=client_speaks)
        if pin:
            with_a_pin(ana)
        walk("warm@example.org", browser_speaks, count_hashes)
        walk_known = walk(ana.email, browser_speaks, count_hashes)
        walk_unknown = walk("nobody@example.org", browser_speaks, count_hashes)
        assert walk_known == walk_unknown

    def test_the_handle_of_the_browser_is_new_each_time_and_holds_nothing(self, ana):
        handles = []
        for _ask in range(2):
            browser = Browser()
            browser.post("/mine/in/", {"email": ana.email})
            handles.append(browser.cookies[WHO].value)
        assert len({*handles}) == 2
        assert not any(ana.uid in handle or ":" in handle for handle in handles)
        assert not StepIn.objects.filter(token_hash__in=handles).exists(), "only its hash is kept"

    def test_asking_for_many_addresses_from_one_network_ends(self, people):
        answers = [
            Browser().post("/mine/in/", {"email": f"a{n}@example.org"}).status_code
            for n in range(step_in.MOST_FROM_A_NETWORK + 1)
        ]
        assert set(answers[:-1]) == {302}
        assert answers[-1] == 429
        assert Browser(REMOTE_ADDR="203.0.113.8").post("/mine/in/", {"email": "b@example.org"}).status_code == 302

    @pytest.mark.parametrize("email", ["ana@example.org", "nobody@example.org"])
    def test_asking_for_one_address_ends_alike_whether_it_is_known(self, people, email):
        answers = [
            Browser(REMOTE_ADDR=f"203.0.113.{n}").post("/mine/in/", {"email": spelt}).status_code
            for n, spelt in enumerate([email, email.upper(), f" {email} "] * 3)
        ]
        assert answers == [302] * 6 + [429] * 3

    def test_what_was_typed_is_forgotten_when_the_sweep_has_looked(self, people):
        ask_to_step_in(Browser(), "somebody.else@example.org")
        assert not StepIn.objects.exclude(address="").exists()


class TestThePin:
    def test_a_pin_alone_opens_nothing(self, ana):
        with_a_pin(ana)
        browser = Browser()
        ask_to_step_in(browser, ana.email)
        for posted in ({"code": PIN}, {"pin": PIN}, {"code": PIN, "pin": PIN, "who": ana.uid}):
            assert browser.post("/mine/code/", posted).status_code == 200
        assert not ClientDoor.objects.exists()

    def test_nor_does_the_code_alone(self, ana):
        with_a_pin(ana)
        browser = Browser()
        code = ask_to_step_in(browser, ana.email)
        assert "PIN" in text(browser.post("/mine/code/", {"code": code}))
        assert "This is not right" in text(browser.post("/mine/code/", {"pin": "000000"}))
        assert browser.get("/mine/")["Location"] == "/mine/in/"
        assert browser.post("/mine/code/", {"pin": "482 915"})["Location"] == "/mine/"

    def test_setting_one_needs_a_fresh_code_and_tells_the_client(self, ana, mailoutbox):
        browser = inside(ana)
        browser.post("/mine/pin/", {"pin": PIN})
        browser.post("/mine/pin/", {"pin": PIN, "code": "000000"})
        ana.refresh_from_db()
        assert not ana.pin
        browser.post("/mine/pin/", {"pin": PIN, "code": code_for(browser, "pin")})
        ana.refresh_from_db()
        assert hashers.check_password(PIN, ana.pin)
        notices.deliver()
        assert ["PIN" in one.body for one in mailoutbox].count(True) == 1

    def test_taking_it_away_does_too(self, ana):
        with_a_pin(ana)
        browser = inside(ana)
        browser.post("/mine/pin/", {"what": "remove"})
        ana.refresh_from_db()
        assert ana.pin
        browser.post("/mine/pin/", {"what": "remove", "code": code_for(browser, "pin")})
        ana.refresh_from_db()
        assert not ana.pin
        assert Notice.objects.filter(kind="pin_changed").count() == 2

    def test_a_new_one_shuts_every_other_door(self, ana):
        stranger, browser = inside(ana), inside(ana)
        browser.post("/mine/pin/", {"pin": PIN, "code": code_for(browser, "pin")})
        assert browser.get("/mine/").status_code == 302
        assert browser.get("/mine/")["Location"] != "/mine/in/"
        assert stranger.get("/mine/")["Location"] == "/mine/in/"

    def test_a_forgotten_one_goes_by_a_command_and_the_client_is_told(self, ana):
        with_a_pin(ana)
        Notice.objects.all().delete()
        call_command("forget_pin", ana.email)
        ana.refresh_from_db()
        assert not ana.pin
        assert Notice.objects.get().kind == "pin_changed"
        with pytest.raises(BadInput, match="0 clients"):
            call_command("forget_pin", ana.email)

    def test_without_an_address_the_link_and_the_pin_open_it_together(self, ana, dyad):
        phone = Phone(a_session(dyad, state="held"))
        with_a_pin(ana)
        Client.objects.update(email="", phone="")
        phone.browser.post("/mine/in/")
        assert "PIN" in text(phone.browser.get("/mine/code/"))
        assert phone.browser.post("/mine/code/", {"pin": "111111"}).status_code == 200
        assert phone.browser.post("/mine/code/", {"pin": PIN})["Location"] == "/mine/"

    def test_and_without_both_nothing_does(self, ana, dyad):
        phone = Phone(a_session(dyad, state="held"))
        Client.objects.update(email="", phone="")
        phone.browser.post("/mine/in/")
        for posted in ({"pin": ""}, {"pin": "", "who": ana.uid}, {"code": ""}):
            phone.browser.post("/mine/code/", posted)
        assert not ClientDoor.objects.exists()


class TestOpenings:
    def test_the_client_sees_and_ends_them(self, ana, dyad):
        stranger, browser = inside(ana), inside(ana)
        page = browser.get(f"/mine/{dyad.uid}/readers/")
        assert text(page).count("Open now") == 1
        assert "This is the one you are using now." in text(page)
        door = ClientDoor.objects.order_by("id").first()
        browser.post(f"/mine/{dyad.uid}/openings/", {"door": door.pk})
        assert stranger.get("/mine/")["Location"] == "/mine/in/"
        assert "Closed." in text(browser.get(f"/mine/{dyad.uid}/readers/"))

    def test_all_but_this_one_are_ended_in_one_step(self, ana, dyad):
        strangers, browser = [inside(ana), inside(ana)], inside(ana)
        browser.post(f"/mine/{dyad.uid}/openings/")
        assert {one.get("/mine/")["Location"] for one in strangers} == {"/mine/in/"}
        assert browser.get("/mine/")["Location"] != "/mine/in/"

    def test_nobody_ends_somebody_elses(self, ana, people, dyad):
        kim = care.register_client("Kim", by=people.eve, email="kim@example.org")
        theirs = inside(kim)
        number = ClientDoor.objects.get(client=kim).pk
        inside(ana).post(f"/mine/{dyad.uid}/openings/", {"door": number})
        assert not ClientDoor.objects.get(pk=number).shut_at
        assert theirs.post(f"/mine/{dyad.uid}/openings/").status_code == 404


class TestCodesInside:
    def test_forty_asks_are_six_mails(self, ana):
        browser = inside(ana)
        for ask in range(40):
            browser.post("/mine/rights/code/", {"for": ("copy", "erase", "contact", "pin")[ask % 4]})
        assert Notice.objects.filter(kind="code").count() == own_space.MOST_CODES_AN_HOUR
        assert browser.post("/mine/rights/code/", {"for": "copy"}).status_code == 429

    def test_nor_can_another_address_be_filled(self, ana):
        browser = inside(ana)
        for _ask in range(12):
            code = code_for(browser, "contact")
            browser.post("/mine/rights/contact/", {"kind": "email", "address": "victim@example.org", "code": code})
        assert Notice.objects.filter(to="victim@example.org").count() <= own_space.MOST_CODES_AN_HOUR // 2

    def test_a_code_for_one_new_address_confirms_no_other(self, ana):
        """Ask for one's own mailbox, keep the signed form of another, and give the code to that."""
        browser = inside(ana)

        def asked(address):
            given = {"kind": "email", "address": address, "code": code_for(browser, "contact")}
            page = browser.post("/mine/rights/contact/", given)
            return page.context["new"], Notice.objects.filter(kind="code").latest("id").about

        signed, _code = asked("unproven@example.org")
        _signed, code = asked("mine@example.org")
        browser.post("/mine/rights/contact/", {"new": signed, "code": code})
        ana.refresh_from_db()
        assert ana.email == "ana@example.org"

    @pytest.mark.parametrize("number", ["0171 555\n666", "0171555\r\nBcc: x", "+49 ٠١٢٣٤٥", "call me 55555"])
    def test_a_number_is_a_number(self, ana, number):
        browser = inside(ana)
        given = {"kind": "phone", "address": number, "code": code_for(browser, "contact")}
        assert "Give a telephone number." in text(browser.post("/mine/rights/contact/", given))

    def test_one_that_people_write_is_taken(self, ana):
        browser = inside(ana)
        given = {"kind": "phone", "address": "+49 (0)171 / 555-66.7", "code": code_for(browser, "contact")}
        assert browser.post("/mine/rights/contact/", given).status_code == 200


class TestOneMailboxOfSeveral:
    @pytest.fixture
    def lou(self, people):
        """Somebody else with Ana's address: a child of hers, or a colleague's invention."""
        return care.register_client("Lou", by=people.eve, email="Ana@Example.org")

    def test_nobody_is_locked_out_by_another_with_the_same_address(self, ana, lou):
        browser = Browser()
        code = ask_to_step_in(browser, "ana@example.org")
        page = text(browser.post("/mine/code/", {"code": code}))
        assert "Ana" in page
        assert "Lou" in page
        assert browser.post("/mine/code/", {"who": ana.uid, "pin": ""})["Location"] == "/mine/"
        assert own_space.through_door(browser.cookies[DOOR].value) == ana

    def test_one_mail_goes_out_and_names_nobody(self, ana, lou, mailoutbox):
        ask_to_step_in(Browser(), "ana@example.org")
        notices.deliver()
        [sent] = mailoutbox
        assert [address.lower() for address in sent.to] == ["ana@example.org"]
        assert not {"Ana", "Lou"} & set(re.findall(r"\w+", sent.body))

    def test_a_pin_keeps_the_others_out(self, ana, lou):
        with_a_pin(ana)
        browser = Browser()
        browser.post("/mine/code/", {"code": ask_to_step_in(browser, "ana@example.org")})
        assert browser.post("/mine/code/", {"who": ana.uid, "pin": ""}).status_code == 200
        assert browser.post("/mine/code/", {"who": lou.uid, "pin": ""})["Location"] == "/mine/"

    def test_nobody_else_can_be_chosen(self, ana, lou, people):
        kim = care.register_client("Kim", by=people.eve, email="kim@example.org")
        browser = Browser()
        browser.post("/mine/code/", {"code": ask_to_step_in(browser, "ana@example.org")})
        for who in (kim.uid, "", "x"):
            assert browser.post("/mine/code/", {"who": who, "pin": ""}).status_code == 200
        assert not ClientDoor.objects.exists()


class TestACode:
    def test_is_good_once_and_in_the_browser_that_asked(self, ana):
        browser = Browser()
        code = ask_to_step_in(browser, ana.email)
        other = Browser()
        ask_to_step_in(other, ana.email)
        assert other.post("/mine/code/", {"code": code}).status_code == 200
        handle = browser.cookies[WHO].value
        assert browser.post("/mine/code/", {"code": code})["Location"] == "/mine/"
        again = Browser()
        again.cookies[WHO] = handle
        assert again.post("/mine/code/", {"code": code}).status_code == 200
        assert again.post("/mine/code/", {"pin": "", "who": ana.uid}).status_code == 200

    def test_opening_the_space_often_locks_nobody_out(self, ana):
        for _day in range(6):
            browser = Browser()
            code = ask_to_step_in(browser, ana.email)
            assert browser.post("/mine/code/", {"code": code})["Location"] == "/mine/"
            StepIn.objects.update(made_at=timezone.now() - step_in.HOUR)


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    """Forty parallel wrong codes were counted as nine; of 24 PINs twelve were checked, where five are the limit."""

    def at_once(self, act, times: int) -> list:
        def run(_n):
            try:
                return act()
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            return list(pool.map(run, range(times)))

    def test_each_wrong_code_counts(self, ana):
        token = step_in.ask(ana.email, "192.0.2.1")
        step_in.send_codes()
        self.at_once(lambda: step_in.prove(token, "wrong"), 24)
        assert StepIn.objects.get().tries == step_in.MOST_TRIES

    def test_each_wrong_code_inside_counts(self, ana, monkeypatch):
        own_space.ask_code(ana, "copy")
        compared = []
        monkeypatch.setattr(own_space, "constant_time_compare", lambda *_args: compared.append(1) and False)
        self.at_once(lambda: own_space.use_code(ana, "wrong", "copy"), 24)
        assert Code.objects.get().tries == own_space.MOST_TRIES
        assert len(compared) == own_space.MOST_TRIES, "counted in the end, and compared as often as was asked"

    def test_five_pins_are_compared_and_no_more(self, ana, monkeypatch):
        with_a_pin(ana)
        compared = []
        monkeypatch.setattr(own_space, "check_password", lambda *_args: compared.append(1) and False)
        self.at_once(lambda: own_space.right_pin(ana, "000000"), 24)
        assert len(compared) == own_space.MOST_TRIES

    def test_one_code_opens_one_door(self, ana):
        token = step_in.ask(ana.email, "192.0.2.1")
        step_in.send_codes()
        code = Notice.objects.get(kind="code").about
        assert step_in.prove(token, code)
        step = step_in.proved(token)
        opened = self.at_once(lambda: step_in.enter(step, "", ""), 8)
        assert len([door for door in opened if door]) == 1

    def test_sweeps_at_once_send_one_code(self, ana):
        step_in.ask(ana.email, "192.0.2.1")
        self.at_once(step_in.send_codes, 4)
        assert Notice.objects.filter(kind="code").count() == 1


class TestNumbers:
    """Two telephones in two countries that end in the same nine digits."""

    @pytest.fixture
    def kim(self, people):
        Client.objects.filter(pk=people.ana.pk).update(phone="+49 171 1234567")
        kim = a_dyad(people.eve, "Kim").client
        Client.objects.filter(pk=kim.pk).update(phone="+44 171 1234567")
        return kim

    @pytest.mark.parametrize("typed", ["+49 171 1234567", "0171 1234567", "0049171/1234567"])
    def test_a_code_to_one_opens_nothing_of_the_other(self, ana, kim, typed):
        browser = Browser()
        code = ask_to_step_in(browser, typed)
        step = StepIn.objects.latest("id")
        assert Notice.objects.filter(kind="code").latest("id").to == "+49 171 1234567"
        assert list(step.clients.all()) == [ana]
        sent = browser.post("/mine/code/", {"code": code})
        assert sent.headers["Location"] == "/mine/"
        assert not ClientDoor.objects.filter(client=kim).exists()

    def test_whoever_types_the_other_number_whole_gets_that_one(self, ana, kim):
        ask_to_step_in(Browser(), "+44 171 1234567")
        assert list(StepIn.objects.latest("id").clients.all()) == [kim]
        assert Notice.objects.filter(kind="code").latest("id").to == "+44 171 1234567"

    def test_a_family_with_one_telephone_is_asked_who_it_is(self, ana, kim):
        Client.objects.filter(pk=kim.pk).update(phone="0049 171 1234567")
        ask_to_step_in(Browser(), "+49 171 1234567")
        assert set(StepIn.objects.latest("id").clients.all()) == {ana, kim}


LOOK_ALIKES = ["kım@example.org", "ana@example.org\u0307", "ＡNA@example.org", "an\u0430@example.org"]


@pytest.mark.parametrize("spelt", LOOK_ALIKES)
def test_no_spelling_that_looks_alike_has_limits_of_its_own(ana, people, spelt):
    a_dyad(people.eve, "Kim")
    assert ask_to_step_in(Browser(), spelt) == ""
