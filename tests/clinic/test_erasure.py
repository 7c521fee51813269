"""Erasure: asked for in one step, decided by kind of record, kept for a time or refused; and what goes when."""

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.apps import apps
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, a_part, a_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import code_for, inside

from accord.errors import BadInput
from accord_clinic.actions import (
    agreements,
    care,
    consent,
    corrections,
    cover_and_emergency,
    erasure,
    erasure_ledger,
    own_space,
    reveal,
    safety,
    schedule,
    step_in,
)
from accord_clinic.actions.audit import first_break
from accord_clinic.actions.read_log import log_read
from accord_clinic.messages import notices
from accord_clinic.models import (
    AuditEntry,
    BreakGlass,
    Client,
    Dyad,
    Erasure,
    Invitation,
    Notice,
    Practice,
    PrivateLine,
    ReadLog,
    Response,
    SafetyLook,
    Session,
    Signal,
)
from accord_clinic.questionnaires.submission import OpenLine

pytestmark = pytest.mark.django_db
PLANTED = "Kolibri"


@pytest.fixture
def planted(people, ben):
    """Somebody whose name, address and words are everywhere where a person can leave them."""
    client = care.register_client(
        f"{PLANTED} Name",
        by=ben,
        email="kolibri@example.org",
        address_as=f"{PLANTED}!",
        born=1990,
    )
    client.phone = "0171 kolibri"
    client.save()
    dyad = a_dyad(ben, client)
    lines = tuple(
        OpenLine(CHECK_IN, item, f"{PLANTED} {reader}", reader)
        for item, reader in (("o1", "raise"), ("o2", "outside"), ("o2", "statistics"))
    )
    said = replace(answers("client", t1=2, words=PLANTED), key="one", picked_words=(PLANTED,))
    kept = replace(answers("client", t1=2, sharing={"t1": "not_yet"}), key="two", open_lines=lines)
    mine = replace(answers("therapist", words=PLANTED), reaction=PLANTED)
    a_held_session(dyad, client=said, therapist=mine)
    last = a_held_session(dyad, client=kept)
    Session.objects.filter(pk=last.pk).update(waived_why=PLANTED)
    goal = agreements.propose(dyad, "goal", PLANTED, "client", by=client)
    agreements.propose(dyad, "task", PLANTED, "therapist", by=ben, goal=goal)
    dyad.note = dyad.ending_reason = PLANTED
    dyad.save()
    corrections.ask(dyad, PLANTED, by=client)
    consent.give(client, "research", by=client)
    consent.set_terms(dyad, by=ben, consents="both")
    schedule.settle(dyad, by=ben, most_reminders=2)
    cover_and_emergency.break_glass(dyad, f"{PLANTED} cannot be reached", by=people.ada)
    cover_and_emergency.cover(dyad, people.eve, timezone.localdate(), timezone.localdate() + timedelta(days=3), by=ben)
    care.share(dyad, people.cy, by=ben)
    log_read(ben, dyad, "words", [1])
    own_space.set_pin(client, "123456", by=client)
    own_space.ask_code(client, "copy")
    step_in.ask(client.email, "192.0.2.1")
    step_in.send_codes()
    corrections.change_own_contact(client, by=client, email="new-kolibri@example.org")
    return client


