"""Everything that the practice knows of one client, for that client, as plain tables. A new model gets its table here.

The client's own words and kept lines are in it, and the therapist's answers of sessions that are open to both. What
somebody else wrote for nobody else's eyes is not: a therapist's own notes and suggestions, and why they were set aside.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.db.models import Case, Q, QuerySet, When
from django.db.models.expressions import Combinable

from accord_clinic import models
from accord_clinic.models import Client
from accord_clinic.models.care import rank
from accord_clinic.pages.own_space import around
from accord_clinic.queries.findings import false_alarms
from accord_clinic.questionnaires.answer_words import in_words, question, wording
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.records.attainment import AS_AGREED, LEVELS
from accord_clinic.words.phrases import session_on
from accord_clinic.words.sentences import how_often

Row = Mapping[str, Any]
Column = str | tuple[str, str | Combinable]
"""The name of a column in the copy; where the database reaches it by another path, that path after it."""


def _number(path: str = "") -> Combinable:
    """The number of a session that took place; any other has a date and none."""
    return Case(When(**{f"{path}__state" if path else "state": "held"}, then=rank(path)))


COURSE, SESSION = ("course", "session__dyad__uid"), ("session", _number("session"))
PEOPLE = ("session__dyad__client", "session__dyad__therapist")
OPEN = Q(side="client") | Q(session__revealed_at__isnull=False)

NOT_IN_A_COPY = {
    models.KeptRating: "what a therapist has not shown, for that therapist alone",
    models.RatingDraft: "a rating that a therapist has not sent yet",
    models.AgendaItem: "which of a therapist's own notes that therapist takes to supervision",
    models.NotForClient: "why a therapist asks nothing, for that therapist alone; that nothing is asked is in it",
    models.Reaction: "a therapist's own notes, for that therapist alone",
    models.PutAside: "which mark a member has put aside on their own pages until the next session",
    models.Suggestion: "what the therapist was offered to try, and why not",
    models.SafetyLook: "who looked after a safety answer; what was assessed is in the care record",
    models.Code: "keys",
    models.StepIn: "keys",
    models.ClientDoor: "keys",
    models.Invitation: "keys",
    models.StopLink: "keys",
    models.TokenContext: "keys",
    models.Notice: "the outbox; it holds no words of anybody",
    models.CalendarSeries: "a number in the therapist's calendar; that a session comes from there stands with it",
    models.CalendarEvent: "a number in the therapist's calendar; that a session comes from there stands with it",
    models.CalendarChange: "what the calendar changed stands among the changes of the session",
    models.AuditEntry: "numbers and field names only",
    models.Erasure: "only after an erasure",
}
NAMES_OF_ROWS = ("id", "uid")
"""Of every table: what a row is called inside. Where other rows name it, the copy has it."""
NOT_IN_A_ROW = {
    (models.Client, "pin"): "a key; the copy says whether there is one",
    (models.Client, "locked_at"): "only after an erasure was asked for, when there is no copy any more",
    (models.Client, "erased_at"): "only after an erasure, when there is no copy any more",
    (models.Dyad, "circle"): "a mark that other people's courses bear as well",
    (models.Response, "submission"): "a random mark of the page, so that nothing is sent twice",
    (
        models.TreatmentPlan,
        "wordings",
    ): "numbers of wordings, which the table of goals has with their times",
    (models.ExpectationSheet, "token_hash"): "a mark by which a link is known, without which the rest is the same",
    (models.Strain, "state"): "the last of its moves, which are all there",
}
"""Single columns that are not in it, of tables that are."""


def everything(client: Client) -> dict[str, list[Row]]:
    """All tables of a copy, each a list of flat rows, in the order in which a person would read them."""
    return {name: list(table(client)) for name, (_model, table) in TABLES.items()}


def _rows(rows: QuerySet, *columns: Column) -> Iterator[dict[str, Any]]:
    """Each row by the names of its columns, in their order."""
    pairs = [(column, column) if isinstance(column, str) else column for column in columns]
    names = [name for name, _path in pairs]
    for values in rows.values_list(*(path for _name, path in pairs)):
        yield dict(zip(names, values, strict=True))


def _about(client: Client) -> Iterable[Row]:
    names = (
        "name", "address_as", "language", "email", "phone", "channel", "recognisable", "born", "made_at",
        "messages_stopped_at",
    )  # fmt: skip
    yield {name: getattr(client, name) for name in names} | {"has_pin": bool(client.pin)}


def _external_names(client: Client) -> Iterable[Row]:
    """What other systems call this client."""
    return _rows(client.external_names.order_by("system", "value"), "system", ("external_number", "value"))


def _consents(client: Client) -> Iterable[Row]:
    return _rows(
        client.consents.order_by("given_at", "id"),
        "purpose", ("program", "recipient__name"), "version", "language", "by", "given_at", "withdrawn_at",
        ("noted", "noted_by__name"),
    )  # fmt: skip


def _terms(client: Client) -> Iterable[Row]:
    rows = models.Terms.objects.filter(client=client)
    return _rows(rows, "consents", "guardian_learns", "by_order", "order_learns")


def _courses(client: Client) -> Iterable[Row]:
    for d in client.dyads.select_related("therapist", "follows").order_by("started", "id"):
        yield {
            "course": d.uid,
            "follows": d.follows.uid if d.follows else "",
            "shows_earlier": d.shows_earlier,
            "with": d.therapist.name,
            "started": d.started,
            "ended": d.ended,
            "ending": d.ending,
            "ending_reason": d.ending_reason,
            "approach": d.approach,
            "card_topics": ", ".join(map(str, d.card_topics)),
            "setting": d.setting,
            "modality": d.modality,
            "form": d.form,
            "often": "never" if d.asks_nothing else d.often,
            "under_way": d.under_way,
            "order": d.order,
            "note": d.note,
        }


def _sessions(client: Client) -> Iterable[Row]:
    rows = models.Session.objects.filter(dyad__client=client).order_by("start", "id")
    return _rows(
        rows, ("course", "dyad__uid"),
        ("session", _number()), "uid", "number_in_file", "planned_at", "start", "minutes", "modality", "state",
        "source", "reveal_due", "revealed_at", "revealed_by", "waived_why", "passed_over",
    )  # fmt: skip


def _changes(client: Client) -> Iterable[Row]:
    """What was changed about sessions: moved, marked, put right."""
    rows = models.SessionChange.objects.filter(session__dyad__client=client).order_by("at", "id")
    which = COURSE, SESSION, ("session_on", "session__start")
    return _rows(rows, *which, "field", "before", "after", "side", ("who", "by__name"), "at")


def _measures(client: Client) -> Iterable[Row]:
    rows = models.Measure.objects.filter(dyad__client=client).order_by("dyad", "id")
    for row in _rows(rows, ("course", "dyad__uid"), "instrument", "every", "in_any_language"):
        yield {**row, "questionnaire": _name(row["instrument"])}


def _schedule(client: Client) -> Iterable[Row]:
    """What differs from the practice's habit; empty is as usual there."""
    rows = models.Schedule.objects.filter(dyad__client=client).order_by("dyad")
    return _rows(
        rows, ("course", "dyad__uid"), "by_itself", "link_after_minutes", "remind_after_hours", "most_reminders",
        "quiet_from", "quiet_until", "pause_after",
    )  # fmt: skip


