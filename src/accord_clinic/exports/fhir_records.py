"""FHIR R4 resources of one client for a program of others that may read them: the kinds that the read API serves.

They have the identifiers that a client's copy gives the same things. What stays inside is left out here: whatever is
about strains or held back, the therapist's answers, how a course ended, who proposed something and when it was
confirmed. Which rows get this far is decided in `rules/shared_record.py`. Another kind is another function here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.instruments import Instrument
from accord.scoring import kept_scores
from accord.signals import CHECK_IN
from accord.tables import fhir
from accord.tables.fhir_names import RECORDS, identifier
from accord.tables.fhir_questionnaire import questionnaires
from accord_clinic import models
from accord_clinic.models import Session
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.plan import HAVE_A_PLACE
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.courses import record_of
from accord_clinic.records.shared_record import SharedRecord, fhir_id
from accord_clinic.rules import shared_record
from accord_clinic.rules.practice import zone
from accord_clinic.rules.shared_record import ALLIANCE

LANGUAGES = "urn:ietf:bcp:47"
ASSESS_PLAN = {"system": "http://hl7.org/fhir/us/core/CodeSystem/careplan-category", "code": "assess-plan"}
HELD_BACK = "held back"


@dataclass(frozen=True, slots=True)
class Piece:
    """One resource and where it comes from: the course of care, and the sessions, for the client's log of reading."""

    resource: fhir.Resource
    dyad: int
    sessions: tuple[str, ...] = ()


def pieces(kind: str, shared: SharedRecord) -> list[Piece]:
    """The resources of one kind about one client: in lasting order, the client's language and the practice's clock."""
    with override(shared.client.language), timezone.override(zone()):
        return list(KINDS[kind](shared))


@cache
def published() -> tuple[fhir.Resource, ...]:
    """What clients are asked, in every language, where the licence lets the wording be handed on. About nobody."""
    made = [
        resource
        for instrument in shelf().versions.values()
        for resource in questionnaires(instrument)
        if ".client." in resource["url"]
    ]
    return tuple(
        {"resourceType": resource["resourceType"], "id": _published_id(resource), **resource} for resource in made
    )


def _published_id(resource: fhir.Resource) -> str:
    return identifier(fhir.urn("Questionnaire", f"{resource['url']}|{resource['version']}"))


def _patient(shared: SharedRecord) -> Iterator[Piece]:
    client = shared.client
    language = {"coding": [{"system": LANGUAGES, "code": client.language}]}
    facts = {"birthDate": str(client.born or ""), "communication": [{"language": language, "preferred": True}]}
    made = fhir.person("Patient", client.name, **facts)
    yield _piece(made, fhir_id(client.uid), shared.dyads[0].pk, (), client.uid)


def _encounters(shared: SharedRecord) -> Iterator[Piece]:
    for session in shared_record.sessions(shared.dyads):
        dyad = _course(shared, session.dyad_id)
        made = fhir.encounter(_about(shared), "", _when(session), session.state, session.modality)
        made["participant"] = [{"individual": {"display": dyad.therapist.name}}]
        yield _piece(made, fhir_id(session.uid), dyad.pk, (session.uid,), session.uid)


def _responses(shared: SharedRecord) -> Iterator[Piece]:
    """What was shown in check-ins, for a second yes. One of which nothing is shown is as one that nobody sent."""
    if not shared.answers:
        return
    for row in _rows(shared):
        if row.instrument != CHECK_IN:
            continue
        made = _response(shared, row)
        if "item" in made:
            yield _piece(made, *_of_answers(row))


def _observations(shared: SharedRecord) -> Iterator[Piece]:
    """The totals of outcome measures; the scores of check-ins too, for a second yes. None without a value."""
    for row in _rows(shared):
        instrument = shelf().versions.get((row.instrument, row.version))
        if instrument is None or not (row.instrument == CHECK_IN or _is_outcome(instrument)):
            continue
        response = record_of(row, 0)
        stays = _stays_inside(instrument)
        for score in kept_scores([response.answers], instrument, row.form)[0]:
            scale = instrument.scale(score.scale)
            if score.value is None or not scale.key.verified or stays.intersection(scale.items):
                continue
            about, on = f"Encounter/{fhir_id(row.session.uid)}", _when(row.session)
            made = fhir.observation(
                score, response, instrument, patient=_about(shared), source=_about(shared), about=about, on=on, of=""
            )
            source = f"QuestionnaireResponse/{_of_answers(row)[0]}"
            made["derivedFrom"] = [{"reference": source}]
            if row.instrument != CHECK_IN or "item" not in _response(shared, row):
                del made["derivedFrom"]  # its answers are in no resource
            yield _piece(made, *_of_answers(row, score.scale))


def _goals(shared: SharedRecord) -> Iterator[Piece]:
    """Goals that both have confirmed, in their last words; when and by whom is not in them."""
    for row, words in shared_record.agreements(shared.dyads):
        if row.kind == "goal":
            ended = timezone.localdate(row.ended_at) if row.ended_at else None
            made = fhir.goal(
                words, patient=_about(shared), proposed_by="", agreed_on=date.min, end=row.end, ended_on=ended
            )
            del made["startDate"], made["expressedBy"]
            yield _piece(made, fhir_id(row.uid), row.dyad_id, (), row.uid)


