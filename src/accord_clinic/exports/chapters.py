"""The client's copy as chapters that a person can read: titles, headings, and cells in words.

A new code gets its word here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from accord_clinic.words import choices, phrases

LEFT_OUT = (
    "course", "follows", "agreement", "of_goal", "instrument", "version", "form", "wording", "context", "item", "topic",
    "rule", "scale", "evidence", "calibration", "strain", "uid", "number_in_file",
    "mark_of", "plan", "shows_earlier",
)  # fmt: skip
"""Names for machines: they are in the JSON and CSV, and would only be in the way of reading."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One table, ready to be read: answers session by session, a single row as facts, all else as a table."""

    title: str
    empty: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.headings, self.rows[0], strict=True)) if len(self.rows) == 1 else ()


def chapters(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Chapter]:
    """One chapter a table; empty ones say so in a line."""
    titles, headings = _titles(), _headings()
    return [
        _answers(titles[name], rows) if name == "answers" and rows else _chapter(titles[name], rows, headings)
        for name, rows in tables.items()
    ]


def _answers(title: str, rows: Sequence[Mapping[str, Any]]) -> Chapter:
    """Question and answer, under the session and the person who gave it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        place = _("Session {number}, {day}: {who}").format(
            number=row["session"], day=_cell(row["day"]), who=_cell(row["side"], "side")
        )
        left_out = _("left out") if row["answer"] is None else str(row["answer"])
        groups.setdefault(place, []).append((row["question"], row["in_words"] or left_out))
    return Chapter(title, "", groups=tuple((place, tuple(lines)) for place, lines in groups.items()))


def _chapter(title: str, rows: Sequence[Mapping[str, Any]], headings: Mapping[str, str]) -> Chapter:
    shown = [name for name in rows[0] if name not in LEFT_OUT] if rows else []
    shown = [name for name in shown if any(row[name] not in (None, "") for row in rows)]
    return Chapter(
        title=title,
        empty=_("Nothing."),
        headings=tuple(headings[name] for name in shown),
        rows=tuple(tuple(_cell(row[name], name) for name in shown) for row in rows),
    )


def _cell(value: Any, name: str = "") -> str:
    """The text of one cell. Codes become words, and what a person wrote stays as it was written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "SHORT_DATE_FORMAT")
    if isinstance(value, float):
        return localize(round(value, 2))
    return coded(name).get(value, value) if isinstance(value, str) else str(value)


def _titles() -> dict[str, str]:
    return {
        "about": _("About you"),
        "external_names": _("What other systems call you"),
        "consents": _("What you agreed to"),
        "terms": _("Who else gives consent, and who is told what"),
        "courses": _("Who you work with"),
        "sessions": _("Sessions"),
        "changes": _("Changes to sessions"),
        "measures": _("What you are asked besides the check-in"),
        "schedule": _("When links and reminders go out, where it differs from what is usual here"),
        "rhythm": _("How often you meet"),
        "pauses": _("When nothing was asked"),
        "sent": _("When you answered"),
        "answers": _("Answers"),
        "words": _("Words that were written for both of you"),
        "kept": _("What you kept, or told somebody else"),
        "goals": _("Goals, tasks and the shared view"),
        "plans": _("Your treatment plan"),
        "follow_ups": _("Checks after the end"),
        "expectations": _("What you both expected before the first session"),
        "plan_fits": _("Whether the view of the problem still fits"),
        "progress": _("How far they were"),
        "picks": _("What mattered most"),
        "strains": _("Moments that felt off, and what became of them"),
        "signals": _("What Accord marked"),
        "talked_about": _("What was ticked as talked about"),
        "undone": _("What was marked by mistake and taken back"),
        "corrections": _("What you said was wrong"),
        "readers": _("With whom it was shared"),
        "reads": _("Who opened pages with your words"),
    }