def _rhythm(client: Client) -> Iterable[Row]:
    """How often these two meet, where sessions are planned by themselves."""
    rows = models.Rhythm.objects.filter(dyad__client=client).order_by("dyad")
    return _rows(
        rows, ("course", "dyad__uid"), "first", "at", ("every_weeks", "every"), "minutes", "modality", "until",
        "planned_until",
    )  # fmt: skip


def _pauses(client: Client) -> Iterable[Row]:
    """When nothing was asked, and why."""
    rows = models.Pause.objects.filter(client=client).order_by("since", "id")
    return _rows(rows, "reason", "since", "until", "ask_again_at", ("who", "by__name"))


def _sent(client: Client) -> Iterable[Row]:
    """One row for each questionnaire that the client sent: when, in which words, and what the page said of itself."""
    rows = models.Response.objects.filter(session__dyad__client=client, side="client")
    columns = ("version", "form", "language", "wording", "begun_at", "sent_at", "context")
    for row in _rows(rows.order_by("session__start", "id"), COURSE, SESSION, "instrument", *columns):
        yield {**row, "questionnaire": _name(row["instrument"])}


def _answers(client: Client) -> Iterable[Row]:
    """One row an answer, with the question as it was asked; both voices where a session is open to both."""
    rows = models.Response.objects.filter(OPEN, session__dyad__client=client).select_related(*PEOPLE)
    for r in rows.annotate(number=_number("session")).order_by("session__start", "id"):
        for item, answer in r.answers.items():
            yield {
                **_place(r.session, r.number),
                "side": r.side,
                "instrument": r.instrument,
                "version": r.version,
                "item": item,
                "question": _question(r, item),
                "answer": answer if not isinstance(answer, list) else " ".join(map(str, answer)),
                "in_words": in_words(r, item, answer),
                "sent_at": r.sent_at,
            }


