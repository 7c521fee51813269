"""Links and reminders: when they go out, what they say, how they are stopped; told once, whatever breaks in between."""

import json
import re
import tomllib
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from tests.clinic.mailbox import Mailbox
from tests.clinic.people import a_held_session, answers
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import care, checkin, consent, own_space, schedule
from accord_clinic.forms.practice import PracticeSettings
from accord_clinic.messages import delivery, notices, sms, sms_gateway
from accord_clinic.models import Invitation, Notice, Practice
from accord_clinic.pages.schedule import failed
from accord_clinic.pages.terms import terms_page
from accord_clinic.words import wordings

pytestmark = pytest.mark.django_db
NEVER = re.compile(r"\b(Ana|Ben|Park|Practice|therap\w*|session\w*|Sitzung\w*|Praxis|alliance|Accord)\b", re.IGNORECASE)

CONTENT = re.compile(
    r"\b(goals?|Ziele?\w*|strains?|felt|feel\w*|gefühl\w*|mood|Stimmung|help\w*|Hilfe|safe\w*|"
    r"Sicherheit|risk|danger|Gefahr|talk\w*|Gespräch\w*|concern\w*|Sorge\w*|treat\w*|Behandlung)\b",
    re.IGNORECASE,
)


@pytest.fixture
def mailbox(settings):
    """A real SMTP server, and the settings that lead there."""
    server = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_quiet_hours(people):
    """These tests run at any hour of the day."""
    Practice.objects.update(quiet_from=0, quiet_until=0)


@pytest.fixture
def session(dyad):
    """A session that ended two hours ago, so that its link is due."""
    return a_held_session(dyad, timezone.now() - timedelta(hours=3))


def a_revealed_session(dyad):
    """A session without an answer of the client, whose time has come."""
    held = a_held_session(dyad)
    type(held).objects.filter(pk=held.pk).update(revealed_at=timezone.now(), revealed_by="time")
    return held


def later(hours: float):
    return timezone.now() + timedelta(hours=hours)


def body(mail) -> str:
    return mail.get_content()


def address_in(text: str, place: str) -> str:
    """The path of a link in a message."""
    return re.search(rf"{re.escape(django_settings.PUBLIC_URL)}(/{place}/\S+)", text)[1]


class TestWhen:
    def test_link_goes_out_two_hours_after_the_end_of_a_held_session(self, dyad):
        held = a_held_session(dyad, timezone.now())
        assert schedule.due(held.end + timedelta(minutes=119)) == 0
        assert schedule.due(held.end + timedelta(minutes=121)) == 1

    def test_not_for_a_session_that_was_not_held(self, dyad, ben):
        planned = care.plan_session(dyad, timezone.now() - timedelta(hours=2), by=ben)
        assert schedule.due() == 0
        care.mark_session(planned, "missed_by_client", by=ben)
        assert schedule.due() == 0

    def test_not_again_where_a_link_was_handed_over(self, session, ben):
        checkin.invite(session, by=ben)
        assert schedule.due() == 0
        assert schedule.due(later(25)) == 1, "but a reminder is fine"

    def test_a_reminder_comes_a_day_later_and_then_no_more(self, session):
        assert schedule.due() == 1
        assert schedule.due(later(23)) == 0
        assert schedule.due(later(25)) == 1
        assert schedule.due(later(60)) == 0
        assert list(Notice.objects.values_list("kind", flat=True)) == ["link", "reminder"]

    def test_a_dyad_may_differ_from_the_practice(self, session, dyad, ben):
        schedule.settle(dyad, by=ben, remind_after_hours=2, most_reminders=2)
        told = [schedule.due(later(hours)) for hours in (0, 1, 3, 6, 9)]
        assert told == [1, 0, 1, 1, 0]

    def test_nothing_by_itself_where_the_therapist_wants_to_hand_links_over(self, session, dyad, ben):
        schedule.settle(dyad, by=ben, by_itself=False)
        assert schedule.due(later(48)) == 0

    def test_a_week_later_nobody_is_asked_any_more(self, session):
        assert schedule.due(later(24 * 7)) == 0

    @pytest.mark.parametrize(
        ("now", "goes"),
        [
            (datetime(2026, 3, 4, 18, 30, tzinfo=UTC), datetime(2026, 3, 4, 18, 30, tzinfo=UTC)),
            (datetime(2026, 3, 4, 19, 30, tzinfo=UTC), datetime(2026, 3, 5, 7, 0, tzinfo=UTC)),
            (datetime(2026, 3, 5, 2, 0, tzinfo=UTC), datetime(2026, 3, 5, 7, 0, tzinfo=UTC)),
            (datetime(2026, 3, 5, 7, 0, tzinfo=UTC), datetime(2026, 3, 5, 7, 0, tzinfo=UTC)),
            # the night in which clocks go forward: eight in the morning is an hour earlier
            (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 6, 0, tzinfo=UTC)),
        ],
    )
    def test_nobody_is_woken(self, people, now, goes):
        """From eight in the evening to eight in the morning, on the clock of the practice."""
        people.practice.quiet_from, people.practice.quiet_until = 20, 8
        assert schedule.after_quiet_hours(now, people.practice, "Europe/Berlin") == goes

    def test_a_dyad_may_have_quiet_hours_of_its_own(self, session, dyad, ben):
        here = timezone.localtime(timezone.now(), ZoneInfo("Europe/Berlin"))
        schedule.settle(dyad, by=ben, quiet_from=here.hour, quiet_until=(here.hour + 2) % 24)
        assert schedule.due() == 1
        waits = Notice.objects.get().due_at - timezone.now()
        assert timedelta(hours=1) <= waits <= timedelta(hours=2)

    @pytest.mark.parametrize(
        ("facts", "told"), [({"most_reminders": 9}, "0 to 3"), ({"remind_after_hours": 999}, "0 to 336")]
    )
    def test_more_than_makes_sense_is_refused(self, dyad, ben, facts, told):
        with pytest.raises(BadInput, match=told):
            schedule.settle(dyad, by=ben, **facts)


