"""German for clients: no page or message that they meet has English left."""

import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from html import unescape

import pytest
from django.test import Client as Browser
from django.urls import URLResolver, get_resolver
from django.utils import timezone, translation
from django.utils.translation import trans_real
from tests.clinic.people import a_course, a_dyad, a_held_session, a_member, a_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import ask_to_step_in, code_for, inside

from accord_clinic import links
from accord_clinic.actions import (
    agreements,
    care,
    checkin,
    consent,
    corrections,
    cover_and_emergency,
    erasure,
    own_space,
    pause,
    planning,
    schedule,
    treatment_plan,
)
from accord_clinic.exports import chapters, pdf
from accord_clinic.exports.client_tables import TABLES
from accord_clinic.messages import delivery
from accord_clinic.models import (
    Client,
    Dyad,
    Erasure,
    ExpectationSheet,
    Member,
    Notice,
    PrivateLine,
    ReadLog,
    Session,
    StrainMove,
    Terms,
)
from accord_clinic.pages import talk_sheet

pytestmark = pytest.mark.same_on_postgresql(reason="words depend on no database; the same pages run there in English")

NOT_FOUND = 404

ALWAYS_UNKNOWN = r"^(?:c|check-in)(?:/.*)?$"

ENGLISH = re.compile(
    r"\b(the|and|you|your|of|this|that|with|are|for|have|what|who|from|it|is|be|to|not yet|one|can|session)\b",
    re.I,
)


class TestTheCopy:
    """The readable copy has words for every column and every code that the database can hold."""

    def test_every_column_that_is_shown_has_a_heading(self, walk):
        tables = {name: list(table(walk.ana)) for name, (_models, table) in TABLES.items()}
        shown = {column for rows in tables.values() for row in rows[:1] for column in row}
        assert sorted(shown - set(chapters.LEFT_OUT) - set(chapters._headings())) == []
        assert [name for name, rows in tables.items() if not rows] == [], "the walk leaves no table empty"

    @pytest.mark.parametrize(
        ("column", "codes"),
        [
            ("ending", dict(Dyad.ENDINGS)),
            ("modality", dict(Dyad.MODALITIES)),
            ("state", dict(Session.STATES)),
            ("channel", dict(Client.CHANNELS)),
            ("reader", dict(PrivateLine.READERS)),
            ("consents", dict(Terms.CONSENTERS)),
            ("guardian_learns", dict(Terms.LEARNS)),
            ("opened_by", dict(StrainMove._meta.get_field("side").choices)),
        ],
    )
    def test_every_code_has_words(self, column, codes):
        assert set(codes) <= set(chapters.coded(column))

    def test_every_kind_of_signal_and_every_step_of_a_strain_has_words(self):
        from accord.signals import DETECTORS
        from accord_clinic.records.strain_workflow import WORKFLOW

        assert {d.kind for d in DETECTORS} <= set(chapters.coded("kind"))
        assert {move for moves in WORKFLOW.values() for move in moves} | {"open"} <= set(chapters.coded("move"))

    def test_what_a_person_wrote_is_never_taken_for_a_code(self):
        with translation.override("de"):
            assert chapters._cell("text", "words") == "text"
            assert chapters._cell("text", "modality") == "schriftlich"


@dataclass
class Walk:
    """A German-speaking client who opens everything, and what was seen on the way."""

    ana: Client
    dyad: Dyad
    pages: dict[str, str] = field(default_factory=dict)
    routes: set[str] = field(default_factory=set)
    untranslated: set[str] = field(default_factory=set)

    def see(self, name: str, response) -> None:
        """Keep a page as a person reads it, and through which address it came."""
        if response.status_code != NOT_FOUND:
            self.routes.add(response.resolver_match.route)
        if response.headers.get("Content-Type", "").startswith("text/html") and response.content:
            self.pages[name] = words_of(response.content.decode())


