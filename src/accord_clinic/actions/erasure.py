"""A client asks for erasure, and the practice decides by kind of record. What goes when is said here.

Asking deletes at once what only the client has (AT_ONCE), locks the rest away from daily pages, and sends a last
message. The decision, or the end of the practice's retention time, deletes the rest kind by kind. Each table of the
clinic stands in one of the lists below, so a new one cannot be forgotten: a test compares them with the models. Audit
and read logs hold ids and field names only and are not touched. Backups: `actions/erasure_ledger`.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accord.errors import BadInput
from accord_clinic import links, models
from accord_clinic.actions import erasure_ledger
from accord_clinic.actions.audit import record
from accord_clinic.actions.programs import end_tokens
from accord_clinic.actions.study_forgotten import forget_about
from accord_clinic.messages import delivery, notices
from accord_clinic.models import Client, Dyad, Erasure, Member, Practice, Response, Session, Signal
from accord_clinic.permissions import check_be_client, check_decide_erasure
from accord_clinic.rules.retention import kept_until
from accord_clinic.rules.safety import open_notices

CLIENT, DYAD, SESSION = "client", "dyad__client", "session__dyad__client"
AT_ONCE = {
    models.PrivateLine: CLIENT,
    models.TokenContext: CLIENT,
    models.KeptRating: "response__session__dyad__client",
    models.RatingDraft: SESSION,
    models.Code: CLIENT,
    models.StepIn: "clients",
    models.ClientDoor: CLIENT,
    models.StopLink: CLIENT,
    models.Invitation: SESSION,
    models.Notice: CLIENT,
    models.CalendarChange: "event__session__dyad__client",
    models.CalendarEvent: SESSION,
    models.CalendarSeries: DYAD,
    models.Rhythm: DYAD,
    models.Schedule: DYAD,
    models.Pause: CLIENT,
    models.NotForClient: DYAD,
}
"""Private lines, what nobody else was shown, links, messages, and what would plan or send more of them."""
RECORD = {
    models.ExternalName: CLIENT,
    models.Consent: CLIENT,
    models.Terms: CLIENT,
    models.Comment: SESSION,
    models.Response: SESSION,
    models.SessionChange: SESSION,
    models.AgendaItem: "reaction__session__dyad__client",
    models.Reaction: SESSION,
    models.Progress: SESSION,
    models.Pick: SESSION,
    models.TalkTick: SESSION,
    models.Undone: DYAD,
    models.PutAside: "signal__dyad__client",
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
    models.FollowUp: DYAD,
    models.Expectation: "sheet__dyad__client",
    models.ExpectationSheet: DYAD,
    models.Share: DYAD,
    models.Cover: DYAD,
    models.BreakGlass: DYAD,
    models.Correction: DYAD,
    models.Measure: DYAD,
}
SAFETY = {models.SafetyLook: "signal__dyad__client", models.Signal: DYAD}
"""Signals of other kinds go with the record."""
BLANKED = (Client, Dyad, Session)
LOGS = (models.ReadLog, models.AuditEntry, Erasure)
ABOUT_NOBODY = (
    models.Practice, models.Member, models.Calibration, models.ImportRow, models.ServiceMonth, models.ClosedDays,
    models.ConnectedCalendar, models.CaseMeeting, models.CaseTally, models.Study, models.StudyFile,
    models.Recipient, models.CareRecord, models.CareRecordUser,
    models.CaseloadMove,
)  # fmt: skip

NO_ADDRESS = {"email": "", "phone": "", "pin": ""}
NOBODY = NO_ADDRESS | {"name": "", "address_as": "", "born": None, "language": "en"}
NO_WORDS = {
    "ending_reason": "", "note": "", "circle": "", "approach": "integrative", "setting": "outpatient",
    "modality": "room", "form": "full", "card_topics": [],
}  # fmt: skip
ONLY_THE_DATE = {
    "waived_why": "", "revealed_by": "", "reveal_due": None, "modality": "room", "minutes": 50, "source": "hand",
    "number_in_file": None, "planned_at": None,
}  # fmt: skip
LAST_MESSAGE_WAITS = timedelta(days=7)
"""Longer than all tries together take, and short enough that no address stays behind for long."""


@transaction.atomic
def ask(client: Client, *, by: Client) -> str:
    """Ask for erasure at the client's own wish; gives the receipt code, which is shown this once.

    The therapists of running courses and the admins get a notice; the client's known contact gets a last message.
    """
    check_be_client(by, client)
    client = Client.objects.select_for_update(no_key=True).get(pk=client.pk)
    if client.locked_at:
        raise BadInput("Erasure was asked for already.")
    receipt, now = links.new_receipt(), timezone.now()
    for dyad in client.dyads.filter(ended=None).select_related("therapist"):
        notices.tell("erasure_asked", dyad.uid, member=dyad.therapist)
    address = delivery.contact(client)
    row = _ask(client, now)
    Erasure.objects.filter(pk=row.pk).update(receipt=links.receipt_digest(receipt))
    notices.tell_admins("erasure_asked", row.uid)
    if address:
        notices.tell(delivery.RECEIPT, receipt, client=client, to=address)
    record(by, "ask_erasure", f"client:{client.pk}", [model.__name__ for model in AT_ONCE])
    transaction.on_commit(erasure_ledger.write)
    return receipt


@transaction.atomic
def decide(row: Erasure, keep: Collection[str], why: Collection[str], *, by: Member) -> None:
    """Decide by kind of record what is kept, for the practice's retention times; all else is deleted now.

    `keep` are codes of `Erasure.KINDS`, `why` of `Erasure.WHYS`. Records about safety are kept for their time in any
    case, and days of treatment as long as the record that names them. While a safety answer waits for somebody to look
    after it, the record can only be kept.
    """
    check_decide_erasure(by)
    row = Erasure.objects.select_for_update(no_key=True).get(pk=row.pk)
    if row.decided_at:
        raise BadInput("This was decided already.")
    _check_codes(keep, why)
    client, practice = Client.objects.get(pk=row.client), Practice.objects.get()
    kinds = {*keep, "safety"} | ({"dates"} if "record" in keep else set())
    until = {kind: kept_until(client, practice, kind) for kind, _words in Erasure.KINDS if kind in kinds}
    row.record_until, row.dates_until, row.safety_until = (until.get(k) for k in ("record", "dates", "safety"))
    if row.record_until is None and open_notices(Q(dyad__client=client)).exists():
        raise BadInput(
            "Nobody has recorded yet what was done after a safety answer of this person, and the answer would be "
            "erased. Ask the therapist or the safety contact to record it, then decide."
        )
    if row.record_until and (row.dates_until is None or row.dates_until < row.record_until):
        row.dates_until = row.record_until
    row.decided_at, row.decided_by, row.why = timezone.now(), by, sorted(why)
    _let_go(row, client)
    row.save()
    record(by, "decide_erasure", f"client:{client.pk}", ["decided_at", "remains", "why"])
    transaction.on_commit(erasure_ledger.write)


def _check_codes(keep: Collection[str], why: Collection[str]) -> None:
    if not (set(keep) <= dict(Erasure.KINDS).keys() and set(why) <= dict(Erasure.WHYS).keys()):
        raise BadInput("Choose one of those that are offered.")
    if set(keep) & {"record", "dates"} and not why:
        raise BadInput("Say why something is kept: the client reads it.")


def purge(today: date | None = None) -> int:
    """Delete what was kept and whose time is over. Returns of how many clients.

    A last message that could not be delivered for a week loses its address and its receipt.
    """
    today = today or timezone.localdate()
    undelivered = models.Notice.objects.filter(kind=delivery.RECEIPT, made_at__lt=timezone.now() - LAST_MESSAGE_WAITS)
    undelivered.exclude(to="").update(to="", about="", dropped_at=timezone.now())
    over = Q(record_until__lte=today) | Q(dates_until__lte=today) | Q(safety_until__lte=today)
    rows = list(Erasure.objects.filter(over).exclude(decided_at=None))
    for row in rows:
        with transaction.atomic():
            for column in ("record_until", "dates_until", "safety_until"):
                until = getattr(row, column)
                setattr(row, column, None if until and until <= today else until)
            _let_go(row, Client.objects.get(pk=row.client))
            row.save()
            record(None, "purge_erased", f"client:{row.client}", ["remains"])
    if rows:
        erasure_ledger.write()
    return len(rows)


def reapply() -> int:
    """Bring everybody who asked for erasure after the backup that is now in place to the state of the ledger.

    Returns of how many clients something went again. Safe to repeat. Call it after a restore.
    """
    done = 0
    for (number, uid), entry in erasure_ledger.latest_entries().items():
        client = Client.objects.filter(pk=number, uid=uid).first()
        before = Erasure.objects.filter(client=number, uid=uid).first()
        stands = before is not None and erasure_ledger.LedgerEntry.of(before).progress >= entry.progress
        if client is None or (stands and client.locked_at):
            continue
        with transaction.atomic():
            row = _ask(client, entry.at)
            decided_by = Member.objects.filter(pk=entry.decided_by).first() if entry.decided_by else None
            for column, value in entry.columns().items():
                setattr(row, column, value)
            row.decided_by = decided_by
            if row.decided_at:
                _let_go(row, client)
            row.save()
            record(None, "erase_again", f"client:{number}")
        done += 1
    erasure_ledger.write()
    return done


def _ask(client: Client, at: datetime) -> Erasure:
    """What happens at once. Safety answers stay where a session is not open yet: somebody has to act on them."""
    sessions = Session.objects.filter(dyad__client=client)
    forget_about(client)
    end_tokens(Q(context__client=client))
    for model, way in AT_ONCE.items():
        model._default_manager.filter(**{way: client}).delete()
    _drop_unrevealed(sessions.filter(revealed_at=None))
    models.ExpectationSheet.objects.filter(dyad__client=client, opened_at=None).delete()
    models.ExpectationSheet.objects.filter(dyad__client=client).update(token_hash=None)
    for model in (models.Share, models.Cover):
        standing = Q(until=None) | Q(until__gt=at)
        model._default_manager.filter(standing, dyad__client=client).update(until=at)
    running = Dyad.objects.filter(client=client, ended=None)
    running.update(ended=timezone.localdate(at), ending="by_client")
    Client.objects.filter(pk=client.pk).update(**NO_ADDRESS, locked_at=at, messages_stopped_at=at)
    facts = {"uid": client.uid, "at": at, "remains": [kind for kind, _words in Erasure.KINDS]}
    return Erasure.objects.update_or_create(client=client.pk, defaults=facts)[0]


def _drop_unrevealed(sessions) -> None:
    """What the client said of sessions that are not open yet, apart from safety answers; and sessions to come."""
    safety = dict(Signal.objects.filter(session__in=sessions, kind="safety").values_list("session", "evidence"))
    for response in Response.objects.filter(session__in=sessions, side="client"):
        evidence = safety.get(response.session_id, {})
        item = evidence.get("item")
        if response.instrument == evidence.get("instrument") and item in response.answers:
            Response.objects.filter(pk=response.pk).update(answers={item: response.answers[item]})
            response.comments.all().delete()
        else:
            response.delete()
    for model in (models.Progress, models.Pick):
        model._default_manager.filter(session__in=sessions, side="client").delete()
    sessions.filter(state="planned", start__gt=timezone.now(), responses=None).delete()
    sessions.update(reveal_due=None)


def _let_go(row: Erasure, client: Client) -> None:
    """Delete every kind of record that has no time left, and note what remains."""
    if row.record_until is None:
        _drop_record(client)
    if row.safety_until is None:
        for model, way in SAFETY.items():
            model._default_manager.filter(**{way: client}).delete()
    if row.dates_until is None:
        _drop_dates(client)
    until = {"record": row.record_until, "dates": row.dates_until, "safety": row.safety_until}
    row.remains = [kind for kind, day in until.items() if day]


def _drop_record(client: Client) -> None:
    """Words, answers and the name go. Courses, days and records about safety stay under a number."""
    for model, way in RECORD.items():
        model._default_manager.filter(**{way: client}).delete()
    Signal.objects.filter(dyad__client=client).exclude(kind="safety").delete()
    Session.objects.filter(dyad__client=client).update(**ONLY_THE_DATE)
    Dyad.objects.filter(client=client).update(**NO_WORDS)
    Client.objects.filter(pk=client.pk).update(**NOBODY, erased_at=timezone.now())


def _drop_dates(client: Client) -> None:
    """Of a course only its number, its therapist and the years are left; sessions only where a safety record is."""
    Session.objects.filter(dyad__client=client, signals=None).delete()
    for dyad in Dyad.objects.filter(client=client):
        years = {"started": date(dyad.started.year, 1, 1), "ended": dyad.ended and date(dyad.ended.year, 1, 1)}
        Dyad.objects.filter(pk=dyad.pk).update(**years)
