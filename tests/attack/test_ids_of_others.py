"""Somebody who may send a form, with the number or name of a thing of somebody else in it."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, answers
from tests.clinic.phone import USUAL, Phone
from tests.clinic.rights_steps import inside

from accord.errors import BadInput
from accord_clinic.actions import agreements, care, corrections, cover_and_emergency
from accord_clinic.models import (
    Agreement,
    Correction,
    Cover,
    Dyad,
    Notice,
    Progress,
    Seal,
    Session,
    Share,
    Strain,
    StrainMove,
    TalkTick,
)


@pytest.fixture
def theirs(people):
    """Kim's course with Eve: a strain, a goal, a correction, a cover."""
    dyad = a_dyad(people.eve, "Kim")
    session = a_held_session(dyad, client=answers("client", t1=3), therapist=answers("therapist"))
    goal = agreements.propose(dyad, "goal", "Sleep", "client", by=dyad.client)
    correction = corrections.ask(dyad, "The date is wrong.", by=dyad.client)
    today = timezone.localdate()
    days = today + timedelta(days=9), today + timedelta(days=10)
    cover = cover_and_emergency.cover(dyad, people.ben, *days, by=people.eve)
    return {"dyad": dyad, "session": session, "goal": goal, "strain": dyad.strains.get(), "correction": correction,
            "cover": cover}  # fmt: skip


@pytest.fixture
def ours(people):
    session = a_held_session(people.dyad, client=answers("client"), therapist=answers("therapist"))
    goal = agreements.propose(people.dyad, "goal", "Walk", "client", by=people.ana)
    return {"dyad": people.dyad, "session": session, "goal": goal}


def test_a_therapist_reaches_nothing_of_a_colleague_by_a_field(people, ours, theirs, as_member):
    browser, dyad = as_member(people.ben), ours["dyad"].uid
    words = theirs["goal"].wordings.get().pk
    sent = [
        (reverse("talk_tick", args=[ours["session"].uid]), {"topic": f"strain:{theirs['strain'].uid}"}),
        (reverse("propose", args=[dyad]), {"kind": "task", "words": "x", "goal": theirs["goal"].uid}),
        (reverse("seal", args=[ours["goal"].uid]), {"seen": words}),
        (reverse("reword", args=[ours["goal"].uid]), {"seen": words, "words": "Mine"}),
        (reverse("terms", args=[dyad]), {"what": "answer", "correction": theirs["correction"].uid, "words": "x"}),
        (reverse("terms", args=[dyad]), {"what": "end-cover", "cover": theirs["cover"].uid}),
    ]
    before = counts()
    for address, posted in sent:
        assert browser.post(address, posted).status_code in (302, 404, 409, 422), address
    assert counts() == before
    assert Correction.objects.get(pk=theirs["correction"].pk).answered_at is None
    assert Cover.objects.get(pk=theirs["cover"].pk).until == theirs["cover"].until


def counts() -> list[int]:
    return [table.objects.count() for table in (Agreement, Seal, StrainMove, TalkTick, Share, Dyad, Progress, Strain)]


def test_nothing_is_shared_with_handed_to_or_covered_by_somebody_of_another_kind(people, ours, as_member):
    browser, dyad = as_member(people.ben), ours["dyad"].uid
    today = timezone.localdate().isoformat()
    before = counts()
    for other in (people.eve, people.mo, people.ada, people.dee, people.ben):
        browser.post(reverse("share", args=[dyad]), {"supervisor": other.uid})
    for other in (people.cy, people.mo, people.ada, people.dee, people.ben):
        browser.post(reverse("hand_over", args=[dyad]), {"over-to": other.uid, "over-on": today})
    assert counts() == before
    people.ana.refresh_from_db()
    assert Dyad.objects.get(pk=ours["dyad"].pk).ended is None


def test_a_client_reaches_nothing_of_another_by_a_field(people, ours, theirs):
    browser = inside(people.ana)
    before = counts()
    for address, posted in [
        (reverse("my-propose", args=[ours["dyad"].uid]), {"kind": "task", "words": "x", "goal": theirs["goal"].uid}),
        (reverse("my-goal", args=[ours["goal"].uid]), {"what": "seal", "seen": theirs["goal"].wordings.get().pk}),
        (reverse("my-corrections"), {"dyad": theirs["dyad"].uid, "words": "x"}),
    ]:
        assert browser.post(address, posted).status_code in (302, 404, 409, 422), address
    assert counts()[1:] == before[1:], "at most a task of one's own that belongs to no goal"
    assert not Agreement.objects.filter(goal=theirs["goal"]).exists()
    assert Correction.objects.count() == 1


def test_a_check_in_takes_no_name_of_somebody_elses_thing(people, ours, theirs):
    session = a_held_session(people.dyad)
    phone = Phone(session)
    strain, goal = theirs["strain"].uid, theirs["goal"].uid
    forged = {
        f"again-{strain}": "settled", f"again-{strain}-talked": "yes", f"talked-{strain}": "yes",
        f"stands-{strain}": "settled", f"progress-{goal}": "9", f"goal-{goal}": "9", "picked": goal, "pick": goal,
    }  # fmt: skip
    phone.send(USUAL | forged)
    assert session.responses.filter(side="client").exists() or phone.look(USUAL | forged).status_code < 500
    assert Strain.objects.get(uid=strain).state == "opened"
    assert not Progress.objects.filter(agreement__uid=goal).exists()


class TestTwice:
    """A button pressed twice, or two pages that were open: what was true when they were drawn is true no more."""

    def test_a_hand_over_makes_one_course(self, people, ours, eve):
        stale = Dyad.objects.get(pk=ours["dyad"].pk)
        care.hand_over(ours["dyad"], eve, timezone.localdate(), by=people.ben)
        with pytest.raises(BadInput, match="ended already"):
            care.hand_over(stale, eve, timezone.localdate(), by=people.ben)
        assert Dyad.objects.filter(client=people.ana, ended=None).count() == 1

    def test_nobody_hands_over_to_themselves(self, people, ours):
        with pytest.raises(BadInput, match="somebody else"):
            care.hand_over(ours["dyad"], people.ben, timezone.localdate(), by=people.ben)

    def test_a_new_course_begins_once(self, people, ours, as_member):
        today = timezone.localdate()
        care.end_course(ours["dyad"], "planned", today, "", by=people.ben)
        said = {"started": today.isoformat(), "approach": "cbt", "modality": "room", "form": "full", "often": "1"}
        browser = as_member(people.ben)
        for _twice in range(2):
            assert browser.post(reverse("new_course", args=[ours["dyad"].uid]), said).status_code == 302
        assert Dyad.objects.filter(client=people.ana, ended=None).count() == 1


@pytest.mark.parametrize("host", ["localhost:31337", "127.0.0.1:1", "localhost"])
def test_a_mailed_link_leads_to_the_practice_whatever_the_browser_calls_it(people, settings, host):
    """With the port of somebody else on this machine, the link of the next mail would be theirs to open."""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
    phone = Phone(a_held_session(people.dyad), start=False)
    Session.objects.update(start=timezone.now() - timedelta(days=40))
    phone.invitation.expires_at = timezone.now() - timedelta(days=1)
    phone.invitation.save()
    Browser().post(f"/c/{phone.token}", headers={"host": host})
    sent = Notice.objects.filter(kind="link").latest("id")
    assert sent.about.startswith(f"{settings.PUBLIC_URL}/c/")
