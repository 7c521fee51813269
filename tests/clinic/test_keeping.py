"""Any answer can be kept by whoever gave it: to everybody else it is as one that was skipped, until it is shown."""

import re
from dataclasses import replace

import pytest
from django.urls import reverse
from tests.clinic.people import CHECK_IN, a_dyad, a_held_session, a_part, a_session, answers
from tests.clinic.phone import USUAL, Phone, text
from tests.clinic.rights_steps import inside
from tests.clinic.test_rate import form

from accord_clinic.actions import agreements, checkin, private_lines
from accord_clinic.models import Comment, Invitation, KeptRating, Pick, PrivateLine, Progress, Response
from accord_clinic.queries import checkin as client_queries
from accord_clinic.queries import own_space
from accord_clinic.questionnaires import reading
from accord_clinic.questionnaires.plan import WIDER_LOOK
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.questionnaires.submission import OpenLine
from accord_clinic.views import checkin_page

pytestmark = pytest.mark.django_db


def choices(instrument, side):
    """Each item that this side can keep, with its form and an answer."""
    for name in instrument.forms:
        for item in instrument.asked(name, side):
            if item.kind != "text" and item.safety is None:
                of = instrument.answer_sets[item.answers]
                yield name, item.id, of.codes[:1] if item.kind == "many" else int(of.low + 1)


@pytest.mark.parametrize("side", ["client", "therapist"])
def test_a_kept_answer_leaves_what_a_skipped_one_leaves_whatever_the_question(people, side):
    """Every question of every questionnaire that can be asked. All pages, files and counts are made of these rows."""
    walked = 0
    for instrument in [one for one in shelf().instruments.values() if one.wordings and one.has_wording("en")]:
        for name, item, answer in choices(instrument, side):
            rows = []
            for given in (answer, None):
                dyad = a_dyad(people.ben, f"Kim {walked} {given is None}")
                part = a_part(instrument.id, side, name, {item: given})
                keep = {(instrument.id, item): "raise"}
                page = replace(answers(side), sharing=keep)
                parts = (part,) if instrument.id == CHECK_IN else (*page.parts, part)
                session = a_session(dyad, state="held")
                by = dyad.client if side == "client" else people.ben
                checkin.send(session, side, replace(page, parts=parts), by=by)
                columns = ("instrument", "version", "form", "answers", "context")
                sent = session.responses.order_by("id").values_list(*columns)
                rows.append(list(sent))
                kept = (PrivateLine if side == "client" else KeptRating).objects.filter(response__session=session)
                assert kept.count() == (given is not None), (instrument.id, item)
            assert rows[0] == rows[1], (instrument.id, item)
            walked += 1
    assert walked > 60


def test_a_safety_answer_cannot_be_kept_and_the_page_says_so(dyad):
    dyad.measures.create(instrument="phq-9", every=1)
    phone = Phone(a_session(dyad, state="held"))
    page = phone.open().content.decode()
    assert "Ben always sees your answer to this question." in page
    questions = re.findall(r'(<fieldset[^>]*id="question-([^"]+)"[^>]*>)', page)
    can_be_kept = {item: "data-share" in tag for tag, item in questions}
    assert can_be_kept["2-phq8"]
    assert not can_be_kept["2-phq9"]


def test_the_last_look_shows_all_with_one_tap_or_lets_choose(dyad):
    phone = Phone(a_session(dyad, state="held"))
    look = phone.look(USUAL)
    assert "Send, and show Ben all of this" in text(look)
    assert 'name="share.0-d1"' not in look.content.decode()
    look = phone.browser.post(phone.url, {"key": phone.key, "choose": "1", **USUAL})
    assert "You can keep any answer to yourself. It then looks like a skipped one" in text(look)
    for item in USUAL:
        assert f'name="share.{item}"' in look.content.decode()
    assert not Response.objects.exists()


def test_the_last_look_folds_a_long_measure_but_for_its_safety_question(dyad):
    dyad.measures.create(instrument="phq-9", every=1)
    phone = Phone(a_session(dyad, state="held"))
    place = re.search(r'name="(\d)-phq1"', phone.open().content.decode())[1]
    given = {f"{place}-phq{n}": "0" for n in range(1, 10)}
    folded = r'<details class="review-fold"( open)?>(.*?)</details>'
    opened, rows = re.search(folded, phone.look(given).content.decode(), re.S).groups()
    assert (opened, rows.count("data-review-row"), "phq9" in rows) == (None, 8, False)
    kept = phone.browser.post(phone.url, {"key": phone.key, **given, f"share.{place}-phq2": "raise"})
    assert re.search(folded, kept.content.decode(), re.S)[1], "what is kept stands open"


