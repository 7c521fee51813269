"""What both may see of one client's courses, as a FHIR R4 bundle: what the client can carry to another clinic.

Kept lines, strains, signals and who read what are not in it: the copy's own JSON has them, for the client alone.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accord.scoring import kept_scores
from accord.tables import fhir
from accord_clinic import models
from accord_clinic.models import Agreement, Client, Dyad, Session
from accord_clinic.models.care import current_responses
from accord_clinic.queries.courses import record_of
from accord_clinic.queries.practice import zone
from accord_clinic.questionnaires.answer_words import wording
from accord_clinic.questionnaires.shelf import shelf

Named = tuple[str, fhir.Resource]


def as_fhir(client: Client) -> dict[str, Any]:
    """The whole bundle, in the client's language and by the practice's clock, whoever asks for it."""
    with override(client.language), timezone.override(zone()):
        return fhir.bundle(_resources(client), timezone.localtime())


def _resources(client: Client) -> Iterator[Named]:
    patient = fhir.urn("Patient", client.uid)
    yield patient, fhir.person("Patient", client.name, birthDate=str(client.born or ""))
    courses = list(client.dyads.select_related("client", "therapist").order_by("started", "id"))
    for member in {dyad.therapist_id: dyad.therapist for dyad in courses}.values():
        yield fhir.urn("Practitioner", member.uid), fhir.person("Practitioner", member.name)
    for dyad in courses:
        yield from _agreements(dyad)
        for session in dyad.sessions.order_by("number"):
            about = fhir.urn("Encounter", session.uid)
            yield about, fhir.encounter(patient, _therapist(dyad), _when(session), session.state, session.modality)
        yield from _answers(dyad)


def _answers(dyad: Dyad) -> Iterator[Named]:
    """Of sessions that are open to both: the last response of each side and questionnaire, and its scores."""
    rows = models.Response.objects.filter(session__dyad=dyad, session__revealed_at__isnull=False)
    rows = rows.select_related("session").prefetch_related("comments").order_by("session__number", "id")
    for row in current_responses(rows).values():
        yield from _response(dyad, row)


def _response(dyad: Dyad, row: models.Response) -> Iterator[Named]:
    patient, known = fhir.urn("Patient", dyad.client.uid), shelf().versions.get((row.instrument, row.version))
    said, session = record_of(row, row.session.number), row.session
    source = patient if row.side == "client" else _therapist(dyad)
    name, about = fhir.urn("QuestionnaireResponse", row.uid), fhir.urn("Encounter", session.uid)
    yield (
        name,
        fhir.questionnaire_response(
            said,
            known,
            wording(known) if known and known.wordings else None,
            names={"therapist": dyad.therapist.name, "client": dyad.client.called, "session": _session_on(session)},
            words={comment.item: comment.words for comment in row.comments.all()},
            patient=patient,
            source=source,
            about=about,
            authored=None if session.revealed_by == "import" else timezone.localtime(row.sent_at),
        ),
    )
    for one in kept_scores([said.answers], known, row.form)[0] if known else ():
        if known.scale(one.scale).key.verified:
            yield (
                fhir.urn("Observation", f"{row.uid}/{one.scale}"),
                fhir.observation(
                    one, said, known, patient=patient, source=source, about=about, on=_when(session), of=name
                ),
            )


def _agreements(dyad: Dyad) -> Iterator[Named]:
    """The goals in their last words; and what both have sealed as one plan, what is only proposed as another."""
    patient, therapist = fhir.urn("Patient", dyad.client.uid), _therapist(dyad)
    rows = dyad.agreements.select_related("goal").prefetch_related("wordings__seals").order_by("made_at", "id")
    worded = [(row, *_last(row)) for row in rows]
    for row, words, agreed in worded:
        if row.kind == "goal":
            yield (
                _goal(row),
                fhir.goal(
                    words,
                    patient=patient,
                    proposed_by=patient if row.proposed_by == "client" else therapist,
                    agreed_on=timezone.localdate(agreed) if agreed else None,
                    end=row.end,
                    ended_on=timezone.localdate(row.ended_at) if row.ended_at else None,
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
                [(words, row.end, _goal(row.goal)) for row, words in those if row.kind == "task"],
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
    last = max(row.wordings.all(), key=lambda one: one.pk)
    seals = {seal.side: seal.at for seal in last.seals.all()}
    return last.words, max(seals.values()) if len(seals) == 2 else None


def _therapist(dyad: Dyad) -> str:
    return fhir.urn("Practitioner", dyad.therapist.uid)
