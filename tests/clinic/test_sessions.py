"""Sessions and courses of care: planned, held, missed; links made; somebody new; shared, handed over, ended."""

import re
from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_course, a_dyad, a_held_session, a_session
from tests.clinic.phone import USUAL, Phone, text
from tests.clinic.rights_steps import inside

from accord_clinic import links
from accord_clinic.actions import care, checkin, earlier_course, pause, schedule
from accord_clinic.models import AuditEntry, Client, Dyad, Invitation, Measure, Notice, Practice, Session, Share
from accord_clinic.questionnaires import plan

TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=10)


@pytest.fixture
def browser(ben, as_member):
    return as_member(ben)


def test_a_session_is_planned_on_the_practices_clock(browser, people, dyad):
    said = {"day": SOON.isoformat(), "time": "10:30", "modality": "video"}
    assert browser.post(reverse("plan_session", args=[dyad.uid]), said).url == reverse("dyad", args=[dyad.uid])
    session = dyad.sessions.get()
    berlin = timezone.localtime(session.start, ZoneInfo("Europe/Berlin"))
    assert (berlin.date(), berlin.hour, berlin.minute, session.modality) == (SOON, 10, 30, "video")


def test_the_form_guesses_a_week_later_at_the_same_time(browser, people, dyad):
    a_session(dyad, datetime(2026, 3, 3, 9, tzinfo=UTC))
    page = browser.get(reverse("plan_session", args=[dyad.uid])).content.decode()
    assert 'value="2026-03-10"' in page
    assert 'value="10:00"' in page


@pytest.mark.parametrize("wrong", [{"day": ""}, {"day": "someday"}, {"time": "25:00"}, {"modality": "by owl"}])
def test_a_wrong_date_says_so_and_keeps_the_rest(browser, people, dyad, wrong):
    said = {"day": SOON.isoformat(), "time": "10:30", "modality": "video"} | wrong
    answer = browser.post(reverse("plan_session", args=[dyad.uid]), said)
    assert answer.status_code == 422
    assert "Something needs another look" in answer.content.decode()
    assert not dyad.sessions.exists()


def test_session_before_the_last_one_can_be_planned(browser, people, dyad):
    later = a_session(dyad, datetime.now(UTC) + timedelta(days=30))
    said = {"day": SOON.isoformat(), "time": "10:30", "modality": "room"}
    browser.post(reverse("plan_session", args=[dyad.uid]), said)
    assert dyad.sessions.order_by("start").values_list("uid", flat=True)[1] == later.uid


@pytest.mark.parametrize("state", ["held", "cancelled", "missed_by_client", "missed_by_therapist"])
def test_what_became_of_a_session(browser, people, dyad, state):
    session = a_session(dyad)
    answer = browser.post(reverse("mark_session", args=[session.uid]), {"state": state, "from": "today"})
    assert answer.url == reverse("today")
    session.refresh_from_db()
    assert session.state == state
    assert AuditEntry.objects.filter(act="mark_session", row=f"session:{session.pk}").exists()


def test_a_link_is_shown_once_with_its_picture(browser, people, dyad):
    session = a_held_session(dyad)
    page = browser.post(reverse("make_link", args=[session.uid]), {"show": ""}).content.decode()
    token = re.search(r'value="https?://[^/"]+/c/([^"]+)"', page)[1]
    assert Invitation.objects.get().token_hash == links.digest(token)
    assert "<svg" in page
    assert "style=" not in page
    assert token not in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()


def test_a_link_that_went_to_the_wrong_person_is_closed(browser, people, dyad):
    session = a_held_session(dyad)
    close = reverse("close_link", args=[session.uid])
    assert close not in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
    phone = Phone(session)
    assert close in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
    assert close in browser.post(reverse("make_link", args=[session.uid]), {"show": ""}).content.decode()
    answer = browser.post(close, follow=True)
    assert "The link is closed. You can make a new one." in text(answer)
    assert phone.browser.get(f"/c/{phone.token}").status_code == 410
    assert not Invitation.objects.filter(revoked_at=None).exists()
    assert AuditEntry.objects.filter(act="revoke", row=f"session:{session.pk}").exists()


def test_closing_a_link_tells_nothing_of_whether_it_was_used(browser, people, dyad):
    sent, waiting = a_held_session(dyad), a_held_session(dyad)
    for session in (sent, waiting):
        phone = Phone(session)
        if session is sent:
            phone.send(USUAL)
        browser.post(reverse("close_link", args=[session.uid]))
    page = browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
    assert all(page.count(reverse("close_link", args=[session.uid])) == 1 for session in (sent, waiting))


