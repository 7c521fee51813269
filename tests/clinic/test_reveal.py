"""Before the reveal nothing that a therapist can see depends on what the client said, or on whether they answered."""

import re
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from tests.clinic.people import a_dyad, a_held_session, a_part, answers
from tests.clinic.phone import USUAL, Phone

from accord_clinic.actions import agreements, care, checkin, reveal
from accord_clinic.messages import notices
from accord_clinic.models import Consent, Invitation, Notice
from accord_clinic.questionnaires.submission import AskedAgain

OWN_TOKENS = re.compile(r'name="(csrfmiddlewaretoken|key)" value="[^"]*"')


@pytest.fixture
def running(people, dyad):
    """A course with a concern, a goal and a sealed task; its last session is held, not rated, with a link made."""
    a_held_session(dyad, client=answers("client", t1=2), therapist=answers("therapist"))
    goal = agreements.propose(dyad, "goal", "Sleep through", "client", by=dyad.client)
    for _number in range(3):
        a_held_session(dyad, client=answers("client"), therapist=answers("therapist"))
    session = a_held_session(dyad, timezone.now() - timezone.timedelta(hours=2))
    checkin.invite(session, by=dyad.therapist)
    care.share(dyad, people.cy, by=dyad.therapist)
    return session, goal, dyad.strains.get()


def said_by_the_client(goal, strain):
    """Everything that a client may do with a check-in, from nothing to all of it."""
    usual = answers("client")
    return {
        "usual": usual,
        "a strain": answers("client", t1=4, t2=3, t3=("quiet",), words="You were late."),
        "something held back": answers("client", b1=4),
        "kept for later": answers("client", t1=3, b1=4, sharing={"t1": "not_yet", "b1": "raise"}),
        "words for somebody else": answers("client", words="I am afraid of Ben.", reader="outside"),
        "all perfect": answers("client", d1=4, d2=4, m1=4, m2=4, b2=4, b3=4, v1=0),
        "nothing at all": answers("client", **dict.fromkeys(("d1", "d2", "m1", "m2", "b1", "b2", "b3", "t1", "v1"))),
        "the concern is settled": replace(usual, again=(AskedAgain(strain.uid, True, "settled"),)),
        "the concern was not talked about": replace(usual, again=(AskedAgain(strain.uid, False, "still_there"),)),
        "how far the goal is": replace(usual, progress={goal.uid: 9}),
        "what matters most": replace(usual, picked=(goal.uid,), picked_words=("Something new",)),
    }


def what_staff_see(browser, session, strain):
    """Every page about these two people, without the random tokens that each page carries of its own."""
    dyad = session.dyad
    pages = [
        reverse("today"),
        reverse("people"),
        reverse("dyad", args=[dyad.uid]),
        reverse("goals", args=[dyad.uid]),
        reverse("strain", args=[strain.uid]),
        reverse("rate", args=[session.uid]),
        reverse("talk", args=[session.uid]),
        reverse("prepare", args=[session.uid]),
        reverse("arrange", args=[dyad.uid]),
        reverse("terms", args=[dyad.uid]),
        reverse("supervision"),
    ]
    seen = {page: browser.get(page) for page in pages}
    seen["search"] = browser.post(reverse("people"), {"name": "ana"})
    return {page: (a.status_code, OWN_TOKENS.sub("", a.content.decode())) for page, a in seen.items()}


