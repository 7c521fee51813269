"""What both may see of one client's courses, as a FHIR R4 bundle: what the client can carry to another clinic.

Kept lines, what is about strains, picks, times of seals, signals and who read what are not in it: the copy's own JSON
has them, for the client alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, cast

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.instruments import Instrument
from accord.records import Rater
from accord.scoring import kept_scores
from accord.tables import fhir
from accord.tables.fhir_questionnaire import questionnaire
from accord_clinic import models
from accord_clinic.models import Agreement, Client, Dyad, Session
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import LEVELS
from accord_clinic.records.courses import record_of
from accord_clinic.records.responses import current_responses
from accord_clinic.rules.practice import zone

Named = tuple[str, fhir.Resource]
LANGUAGES = "urn:ietf:bcp:47"


def as_fhir(client: Client) -> dict[str, Any]:
    """The whole bundle, in the client's language and by the practice's clock, whoever asks for it."""
    with override(client.language), timezone.override(zone()):
        return fhir.bundle(_resources(client), timezone.localtime())


def _resources(client: Client) -> Iterator[Named]:
    patient = fhir.urn("Patient", client.uid)
    language = {"coding": [{"system": LANGUAGES, "code": client.language}]}
    yield (
        patient,
        fhir.person(
            "Patient",
            client.name,
            birthDate=str(client.born or ""),
            communication=[{"language": language, "preferred": True}],
        ),
    )
    courses = list(client.dyads.select_related("client", "therapist").order_by("started", "id"))
    for member in {dyad.therapist_id: dyad.therapist for dyad in courses}.values():
        yield fhir.urn("Practitioner", member.uid), fhir.person("Practitioner", member.name)
    rows = [(dyad, row) for dyad in courses for row in _last_responses(dyad)]
    yield from _questionnaires([row for _dyad, row in rows])
    for dyad in courses:
        yield from _agreements(dyad)
        for session in dyad.sessions.order_by("start", "pk"):
            about = fhir.urn("Encounter", session.uid)
            yield about, fhir.encounter(patient, _therapist(dyad), _when(session), session.state, session.modality)
    for dyad, row in rows:
        yield from _response(dyad, row)


def _last_responses(dyad: Dyad) -> list[models.Response]:
    """Of sessions that are open to both: the last response of each side and questionnaire."""
    rows = models.Response.objects.filter(session__dyad=dyad, session__revealed_at__isnull=False)
    rows = rows.select_related("session").prefetch_related("comments").order_by("session__start", "session", "id")
    return [row for row in current_responses(rows).values() if not _is_about_strains_alone(row)]


def _is_about_strains_alone(row: models.Response) -> bool:
    """Whether the questionnaire, not the answers, is: that it was asked would tell that there was a strain."""
    instrument = _nearest(row)
    return instrument is not None and _strains(row).issuperset(item.id for item in instrument.items)


def _strains(row: models.Response) -> frozenset[str]:
    instrument = _nearest(row)
    return fhir.about_strains(instrument) if instrument else frozenset()


def _nearest(row: models.Response) -> Instrument | None:
    """The version that was answered, or the latest one where that is not here any more."""
    return shelf().versions.get((row.instrument, row.version)) or shelf().instruments.get(row.instrument)


def _questionnaires(rows: Iterable[models.Response]) -> Iterator[Named]:
    """What was asked, where the licence lets it be handed on: once for each form, side and version."""
    for identity, version, form, rater in {(r.instrument, r.version, r.form, r.side): None for r in rows}:
        instrument = shelf().versions.get((identity, version))
        if instrument and instrument.wordings and form in instrument.forms and fhir.may_go_out(instrument):
            made = questionnaire(instrument, form, cast(Rater, rater), wording(instrument))
            yield fhir.urn("Questionnaire", f"{made['url']}|{version}"), made


def _response(dyad: Dyad, row: models.Response) -> Iterator[Named]:
    """A response by whose it is, about which session: a later correction takes its place where it was handed on."""
    patient, instrument = fhir.urn("Patient", dyad.client.uid), shelf().versions.get((row.instrument, row.version))
    strains, session = _strains(row), row.session
    whole = record_of(row, 0)  # a bundle names the session and needs no number
    response = replace(whole, answers={item: a for item, a in whole.answers.items() if item not in strains})
    source = _source(dyad, row.side)
    whose = f"{session.uid}/{row.side}/{row.instrument}"
    name, about = fhir.urn("QuestionnaireResponse", whose), fhir.urn("Encounter", session.uid)
    yield (
        name,
        fhir.questionnaire_response(
            response,
            instrument,
            wording(instrument) if instrument and instrument.wordings else None,
            names={"therapist": dyad.therapist.name, "client": dyad.client.called, "session": _session_on(session)},
            words={comment.item: comment.words for comment in row.comments.all() if comment.item not in strains},
            patient=patient,
            source=source,
            about=about,
            authored=None if session.revealed_by == "import" else timezone.localtime(row.sent_at),
        ),
    )
    if instrument is None:
        return
    for score in kept_scores([response.answers], instrument, row.form)[0]:
        if instrument.scale(score.scale).key.verified and not strains.issuperset(instrument.scale(score.scale).items):
            yield (
                fhir.urn("Observation", f"{whose}/{score.scale}"),
                fhir.observation(
                    score, response, instrument, patient=patient, source=source, about=about, on=_when(session), of=name
                ),
            )


def _agreements(dyad: Dyad) -> Iterator[Named]:
    """The goals in their last words; and what both have sealed as one plan, what is only proposed as another."""
    patient, therapist = fhir.urn("Patient", dyad.client.uid), _therapist(dyad)
    rows = dyad.agreements.select_related("goal").prefetch_related("wordings__seals", "progress__session")
    rows = rows.order_by("made_at", "id")
    worded = [(row, *_last(row)) for row in rows]
    for row, words, agreed in worded:
        if row.kind == "goal":
            steps = dict(_progress(dyad, row))
            yield from steps.items()
            yield (
                _goal(row),
                fhir.goal(
                    words,
                    patient=patient,
                    proposed_by=patient if row.proposed_by == "client" else therapist,
                    agreed_on=timezone.localdate(agreed) if agreed else None,
                    end=row.end,
                    ended_on=timezone.localdate(row.ended_at) if row.ended_at else None,
                    progress=list(steps),
                ),
            )
    for both in (True, False):
        those = [(row, words) for row, words, agreed in worded if (agreed is not None) == both]
        if not (both or those):
            continue
        views = [words for row, words in those if row.kind == "problem" and not row.end]
        yield (
            fhir.urn("CarePlan", dyad.uid if both else f"{dyad.uid}/proposed"),
            fhir.care_plan(
                views[-1] if views else "",
                [
                    (words, row.end, _goal(row.goal) if row.goal else "")
                    for row, words in those
                    if row.kind in ("task", "medication")
                ],
                agreed=both,
                patient=patient,
                therapist=therapist,
                goals=[_goal(row) for row, _words in those if row.kind == "goal"],
                started=dyad.started,
                ended=dyad.ended,
                ending=dyad.ending,
                note=dyad.note,
            ),
        )


def _progress(dyad: Dyad, goal: Agreement) -> Iterator[Named]:
    """How far each side saw a goal, in sessions that are open to both: the last word of each, unless taken back."""
    rows = sorted(goal.progress.all(), key=lambda row: row.pk)
    last = {(row.session_id, row.side): row for row in rows if row.session.revealed_at}
    for row in last.values():
        if row.value is not None and row.value not in LEVELS:
            yield (
                fhir.urn("Observation", f"{goal.uid}/{row.session.uid}/{row.side}"),
                fhir.progress(
                    row.value,
                    rater=cast(Rater, row.side),
                    patient=fhir.urn("Patient", dyad.client.uid),
                    source=_source(dyad, row.side),
                    about=fhir.urn("Encounter", row.session.uid),
                    on=_when(row.session),
                    of=_goal(goal),
                ),
            )


def _goal(row: Agreement | None) -> str:
    return fhir.urn("Goal", row.uid) if row else ""


def _when(session: Session) -> date:
    """When it was, by the practice's clock; of one that was taken in from a file nobody knows the hour."""
    start = timezone.localtime(session.start)
    return start.date() if session.revealed_by == "import" else start


def _session_on(session: Session) -> str:
    """The session with its date, as questions name it: who reads it elsewhere does not know which Tuesday is meant."""
    return _("the session on {day}").format(day=date_format(timezone.localtime(session.start), "DATE_FORMAT"))


def _last(row: Agreement) -> tuple[str, Any]:
    """The last wording, and when the second of the two sealed it; nothing while one is missing."""
    last = max(row.wordings.all(), key=lambda wording: wording.pk)
    seals = {seal.side: seal.at for seal in last.seals.all()}
    return last.words, max(seals.values()) if len(seals) == 2 else None


def _source(dyad: Dyad, side: str) -> str:
    return fhir.urn("Patient", dyad.client.uid) if side == "client" else _therapist(dyad)


def _therapist(dyad: Dyad) -> str:
    return fhir.urn("Practitioner", dyad.therapist.uid)