class TestResting:
    """After some sessions in a row without an answer, nothing goes out by itself until there is one again."""

    @pytest.fixture
    def silent(self, dyad):
        """Three sessions in a row, open to both by now, about which the client said nothing."""
        a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        return [a_revealed_session(dyad) for _ in range(3)]

    def test_the_fourth_link_is_not_sent(self, silent, session):
        assert schedule.due() == 0

    def test_nor_is_it_after_two(self, silent, dyad, ben, session):
        schedule.settle(dyad, by=ben, pause_after=4)
        assert schedule.due() == 1

    def test_a_dyad_may_go_on_asking(self, silent, dyad, ben, session):
        schedule.settle(dyad, by=ben, pause_after=0)
        assert schedule.due() == 1

    def test_an_answer_that_is_open_to_both_ends_it(self, silent, dyad):
        a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        a_held_session(dyad, timezone.now() - timedelta(hours=3))
        assert schedule.due() == 1

    def test_an_answer_that_is_not_open_yet_changes_nothing_that_the_therapist_could_see(self, silent, dyad, ana, ben):
        waiting = a_held_session(dyad, timezone.now() - timedelta(days=2))
        before = schedule.due(), terms_page(ben, dyad).paused
        checkin.send(waiting, "client", answers("client"), by=ana)
        assert (schedule.due(), terms_page(ben, dyad).paused) == before == (0, 3)

    def test_the_therapist_is_told_what_to_do(self, silent, dyad, ben, as_member):
        page = as_member(ben).get(f"/people/{dyad.uid}/terms/").content.decode()
        assert "Ana did not answer after the last 3 sessions, so links are not sent automatically" in page


