"""The whole loop over HTTP, from a held session to the manager's count, through the pages that people use."""

import re
from html import unescape

import pytest
from django.test import Client as Browser
from tests.clinic.people import a_course, a_session
from tests.clinic.rights_steps import ask_to_step_in

from accord_clinic.actions import checkin
from accord_clinic.models import Agreement, Invitation, Session, Strain
from accord_clinic.rules.practice import zone
from accord_clinic.service.counts import count_month

USUAL = {"d1": 3, "d2": 3, "m1": 3, "m2": 3, "b1": 0, "b2": 3, "b3": 3, "b4": 3, "t1": 0, "v1": 3}


class Page:
    """A page of questions as a person without script meets it: it is opened, filled by item, looked over and sent."""

    def __init__(self, browser: Browser, url: str):
        self.browser, self.url = browser, url
        self.html = browser.get(url).content.decode()
        self.fields = dict.fromkeys(re.findall(r'name="([^"]+)"', self.html))

    def field(self, item: str) -> str:
        """The name of the field of an item, whatever block of the page it stands in."""
        return next(name for name in self.fields if re.fullmatch(rf"(\d+-)?{item}(\..+)?", name))

    def send(self, reviewed: bool = True, **answers):
        key = unescape(re.search(r'name="key" value="([^"]+)"', self.html)[1])
        data = {self.field(item): value for item, value in {**USUAL, **answers}.items()}
        return self.browser.post(self.url, {"key": key, **({"reviewed": "page"} if reviewed else {}), **data})


@pytest.fixture
def ben_at_work(people, as_member):
    """Ben, signed in, in the seventh week with Ana: no starting path, no wider look, no picks."""
    a_course(people.dyad, 5)
    return as_member(people.ben)


def held_session(people) -> Session:
    return a_session(people.dyad, state="held")


def by_link(people, session) -> Page:
    """Ana follows her link on a phone that nobody has signed in to."""
    phone = Browser()
    token = checkin.invite(session, by=people.ben)
    phone.post(f"/c/{token}")
    return Page(phone, f"/check-in/{Invitation.objects.latest('id').uid}/")


def text(answer) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_rate_reveal_talk_agree_ask_again(people, ben_at_work, as_member):
    session = held_session(people)

    # Ana answers by her link: something felt off, and it was not talked about.
    sent = by_link(people, session).send(t1=2, t2=3, o2="Look at the clock less")
    assert sent.status_code == 302

    # Ben sees nothing of it, and rates blind.
    assert ben_at_work.get(f"/sessions/{session.uid}/talk/").status_code == 404
    assert "clock" not in text(ben_at_work.get(f"/people/{people.dyad.uid}/"))
    Page(ben_at_work, f"/sessions/{session.uid}/rate/").send(reviewed=False)

    # Both are open now: the talk sheet holds both voices, the dyad page opens with the difference.
    sheet = text(ben_at_work.get(f"/sessions/{session.uid}/talk/"))
    assert "Something clearly felt off" in sheet
    assert "Ben answered that nothing felt off" in sheet
    assert "Look at the clock less" in sheet
    assert "see session 6 differently" in text(ben_at_work.get(f"/people/{people.dyad.uid}/"))

    # They talk about it, and tick it.
    strain = Strain.objects.get(opened_by="client")
    ben_at_work.post(f"/sessions/{session.uid}/talk/tick/", {"topic": f"strain:{strain.uid}"})

    # A goal, proposed by Ben in Ana's words, sealed by both: Ana in her own space.
    ben_at_work.post(f"/people/{people.dyad.uid}/goals/propose/", {"kind": "goal", "words": "Say what hurts at once"})
    goal = Agreement.objects.get()
    seen = goal.wordings.get().pk
    ben_at_work.post(f"/goals/{goal.uid}/seal/", {"seen": seen})
    own_space = in_her_own_space(people)
    own_space.post(f"/mine/goals/{goal.uid}/", {"what": "seal", "seen": seen})
    assert "agreed" in text(ben_at_work.get(f"/people/{people.dyad.uid}/goals/"))
    assert set(goal.wordings.get().seals.values_list("side", flat=True)) == {"client", "therapist"}

    # The next check-in first asks again.
    following = held_session(people)
    page = by_link(people, following)
    assert page.html.index(page.field("a1")) < page.html.index(page.field("d1"))
    page.send(a1=0, a2=0)
    strain.refresh_from_db()
    assert strain.state == "talked_about", "nothing moves before the reveal"
    Page(ben_at_work, f"/sessions/{following.uid}/rate/").send(reviewed=False)
    strain.refresh_from_db()
    assert strain.state == "settled"

    # For the manager it counts as talked about, by the client's word; one is too few to be shown.
    month = following.start.astimezone(zone()).date().replace(day=1)
    assert count_month(month)["talked"] == {"yes": 1, "partly": 0, "no": 0}
    assert as_member(people.mo).get("/service/").status_code == 200


def in_her_own_space(people) -> Browser:
    """Ana steps up with a one-time code."""
    browser = Browser()
    code = ask_to_step_in(browser, people.ana.email)
    assert browser.post("/mine/code/", {"code": code})["Location"] == "/mine/"
    return browser