def test_no_row_stands_for_a_question_that_a_side_has_not_answered(people):
    """Something felt off for Ben; Ana skipped that question, or keeps it: the sheet has Ben's line alone."""
    for item in ({"t1": None}, {"t1": 2, "sharing": {"t1": "raise"}}):
        session = a_held_session(people.dyad, client=answers("client", **item), therapist=answers("therapist", t1=1))
        sheet = text(inside(people.ana).get(reverse("my-sheet", args=[session.uid])))
        assert "Something felt a little off" in sheet
        assert "left this open" not in sheet


class TestTheTherapist:
    def test_keeps_an_answer_and_a_line_and_shows_them_later(self, people, dyad, as_member):
        session = a_held_session(dyad, client=answers("client"))
        browser = as_member(people.ben)
        fields = {"0-d1": "3", "0-d2": "0", "share.0-d2": "raise", "0-o1": "My own view", "share.0-o1": "raise"}
        browser.post(reverse("rate", args=[session.uid]), {**form(browser, session), **fields})
        assert session.responses.get(side="therapist", instrument=CHECK_IN).answers == {"d1": 3}
        assert not Comment.objects.exists()
        sheet = inside(people.ana).get(reverse("my-sheet", args=[session.uid]))
        assert "My own view" not in text(sheet)
        page = text(browser.get(reverse("rated", args=[session.uid])))
        assert "Answers you kept" in page
        assert "My own view" in page
        for kept in KeptRating.objects.all():
            browser.post(reverse("show_kept", args=[kept.uid]))
        latest = session.responses.filter(side="therapist", instrument=CHECK_IN).latest("id")
        assert latest.answers == {"d1": 3, "d2": 0}
        assert "My own view" in text(inside(people.ana).get(reverse("my-sheet", args=[session.uid])))
        assert not KeptRating.objects.exists()

    def test_alone_shows_what_the_therapist_kept(self, people, dyad, as_member):
        said = replace(answers("therapist", t1=1), sharing={(CHECK_IN, "t1"): "raise"})
        a_held_session(dyad, client=answers("client"), therapist=said)
        kept = KeptRating.objects.get(item="t1")
        assert as_member(people.eve).post(reverse("show_kept", args=[kept.uid])).status_code == 404
        assert KeptRating.objects.filter(pk=kept.pk).exists()
        assert not dyad.strains.filter(opened_by="therapist").exists()


class TestAroundTheQuestionnaires:
    """The word on an earlier concern and on a task can be kept, too."""

    def test_an_answer_about_a_concern_moves_it_only_when_it_is_shown(self, people, dyad):
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        strain = dyad.strains.get()
        phone = Phone(a_session(dyad, state="held"))
        asked = {f"a1.{strain.uid}": "0", f"a2.{strain.uid}": "1"}
        phone.send({**USUAL, **asked, f"share.a2.{strain.uid}": "raise", f"share.a1.{strain.uid}": "show"})
        checkin.send(phone.invitation.session, "therapist", answers("therapist"), by=people.ben)
        strain.refresh_from_db()
        assert strain.state == "talked_about"
        page = text(inside(people.ana).get(reverse("my-lines", args=[dyad.uid])))
        assert "It is partly resolved" in page
        private_lines.show(PrivateLine.objects.get(), by=people.ana)
        strain.refresh_from_db()
        assert strain.state == "partly"

    def test_how_a_task_went_is_noted_only_when_it_is_shown(self, people, dyad):
        goal = agreements.propose(dyad, "goal", "Sleep", "client", by=people.ana)
        task = agreements.propose(dyad, "task", "No screen in bed", "client", by=people.ana, goal=goal)
        for side, by in (("client", people.ana), ("therapist", people.ben)):
            agreements.seal(task, side, seen=task.wordings.get().pk, by=by)
        phone = Phone(a_session(dyad, state="held"))
        phone.send({**USUAL, f"how.{task.uid}": "0", f"share.how.{task.uid}": "raise"})
        assert not Progress.objects.exists()
        assert f'name="how.{task.uid}" value="0" checked' in phone.open().content.decode()
        assert "No screen in bed" in text(inside(people.ana).get(reverse("my-lines", args=[dyad.uid])))
        private_lines.show(own_space.private_lines(people.ana, dyad)[0], by=people.ana)
        assert Progress.objects.get().value == 0