def _headings() -> dict[str, str]:
    return {
        "name": _("name"), "address_as": _("addressed as"), "email": _("e-mail"), "phone": _("telephone"),
        "born": _("born"), "made_at": _("here since"), "has_pin": _("has a PIN"), "channel": _("messages"),
        "recognisable": _("messages name the practice"),
        "language": _("language"), "messages_stopped_at": _("no messages since"),
        "system": _("system"), "external_number": _("number"),
        "purpose": _("purpose"), "program": _("program"), "by": _("by"), "given_at": _("given"),
        "withdrawn_at": _("withdrawn"),
        "consents": _("who agrees"), "guardian_learns": _("parents or guardians learn"),
        "by_order": _("mandated, or sent by someone else"), "order_learns": _("whoever did so learns"),
        "with": _("with"), "started": _("from"), "ended": _("to"), "ending": _("how it ended"),
        "ending_reason": _("why it ended"), "approach": _("approach"),
        "card_topics": _("suggestions are also chosen for"), "setting": _("setting"), "note": _("note"),
        "session": _("session"), "session_on": _("session on"), "planned_at": _("planned"), "start": _("when"),
        "modality": _("where"),
        "first": _("from"), "every_weeks": _("every so many weeks"), "planned_until": _("planned until"),
        "reason": _("why"), "ask_again_at": _("asked about again"),
        "minutes": _("minutes"), "source": _("planned how"), "field": _("what was changed"), "before": _("before"),
        "after": _("after"),
        "reveal_due": _("open to both at the latest"), "waived_why": _("why it was opened without a rating"),
        "often": _("check-in after every so many sessions, if not as usual"), "passed_over": _("no check-in after it"),
        "under_way": _("you worked together before"), "order": _("asked first, drawn for a study"),
        "questionnaire": _("questionnaire"), "every": _("every so many sessions"),
        "in_any_language": _("also in another language"),
        "by_itself": _("links go out by themselves"),
        "link_after_minutes": _("link, minutes after the session"),
        "remind_after_hours": _("reminder, hours after the link"), "most_reminders": _("reminders at most"),
        "quiet_from": _("quiet from hour"), "quiet_until": _("quiet until hour"),
        "pause_after": _("rest after so many without an answer"), "begun_at": _("begun"),
        "state": _("what became of it"), "revealed_at": _("open to both since"), "revealed_by": _("because"),
        "day": _("day"), "side": _("who"), "question": _("question"), "answer": _("answer"),
        "levels": _("levels, from −2 to 2"), "against_levels": _("against levels, from −2 to 2"),
        "open_since": _("both can read it since"), "about_what": _("about"),
        "in_words": _("in words"), "sent_at": _("sent"), "words": _("words"), "reader": _("who may read it"),
        "acknowledged_at": _("read"), "kind": _("what it is"), "written_by": _("written by"),
        "written_at": _("written"), "proposed_by": _("proposed by"), "proposed_at": _("proposed"),
        "client_sealed_at": _("confirmed by you"), "therapist_sealed_at": _("confirmed by the therapist"),
        "end": _("how it ended"), "ended_at": _("ended"),
        "option": _("what was considered"), "pros": _("for"), "cons": _("against"),
        "decision": _("decided"), "why_this": _("why this one"), "client_does": _("what you do"),
        "therapist_does": _("what the therapist does"), "review_on": _("review"),
        "due_on": _("planned for"), "how_now": _("compared with the end (0 worse, 1 the same, 2 better)"),
        "wants_contact": _("would like a call or a session"),
        "view_fits": _("the shared view fits (0 to 3)"),
        "value": _("how far"), "at": _("when"), "opened_by": _("noticed by"), "move": _("what happened"),
        "reported": _("somebody said so"), "strength": _("how strong"), "withheld": _("held back"),
        "how_sure": _("how sure"),
        "raised_at": _("when"), "asked_at": _("said"), "answered_at": _("answered"), "answered_by": _("who"),
        "who": _("who"), "marked": _("what was marked"), "marked_at": _("marked"),
        "how": _("how"), "since": _("since"), "until": _("until"), "why": _("why"), "what": _("what"),
        "sessions": _("sessions"), "taken_back": _("taken back"),
        "noted": _("noted by"), "to": _("to whom"), "instead_of": _("instead of what was said"),
        "opened_at": _("noticed"), "at_session": _("in session"), "step": _("what was tried"),
    }  # fmt: skip


def coded(name: str) -> dict[str, str]:
    """The words for what a column holds as codes; nothing for a column that holds words, names or numbers."""
    sides = {
        "client": _("you"), "therapist": _("therapist"), "signal": _("the program"), "guardian": _("a guardian"),
        "member": _("somebody who works here"), "clock": _("the program"), "calendar": _("a calendar"),
        "file": _("a file"),
    }  # fmt: skip
    if name in ("side", "by", "written_by", "proposed_by", "opened_by"):
        return sides
    if name == "what":
        return phrases.pages_read()
    if name in ("before", "after"):
        return coded("state") | coded("modality")
    return {**_codes_of_terms(), **_codes_of_courses(), **_codes_of_events()}.get(name, {})