def words_of(html: str) -> str:
    """What a person reads or hears on a page: its text, and the labels for those who cannot see it."""
    html = re.sub(r"<script.*?</script>|<style.*?</style>|<!--.*?-->", " ", html, flags=re.S)
    labels = " ".join(re.findall(r'(?:aria-label|alt|title|placeholder|data-say-\w+)="([^"]*)"', html))
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html) + " " + labels))


@pytest.fixture
def listening(monkeypatch):
    """Every string that is asked for in German and is not there."""
    missing: set[str] = set()
    catalog = trans_real.translation("de")._catalog

    def heard(real):
        def wrapped(message, *rest):
            if translation.get_language() == "de" and message and not ({message, (message, 0), (message, 1)} & known):
                missing.add(message)
            return real(message, *rest)

        return wrapped

    known = set(catalog.keys())
    monkeypatch.setattr(translation._trans, "gettext", heard(trans_real.gettext), raising=False)
    monkeypatch.setattr(translation._trans, "ngettext", heard(trans_real.ngettext), raising=False)
    return missing


@pytest.fixture
def walk(people, listening, settings) -> Walk:
    """Anna Beispiel, who speaks German, with enough of everything for each page to have something on it."""
    practice = people.practice
    practice.name, practice.crisis_text = "Praxis am Park", "In der Not: 116 123, Tag und Nacht."
    practice.outside_reader_role, practice.outside_reader_reply = "Supervision", "binnen einer Woche"
    practice.outside_reader_duty, practice.retention_law = "Cy muss handeln, wenn Gefahr besteht.", "§ 630f BGB."
    practice.elsewhere_text = "Die Beratungsstelle nebenan."
    practice.save()
    ana, ben, dyad = people.ana, people.ben, people.dyad
    ana.name, ana.language, ana.phone, ana.born = "Anna", "de", "0171 2345678", timezone.localdate().year - 14
    ana.save()
    dyad.refresh_from_db()
    care.set_up(dyad, {"goal-rating": 4}, by=ben)
    schedule.settle(dyad, by=ben, quiet_from=19)
    two_weeks_ago = timezone.localdate() - timedelta(days=14)
    planning.set_rhythm(dyad, two_weeks_ago, time(10), by=ben, until=two_weeks_ago)
    pause.pause(dyad, "ill", by=ben)
    pause.resume(dyad, by=ben)
    ana.external_names.create(system="urn:oid:1.2.3", value="77")
    consent.set_terms(dyad, by=ben, consents="client", guardian_learns="together", by_order=True, order_learns="dates")
    everything_said(people, ana, ben, dyad)
    return Walk(ana, dyad, untranslated=listening)