class TestHowMuchIsAsked:
    def test_at_most_sixteen_taps_where_something_felt_off_and_a_concern_is_open(self, people, dyad):
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
        for _ in range(2):
            a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
        goal = agreements.propose(dyad, "goal", "Sleep", "client", by=people.ana)
        for words in ("No screen in bed", "Up at seven"):
            task = agreements.propose(dyad, "task", words, "client", by=people.ana, goal=goal)
            for side, by in (("client", people.ana), ("therapist", people.ben)):
                agreements.seal(task, side, seen=task.wordings.get().pk, by=by)
        phone = Phone(a_session(dyad, state="held"))
        link = client_queries.by_token(phone.token)
        page = checkin_page.page_of(link)
        off = {"0-t1": ["1"]}
        taps = [q for q in page.questions() if q.kind != "words" and reading.is_asked(q, off) and q.unless != "0-t1"]
        assert len(taps) + 1 <= 16
        assert not any(block.instrument == WIDER_LOOK for block in page.body)

    def test_the_wider_look_is_stored_alike_whether_it_was_left_out_or_skipped(self, people, dyad):
        for _ in range(6):
            a_held_session(dyad)
        rows = []
        for off in ({"0-t1": "2", "share.0-t1": "raise"}, {"0-t1": "0", "share.0-t1": "raise"}):
            phone = Phone(a_session(dyad, state="held"))
            phone.send({**USUAL, **off})
            sent = Response.objects.filter(session=phone.invitation.session).order_by("instrument")
            rows.append([(row.instrument, row.answers) for row in sent])
        assert rows[0] == rows[1]
        assert WIDER_LOOK in dict(rows[0])


class TestDuringAnUpgrade:
    """A page that was made by version 0.1 of the check-in, and is sent to this one."""

    @pytest.fixture
    def phone(self, dyad):
        phone = Phone(a_session(dyad, state="held"))
        phone.invitation.forms = [[CHECK_IN, "full"], [WIDER_LOOK, "room"]]
        phone.invitation.save()
        phone.key = checkin_page.SIGNER.sign(f"a-page-of-before.{phone.invitation.uid}.")
        return phone

    def test_it_is_answered_by_its_own_version_and_kept(self, phone):
        fields = {f"0-{item}": "3" for item in ("d1", "d2", "m1", "m2", "b1", "b2", "b3", "v1")}
        fields |= {"0-t1": "0", "1-w7": "2", "share.0-b1": "not_yet"}
        posted = {"key": phone.key, "reviewed": "page", **fields}
        assert phone.browser.post(phone.url, posted).status_code == 302
        check_in = Response.objects.get(instrument=CHECK_IN)
        assert (check_in.version, check_in.wording) == (
            "0.1", shelf().versions[CHECK_IN, "0.1"].wordings["en"].hash("full", "client")
        )  # fmt: skip
        assert "b1" not in check_in.answers
        assert PrivateLine.objects.get().item == "b1"
        assert Response.objects.get(instrument=WIDER_LOOK).answers == {"w7": 2}

    def test_where_something_is_wrong_it_comes_back_in_its_own_version(self, phone):
        page = phone.browser.post(phone.url, {"key": phone.key, "reviewed": "page", "0-d1": "9", "1-w1": "2"})
        assert "Please choose one of the answers" in text(page)
        assert 'name="0-b4"' not in page.content.decode()
        assert 'name="1-w1" value="2" checked' in page.content.decode()

    def test_what_was_sent_by_it_is_changed_in_it(self, phone):
        posted = {"key": phone.key, "reviewed": "page", "0-d1": "3", "0-t1": "0"}
        phone.browser.post(phone.url, posted)
        page = phone.browser.get(phone.url).content.decode()
        assert 'name="0-d1" value="3" checked' in page
        assert 'name="0-b4"' not in page

    def test_a_link_that_is_opened_after_it_asks_the_new_version(self, phone):
        assert 'name="0-b4"' in phone.open().content.decode()


def test_a_rating_page_of_before_an_upgrade_is_shown_again(people, dyad, as_member):
    from accord_clinic.views.rating import SALT, signing  # noqa: PLC0415 - what the page of before was signed with

    session = a_held_session(dyad)
    old = signing.dumps([session.uid, "a-page-of-before", "2026-11-30T01:00:00+00:00"], salt=SALT)
    page = as_member(people.ben).post(reverse("rate", args=[session.uid]), {"key": old, "0-d1": "3"})
    assert page.status_code == 422
    assert "Your answers are all still here" in text(page)
    assert not Response.objects.exists()