def _words(client: Client) -> Iterable[Row]:
    rows = models.Comment.objects.filter(OPEN, session__dyad__client=client).annotate(number=_number("session"))
    for c in rows.select_related(*PEOPLE, *(f"response__{way}" for way in PEOPLE)).order_by("session__start", "id"):
        text, place = _question(c.response, c.item), _place(c.session, c.number)
        yield {**place, "side": c.side, "question": text, "words": c.words, "sent_at": c.response.sent_at}


def _private_lines(client: Client) -> Iterable[Row]:
    rows = client.private_lines.select_related("to", *(f"response__{way}" for way in PEOPLE)).order_by(
        "response__session__start", "id"
    )
    for line in rows.annotate(number=_number("response__session")):
        asked, answered = around(line) or ("", "")
        yield {
            **_place(line.response.session, line.number),
            "reader": line.reader,
            "to": line.to.name if line.to else "",
            "question": asked or _question(line.response, line.item),
            "words": line.words,
            "answer": line.value,
            "in_words": answered or in_words(line.response, line.item, line.value),
            "acknowledged_at": line.acknowledged_at,
        }


def _goals(client: Client) -> Iterable[Row]:
    rows = models.Wording.objects.filter(agreement__dyad__client=client).prefetch_related("seals")
    for w in rows.select_related("agreement__goal", "agreement__dyad").order_by("agreement", "id"):
        sealed = {seal.side: seal.at for seal in w.seals.all()}
        yield {
            "course": w.agreement.dyad.uid,
            "kind": w.agreement.kind,
            "agreement": w.agreement.uid,
            "of_goal": w.agreement.goal.uid if w.agreement.goal else "",
            "proposed_by": w.agreement.proposed_by,
            "proposed_at": w.agreement.made_at,
            "words": w.words,
            "levels": " · ".join(map(str, w.levels)),
            "written_by": w.side,
            "written_at": w.at,
            "client_sealed_at": sealed.get("client"),
            "therapist_sealed_at": sealed.get("therapist"),
            "ended": w.agreement.end,
            "ended_at": w.agreement.ended_at,
        }


def _plans(client: Client) -> Iterable[Row]:
    """Each version: one row an option, or one without where there is none; with both confirmations."""
    plans = models.TreatmentPlan.objects.filter(dyad__client=client).select_related("dyad").order_by("id")
    for plan in plans.prefetch_related("options", "seals"):
        sealed = {seal.side: seal.at for seal in plan.seals.all()}
        version = {
            "course": plan.dyad.uid,
            "plan": plan.uid,
            "written_by": plan.side,
            "written_at": plan.made_at,
            "why_this": plan.why,
            "client_does": plan.client_does,
            "therapist_does": plan.therapist_does,
            "review_on": plan.review_on,
            "client_sealed_at": sealed.get("client"),
            "therapist_sealed_at": sealed.get("therapist"),
        }
        for option in sorted(plan.options.all(), key=lambda option: option.pk) or [models.PlanOption()]:
            columns = {"option": option.words, "pros": option.pros, "cons": option.cons, "decision": option.decision}
            yield {**version, **columns}