def test_a_therapist_adds_a_strain_about_the_last_open_session(browser, people, dyad):
    page = reverse("dyad", args=[dyad.uid])
    assert "Add a strain" not in text(browser.get(page))
    session = a_course(dyad, 1)[-1]
    add = reverse("open_strain", args=[session.uid])
    assert add in browser.get(page).content.decode()
    browser.post(add, {"kind": "withdrawal"})
    assert list(dyad.strains.values_list("kind", "opened_by", "session")) == [("withdrawal", "therapist", session.pk)]


def test_a_link_goes_to_the_known_contact(browser, people, dyad):
    session = a_held_session(dyad)
    answer = browser.post(reverse("make_link", args=[session.uid]), {"mail": "", "from": "today"}, follow=True)
    assert "The link is on its way to Ana." in answer.content.decode()
    notice = Notice.objects.get(kind="link", client=dyad.client)
    token = re.search(r"/c/(\S+)", notice.about)[1]
    assert Invitation.objects.get().token_hash == links.digest(token)


def test_where_mail_is_only_printed_no_page_says_that_it_is_on_its_way(browser, people, dyad, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    guide = text(browser.post(reverse("send_guide", args=[dyad.uid]), follow=True))
    make = reverse("make_link", args=[a_held_session(dyad).uid])
    sent = text(browser.post(make, {"mail": ""}, follow=True))
    assert "This one appears in the window where Accord runs" in sent
    assert "This one appears in the window where Accord runs" in guide
    assert "on its way" not in sent + guide


def test_nothing_is_sent_while_a_client_is_paused_and_the_page_says_so(browser, people, ben, dyad):
    session = a_held_session(dyad)
    pause.pause(dyad, "ill", by=ben)
    answer = text(browser.post(reverse("make_link", args=[session.uid]), {"mail": ""}, follow=True))
    assert "End the pause first" in answer
    assert not Invitation.objects.exists()


def test_without_a_contact_the_page_says_what_to_do(browser, people, ben):
    dyad = a_dyad(ben, "Bo")
    Client.objects.filter(pk=dyad.client_id).update(email="")
    session = a_held_session(dyad)
    answer = browser.post(reverse("make_link", args=[session.uid]), {"mail": ""}, follow=True)
    assert "Show the link and hand it over" in answer.content.decode()
    assert not Invitation.objects.exists()


def test_somebody_new_starts_with_a_course(browser, people):
    said = {
        "name": "Noa", "address_as": "", "language": "de", "email": "noa@example.org", "phone": "", "born": "1990",
        "started": "2026-11-20", "approach": "cbt", "modality": "video", "form": "minimum",
        "measure-phq-9": "2", "measure-gad-7": "8",
    }  # fmt: skip
    answer = browser.post(reverse("new_person"), said)
    dyad = Dyad.objects.get(client__name="Noa")
    assert answer.url == reverse("dyad", args=[dyad.uid])
    assert (dyad.approach, dyad.modality, dyad.form, dyad.client.language) == ("cbt", "video", "minimum", "de")
    assert dict(dyad.measures.values_list("instrument", "every")) == {"phq-9": 2, "gad-7": 8}
    assert "PHQ-9 is not asked, because it is not available in German here" in browser.get(answer.url).content.decode()


SOMEBODY = {
    "name": "Noa", "language": "en", "started": "2026-11-20", "approach": "cbt", "modality": "room", "form": "full",
}  # fmt: skip


def test_who_agrees_is_asked_where_the_year_of_birth_is_left_out(browser, people):
    answer = browser.post(reverse("new_person"), SOMEBODY)
    assert answer.status_code == 422
    assert "Enter the year of birth, or choose who consents" in answer.content.decode()
    browser.post(reverse("new_person"), SOMEBODY | {"consents": "client"})
    assert Client.objects.get(name="Noa").terms.consents == "client"
    page = browser.get(reverse("dyad", args=[Dyad.objects.get(client__name="Noa").uid])).content.decode()
    assert "age is not recorded" not in page


def test_nothing_is_asked_where_the_practice_asks_no_guardian(browser, people):
    Practice.objects.update(guardian_below=0)
    assert browser.post(reverse("new_person"), SOMEBODY).status_code == 302
    assert not hasattr(Client.objects.get(name="Noa"), "terms")


def test_what_is_asked_can_be_changed_and_only_changes_are_logged(browser, people, dyad):
    said = {"approach": "cbt", "modality": "video", "form": "minimum", "measure-phq-9": "1"}
    browser.post(reverse("set_up", args=[dyad.uid]), said)
    browser.post(reverse("set_up", args=[dyad.uid]), said)
    dyad.refresh_from_db()
    assert (dyad.approach, dyad.modality, dyad.form) == ("cbt", "video", "minimum")
    assert dict(dyad.measures.values_list("instrument", "every")) == {"phq-9": 1}
    assert AuditEntry.objects.get(act="set_up").fields == ["approach", "form", "measures", "modality"]
    page = browser.get(reverse("set_up", args=[dyad.uid])).content.decode()
    assert '<option value="1" selected>after every session</option>' in page
    assert "there is no wording" not in page


SET_UP = {"approach": "cbt", "modality": "room", "form": "full", "measure-phq-9": "1"}


def is_asked(dyad) -> bool:
    """Whether the next check-in asks the PHQ-9, and its question on being better off dead."""
    checkin.invite(a_session(dyad, state="held"), by=dyad.therapist)
    return ["phq-9", "full"] in [list(pair) for pair in Invitation.objects.latest("id").forms]


def test_a_measure_that_is_not_here_in_the_clients_language_is_asked_only_where_the_therapist_chose_so(browser, dyad):
    Client.objects.filter(pk=dyad.client_id).update(language="de")
    pages = [reverse(page, args=[dyad.uid]) for page in ("set_up", "plan_session")]
    told = "PHQ-9 is not asked, because it is not available in German here. If Ana reads English well, you can choose"
    assert told in unescape(browser.post(pages[0], SET_UP, follow=True).content.decode())
    assert all(told in unescape(browser.get(page).content.decode()) for page in pages)
    assert not is_asked(Dyad.objects.get(pk=dyad.pk))
    browser.post(pages[0], SET_UP | {"foreign-phq-9": "on"})
    assert AuditEntry.objects.filter(act="set_up").count() == 2
    told = "PHQ-9 is asked in English, because it is not available in German here."
    assert all(told in unescape(browser.get(page).content.decode()) for page in pages)
    assert is_asked(Dyad.objects.get(pk=dyad.pk))
    assert 'name="foreign-phq-9" id="id_foreign-phq-9" checked' in browser.get(pages[0]).content.decode()


def test_that_choice_goes_with_a_hand_over_and_asks_nothing_by_itself(browser, dyad, ben, eve):
    Client.objects.filter(pk=dyad.client_id).update(language="de")
    browser.post(reverse("set_up", args=[dyad.uid]), {**SET_UP, "measure-phq-9": "", "foreign-phq-9": "on"})
    assert not Measure.objects.exists()
    browser.post(reverse("set_up", args=[dyad.uid]), SET_UP | {"foreign-phq-9": "on"})
    assert is_asked(care.hand_over(Dyad.objects.get(pk=dyad.pk), eve, TODAY, by=ben))


@pytest.mark.parametrize(("years", "asked"), [(12, False), (13, True), (None, True)])
def test_a_measure_is_not_asked_below_the_age_that_it_is_made_for(browser, dyad, years, asked):
    """Who turns twelve this year may still be eleven. Nobody younger is registered, so no year counts as old enough."""
    Client.objects.filter(pk=dyad.client_id).update(born=years and TODAY.year - years)
    page = unescape(browser.post(reverse("set_up", args=[dyad.uid]), SET_UP, follow=True).content.decode())
    assert ("PHQ-9 is not asked. It is for people aged 12 and over" in page) is not asked
    assert is_asked(Dyad.objects.get(pk=dyad.pk)) is asked


@pytest.mark.parametrize(("every", "asked"), [(1, [1, 2, 3, 4, 5]), (2, [1, 3, 5]), (4, [1, 5]), (8, [1])])
def test_a_measure_is_asked_in_the_sessions_that_its_interval_says(dyad, every, asked):
    Measure.objects.create(dyad=dyad, instrument="phq-9", every=every)
    measures = list(dyad.measures.all())
    assert [n for n in range(1, 6) if ("phq-9", "full") in plan.forms(dyad, n, 1, "client", measures)] == asked


def test_children_are_too_young_for_these_questions(browser, people):
    said = {"name": "Noa", "language": "en", "born": str(TODAY.year - 10), "started": "2026-11-20"}
    said |= {"approach": "cbt", "modality": "room", "form": "full"}
    answer = browser.post(reverse("new_person"), said)
    assert answer.status_code == 422
    assert "aged 12 and over" in answer.content.decode()


def test_a_course_is_shared_with_a_supervisor_and_taken_back(browser, people, dyad, cy):
    browser.post(reverse("share", args=[dyad.uid]), {"supervisor": cy.uid})
    assert Share.objects.get(until=None).member == cy
    assert "Shared with Cy" in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()
    browser.post(reverse("unshare", args=[dyad.uid]), {"supervisor": cy.uid})
    assert not Share.objects.filter(until=None).exists()


def test_it_cannot_be_shared_with_just_anybody(browser, people, dyad, mo):
    assert browser.post(reverse("share", args=[dyad.uid]), {"supervisor": mo.uid}).status_code == 404
    assert not Share.objects.exists()


def test_a_course_ends_with_how_when_and_why(browser, people, dyad):
    said = {"end-how": "by_client", "end-on": "2026-11-20", "end-reason": "Moved away."}
    browser.post(reverse("end_course", args=[dyad.uid]), said)
    dyad.refresh_from_db()
    assert (dyad.ending, dyad.ended, dyad.ending_reason) == ("by_client", date(2026, 11, 20), "Moved away.")
    assert "Start a new treatment" in browser.get(reverse("dyad", args=[dyad.uid])).content.decode()


def test_an_ending_without_how_is_asked_for(browser, people, dyad):
    answer = browser.post(reverse("end_course", args=[dyad.uid]), {"end-on": "2026-11-20"})
    assert answer.status_code == 422
    assert not Dyad.objects.exclude(ended=None).exists()


def test_a_new_course_follows_the_one_that_ended(browser, people, dyad, ben):
    assert browser.get(reverse("new_course", args=[dyad.uid])).url == reverse("dyad", args=[dyad.uid])
    care.end_course(dyad, "planned", date(2026, 11, 20), "", by=ben)
    said = {"started": "2026-11-22", "approach": "systemic", "modality": "room", "form": "full"}
    browser.post(reverse("new_course", args=[dyad.uid]), said)
    after = Dyad.objects.get(ended=None, client=dyad.client)
    assert after.follows == dyad


def test_a_hand_over_carries_what_is_asked_and_when_messages_go_out_and_nothing_that_was_said(dyad, ben, eve):
    care.set_up(dyad, {"phq-9": 2}, by=ben)
    schedule.settle(dyad, by=ben, by_itself=False, quiet_from=18, pause_after=5)
    a_course(dyad, 2)
    after = care.hand_over(dyad, eve, TODAY, by=ben)
    assert dict(after.measures.values_list("instrument", "every")) == {"phq-9": 2}
    own = after.schedule
    assert (own.by_itself, own.quiet_from, own.quiet_until, own.pause_after) == (False, 18, None, 5)
    assert not after.sessions.exists()
    assert Notice.objects.get(kind="hand_over").member == eve


def test_the_client_is_told_of_a_hand_over_in_the_own_space_and_before_the_first_check_in(dyad, ben, eve, ana):
    after = care.hand_over(dyad, eve, TODAY, by=ben)
    space = inside(ana)
    assert "You have worked with Eve since" in space.get(f"/mine/{dyad.uid}/").content.decode()
    told = "Before that you worked with Ben. Eve does not see what you said then."
    assert told in space.get(f"/mine/{after.uid}/").content.decode()
    first, second = (Phone(a_session(after, state="held"), start=False) for _ in range(2))
    before = "You work with Eve now. What you said to Ben is not shown to Eve. You can change that in your own space."
    assert before in text(first.browser.get(f"/c/{first.token}"))
    assert before not in text(second.browser.get(f"/c/{second.token}"))
    earlier_course.show_earlier(after, "agreed", by=ana)
    chosen = "You work with Eve now. You chose what Eve sees of your time with Ben."
    assert chosen in text(first.browser.get(f"/c/{first.token}"))


def test_a_hand_over_ends_one_course_and_opens_another_with_its_own_start(browser, people, dyad, eve, as_member):
    a_course(dyad, 2)
    browser.post(reverse("hand_over", args=[dyad.uid]), {"over-to": eve.uid, "over-on": TODAY.isoformat()})
    after = Dyad.objects.get(therapist=eve)
    assert after.follows == dyad
    assert not after.sessions.exists()
    assert as_member(eve).get(reverse("dyad", args=[after.uid])).status_code == 200
    assert as_member(eve).get(reverse("dyad", args=[dyad.uid])).status_code == 404


def test_nobody_else_can_do_any_of_it(people, dyad, as_member, eve, cy, ben):
    care.share(dyad, cy, by=ben)
    session = a_held_session(dyad)
    for member in (eve, cy):
        browser = as_member(member)
        for name in ("share", "unshare", "end_course", "hand_over", "plan_session", "new_course", "set_up"):
            assert browser.post(reverse(name, args=[dyad.uid]), {}).status_code == 404, name
        for name in ("mark_session", "make_link", "rate", "waive"):
            assert browser.post(reverse(name, args=[session.uid]), {"state": "held", "why": "x"}).status_code == 404, (
                name
            )
    assert not Invitation.objects.exists()


def test_looking_changes_nothing(browser, people, dyad):
    session = a_session(dyad)
    for name in ("mark_session", "make_link", "waive"):
        assert browser.get(reverse(name, args=[session.uid])).status_code == 405
    for name in ("share", "unshare", "end_course", "hand_over"):
        assert browser.get(reverse(name, args=[dyad.uid])).status_code == 405
    assert Session.objects.get().state == "planned"