class TestStopping:
    def test_who_has_answered_hears_no_more(self, session, ana):
        schedule.due()
        checkin.send(session, "client", answers("client"), by=ana)
        assert schedule.due(later(25)) == 0

    def test_an_answer_stops_even_a_reminder_that_waits_for_the_morning(self, session, ana, mailbox):
        schedule.due()
        notices.deliver()
        schedule.due(later(25))
        checkin.send(session, "client", answers("client"), by=ana)
        Notice.objects.filter(kind="reminder").update(due_at=timezone.now())
        assert notices.deliver() == 0
        waiting = Notice.objects.get(kind="reminder")
        assert (waiting.dropped_at is not None, waiting.about) == (True, "")
        assert len(mailbox.mails) == 1

    def test_a_session_that_was_not_held_after_all_stops_a_link_that_waits(self, session, ben, mailbox):
        schedule.due()
        care.mark_session(session, "cancelled", by=ben)
        assert notices.deliver() == 0
        assert mailbox.mails == []

    def test_who_took_back_the_consent_is_not_asked_even_when_messages_are_wanted_again(self, session, ana):
        consent.give(ana, "care", by=ana)
        consent.withdraw(ana, "care", by=ana)
        schedule.start_again(ana, by=ana)
        assert schedule.due() == 0
        consent.give(ana, "care", by=ana)
        assert schedule.due() == 1

    def test_the_end_of_the_course_stops(self, session, dyad, ben):
        care.end_course(dyad, "agreement", timezone.localdate(), "", by=ben)
        assert schedule.due() == 0

    def test_the_link_in_a_message_shows_first_and_stops_with_one_button(self, session, mailbox, ana, client):
        schedule.due()
        notices.deliver()
        stop = address_in(body(mailbox.mails[0]), "stop")
        for _preview in range(50):
            assert client.get(stop).status_code == 200
        ana.refresh_from_db()
        assert ana.messages_stopped_at is None
        page = client.post(stop).content.decode()
        assert "No more messages" in page
        assert "116 123" in page, "whom to call in need"
        assert schedule.due(later(25)) == 0

    def test_a_mail_program_can_stop_in_one_click_without_our_page(self, session, mailbox, ana):
        """RFC 8058: a POST to the address in the header, from a program that has no form token of ours."""
        from django.test import Client as Browser

        schedule.due()
        notices.deliver()
        mail = mailbox.mails[0]
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        path = mail["List-Unsubscribe"].strip("<>").removeprefix(django_settings.PUBLIC_URL)
        Browser(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"})
        ana.refresh_from_db()
        assert ana.messages_stopped_at is not None

    def test_an_unknown_stop_link_gets_the_page_of_all_unknown_ones(self, people, client):
        assert client.get("/stop/made-up").content == client.get("/c/made-up").content

    def test_codes_that_are_asked_for_still_come_and_links_start_again(self, session, ana, mailbox):
        browser = inside(ana)
        browser.post("/mine/rights/messages/", {"what": "stop"})
        assert schedule.due() == 0
        own_space.ask_code(ana, "copy")
        assert notices.deliver() == 1
        browser.post("/mine/rights/messages/", {"what": "start"})
        assert schedule.due() == 1

    def test_the_therapist_is_told_to_hand_the_link_over(self, session, ana, ben):
        schedule.stop(ana, by=ana)
        with pytest.raises(BadInput, match="wants no messages"):
            checkin.mail_link(session, str, by=ben)


class TestRecognisable:
    """Each client chooses; the practice sets sender and subject; nothing of what was said is in either."""

    @pytest.fixture
    def chosen(self, ana):
        Practice.objects.update(sender_name="Practice {link} Park", message_subject="From your practice")
        schedule.let_be_recognised(ana, recognisable=True, by=ana)
        return ana

    def test_a_mail_names_the_practice_as_sender_in_its_first_words_and_by_its_subject(self, session, chosen, mailbox):
        schedule.due()
        notices.deliver()
        [mail] = mailbox.mails
        assert mail["Subject"] == "From your practice"
        assert "Park" in mail["From"]
        words = re.sub(r"\s+", " ", body(mail))
        assert words.startswith("Practice {link} Park: your check-in is ready: http"), "a name is never a gap"
        assert "You need not answer." in words
        assert not re.search(r"Ana|Ben|session|therap", words)

    def test_a_text_message_names_it_too(self, session, chosen, monkeypatch):
        sent = []
        monkeypatch.setattr(delivery.sms, "send", lambda number, text: sent.append(text))
        chosen.email, chosen.phone, chosen.channel, chosen.recognisable = "", "0171 2345", "sms", True
        chosen.save()
        schedule.due()
        notices.deliver()
        assert sent[0].startswith("Practice {link} Park: your check-in is ready: http")

    def test_who_chose_nothing_gets_a_sentence_that_names_nobody(self, session, ana, mailbox):
        schedule.due()
        notices.deliver()
        [mail] = mailbox.mails
        assert body(mail).startswith("A short page is ready: http")
        assert "You need not answer." in body(mail)
        assert "Park" not in mail["From"]

    def test_codes_stay_neutral(self, chosen):
        notices.tell("code", "123456", client=chosen)
        assert delivery._recognised(Notice.objects.get()) is None

    def test_a_sender_with_a_line_break_is_refused(self, as_member, people):
        form = PracticeSettings([], {"sender_name": "Park\r\nBcc: x@example.org"})
        assert "sender_name" in form.errors

    def test_the_choice_is_the_clients_alone(self, ana, ben):
        with pytest.raises(PermissionDenied):
            schedule.let_be_recognised(ana, recognisable=True, by=ben)


class TestWhatItSays:
    def test_a_mail_through_a_real_server_gives_nothing_away(self, session, mailbox, client):
        schedule.due()
        assert notices.deliver() == 1
        [mail] = mailbox.mails
        assert mail["To"] == "ana@example.org"
        words = re.sub(r"https?://\S+", "", f"{mail['Subject']} {body(mail)}")
        assert not NEVER.search(words)
        assert client.get(address_in(body(mail), "c")).status_code == 200

    def test_it_speaks_the_clients_language(self, session, ana, mailbox):
        ana.language = "de"
        ana.save()
        schedule.due()
        notices.deliver()
        assert mailbox.mails[0]["Subject"] == "Eine kurze Seite für Sie"
        assert "Diese Nachrichten abstellen" in body(mailbox.mails[0])

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_no_wording_names_anybody_or_what_this_is(self, language):
        texts = tomllib.loads((wordings.HERE / "messages" / f"{language}.toml").read_text())
        for kind, said in texts.items():
            assert kind.endswith("_recognisable") or not NEVER.search(" ".join(said.values())), said
        assert set(texts) == set(tomllib.loads((wordings.HERE / "messages" / "en.toml").read_text()))

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_no_message_has_room_for_what_was_said_in_therapy(self, language):
        """Its only gaps are for links, codes and days, and its words are not about goals, strains, moods or answers."""
        texts = tomllib.loads((wordings.HERE / "messages" / f"{language}.toml").read_text())
        for kind, parts in texts.items():
            words = " ".join(parts.values())
            assert set(re.findall(r"\{(\w+)\}", words)) <= {"link", "code", "stop", "practice", "day", "state"}, kind
            assert not CONTENT.search(words), kind

    def test_a_text_message_goes_through_the_one_function(self, session, ana, settings, monkeypatch):
        sent = []
        monkeypatch.setattr(sms, "console", lambda number, text: sent.append((number, text)))
        ana.phone, ana.channel = "0171 2345", "sms"
        ana.save()
        schedule.due()
        notices.deliver()
        [(number, text)] = sent
        assert number == "0171 2345"
        assert "/c/" in text
        assert "/stop/" in text

    def test_without_the_chosen_address_the_other_one_serves(self, ana):
        ana.email, ana.phone = "", "0171 2345"
        ana.save()
        assert delivery._address(Notice(client=ana)) == "0171 2345"

    def test_the_shipped_gateway_posts_to_the_providers_address(self, gateway):
        gateway.answers = [(200, ""), (503, "")]
        sms.send("0171", "Hello")
        assert gateway.taken == [("POST", "/", "Bearer secret", {"to": "0171", "text": "Hello"})]
        with pytest.raises(sms.NotSent, match="503"):
            sms_gateway.send("0171", "Hello")

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_it_sends_nothing_to_where_the_gateway_points(self, gateway, status):
        """Number, text and token would go wherever it says, into the practice's own network, too."""
        gateway.answers = [(status, "/elsewhere"), (200, "")]
        with pytest.raises(sms.NotSent, match=str(status)):
            sms_gateway.send("0171", "Hello")
        assert [path for _method, path, *_rest in gateway.taken] == ["/"]

    @pytest.mark.parametrize("url", ["", "http://sms.example.org/", "file:///etc/passwd", "ftp://127.0.0.1/", "//x/"])
    def test_an_address_without_tls_is_refused_before_anything_is_sent(self, gateway, settings, url):
        settings.SMS_URL = url
        with pytest.raises(sms.NotSent, match="https://"):
            sms_gateway.send("0171", "Hello")
        assert gateway.taken == []

    @pytest.fixture
    def gateway(self, settings, tmp_path):
        class Gateway(BaseHTTPRequestHandler):
            def do_POST(self):
                said = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
                server.taken.append((self.command, self.path, self.headers["Authorization"], said))
                status, to = server.answers.pop(0)
                self.send_response(status)
                self.send_header("Location", to)
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_said):
                """Quiet."""

        server = HTTPServer(("127.0.0.1", 0), Gateway)
        server.taken, server.answers = [], []
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        (tmp_path / "sms.token").write_text("secret\n")
        settings.KEYS, settings.SMS_URL = tmp_path, f"http://127.0.0.1:{server.server_port}/"
        settings.SMS = "accord_clinic.messages.sms_gateway.send"
        yield server
        server.shutdown()
        server.server_close()