def _codes_of_terms() -> dict[str, dict[str, str]]:
    learns = {
        "nothing": _("nothing"),
        "dates": _("that sessions take place, and when"),
        "together": _("what client and therapist choose to tell, together"),
    }
    return {
        "about_what": {code: str(name) for code, name in choices.EXPECTED.items()},
        "consents": {"client": _("you alone"), "both": _("you and a guardian"), "guardian": _("a guardian")},
        "guardian_learns": learns,
        "order_learns": learns,
        "reason": {code: str(name) for code, name in choices.PAUSE_REASONS.items()},
        "channel": {"email": _("by e-mail"), "sms": _("by text message")},
        "language": {code: get_language_info(code)["name_translated"] for code, _name in settings.LANGUAGES},
        "purpose": {
            "care": _("your care"), "research": _("research"), "studies": _("approved studies"),
            "transcripts": _("transcripts"),
            "record": _("reading by a program of others"),
            "record_answers": _("reading of answers by a program of others"),
        },
        "ending": {
            "planned": _("planned"), "agreement": _("by agreement"), "by_client": _("ended by you"),
            "by_therapist": _("ended by the therapist"), "moved_on": _("moved on to someone else"),
        },
    }  # fmt: skip


def _codes_of_courses() -> dict[str, dict[str, str]]:
    return {
        "approach": {
            "cbt": _("cognitive behavioural"), "psychodynamic": _("psychodynamic"),
            "person-centred": _("person-centred"), "systemic": _("systemic"), "integrative": _("integrative"),
            "medical": _("medical or nursing care"), "dbt": _("dialectical behavioural (DBT)"),
            "act": _("acceptance and commitment (ACT)"), "motivational": _("motivational interviewing"),
        },
        "setting": {"outpatient": _("outpatient")},
        "order": {
            "strain_first": _("first whether something felt off"), "scored_first": _("first what is scored"),
        },
        "modality": {
            "room": _("in person"), "video": _("by video"), "phone": _("by phone"), "text": _("by text"),
        },
    }  # fmt: skip


def _codes_of_events() -> dict[str, dict[str, str]]:
    return {
        "kind": _kinds(),
        "state": {
            "planned": _("planned"), "held": _("held"), "cancelled": _("cancelled"),
            "missed_by_client": _("you did not come"), "missed_by_therapist": _("the therapist did not come"),
        },
        "source": {
            "hand": _("by hand"), "rhythm": _("weekly rhythm"), "calendar": _("from a calendar"),
            "file": _("from a file"),
        },
        "field": {
            "state": _("what became of it"), "start": _("when"), "modality": _("where"), "minutes": _("minutes"),
        },
        "revealed_by": {
            "both": _("both answered"), "time": _("the time had come"), "waived": _("opened without a rating"),
            "import": _("taken in from before"),
        },
        "reader": {
            "raise": _("kept: you bring it up"), "not_yet": _("kept: not yet"),
            "outside": _("someone else here"), "statistics": _("only counted"),
        },
        "ended": {"reached": _("reached"), "dropped": _("dropped"), "replaced": _("replaced")},
        "move": {
            "open": _("noticed"), "talk": _("talked about"), "talk_in_part": _("talked about in part"),
            "take_back": _("not talked about after all"),
            "not_talked": _("not talked about yet"), "not_noticed": _("not noticed by the therapist"),
            "try_repair": _("something was tried"), "think_settled": _("the therapist thinks it is resolved"),
            "settle": _("resolved"), "partly": _("partly resolved"), "still_there": _("not resolved"),
            "let_rest": _("left as it is"), "end_course": _("open when treatment ended"),
            "reopen": _("noticed again"),
        },
        "marked": {"end": _("that a goal or a task has ended"), "tick": _("that something was talked about")},
        "decision": {"yes": _("yes"), "not_now": _("not now"), "no": _("no")},
        "often": {"never": _("never")},
        "how": {"shared": _("shared for supervision"), "cover": _("cover"), "emergency": _("in an emergency")},
    }  # fmt: skip


def _kinds() -> dict[str, str]:
    """Of goals, strains and signals alike: no two have the same name."""
    return {
        "goal": _("goal"), "task": _("task"), "medication": _("medication plan"),
        "problem": _("shared view of the problem"),
        "withdrawal": _("withdrawal"), "confrontation": _("confrontation"), "unclear": _("unclear which kind"),
        "strain_reported": _("something felt off"), "line_crossed": _("a line was crossed"),
        "not_said_yet": _("something has not been said yet"),
        "seen_by_one": _("seen by one of you"), "goals_apart": _("you named different things as most important"),
        "not_talked_about": _("not talked about yet"), "safety": _("an answer about self-harm"),
        "drop": _("lower than is usual for you"), "slide": _("slowly going down"),
        "gap": _("further apart than is usual"), "quiet": _("the same answers each time"),
        "silence": _("no answer to two check-ins"),
    }  # fmt: skip