class TestWhatMattersMost:
    """Asked after every fifth session: a shared goal, or new words. Each can be kept as any answer can."""

    @pytest.fixture
    def fifth(self, people, dyad):
        for _week in range(4):
            a_session(dyad, state="held")
        return a_session(dyad, state="held")

    @pytest.fixture
    def goal(self, people, dyad):
        goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=people.ana)
        agreements.seal(goal, "therapist", seen=goal.wordings.get().pk, by=people.ben)
        return goal

    def test_a_client_keeps_picks_and_shows_them_later_one_by_one(self, people, fifth, goal):
        phone = Phone(fifth)
        said = {"picked": goal.uid, "picked-words": "Less pain", "share.picked": "raise", "share.picked-words": "raise"}
        phone.send({**USUAL, **said})
        assert not Pick.objects.exists()
        assert "You kept some answers." in text(phone.browser.get(f"{phone.url}received/"))
        own = inside(people.ana)
        lines = text(own.get(reverse("my-lines", args=[people.dyad.uid])))
        assert "What matters most to you now? Sleep through" in lines
        assert "Less pain" in lines
        for row in PrivateLine.objects.filter(item__startswith="picked"):
            own.post(reverse("keep-or-show", args=[row.uid]), {"what": "show"})
        now = client_queries.sent(fifth, (), asked_progress=False, asked_picks=True)
        assert (now.picked, now.picked_words) == ((goal.uid,), ("Less pain",))
        assert not PrivateLine.objects.exists()

    def test_a_page_that_is_changed_holds_what_was_kept(self, fifth, goal):
        phone = Phone(fifth)
        Invitation.objects.update(mailed=True)
        phone.send({**USUAL, "picked": goal.uid, "share.picked": "raise", "picked-words": "Less pain"})
        page = phone.open().content.decode()
        assert re.search(rf'value="{goal.uid}"[^>]*checked', page)
        assert "Less pain" in page
        assert [p.words for p in Pick.objects.all()] == ["Less pain"]

    def test_a_therapist_keeps_picks_and_shows_them_later(self, people, fifth, goal, as_member):
        browser, address = as_member(people.ben), reverse("rate", args=[fifth.uid])
        browser.post(address, {**form(browser, fifth), "picked": goal.uid, "share.picked": "raise"})
        assert not Pick.objects.exists()
        again = browser.get(address).content.decode()
        assert "See what you keep, or show it now" in again
        assert re.search(rf'value="{goal.uid}"[^>]*checked', again)
        rated = text(browser.get(reverse("rated", args=[fifth.uid])))
        assert "What matters most to you now? Sleep through" in rated
        browser.post(reverse("show_kept", args=[KeptRating.objects.get().uid]))
        assert [p.agreement for p in Pick.objects.all()] == [goal]

    def test_a_rating_that_is_sent_again_keeps_the_picks_that_were_shown(self, people, fifth, goal, as_member):
        browser, address = as_member(people.ben), reverse("rate", args=[fifth.uid])
        browser.post(address, {**form(browser, fifth), "picked": goal.uid})
        assert re.search(rf'value="{goal.uid}"[^>]*checked', browser.get(address).content.decode())


def test_words_to_somebody_else_are_no_kept_rating(people, dyad):
    said = replace(answers("client"), open_lines=(OpenLine(CHECK_IN, "o1", "For Cy", "outside"),))
    a_held_session(dyad, client=said, therapist=answers("therapist"))
    assert PrivateLine.objects.get().to == people.cy
    assert not KeptRating.objects.exists()


def test_a_concern_is_asked_about_three_times_and_then_at_reviews(people, dyad):
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    asked = []
    for _ in range(6):
        session = a_session(dyad, state="held")
        asked.append(len(client_queries.concerns(session)))
        checkin.send(session, "client", answers("client"), by=people.ana)
    assert asked == [1, 1, 1, 0, 1, 0]
    assert session.number == 7


def test_several_concerns_take_turns(people, dyad):
    for _ in range(2):
        a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    asked = []
    for _ in range(2):
        session = a_session(dyad, state="held")
        asked += [uid for uid, _start in client_queries.concerns(session)]
        checkin.send(session, "client", answers("client"), by=people.ana)
    assert sorted(asked) == sorted(dyad.strains.values_list("uid", flat=True))


@pytest.mark.parametrize("reader", ["raise", "statistics", "outside"])
def test_no_page_tells_a_kept_line_of_any_questionnaire(people, as_member, reader):
    """A canary for every question that is answered in words, each searched on every page of its course."""
    browser, walked = as_member(people.ben), 0
    for instrument in [one for one in shelf().instruments.values() if one.wordings and one.has_wording("en")]:
        for name in instrument.forms:
            for item in [item for item in instrument.asked(name, "client") if item.kind == "text"]:
                words = f"kolibri-{instrument.id}-{item.id}"
                dyad = a_dyad(people.ben, f"Kim {name} {item.id}")
                page = replace(answers("client"), open_lines=(OpenLine(instrument.id, item.id, words, reader),))
                if instrument.id != CHECK_IN:
                    page = replace(page, parts=(*page.parts, a_part(instrument.id, "client", name, {})))
                session = a_held_session(dyad, client=page, therapist=answers("therapist"))
                assert PrivateLine.objects.filter(response__session=session, words=words).exists(), words
                of_session = [reverse(url, args=[session.uid]) for url in ("talk", "talk_pdf", "prepare", "note")]
                of_dyad = [reverse(url, args=[dyad.uid]) for url in ("dyad", "goals", "terms")]
                for url in (*of_session, *of_dyad, "/today/", "/people/"):
                    assert words not in browser.get(url).content.decode(errors="replace"), url
                walked += 1
    assert walked > 5