def _care_plans(shared: SharedRecord) -> Iterator[Piece]:
    """One for each course of care: its days, and the goals and tasks that both have confirmed."""
    rows = shared_record.agreements(shared.dyads)
    confirmed = {row.pk for row, _words in rows if row.kind == "goal"}
    for dyad in shared.dyads:
        own = [(row, words) for row, words in rows if row.dyad_id == dyad.pk]
        tasks = [
            (words, row.end, f"Goal/{fhir_id(row.goal.uid)}" if row.goal and row.goal_id in confirmed else "")
            for row, words in own
            if row.kind == "task"
        ]
        made = fhir.care_plan(
            "", tasks, agreed=True, patient=_about(shared), therapist="", started=dyad.started, ended=dyad.ended,
            goals=[f"Goal/{fhir_id(row.uid)}" for row, _words in own if row.kind == "goal"], ending="planned",
        )  # fmt: skip
        made["author"] = {"display": dyad.therapist.name}
        made["category"] = [{"coding": [ASSESS_PLAN]}]
        yield _piece(made, fhir_id(dyad.uid), dyad.pk, (), dyad.uid)


KINDS: dict[str, Callable[[SharedRecord], Iterator[Piece]]] = {
    "Patient": _patient,
    "QuestionnaireResponse": _responses,
    "Observation": _observations,
    "Goal": _goals,
    "CarePlan": _care_plans,
    "Encounter": _encounters,
}
"""About somebody. Questionnaires are about nobody: `published`."""


def _response(shared: SharedRecord, row: models.Response) -> fhir.Resource:
    instrument = shelf().versions.get((row.instrument, row.version))
    nearest = instrument or shelf().instruments.get(row.instrument)
    stays = _stays_inside(nearest) if nearest else frozenset(row.answers)
    whole = record_of(row, 0)
    shown = replace(whole, answers={item: given for item, given in whole.answers.items() if item not in stays})
    dyad = _course(shared, row.session.dyad_id)
    return fhir.questionnaire_response(
        shown,
        instrument,
        wording(instrument) if instrument and instrument.wordings else None,
        names={"therapist": dyad.therapist.name, "client": shared.client.called, "session": _session_on(row.session)},
        words={comment.item: comment.words for comment in row.comments.all() if comment.item not in stays},
        patient=_about(shared),
        source=_about(shared),
        about=f"Encounter/{fhir_id(row.session.uid)}",
        authored=None,  # when somebody answered stays inside
    )


def _rows(shared: SharedRecord) -> list[models.Response]:
    return shared_record.responses(shared, shared_record.sessions(shared.dyads))


def _is_outcome(instrument: Instrument) -> bool:
    """A questionnaire about the client alone: asked of the client alone, and no scale of it is about the two."""
    alliance = ALLIANCE.intersection(scale.name for scale in instrument.scales)
    return instrument.raters == ("client",) and instrument.id not in HAVE_A_PLACE and not alliance


def _stays_inside(instrument: Instrument) -> frozenset[str]:
    """Items that no program reads whatever was agreed: about strains, guesses about them, and what was held back."""
    held_back = {item.id for item in instrument.items if item.construct == HELD_BACK}
    return fhir.about_strains(instrument) | held_back


def _of_answers(row: models.Response, scale: str = "") -> tuple[str, int, tuple[str, ...], str]:
    """Id, course, session and name of what was answered: of the session, so that a correction changes none of them."""
    whose = f"{row.session.uid}/{row.side}/{row.instrument}" + (f"/{scale}" if scale else "")
    kind = "Observation" if scale else "QuestionnaireResponse"
    short = identifier(fhir.urn(kind, whose)).replace("-", "")[:16]
    return f"{fhir_id(row.session.uid)}-{short}", row.session.dyad_id, (row.session.uid,), whose


def _piece(made: fhir.Resource, identity: str, dyad: int, sessions: tuple[str, ...], whose: str) -> Piece:
    """With its id, and the identifier that the same thing has in a copy: made from `whose` it is."""
    kind = made["resourceType"]
    name: Any = {"system": RECORDS, "value": identifier(fhir.urn(kind, whose))}
    named = {"identifier": name if kind == "QuestionnaireResponse" else [name]}
    return Piece({"resourceType": kind, "id": identity, **named, **made}, dyad, sessions)


def _course(shared: SharedRecord, pk: int) -> models.Dyad:
    return next(dyad for dyad in shared.dyads if dyad.pk == pk)


def _about(shared: SharedRecord) -> str:
    return f"Patient/{fhir_id(shared.client.uid)}"


def _when(session: Session) -> date:
    """The day, by the practice's clock; clients agree to the days of their sessions, not to the hours."""
    return timezone.localdate(session.start)


def _session_on(session: Session) -> str:
    return _("the session on {day}").format(day=date_format(timezone.localtime(session.start), "DATE_FORMAT"))


def sessions_read(read: Sequence[Piece]) -> dict[int, list[str]]:
    """For the log of reading: of each course of care, the sessions that were read."""
    by_dyad: dict[int, dict[str, None]] = {}
    for piece in read:
        by_dyad.setdefault(piece.dyad, {}).update(dict.fromkeys(piece.sessions))
    return {dyad: list(uids) for dyad, uids in by_dyad.items()}
