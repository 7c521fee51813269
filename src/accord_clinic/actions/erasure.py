"""Erase a client: words, names and addresses are deleted; what the law requires stays under a number.

Each table of the clinic stands in one of four lists below, so a new one cannot be forgotten: a test compares them with
the models. Audit and read logs hold ids and field names only and are not touched.
"""

import json
import os
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accord_clinic import models
from accord_clinic.actions.audit import record
from accord_clinic.actions.study import forget_about
from accord_clinic.messages import notices
from accord_clinic.models import Client, Dyad, Erasure, Practice, Session
from accord_clinic.permissions import check_be_client
from accord_clinic.queries.rights import kept_until

CLIENT, DYAD, SESSION = "client", "dyad__client", "session__dyad__client"
DELETED = {
    models.PrivateLine: CLIENT,
    models.ExternalName: CLIENT,
    models.Consent: CLIENT,
    models.Terms: CLIENT,
    models.Code: CLIENT,
    models.StepIn: "clients",
    models.ClientDoor: CLIENT,
    models.StopLink: CLIENT,
    models.Comment: SESSION,
    models.KeptRating: "response__session__dyad__client",
    models.Response: SESSION,
    models.Invitation: SESSION,
    models.SessionChange: SESSION,
    models.CalendarChange: "event__session__dyad__client",
    models.CalendarEvent: SESSION,
    models.CalendarSeries: DYAD,
    models.Rhythm: DYAD,
    models.Pause: CLIENT,
    models.RatingDraft: SESSION,
    models.AgendaItem: "reaction__session__dyad__client",
    models.Reaction: SESSION,
    models.Progress: SESSION,
    models.Pick: SESSION,
    models.TalkTick: SESSION,
    models.Undone: DYAD,
    models.Suggestion: SESSION,
    models.Seal: "wording__agreement__dyad__client",
    models.Wording: "agreement__dyad__client",
    models.Agreement: DYAD,
    models.StrainMove: "strain__dyad__client",
    models.Strain: DYAD,
    models.PlanFit: "plan__dyad__client",
    models.PlanSeal: "plan__dyad__client",
    models.PlanOption: "plan__dyad__client",
    models.TreatmentPlan: DYAD,
    models.SafetyLook: "signal__dyad__client",
    models.PutAside: "signal__dyad__client",
    models.Signal: DYAD,
    models.Share: DYAD,
    models.Cover: DYAD,
    models.BreakGlass: DYAD,
    models.Correction: DYAD,
    models.Measure: DYAD,
    models.Schedule: DYAD,
    models.Notice: CLIENT,
}
BLANKED = (Client, Dyad, Session)
LOGS = (models.ReadLog, models.AuditEntry, Erasure)
ABOUT_NOBODY = (
    models.Practice, models.Member, models.Calibration, models.ImportRow, models.ServiceMonth, models.ClosedDays,
    models.ConnectedCalendar, models.Study, models.StudyFile,
)  # fmt: skip

NOBODY = {"name": "", "address_as": "", "email": "", "phone": "", "born": None, "pin": "", "language": "en"}
NO_WORDS = {
    "ending_reason": "", "note": "", "circle": "", "approach": "integrative", "setting": "outpatient",
    "modality": "room", "form": "full", "card_topics": [],
}  # fmt: skip
ONLY_THE_DATE = {
    "waived_why": "", "revealed_by": "", "reveal_due": None, "modality": "room", "minutes": 50, "source": "hand",
    "number_in_file": None,
}  # fmt: skip
LEDGER = "erasures.jsonl"


@transaction.atomic
def erase(client: Client, *, by: Client) -> Erasure:
    """Erase a client at the client's own wish. The therapists of running courses get a notice."""
    check_be_client(by, client)
    for dyad in client.dyads.filter(ended=None).select_related("therapist"):
        notices.tell("erased", dyad.uid, member=dyad.therapist)
    record(by, "erase", f"client:{client.pk}", [model.__name__ for model in DELETED])
    row = _erase(client, timezone.now())
    transaction.on_commit(write_ledger)
    return row


def purge(today: date | None = None) -> int:
    """Delete the stored dates of erased clients whose retention time is over. Returns how many."""
    today = today or timezone.localdate()
    over = Erasure.objects.filter(until__lte=today)
    for row in over:
        with transaction.atomic():
            _drop_dates(Client.objects.get(pk=row.client))
            Erasure.objects.filter(pk=row.pk).update(until=None, remains=["number", "logs"])
            record(None, "purge_erased", f"client:{row.client}", ["sessions"])
    return len(over)


def reapply() -> int:
    """Erase again whoever was erased after the backup that is now in place. Returns how many. Safe to repeat.

    Call it after a restore. It knows from the ledger file beside the database, and beside the backups.
    """
    done = 0
    for number, (uid, at) in _known().items():
        client = Client.objects.filter(pk=number, uid=uid, erased_at=None).first()
        if client:
            with transaction.atomic():
                _erase(client, at)
                record(None, "erase_again", f"client:{number}", [model.__name__ for model in DELETED])
            done += 1
    write_ledger()
    return done


def write_ledger() -> None:
    """Write numbers and dates of all erasures into files beside the database and beside the backups."""
    lines = [json.dumps({"client": n, "uid": uid, "at": at.isoformat()}) for n, (uid, at) in sorted(_known().items())]
    for path in _ledgers():
        partial = path.with_suffix(".partial")
        partial.write_text("".join(f"{line}\n" for line in lines))
        os.chmod(partial, 0o600)
        os.replace(partial, path)


def _erase(client: Client, at) -> Erasure:
    until = kept_until(client, Practice.objects.get())
    forget_about(client)
    for model, way in DELETED.items():
        model._default_manager.filter(**{way: client}).delete()
    Session.objects.filter(dyad__client=client).update(**ONLY_THE_DATE)
    running = Dyad.objects.filter(client=client, ended=None)
    running.update(ended=timezone.localdate(at), ending="by_client")
    Dyad.objects.filter(client=client).update(**NO_WORDS)
    if until is None:
        _drop_dates(client)
    Client.objects.filter(pk=client.pk).update(**NOBODY, erased_at=at, messages_stopped_at=at)
    what_stays = ["course", "dates", "logs"] if until else ["number", "logs"]
    return Erasure.objects.update_or_create(
        client=client.pk, defaults={"uid": client.uid, "at": at, "remains": what_stays, "until": until}
    )[0]


def _drop_dates(client: Client) -> None:
    """No session is left, and of a course of care only its number, its therapist, and the years."""
    Session.objects.filter(dyad__client=client).delete()
    for dyad in Dyad.objects.filter(client=client):
        years = {"started": date(dyad.started.year, 1, 1), "ended": dyad.ended and date(dyad.ended.year, 1, 1)}
        Dyad.objects.filter(pk=dyad.pk).update(**years)


def _known() -> dict[int, tuple[str, datetime]]:
    """Every erasure that the ledgers or this database know of."""
    erased = {}
    for path in _ledgers():
        for line in path.read_text().splitlines() if path.exists() else ():
            if not line:
                continue  # The list of nobody, carried to the backups, is one empty line.
            entry = json.loads(line)
            erased[entry["client"]] = (entry["uid"], datetime.fromisoformat(entry["at"]))
    return erased | {row.client: (row.uid, row.at) for row in Erasure.objects.all()}


def _ledgers() -> list[Path]:
    folders = [settings.DATA, getattr(settings, "BACKUPS", None)]
    return [folder / LEDGER for folder in folders if folder and folder.is_dir()]