def everything_said(people, ana, ben, dyad) -> None:
    a_course(dyad, 3)
    off = answers("client", t1=2, t2=3, t3=("quiet",), b1=3, words="Langsamer, bitte", sharing={})
    a_held_session(dyad, client=off, therapist=answers("therapist", words="Uhr weglegen"))
    goal = agreements.propose(dyad, "goal", "Durchschlafen", "client", by=ana)
    for side, by in (("client", ana), ("therapist", ben)):
        agreements.seal(goal, side, seen=goal.wordings.get().pk, by=by)
    task = agreements.propose(dyad, "task", "Handy in die Küche", "therapist", by=ben, goal=goal)
    agreements.seal(task, "therapist", seen=task.wordings.get().pk, by=ben)
    done = agreements.propose(dyad, "goal", "Anrufen", "client", by=ana)
    agreements.end(done, "reached", "client", by=ana)
    agreements.take_back_end(done, "client", by=ana)
    agreements.end(done, "reached", "client", by=ana)
    sheet = ExpectationSheet.objects.create(dyad=dyad, opened_at=timezone.now(), opened_by="both")
    for side in ("client", "therapist"):
        sheet.expectations.create(side=side, topic="ways", words="Langsam", at=timezone.now())
    dyad.follow_ups.create(due_on=timezone.localdate(), asked_at=timezone.now())
    dyad.follow_ups.create(
        due_on=timezone.localdate(), asked_at=timezone.now(), answered_at=timezone.now(), now=2, wants_contact=True
    )
    option = treatment_plan.OptionText("Jede Woche", "fängt jetzt an", "kostet einen Abend", "not_now")
    text = treatment_plan.PlanText([option], "Erst allein", "Kommt", "Fragt nach", timezone.localdate())
    plan = treatment_plan.write(dyad, text, "client", seen="", by=ana)
    treatment_plan.confirm(dyad, "therapist", seen=plan.uid, by=ben)
    treatment_plan.rate_view(dyad, "client", 1, by=ana)
    kept = answers("client", t1=2, words="Nur meins", reader="raise", sharing={"t1": "not_yet"})
    fifth = a_held_session(dyad, client=kept, therapist=answers("therapist", b1=1))
    agreements.note_progress(fifth, "client", {goal.uid: 4}, by=ana)
    agreements.pick(fifth, "client", [goal.uid], ["Mehr Ruhe"], by=ana)
    to_cy = answers("client", words="Für jemand anderen", reader="outside")
    a_held_session(dyad, client=to_cy, therapist=answers("therapist"))
    a_held_session(dyad, client=answers("client", words="Zahl", reader="statistics"))
    day = timezone.localdate()
    care.share(dyad, people.cy, by=ben)
    cover_and_emergency.cover(dyad, people.eve, day, day, by=ben)
    cover_and_emergency.break_glass(dyad, "Anna ist nicht erreichbar.", by=people.ada)
    row = corrections.ask(dyad, "Es war ein Dienstag", by=ana)
    corrections.answer(row, "Geändert.", by=ben)
    corrections.ask(dyad, "Und im Mai", by=ana)
    consent.give(ana, "research", by=ana)
    consent.withdraw(ana, "research", by=ana)
    from accord_clinic.actions import talk_sheet as talking

    talking.tick(fifth, "words:o2", by=ben)
    pages = (
        "talk_sheet", "talk_sheet_pdf", "note", "course_file", "prepare_sheet", "goals", "strain", "course", "words",
        "outside_line", "?",
    )  # fmt: skip
    uids = list(dyad.sessions.ranked().filter(number__in=(4, 5)).values_list("uid", flat=True))
    for what in pages:
        ReadLog.objects.create(member=ben, dyad=dyad, what=what, sessions=uids, at=timezone.now())