def test_a_sweep_costs_the_same_for_one_and_for_ten(people, django_assert_max_num_queries):
    from tests.clinic.people import a_dyad

    for name in range(10):
        a_held_session(a_dyad(people.ben, f"Client{name}"), timezone.now() - timedelta(hours=3))
    assert schedule.due() == 10
    with django_assert_max_num_queries(2):
        assert schedule.due(later(2)) == 0


class TestTellingOnce:
    def test_two_sweeps_at_once_make_one_link(self, session):
        """The second one loses the race for the row, and its link does not come to be."""
        assert schedule._put(session, "link", "", timezone.now())
        assert not schedule._put(session, "link", "", timezone.now())
        assert Notice.objects.count() == Invitation.objects.count() == 1

    def test_a_row_that_another_worker_has_claimed_is_left_alone(self, session, mailbox):
        schedule.due()
        Notice.objects.update(claimed_at=timezone.now(), tries=1)
        assert notices.deliver() == 0
        assert mailbox.mails == []

    def test_the_job_of_a_killed_worker_runs_again(self, session, mailbox):
        schedule.due()
        killed = timezone.now() - notices.RETRY_AFTER - timedelta(seconds=1)
        Notice.objects.update(claimed_at=killed, tries=1)
        assert notices.deliver() == 1
        assert notices.deliver() == 0
        assert len(mailbox.mails) == 1

    def test_a_worker_killed_after_sending_sends_the_same_message_which_mailboxes_know(self, session, mailbox):
        """Nobody can send exactly once over SMTP; the same id lets the second one be seen as the first."""
        schedule.due()
        row = Notice.objects.select_related("client", "session__dyad").get()
        delivery.send(row)
        delivery.send(row)
        first, second = mailbox.mails
        assert first["Message-ID"] == second["Message-ID"]

    def test_what_opens_a_door_does_not_stay_in_the_outbox(self, session, mailbox):
        schedule.due()
        notices.deliver()
        assert Notice.objects.get().about == ""

    def test_a_server_that_is_away_is_tried_again_with_longer_and_longer_pauses(self, session, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        schedule.due()
        pauses = []
        for _try in range(notices.MOST_TRIES):
            Notice.objects.update(due_at=timezone.now())
            assert notices.deliver() == 0
            pauses.append(round((Notice.objects.get().due_at - timezone.now()) / notices.RETRY_AFTER))
        assert pauses == [1, 2, 4, 8, 16, 32]
        Notice.objects.update(due_at=timezone.now())
        assert notices.deliver() == 0
        assert Notice.objects.get().tries == notices.MOST_TRIES

    def test_one_bad_address_holds_up_nobody_else(self, people, mailbox, ana):
        for name in ("One", "Two"):
            other = care.register_client(name, by=people.ben, email=f"{name.lower()}@example.org", born=1990)
            own_space.ask_code(other, "copy")
        Notice.objects.filter(client__name="One").update(to="not\nan@address")
        assert notices.deliver() == 1
        assert Notice.objects.get(client__name="One").error

    def test_a_code_that_is_dead_is_not_sent_any_more(self, ana, mailbox):
        own_space.ask_code(ana, "copy")
        Notice.objects.update(made_at=timezone.now() - timedelta(minutes=16))
        assert notices.deliver() == 0
        assert mailbox.mails == []
        assert Notice.objects.get().about == ""


class TestFailing:
    @pytest.fixture
    def refused(self, session, mailbox):
        """The link could not be delivered: the address does not exist."""
        mailbox.refuse = "550 no such person"
        schedule.due()
        notices.deliver()
        return Notice.objects.get()

    def test_the_admin_sees_who_and_what_went_wrong_and_not_what_it_said(self, refused, ada, as_member):
        page = as_member(ada).get("/practice/messages/").content.decode()
        assert "Ana" in page
        assert "the address was refused" in page
        assert refused.about
        assert refused.about not in page

    def test_the_admin_tries_again_when_the_address_is_mended(self, refused, ada, ana, mailbox, as_member):
        mailbox.refuse = ""
        as_member(ada).post("/practice/messages/", {"notice": refused.pk, "what": "again"})
        assert notices.deliver() == 1
        assert "All messages were delivered" in as_member(ada).get("/practice/messages/").content.decode()

    def test_or_lets_it_be(self, refused, ada, as_member):
        as_member(ada).post("/practice/messages/", {"notice": refused.pk, "what": "drop"})
        refused.refresh_from_db()
        assert (refused.about, refused.dropped_at is None) == ("", False)

    def test_a_reminder_that_failed_tells_nobody_that_the_client_has_not_answered(self, session, ada, mailbox):
        """In a practice of one the admin is the therapist, and reminders go only to those who have not answered."""
        schedule.due()
        notices.deliver()
        schedule.due(later(25))
        mailbox.refuse = "550 full"
        Notice.objects.update(due_at=timezone.now())
        notices.deliver()
        assert failed(ada) == []
        session.revealed_at = timezone.now()
        session.save()
        assert len(failed(ada)) == 1

    def test_only_the_admin_sees_it(self, refused, ben, as_member):
        assert as_member(ben).get("/practice/messages/").status_code == 404