def places() -> set[str]:
    """Every column of every table that holds the planted word, in any case, in text or JSON."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(
                    f'SELECT COUNT(*) FROM "{table}" WHERE LOWER(CAST("{column.name}" AS TEXT)) LIKE %s', ["%kolibri%"]
                )
                if cursor.fetchone()[0]:
                    found.add(f"{table}.{column.name}")
    return found


def asked(client) -> Erasure:
    """The request of a client who has just asked."""
    erasure.ask(client, by=client)
    return Erasure.objects.get(client=client.pk)


def decided(client, ada, keep=(), why=()) -> Erasure:
    """The request after the admin has decided."""
    erasure.decide(asked(client), keep, why, by=ada)
    return Erasure.objects.get(client=client.pk)


def a_safety_answer(dyad, **more) -> Session:
    """A session about which the client answered that there were thoughts of self-harm."""
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 1 for i in range(1, 10)})
    session = a_held_session(dyad, client=answers("client", parts=(phq,)), **more)
    reveal.raise_safety(session, "phq-9", "phq9")
    return session


def test_nothing_planted_is_left_in_any_column_once_nothing_is_kept(planted, people):
    assert len(places()) > 12, "the search is worth something only if it finds the words before"
    row = asked(planted)
    notices.deliver()
    erasure.decide(row, (), (), by=people.ada)
    assert places() == set()


def test_asking_deletes_at_once_what_only_the_client_has(planted):
    """Private lines, what is not open yet, addresses, links and messages; not the record."""
    open_answers = Response.objects.filter(session__dyad__client=planted).exclude(session__revealed_at=None).count()
    asked(planted)
    notices.deliver()
    planted.refresh_from_db()
    assert (planted.email, planted.phone, planted.pin) == ("", "", "")
    for model, way in erasure.AT_ONCE.items():
        rows = model.objects.filter(**{way: planted.pk})
        assert not (rows.exclude(kind="erasure_receipt") if model is Notice else rows).exists(), model.__name__
    assert not Response.objects.filter(session__dyad__client=planted, session__revealed_at=None, side="client").exists()
    assert Response.objects.filter(session__dyad__client=planted, side="client").count() == open_answers / 2
    assert planted.name.startswith(PLANTED)
    assert not any(place.endswith((".email", ".phone", ".to")) for place in places())
    assert not any("privateline" in place for place in places())


def test_every_table_has_its_place_in_an_erasure():
    """A new model fails here until somebody has decided what an erasure does with it."""
    lists = (erasure.AT_ONCE, erasure.RECORD, erasure.SAFETY, erasure.BLANKED, erasure.LOGS, erasure.ABOUT_NOBODY)
    named = [model for one in lists for model in one]
    assert len(named) == len(set(named))
    assert set(named) == set(apps.get_app_config("accord_clinic").get_models())


def test_what_is_kept_is_on_no_daily_page(planted, people, as_member):
    """From the moment of asking, for the therapist, the supervisor and whoever covers."""
    dyad = planted.dyads.get()
    session = dyad.sessions.exclude(revealed_at=None).get()
    for member in (people.ben, people.cy, people.eve):
        assert as_member(member).get(f"/people/{dyad.uid}/").status_code == 200
    asked(planted)
    for member in (people.ben, people.cy, people.eve):
        browser = as_member(member)
        for address in (f"/people/{dyad.uid}/", f"/sessions/{session.uid}/talk/", f"/people/{dyad.uid}/course.csv"):
            assert browser.get(address).status_code == 404
    for address in ("/people/", "/today/"):
        assert PLANTED not in as_member(people.ben).get(address).content.decode()
    assert dyad.uid not in as_member(people.ben).get("/people/").content.decode()


def test_nobody_is_asked_or_sent_anything_any_more(planted, people):
    dyad = planted.dyads.get()
    session = a_session(dyad, state="held")
    asked(planted)
    Notice.objects.all().delete()
    schedule.due()
    reveal.sweep(timezone.now() + timedelta(days=30))
    session.refresh_from_db()
    assert session.revealed_at is None
    assert not Notice.objects.filter(client=planted).exists()
    assert not Invitation.objects.filter(session__dyad=dyad).exists()


def test_the_last_message_has_the_date_and_the_receipt_and_leaves_no_address(planted):
    planted.refresh_from_db()
    receipt = erasure.ask(planted, by=planted)
    notices.deliver()
    last = mail.outbox[-1]
    assert last.to == ["new-kolibri@example.org"]
    assert receipt in last.body
    assert str(timezone.localdate().year) in last.body
    assert PLANTED not in last.body
    row = Notice.objects.get(kind="erasure_receipt")
    assert (row.about, row.to) == ("", "")


def test_a_last_message_that_never_arrives_keeps_no_address(planted):
    asked(planted)
    Notice.objects.update(made_at=timezone.now() - timedelta(days=8), tries=6)
    erasure.purge()
    row = Notice.objects.get(kind="erasure_receipt")
    assert (row.about, row.to) == ("", "")


def test_the_receipt_opens_the_state_and_a_wrong_one_opens_nothing(planted, people):
    receipt = erasure.ask(planted, by=planted)
    browser = Browser()
    page = browser.post("/mine/erasure/", {"code": receipt.lower().replace("-", " ")}).content.decode()
    assert "has not decided yet" in page
    erasure.decide(Erasure.objects.get(), ["record"], ["law"], by=people.ada)
    page = browser.post("/mine/erasure/", {"code": receipt}).content.decode()
    assert "The care record is kept until" in page
    assert "The law asks us to keep it." in page
    assert PLANTED not in page
    wrong = browser.post("/mine/erasure/", {"code": "AAAA-AAAA-AAAA-AAAA"})
    assert wrong.status_code == 422
    assert "no request with this receipt" in wrong.content.decode()


def test_an_empty_receipt_opens_no_old_erasure(planted):
    """Those of before have none, and nothing typed may match that."""
    Erasure.objects.create(client=1, uid="x", at=timezone.now(), decided_at=timezone.now())
    for typed in ("", " ", "-"):
        assert "You asked on" not in Browser().post("/mine/erasure/", {"code": typed}).content.decode()


def test_the_admin_decides_by_kind_and_says_why(planted, people, as_member):
    row = asked(planted)
    browser = as_member(people.ada)
    page = browser.get("/practice/erasures/").content.decode()
    assert PLANTED in page
    unsure = browser.post(f"/practice/erasures/{row.uid}/", {"keep": ["record"], "why": ["law"]})
    assert (unsure.status_code, "Nothing was decided." in unsure.content.decode()) == (422, True)
    assert browser.post(f"/practice/erasures/{row.uid}/", {"keep": ["record"], "sure": "yes"}).status_code == 302
    row.refresh_from_db()
    assert row.decided_at is None, "why something is kept has to be said, and that the rest goes for good"
    browser.post(f"/practice/erasures/{row.uid}/", {"keep": ["record"], "why": ["law", "claims"], "sure": "yes"})
    row.refresh_from_db()
    last = planted.dyads.get().ended
    assert (row.record_until, row.dates_until) == (date(last.year + 10, 12, 31), date(last.year + 10, 12, 31))
    assert (row.remains, row.why, row.decided_by) == (["record", "dates"], ["claims", "law"], people.ada)
    with pytest.raises(BadInput, match="already"):
        erasure.decide(row, (), (), by=people.ada)


def test_only_an_admin_decides_and_only_the_client_asks(planted, people):
    with pytest.raises(PermissionDenied):
        erasure.ask(planted, by=people.ben)
    row = asked(planted)
    for member in (people.ben, people.mo, people.cy, people.dee):
        with pytest.raises(PermissionDenied):
            erasure.decide(row, (), (), by=member)


def test_a_code_that_is_none_decides_nothing(planted, people):
    row = asked(planted)
    for keep, why in ((["everything"], ["law"]), (["record"], ["because"])):
        with pytest.raises(BadInput, match="offered"):
            erasure.decide(row, keep, why, by=people.ada)


def test_what_is_refused_stays_word_for_word_until_its_day_and_goes_then(planted, people):
    answers_before = Response.objects.exclude(session__revealed_at=None).count()
    row = decided(planted, people.ada, ["record", "dates"], ["law"])
    notices.deliver()
    assert Response.objects.exclude(session__revealed_at=None).count() == answers_before
    assert erasure.purge(row.record_until - timedelta(days=1)) == 0
    assert erasure.purge(row.record_until) == 1
    assert erasure.purge(row.record_until) == 0
    row.refresh_from_db()
    assert row.remains == []
    assert places() == set()
    assert not Session.objects.filter(dyad__client=planted).exists()


def test_with_the_dates_alone_kept_all_words_go(planted, people, ben):
    dyad = planted.dyads.get()
    before = list(dyad.sessions.order_by("start").values_list("uid", "start", "state"))
    row = asked(planted)
    notices.deliver()
    erasure.decide(row, ["dates"], ["law"], by=people.ada)
    row.refresh_from_db()
    assert places() == set()
    dyad.refresh_from_db()
    assert (dyad.therapist, dyad.ending, dyad.ended is not None) == (ben, "by_client", True)
    assert list(dyad.sessions.order_by("start").values_list("uid", "start", "state")) == before
    assert row.remains == ["dates"]


def test_a_practice_that_keeps_no_record_cannot_keep_one(planted, people):
    Practice.objects.update(retention_record_years=0, retention_years=0, retention_safety_years=0)
    row = decided(planted, people.ada, ["record", "dates"], ["law"])
    dyad = planted.dyads.get()
    assert row.remains == []
    assert not dyad.sessions.exists()
    assert (dyad.started.month, dyad.started.day) == (1, 1)


def test_the_retention_time_of_each_kind_counts_by_itself(planted, people):
    Practice.objects.update(retention_record_years=3, retention_years=8)
    row = decided(planted, people.ada, ["record", "dates"], ["law"])
    assert row.dates_until.year - row.record_until.year == 5
    erasure.purge(row.record_until)
    row.refresh_from_db()
    assert row.remains == ["dates"]
    assert Client.objects.get(pk=planted.pk).name == ""


def test_a_safety_answer_that_is_not_open_yet_stays_until_somebody_acts(planted, people, as_member):
    """Its session keeps that one answer, and the therapist and the safety contact can still read it."""
    session = a_safety_answer(planted.dyads.get())
    asked(planted)
    [response] = session.responses.filter(side="client")
    assert response.answers == {"phq9": 1}
    for member in (people.ben, people.cy):
        assert as_member(member).get(f"/safety/{session.uid}/").status_code == 200


def test_no_safety_answer_is_erased_before_somebody_has_looked_after_it(planted, people):
    session = a_safety_answer(planted.dyads.get(), therapist=answers("therapist"))
    row = asked(planted)
    with pytest.raises(BadInput, match="Nobody has recorded yet"):
        erasure.decide(row, ("dates",), ("law",), by=people.ada)
    assert Response.objects.filter(session=session, side="client").exists()
    safety.look_after(Signal.objects.get(session=session, kind="safety"), ["assessment"], by=people.cy)
    erasure.decide(row, ("dates",), ("law",), by=people.ada)
    assert not Response.objects.filter(session=session).exists()


def test_a_notice_whose_answer_is_erased_is_in_no_list(planted, people, as_member):
    """It would be a link without a name to a page that is not there."""
    session = a_safety_answer(planted.dyads.get(), therapist=answers("therapist"))
    safety.look_after(Signal.objects.get(session=session, kind="safety"), ["assessment"], by=people.ben)
    assert session.uid in as_member(people.cy).get("/safety/").content.decode()
    decided(planted, people.ada)
    assert session.uid not in as_member(people.cy).get("/safety/").content.decode()


def test_records_about_safety_outlast_the_record(planted, people):
    session = a_safety_answer(planted.dyads.get(), therapist=answers("therapist"))
    safety.look_after(Signal.objects.get(session=session, kind="safety"), ["assessment"], by=people.ben)
    row = decided(planted, people.ada)
    assert row.remains == ["safety"]
    assert Signal.objects.get(dyad__client=planted).kind == "safety"
    assert SafetyLook.objects.get().done == "assessment"
    assert not Response.objects.filter(session__dyad__client=planted).exists()
    assert [s.uid for s in Session.objects.filter(dyad__client=planted)] == [session.uid]
    erasure.purge(row.safety_until)
    assert not Signal.objects.filter(dyad__client=planted).exists()
    assert not Session.objects.filter(dyad__client=planted).exists()


def test_what_is_kept_opens_in_an_emergency_alone_and_the_client_reads_that(planted, people, as_member):
    BreakGlass.objects.all().delete()
    dyad, receipt = planted.dyads.get(), erasure.ask(planted, by=planted)
    erasure.decide(Erasure.objects.get(), ["record"], ["law"], by=people.ada)
    assert as_member(people.ada).get(f"/people/{dyad.uid}/").status_code == 404
    cover_and_emergency.break_glass(dyad, "The court asks for the record", by=people.ada)
    assert as_member(people.ada).get(f"/people/{dyad.uid}/").status_code == 200
    page = Browser().post("/mine/erasure/", {"code": receipt}).content.decode()
    assert "opened what is kept, in an emergency" in page


def test_the_logs_survive_and_their_chain_holds(planted, people):
    reads, entries = ReadLog.objects.filter(dyad__client=planted).count(), AuditEntry.objects.count()
    decided(planted, people.ada)
    assert ReadLog.objects.filter(dyad__client=planted).count() == reads
    assert AuditEntry.objects.count() > entries
    assert first_break() is None


def test_nobody_else_loses_anything(planted, dyad, people):
    a_held_session(dyad, client=answers("client"))
    decided(planted, people.ada)
    assert dyad.sessions.get().responses.count() == 1
    assert Client.objects.get(pk=dyad.client_id).name == "Ana"


def test_the_therapist_and_the_admin_are_told(planted, people):
    asked(planted)
    told = set(Notice.objects.filter(kind="erasure_asked").values_list("member__name", flat=True))
    assert told == {"Ben", "Ada"}


def test_a_fresh_code_and_a_tick_are_asked_for(planted):
    browser = inside(planted)
    code = code_for(browser, "erase")
    assert browser.post("/mine/rights/erase/", {"code": code}).status_code == 422
    assert browser.post("/mine/rights/erase/", {"code": "000000", "sure": "yes"}).status_code == 422
    assert not Erasure.objects.exists()
    done = browser.post("/mine/rights/erase/", {"code": code, "sure": "yes"})
    assert re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", done.content.decode())
    assert Erasure.objects.get().client == planted.pk
    assert browser.get("/mine/rights/").headers["Location"] == "/mine/in/"


def test_without_an_address_no_page_promises_a_message(planted):
    Client.objects.filter(pk=planted.pk).update(email="", phone="")
    planted.refresh_from_db()
    own_space.set_pin(planted, "123456", by=planted)
    done = inside(planted).post("/mine/rights/erase/", {"code": "123456", "sure": "yes"}).content.decode()
    assert "This is your receipt" in done
    assert "send it to your address" not in done


def test_it_is_asked_for_once(planted):
    asked(planted)
    with pytest.raises(BadInput, match="already"):
        erasure.ask(planted, by=planted)


def test_a_code_for_something_else_does_not_erase(planted):
    code = own_space.ask_code(planted, "copy")
    inside(planted).post("/mine/rights/erase/", {"code": code, "sure": "yes"})
    assert not Erasure.objects.exists()


def test_what_goes_what_may_be_kept_and_how_long_is_said_before(planted):
    practice = Practice.objects.get()
    practice.retention_law = "Section 630f of the civil code."
    practice.save()
    page = inside(planted).get("/mine/rights/erase/").content.decode()
    assert f"{timezone.localdate().year + 10}" in page, "a course that still runs ends when it is asked for"
    assert "Section 630f" in page
    assert "backup" in page
    assert "That does not erase your record" in page


@pytest.mark.parametrize("mark", ["locked_at", "erased_at"])
def test_either_mark_alone_shuts_every_page_of_the_course_for_its_own_therapist(people, as_member, mark):
    dyad, browser = people.dyad, as_member(people.ben)
    pages = [f"/people/{dyad.uid}/{part}" for part in ("", "goals/", "looking-back/", "treatment-plan/", "terms/")]
    assert {browser.get(page).status_code for page in pages} == {200}
    Client.objects.filter(pk=people.ana.pk).update(**{mark: timezone.now()})
    assert {browser.get(page).status_code for page in pages} == {404}


@pytest.mark.parametrize("keep", [(), ("dates",), ("record",)])
def test_a_restored_backup_of_an_earlier_day_is_brought_to_the_same_state(
    planted, people, django_capture_on_commit_callbacks, settings, tmp_path, keep
):
    """The ledger beside the database remembers by number what the database of that day cannot know."""
    settings.DATA = tmp_path
    with django_capture_on_commit_callbacks(execute=True):
        row = decided(planted, people.ada, keep, ["law"])
    notices.deliver()
    written = (tmp_path / erasure_ledger.LEDGER).read_text()
    assert PLANTED not in written
    assert json.loads(written)["client"] == planted.pk
    before, left = erasure_ledger.LedgerEntry.of(row), places()
    # the backup of yesterday: the person is there, and nothing is known of a request
    Erasure.objects.all().delete()
    back = {"name": f"{PLANTED} Name", "email": "kolibri@example.org", "locked_at": None, "erased_at": None}
    Client.objects.filter(pk=planted.pk).update(**back)
    assert erasure.reapply() == 1
    assert erasure_ledger.LedgerEntry.of(Erasure.objects.get()) == before
    assert places() == left
    assert Client.objects.get(pk=planted.pk).email == ""
    assert erasure.reapply() == 0


def test_a_restored_backup_before_the_decision_waits_for_none(planted, people, settings, tmp_path):
    """The later state counts: a backup in which the request still waited is decided as it was."""
    settings.DATA = tmp_path
    row = decided(planted, people.ada, ["dates"], ["law"])
    erasure_ledger.write()
    waiting = {"decided_at": None, "decided_by": None, "why": [], "dates_until": None}
    Erasure.objects.update(**waiting, remains=["record", "dates", "safety"])
    assert erasure.reapply() == 1
    assert Erasure.objects.get().decided_at == row.decided_at


def test_a_line_of_the_ledger_as_it_was_until_now_is_still_read(planted, settings, tmp_path):
    """Everything but the days of treatment was erased at once then, and is again."""
    settings.DATA = tmp_path
    old = {"client": planted.pk, "uid": planted.uid, "at": timezone.now().isoformat()}
    (tmp_path / erasure_ledger.LEDGER).write_text(json.dumps(old) + "\n")
    assert erasure.reapply() == 1
    assert places() == set()
    assert Erasure.objects.get().remains == ["dates"]
    assert erasure.reapply() == 0


def test_a_number_that_belongs_to_somebody_else_now_is_left_alone(ana, settings, tmp_path):
    settings.DATA = tmp_path
    old = {"client": ana.pk, "uid": "somebody-else", "at": timezone.now().isoformat()}
    (tmp_path / erasure_ledger.LEDGER).write_text(json.dumps(old) + "\n")
    assert erasure.reapply() == 0
    ana.refresh_from_db()
    assert ana.name == "Ana"


def test_the_pages_that_freed_words_lay_on_are_overwritten(db):
    """Deleted text must not stay readable in the free pages of the file, not even to whoever has the key."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL overwrites when it vacuums")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1


def test_no_private_line_outlives_the_request(planted):
    asked(planted)
    assert not PrivateLine.objects.filter(client=planted).exists()
    assert Dyad.objects.filter(client=planted).count() == 1


def test_a_check_in_that_was_open_when_erasure_was_asked_for_is_sent_to_nobody(people):
    """Its page stayed open on a phone; the answers arrive after the request."""
    phone = Phone(a_session(people.dyad, state="held"))
    phone.open()
    asked(people.ana)
    before = Response.objects.count()
    answer = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL})
    assert answer.status_code in (404, 410)
    assert phone.browser.post(f"/c/{phone.token}").status_code in (404, 410)
    assert Response.objects.count() == before
    assert not PrivateLine.objects.filter(client=people.ana).exists()