def check_in_pages(walk: Walk) -> None:
    """Behind a link, from the first look to each way in which sending can go wrong."""
    ben = walk.dyad.therapist
    a_session(walk.dyad, start=timezone.now() - timezone.timedelta(hours=3), state="held")
    last = a_session(walk.dyad, start=timezone.now() - timezone.timedelta(hours=2), state="held")
    phone = Phone(last, start=False)
    walk.see("start", phone.browser.get(f"/c/{phone.token}"))
    phone.start()
    walk.see("questions", phone.open())
    words = {"0-o2": "Langsamer, bitte", "read.0-o2": "raise"}
    walk.see("last look", phone.look({**USUAL, "0-t1": "2", "share.0-t1": "raise", **words}))
    walk.see("problems", phone.look({**USUAL, "0-d1": "99", "0-o2": "x" * 10_001 + "\0"}))
    walk.see("not asked", phone.look({**USUAL, "made-up": "1"}))
    walk.see("stale", phone.browser.post(phone.url, {"key": "", "reviewed": "page", **USUAL}))
    phone.open()
    phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL})
    walk.see("thanks", phone.browser.get(f"{phone.url}received/"))
    walk.see("sent", phone.browser.get(f"/c/{phone.token}"))
    walk.see("change it", phone.open())
    checkin.send(last, "therapist", answers("therapist"), by=ben)
    walk.see("too late", phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", **USUAL}))
    walk.see("thanks, open", phone.browser.get(f"{phone.url}received/"))
    walk.see("shut", phone.browser.get(f"/c/{phone.token}"))
    for hours in (3, 4):
        other = a_session(walk.dyad, start=timezone.now() - timedelta(hours=hours), state="held")
        token = checkin.invite(other, by=None, mailed=True)
        browser = Browser(headers={"accept-language": "de"})
        if hours == 4:
            browser.post(f"/c/{token}")
        place = f"/c/{token}/not-held/" if hours == 3 else f"/check-in/{other.invitations.get().uid}/not-held/"
        walk.see(f"not held, {place[:3]}", browser.post(place))
    checkin.revoke(last, by=ben)
    stranger = Browser(headers={"accept-language": "de"})
    walk.see("carry", stranger.post(phone.url, {"key": "x", **USUAL, "0-o2": "Drei Worte hier"}))
    for name, path in {"unknown": "/c/made-up", "away": "/away", "sent anew": "/new-link-sent/"}.items():
        walk.see(name, stranger.get(path))
    walk.see("nothing", stranger.get("/nichts/"))
    walk.see("forged", Browser(enforce_csrf_checks=True, headers={"accept-language": "de"}).post("/mine/in/"))


def own_pages(walk: Walk) -> None:
    """The own space: stepping in, and each of its pages."""
    stranger = Browser(headers={"accept-language": "de"})
    walk.see("step in", stranger.get("/mine/in/"))
    stranger.post("/mine/in/", {"email": walk.ana.email})
    walk.see("code", stranger.get("/mine/code/"))
    walk.see("wrong code", stranger.post("/mine/code/", {"code": "0"}))
    care.register_client("Kim", by=walk.dyad.therapist, email=walk.ana.email)
    own_space.set_pin(walk.ana, "482915", by=walk.ana)
    code = ask_to_step_in(stranger, walk.ana.email)
    walk.see("who and PIN", stranger.post("/mine/code/", {"code": code}))
    walk.see("wrong PIN", stranger.post("/mine/code/", {"who": walk.ana.uid, "pin": "0"}))
    for _ask in range(6):
        stranger.post("/mine/in/", {"email": "niemand@example.org"})
    walk.see("asked too often", stranger.post("/mine/in/", {"email": "niemand@example.org"}))
    browser, uid = inside(walk.ana), walk.dyad.uid
    walk.see("openings", browser.post(f"/mine/{uid}/openings/"))
    for part in ("", "before/", "goals/", "plan/", "looking-back/", "lines/", "readers/"):
        walk.see(f"own {part}", browser.get(f"/mine/{uid}/{part}"))
    check = walk.dyad.follow_ups.filter(answered_at=None).get()
    walk.see("no such state", browser.post(f"/mine/follow-up/{check.uid}/", {"now": "9"}))
    walk.see("plan on paper", browser.get(f"/mine/{uid}/plan.pdf"))
    walk.see("plan meanwhile", browser.post(f"/mine/{uid}/plan/", {"what": "confirm", "seen": "x"}))
    walk.see("no such answer", browser.post(f"/mine/{uid}/plan/", {"what": "fit", "fit": "x"}))
    again = a_session(walk.dyad, start=timezone.now() - timedelta(hours=5), state="held")
    walk.see("not held, in the own space", browser.post(f"/mine/not-held/{again.uid}/"))
    walk.see("sheet", browser.get(f"/mine/sheet/{walk.dyad.sessions.ranked().get(number=5).uid}/"))
    walk.see("no words", browser.post(f"/mine/{uid}/propose/", {"kind": "goal", "words": " "}))
    walk.see("too many", browser.post(f"/mine/{uid}/propose/", {"kind": "goal", "words": "x" * 2_001}))
    goal = walk.dyad.agreements.filter(kind="goal", ended_at=None).first()
    changed = {"what": "reword", "words": "Gut schlafen", "seen": "0"}
    walk.see("meanwhile", browser.post(f"/mine/goals/{goal.uid}/", changed))
    ended = walk.dyad.agreements.exclude(ended_at=None).get()
    sealed = {"what": "seal", "seen": ended.wordings.get().pk}
    walk.see("ended", browser.post(f"/mine/goals/{ended.uid}/", sealed))
    walk.see("pin", browser.get("/mine/pin/"))
    walk.see("pin problem", browser.post("/mine/pin/", {"pin": "1"}))
    line = walk.ana.private_lines.filter(reader="raise").latest("id")
    walk.see("delete", browser.post(f"/mine/lines/{line.uid}/", {"what": "delete"}))
    other = a_dyad(walk.dyad.therapist, "Uwe")
    Client.objects.filter(pk=other.client_id).update(language="de")
    walk.see("own, empty", inside(other.client).get(f"/mine/{other.uid}/"))
    ExpectationSheet.objects.create(dyad=other, token_hash=links.digest("noch-nicht-gesehen"))
    for name, posted in (("nothing", {}), ("sent", {"hope": "Ruhe"})):
        walk.see(f"before, {name}", stranger.post("/before/noch-nicht-gesehen", posted))
    walk.see("before, in the own space", inside(other.client).get(f"/mine/{other.uid}/before/"))
    type(walk.dyad).objects.filter(pk=other.pk).update(client=walk.ana)
    walk.see("mine", browser.get("/mine/"))
    after = a_dyad(a_member("Eva", "therapist"), walk.ana, follows=walk.dyad)
    for shows in ("nothing", "agreed", "course"):
        walk.see("choose", browser.post(f"/mine/{after.uid}/earlier/", {"shows": shows}))
        for course in (walk.dyad, after):
            walk.see(f"{shows} of the course before", browser.get(f"/mine/{course.uid}/"))
            walk.see(f"{shows}, readers", browser.get(f"/mine/{course.uid}/readers/"))
    walk.see("leave", browser.post("/mine/leave/"))


def rights_pages(walk: Walk) -> None:
    """Choices and rights, with what is wrong and what is asked."""
    browser = inside(walk.ana)
    walk.see("rights", browser.get("/mine/rights/"))
    walk.see("agree", browser.post("/mine/rights/consent/", {"purpose": "transcripts", "what": "give"}))
    walk.see("messages", browser.post("/mine/rights/messages/", {"what": "stop"}))
    walk.see("rights, stopped", browser.get("/mine/rights/"))
    for page in ("copy", "contact", "erase"):
        walk.see(page, browser.get(f"/mine/rights/{page}/"))
        walk.see("ask code", browser.post("/mine/rights/code/", {"for": page}))
        walk.see(f"{page}, code waits", browser.get(f"/mine/rights/{page}/"))
        walk.see(
            f"{page}, wrong", browser.post(f"/mine/rights/{page}/", {"code": "0", "sure": "yes", "address": "a@b.de"})
        )
    for kind, address in (("email", "falsch"), ("phone", "1"), ("post", "a@b.de")):
        walk.see(f"contact, {kind}", browser.post("/mine/rights/contact/", {"kind": kind, "address": address}))
    given = {"kind": "email", "address": "neu@example.org", "code": code_for(browser, "contact")}
    walk.see("contact, new", browser.post("/mine/rights/contact/", given))
    walk.see("not sure", browser.post("/mine/rights/erase/", {"code": "0"}))
    walk.see("corrections", browser.get("/mine/rights/corrections/"))
    for name, said in {"no words": " ", "many words": "x" * 2_001}.items():
        posted = {"dyad": walk.dyad.uid, "words": said}
        walk.see(f"corrections, {name}", browser.post("/mine/rights/corrections/", posted))
    walk.see("the copy", browser.post("/mine/rights/copy/", {"code": code_for(browser, "copy")}))
    guarded = walk.ana
    consent.set_terms(walk.dyad, by=walk.dyad.therapist, consents="both")
    walk.see("rights, a guardian", inside(guarded).get("/mine/rights/"))


def ways_out(walk: Walk) -> None:
    """Stopping messages, and going for good."""
    walk.ana.refresh_from_db()
    walk.ana.codes.all().delete()  # more were asked for on this walk than one client may in an hour
    stop = delivery._stop_address(walk.ana).removeprefix("http://127.0.0.1:8000").partition("/stop/")[2]
    schedule.start_again(walk.ana, by=walk.ana)
    browser = Browser()
    walk.see("stop", browser.get(f"/stop/{stop}"))
    walk.see("stopped", browser.post(f"/stop/{stop}"))
    browser = inside(walk.ana)
    given = {"code": code_for(browser, "erase"), "sure": "yes"}
    asked = browser.post("/mine/rights/erase/", given)
    walk.see("asked for erasure", asked)
    receipt = re.search(r"[2-9A-Z]{4}(-[2-9A-Z]{4}){3}", asked.content.decode())[0]
    stranger = Browser(headers={"accept-language": "de"})
    walk.see("the state of a request", stranger.get("/mine/erasure/"))
    walk.see("a wrong receipt", stranger.post("/mine/erasure/", {"code": "x"}))
    walk.see("not decided yet", stranger.post("/mine/erasure/", {"code": receipt}))
    ada = Member.objects.get(name="Ada")
    erasure.decide(Erasure.objects.get(), ("record", "dates"), ("law", "claims", "safety"), by=ada)
    cover_and_emergency.break_glass(walk.dyad, "Das Gericht fragt nach der Akte.", by=ada)
    walk.see("decided", stranger.post("/mine/erasure/", {"code": receipt}))
    until = Erasure.objects.get().record_until
    erasure.purge(until)
    walk.see("erased", stranger.post("/mine/erasure/", {"code": receipt}))


def client_routes() -> set[str]:
    """Every address that is made for clients."""
    own = re.compile(r"\^?(guide/|c/|\(\?:c|check-in|new-link-sent|away|stop|mine)")
    addresses = {str(p.pattern) for p in get_resolver().url_patterns if not isinstance(p, URLResolver)}
    return {address for address in addresses if own.match(address)} - {ALWAYS_UNKNOWN}


def everywhere(walk: Walk) -> None:
    """From the first link to the last page."""
    check_in_pages(walk)
    own_pages(walk)
    rights_pages(walk)
    ways_out(walk)
    for page in (
        "",
        "working-well/",
        "what-you-may-say/",
        "if-it-does-not-fit/",
        "how-the-check-in-works/",
        "before-the-first-session/",
    ):
        walk.see(f"guide {page}", Browser(headers={"accept-language": "de"}).get(f"/guide/{page}"))


@pytest.mark.django_db
def test_every_page_for_a_client_says_whom_to_call_in_need(walk):
    """All but the harmless page to leave to, and those of a fault, which ask no database."""
    everywhere(walk)
    assert {name for name, text in walk.pages.items() if "116 123" not in text} == {"away", "nothing", "forged"}


@pytest.mark.django_db
def test_a_client_who_speaks_german_meets_no_english(walk):
    everywhere(walk)
    assert sorted(client_routes() - walk.routes) == [], "addresses that this walk does not open"
    assert sorted(walk.untranslated) == []
    left = {name: sorted({m[0] for m in ENGLISH.finditer(text)}) for name, text in walk.pages.items()}
    assert {name: found for name, found in left.items() if found} == {}


@pytest.mark.django_db
class TestWithoutATranslation:
    """A questionnaire without German words is never mixed in without a word, and may be left out."""

    @pytest.fixture
    def phone(self, people):
        Client.objects.filter(pk=people.ana.pk).update(language="de")
        care.set_up(people.dyad, {"phq-9": 1}, by=people.ben)
        return Phone(a_session(people.dyad, state="held"), start=False)

    def test_it_is_said_before_the_first_question_and_at_each_one(self, phone):
        first = words_of(phone.browser.get(f"/c/{phone.token}").content.decode())
        assert "Für einige Fragen gibt es hier keine Übersetzung." in first
        phone.start()
        page = phone.open().content.decode()
        assert page.count("Für diese Frage gibt es hier keine Übersetzung. Sie dürfen sie auslassen.") == 9
        assert "Für die nächsten Fragen gibt es hier keine Übersetzung." in page
        assert page.count('<legend lang="en">') == 9
        assert '<span data-label lang="en">Not at all</span>' in page

    def test_what_was_read_is_kept_with_its_own_language(self, phone):
        phone.start()
        phone.send({**USUAL, "2-phq1": "1"})
        languages = phone.invitation.session.responses.values_list("instrument", "language")
        assert dict(languages) == {"accord-check-in": "de", "accord-starting-path": "de", "phq-9": "en"}

    def test_the_last_look_marks_the_words_of_the_other_language(self, phone):
        phone.start()
        looked = phone.look({**USUAL, "2-phq1": "1"}).content.decode()
        assert 'class="review-answer" lang="en"' in looked
        assert '<span data-about lang="en">Over the last 2 weeks' in looked

    def test_who_reads_english_sees_none_of_it(self, people):
        care.set_up(people.dyad, {"phq-9": 1}, by=people.ben)
        phone = Phone(a_session(people.dyad, state="held"))
        page = phone.open().content.decode()
        assert "no translation" not in page
        assert 'lang="en">Not at all' not in page


class TestStaffPages:
    """Staff read English, whatever their browser asks for: half a translation helps nobody."""

    @pytest.mark.django_db
    @pytest.mark.parametrize("path", ["/today/", "/people/", "/people/{uid}/", "/people/{uid}/terms/"])
    def test_a_german_browser_gets_them_in_english(self, walk, as_member, path):
        page = as_member(walk.dyad.therapist).get(path.format(uid=walk.dyad.uid), headers={"accept-language": "de"})
        assert page["Content-Language"] == "en"
        assert not {"Ihre", "Sitzung", "Heute", "Nachrichten", "stimmt"} & set(
            re.findall(r"\w+", words_of(page.content.decode()))
        )

    @pytest.mark.django_db
    def test_signing_in_is_in_english_too(self, client):
        assert client.get("/account/login/", headers={"accept-language": "de"})["Content-Language"] == "en"


@pytest.mark.django_db
class TestTheTalkSheet:
    """It is made to be looked at by both, so it speaks the client's language, on whichever screen and on paper."""

    def test_on_the_therapists_screen(self, walk, as_member):
        session = walk.dyad.sessions.ranked().get(number=5)
        page = as_member(walk.dyad.therapist).get(f"/sessions/{session.uid}/talk/").content.decode()
        assert '<div lang="de">' in page
        sheet = words_of(page.partition('<div lang="de">')[2].partition("</main>")[0])
        assert "Wie Sie beide Sitzung 5 gesehen haben" in sheet
        assert sorted({found[0] for found in ENGLISH.finditer(sheet)}) == []
        assert "People" in page

    def test_and_on_paper(self, walk):
        sheet = talk_sheet.sheet(walk.dyad.sessions.ranked().get(number=5))
        with translation.override(sheet.language):
            said = str(pdf._data(sheet, timezone.get_current_timezone()))
        assert "Wie Sie beide Sitzung 5 gesehen haben" in said
        assert "These are" not in said
        assert pdf.talk_pdf(sheet, timezone.get_current_timezone()).startswith(b"%PDF")


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["link", "reminder", "code", "contact_changed"])
def test_every_message_to_a_client_leaves_in_german(people, mailoutbox, kind):
    Client.objects.filter(pk=people.ana.pk).update(language="de")
    session = a_held_session(people.dyad)
    people.ana.refresh_from_db()
    now = timezone.now()
    about = "123456" if kind == "code" else "https://a.example/c/xyz"
    delivery.send(Notice(kind=kind, key=kind, client=people.ana, session=session, about=about, made_at=now))
    [mail] = mailoutbox
    words = re.sub(r"https?://\S+", "", f"{mail.subject} {mail.body}")
    assert "Sie" in words or "Ihr" in words
    assert sorted({found[0] for found in ENGLISH.finditer(words)}) == []