@contextmanager
def undone():
    """What happens inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("reader", ["ben", "cy"])
def test_no_page_tells_what_the_client_said_or_whether(running, people, as_member, reader, monkeypatch):
    session, goal, strain = running
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    browser = as_member(getattr(people, reader))
    silent = what_staff_see(browser, session, strain)
    assert silent[reverse("talk", args=[session.uid])][0] == 404
    for what, said in said_by_the_client(goal, strain).items():
        with undone():
            checkin.send(session, "client", said, by=session.dyad.client)
            assert what_staff_see(browser, session, strain) == silent, what


def test_beginning_the_first_check_in_and_agreeing_with_it_is_not_told(people, dyad, ben, as_member, monkeypatch):
    """The terms page turned from "not agreed" to "agreed on" the moment the client began."""
    session = a_held_session(dyad, timezone.now() - timezone.timedelta(hours=2))
    browser, terms = as_member(ben), reverse("terms", args=[dyad.uid])
    phone = Phone(session, start=False)
    before = OWN_TOKENS.sub("", browser.get(terms).content.decode())
    phone.start()
    assert Consent.objects.filter(client=dyad.client, purpose="care").exists()
    assert OWN_TOKENS.sub("", browser.get(terms).content.decode()) == before
    phone.send(USUAL)
    assert OWN_TOKENS.sub("", browser.get(terms).content.decode()) == before
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    assert "agreed on" in browser.get(terms).content.decode()


def test_a_new_link_that_the_client_asked_for_is_not_told(running, people, ben, as_member, monkeypatch):
    session, _goal, strain = running
    now = timezone.now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    browser = as_member(ben)
    before = what_staff_see(browser, session, strain)
    checkin.send_new_link(Invitation.objects.get(session=session), lambda token: f"https://example.org/c/{token}")
    assert what_staff_see(browser, session, strain) == before


def test_nobody_who_works_here_is_told_that_an_answer_came(running, ben):
    session, goal, strain = running
    for what, said in said_by_the_client(goal, strain).items():
        with undone():
            checkin.send(session, "client", said, by=session.dyad.client)
            told = set(Notice.objects.exclude(member=None).values_list("kind", flat=True))
            assert told <= ({"outside_line"} if what == "words for somebody else" else set()), what
            notices.deliver()


def test_after_the_own_rating_both_are_open(running, ben, as_member):
    session, _goal, strain = running
    checkin.send(session, "client", answers("client", words="You were late."), by=session.dyad.client)
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    seen = what_staff_see(as_member(ben), session, strain)
    assert seen[reverse("talk", args=[session.uid])][0] == 200
    assert "You were late." in seen[reverse("dyad", args=[session.dyad.uid])][1]


def test_a_missing_rating_never_holds_a_concern_back(running, ben):
    session, _goal, _strain = running
    checkin.send(session, "client", answers("client", t1=3), by=session.dyad.client)
    assert session.dyad.strains.count() == 1
    assert reveal.sweep(session.reveal_due) >= 1
    assert session.dyad.strains.count() == 2


def test_the_clients_word_on_an_earlier_concern_moves_it_only_at_the_reveal(running, ben):
    session, _goal, strain = running
    said = replace(answers("client"), again=(AskedAgain(strain.uid, True, "settled"),))
    checkin.send(session, "client", said, by=session.dyad.client)
    strain.refresh_from_db()
    assert (strain.state, [m.move for m in strain.moves.all()]) == ("opened", ["open"])
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    strain.refresh_from_db()
    assert (strain.state, [m.move for m in strain.moves.order_by("id")]) == ("settled", ["open", "talk", "settle"])


def test_the_last_word_before_the_reveal_counts(running, ben):
    session, _goal, strain = running
    for talked, stands in ((True, "settled"), (False, "still_there")):
        said = replace(answers("client"), again=(AskedAgain(strain.uid, talked, stands),))
        checkin.send(session, "client", said, by=session.dyad.client)
    checkin.send(session, "therapist", answers("therapist"), by=ben)
    strain.refresh_from_db()
    assert strain.state == "still_there"
    assert "settle" not in [m.move for m in strain.moves.all()]


def test_a_kept_answer_opens_no_strain_and_counts_as_not_asked(people, dyad):
    kept = answers("client", t1=3, sharing={"t1": "not_yet"})
    session = a_held_session(dyad, client=kept, therapist=answers("therapist"))
    assert session.revealed_at
    assert dyad.strains.count() == 0
    assert "t1" not in session.responses.get(side="client").answers


def test_the_safety_notice_alone_is_exempt_and_names_no_answer(people, ben, cy):
    dyad = a_dyad(ben, "Imani")
    phq = a_part("phq-9", "client", "full", {f"phq{i}": 1 for i in range(1, 10)})
    a_held_session(dyad, client=replace(answers("client"), parts=(*answers("client").parts, phq)))
    told = Notice.objects.filter(kind="safety")
    assert {n.member for n in told} == {ben, cy}