def _follow_ups(client: Client) -> Iterable[Row]:
    """Checks after the end of a course of care, and what the client said."""
    rows = models.FollowUp.objects.filter(dyad__client=client).order_by("due_on", "id")
    columns = ("due_on", "asked_at", "answered_at", ("how_now", "now"), "words", "wants_contact")
    return _rows(rows, ("course", "dyad__uid"), *columns)


def _expectations(client: Client) -> Iterable[Row]:
    """What the client wrote before the first session, and the therapist once both may read it."""
    rows = models.Expectation.objects.filter(sheet__dyad__client=client)
    rows = rows.filter(Q(side="client") | Q(sheet__opened_at__isnull=False)).order_by("at", "id")
    opened = (("open_since", "sheet__opened_at"), ("revealed_by", "sheet__opened_by"))
    return _rows(rows, ("course", "sheet__dyad__uid"), "side", ("about_what", "topic"), "words", "at", *opened)


def _plan_fits(client: Client) -> Iterable[Row]:
    """Whether the shared view still fits: the client's answers, and the therapist's where both have given one."""
    fits = models.PlanFit.objects.filter(plan__dyad__client=client)
    both = fits.filter(side="client").values("plan")
    rows = fits.filter(Q(side="client") | Q(plan__in=both)).order_by("at", "id")
    return _rows(rows, ("course", "plan__dyad__uid"), ("plan", "plan__uid"), "side", ("view_fits", "value"), "at")


def _progress(client: Client) -> Iterable[Row]:
    rows = models.Progress.objects.filter(OPEN, session__dyad__client=client).order_by("at", "id")
    columns = (("agreement", "agreement__uid"), "side", "value", "at", ("instead_of", "corrects__at"))
    for row in _rows(rows, COURSE, SESSION, *columns):
        is_level = row["value"] in LEVELS
        value = row["value"] - AS_AGREED if is_level else row["value"]
        yield {**row, "value": value, "against_levels": is_level, "taken_back": row["value"] is None}


def _picks(client: Client) -> Iterable[Row]:
    rows = models.Pick.objects.filter(OPEN, session__dyad__client=client).order_by("at", "id")
    columns = ("side", ("agreement", "agreement__uid"), "words", "at", ("instead_of", "corrects__at"))
    for row in _rows(rows, COURSE, SESSION, *columns):
        yield {**row, "taken_back": not (row["agreement"] or row["words"])}


def _strains(client: Client) -> Iterable[Row]:
    """Of sessions that are open to both: a therapist may note a moment before, and would tell of the rating by it."""
    rows = models.StrainMove.objects.filter(strain__dyad__client=client, strain__session__revealed_at__isnull=False)
    return _rows(
        rows.order_by("strain", "id"),
        ("strain", "strain__uid"), ("course", "strain__dyad__uid"), ("session", _number("strain__session")),
        ("kind", "strain__kind"), ("opened_by", "strain__opened_by"), ("opened_at", "strain__opened_at"),
        "move", "side", "step", "at", ("at_session", _number("session")),
    )  # fmt: skip


def _signals(client: Client) -> Iterable[Row]:
    rows = models.Signal.objects.filter(dyad__client=client, session__revealed_at__isnull=False)
    columns = (
        ("course", "dyad__uid"), SESSION, "kind", "reported", "scale", "strength", "evidence", "rule", "calibration",
        "withheld", "raised_at",
    )  # fmt: skip
    for row in _rows(rows.order_by("raised_at", "id"), *columns):
        alarms = false_alarms(row["kind"], row["calibration"])
        yield {**row, "how_sure": how_often(alarms) if alarms else ""}


def _talked(client: Client) -> Iterable[Row]:
    rows = models.TalkTick.objects.filter(session__dyad__client=client).order_by("at", "id")
    return _rows(rows, COURSE, SESSION, "topic", "at")


def _undone(client: Client) -> Iterable[Row]:
    """Marks that were taken back: that a goal had ended, that something was talked about."""
    rows = models.Undone.objects.filter(dyad__client=client).order_by("at", "id")
    columns = (("marked", "kind"), ("mark_of", "mark"), "marked_at", "side", "at")
    return _rows(rows, ("course", "dyad__uid"), SESSION, ("agreement", "agreement__uid"), *columns)


