"""Guidance cards on the prepare sheet: each can be reached by a case that the rows of a dyad make."""

from itertools import product

import pytest
from django.db import transaction
from django.utils import timezone
from tests.clinic.people import a_course

from accord.cards import APPROACHES, ASPECTS, MODALITIES, STRAIN_KINDS, cards, fitting
from accord.signals import DETECTORS
from accord_clinic.actions import consent
from accord_clinic.forms.care import CARD_TOPICS
from accord_clinic.models import Dyad, Session, Signal, Strain, StrainMove, Suggestion
from accord_clinic.pages.prepare_sheet import prepare

DECK = cards()
INFERRED = {detector.kind for detector in DETECTORS if not detector.reported}
LOWEST = {"goal": "d1", "task": "m1", "bond": "b2"}
NUMBERS = {"starting": 2, "fifth_session": 4}
COURSE = 9


def a_case_for(card) -> dict:
    """Which case leads to this card, found among all that its tags allow."""
    ways = card.approaches if card.approaches != ("any",) else APPROACHES[1:]
    media = card.modalities if card.modalities != ("any",) else MODALITIES[1:]
    kinds, aspects = card.strain_kinds or reversed(STRAIN_KINDS), card.aspects or (None, *ASPECTS)
    for signal, kind, aspect, way, medium in product(card.signals, kinds, aspects, ways, media):
        number = NUMBERS.get(signal, COURSE)
        case = {"strain_kind": kind, "aspect": aspect, "approach": way, "modality": medium, "session": number}
        if card in fitting(DECK, [signal], **case):
            return {"signal": signal, **case}
    raise AssertionError(f"{card.id}: no case leads to it")


def make(case: dict, people) -> tuple[Session, str]:
    """Write the rows of a case, on a course of ordinary sessions; and the topic to choose, where nothing else leads."""
    dyad, signal = people.dyad, case["signal"]
    session = dyad.sessions.ranked().get(number=case["session"])
    Dyad.objects.filter(pk=dyad.pk).update(approach=case["approach"])
    Session.objects.filter(pk=session.pk).update(modality=case["modality"])
    response = session.responses.get(side="client")
    if case["aspect"]:
        response.answers[LOWEST[case["aspect"]]] = 0
    if signal in {detector.kind for detector in DETECTORS}:
        Signal.objects.create(
            dyad=dyad, session=session, kind=signal, reported=signal not in INFERRED, rule=f"{signal}/1",
            strength=1.0, evidence={"instrument": "phq-9", "item": "item9"}, raised_at=timezone.now(),
        )  # fmt: skip
    if signal in ("strain_reported", "again", "seen_by_one", "not_talked_about"):
        strain = Strain.objects.create(
            dyad=dyad, session=session, kind=case["strain_kind"], opened_by="client", state="still_there",
            opened_at=timezone.now(),
        )
        for _time in range(2 if signal == "again" else 0):
            StrainMove.objects.create(strain=strain, move="still_there", side="client", at=timezone.now())
    if signal == "by_order":
        consent.set_terms(dyad, by=people.ben, by_order=True, order_learns="dates")
    if signal == "young":
        type(people.ana).objects.filter(pk=people.ana.pk).update(born=timezone.localdate().year - 15)
    if signal == "ending":
        Dyad.objects.filter(pk=dyad.pk).update(ended=timezone.localdate(), ending="planned")
    if signal in CARD_TOPICS:
        Dyad.objects.filter(pk=dyad.pk).update(card_topics=[signal])
    response.save()
    by_itself = {"by_order", "young", "ending", "starting", "fifth_session", "again", *CARD_TOPICS}
    led = signal in by_itself or signal in {detector.kind for detector in DETECTORS}
    return Session.objects.select_related("dyad__client", "dyad__therapist").get(pk=session.pk), "" if led else signal


def test_each_card_is_on_the_prepare_sheet_of_a_case(people):
    a_course(people.dyad, COURSE)
    people.practice.inferred_at = timezone.now()
    people.practice.save()
    Signal.objects.all().delete()
    missing = []
    for card in DECK:
        with transaction.atomic():
            session, topic = make(a_case_for(card), people)
            sheet = prepare(session, people.ben, topic)
            if card.id not in {shown.id for shown in (sheet.chosen if topic else sheet.offers)}:
                missing.append(f"{card.id}: {[shown.id for shown in sheet.offers]}")
            transaction.set_rollback(True)
    assert not missing, "\n".join(missing)


@pytest.fixture
def page(people, as_member):
    a_course(people.dyad, 2)
    return as_member(people.ben), f"/sessions/{people.dyad.sessions.ranked().get(number=2).uid}/prepare/"


def test_a_topic_can_be_chosen_and_is_not_stored(page):
    browser, address = page
    before = browser.get(address).content.decode()
    rows = Suggestion.objects.count()
    after = browser.get(f"{address}?topic=attraction").content.decode()
    assert "When the client speaks of attraction" in after
    assert "When the client speaks of attraction" not in before
    assert Suggestion.objects.count() == rows


def test_a_topic_that_does_not_exist_shows_nothing_more(page):
    browser, address = page
    assert browser.get(f"{address}?topic=<b>").status_code == 200


def test_cards_can_be_read_in_german(page):
    browser, address = page
    german = browser.get(f"{address}?in=de").content.decode()
    assert "Sagen, wie es läuft und wer was tut" in german
    assert 'lang="de"' in german
    assert "Mögliche Worte:" in german
    assert browser.get(f"{address}?in=xx").status_code == 200