def _corrections(client: Client) -> Iterable[Row]:
    rows = models.Correction.objects.filter(dyad__client=client).order_by("asked_at", "id")
    answered_by = ("answered_by", "answered_by__name")
    return _rows(rows, ("course", "dyad__uid"), "words", "asked_at", "answer", answered_by, "answered_at")


def _readers(client: Client) -> Iterable[Row]:
    """Who may and could: shares, cover and emergencies, with their times."""
    kinds = (
        ("shared", models.Share, "since", "by"),
        ("cover", models.Cover, "since", "by"),
        ("emergency", models.BreakGlass, "at", "member"),
    )
    for how, model, start, by in kinds:
        for row in model.objects.filter(dyad__client=client).select_related("member", "dyad", by).order_by(start, "id"):
            yield {
                "course": row.dyad.uid,
                "how": how,
                "who": row.member.name,
                "by": getattr(row, by).name,
                "since": getattr(row, start),
                "until": row.until,
                "why": getattr(row, "why", ""),
            }


def _reads(client: Client) -> Iterable[Row]:
    rows = models.ReadLog.objects.filter(dyad__client=client).order_by("at", "id")
    held = models.Session.objects.filter(dyad__client=client, state="held")
    numbers = dict(held.values_list("uid", rank()))
    for r in rows.select_related("member", "dyad", "recipient"):
        yield {
            "course": r.dyad.uid,
            "who": r.member.name if r.member else "",
            "program": r.recipient.name if r.recipient else "",
            "what": r.what,
            "sessions": " ".join(str(numbers[uid]) for uid in r.sessions if uid in numbers),
            "at": r.at,
        }


TABLES: dict[str, tuple[tuple[type, ...], Callable[[Client], Iterable[Row]]]] = {
    "about": ((Client,), _about),
    "external_names": ((models.ExternalName,), _external_names),
    "consents": ((models.Consent,), _consents),
    "terms": ((models.Terms,), _terms),
    "courses": ((models.Dyad,), _courses),
    "sessions": ((models.Session,), _sessions),
    "changes": ((models.SessionChange,), _changes),
    "measures": ((models.Measure,), _measures),
    "schedule": ((models.Schedule,), _schedule),
    "rhythm": ((models.Rhythm,), _rhythm),
    "pauses": ((models.Pause,), _pauses),
    "sent": ((models.Response,), _sent),
    "answers": ((models.Response,), _answers),
    "words": ((models.Comment,), _words),
    "kept": ((models.PrivateLine,), _private_lines),
    "goals": ((models.Agreement, models.Wording, models.Seal), _goals),
    "plans": (
        (models.TreatmentPlan, models.PlanOption, models.PlanSeal),
        _plans,
    ),
    "expectations": ((models.Expectation, models.ExpectationSheet), _expectations),
    "plan_fits": ((models.PlanFit,), _plan_fits),
    "follow_ups": ((models.FollowUp,), _follow_ups),
    "progress": ((models.Progress,), _progress),
    "picks": ((models.Pick,), _picks),
    "strains": ((models.Strain, models.StrainMove), _strains),
    "signals": ((models.Signal,), _signals),
    "talked_about": ((models.TalkTick,), _talked),
    "undone": ((models.Undone,), _undone),
    "corrections": ((models.Correction,), _corrections),
    "readers": ((models.Share, models.Cover, models.BreakGlass), _readers),
    "reads": ((models.ReadLog,), _reads),
}


def _place(session: models.Session, number: int | None) -> Row:
    return {"course": session.dyad.uid, "session": number, "day": session.start.date()}


def _name(instrument: str) -> str:
    """What a questionnaire is called to whoever answers it; its id where it is here no more."""
    questionnaire = shelf().instruments.get(instrument)
    if questionnaire is None:
        return instrument
    return wording(questionnaire).title if questionnaire.wordings else questionnaire.name


def _question(row: models.Response, item: str) -> str:
    """The question as this side read it; its id where this practice has no such question any more."""
    dyad = row.session.dyad
    names = {"therapist": dyad.therapist.name, "client": dyad.client.called, "session": session_on(row.session.start)}
    return question(row, item, names)
