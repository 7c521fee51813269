"""Sentences about a session as such: why it cannot be changed any more, and what was changed about it.

A new reason of `rules.sessions.why_fixed`, or a new column of `SessionChange`, gets its words here.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accord_clinic.words.choices import MODALITIES, STATES
from accord_clinic.words.phrases import moment


def fixed(why: str, client: str) -> str:
    """Why a session cannot be moved, cancelled or marked as missed; nothing where it can."""
    texts = {
        "": "",
        "rated": _("You have rated this session, so it cannot be moved, cancelled or marked as missed."),
        "asked": _(
            "{client} has a link for this session, so it cannot be moved. Until the answers open, you cannot "
            "see whether {client} has answered."
        ),
        "answered": _("There are answers about this session. It cannot be moved, cancelled or marked as missed."),
    }
    return texts[why].format(client=client)


def if_answered(why: str, client: str) -> str:
    """What a mark does while a link is out and nobody may know whether there is an answer; nothing otherwise."""
    if why != "asked":
        return ""
    return _(
        "If you mark it, the link is closed. If {client} has answered already, the answer is kept, and the session "
        "counts as held again once it opens."
    ).format(client=client)


def denied(client: str) -> str:
    """What the client says of a session; its therapist is asked what became of it."""
    return _("{client} says that this session did not take place. What happened?").format(client=client)


def change(field: str, before: str, after: str, where: ZoneInfo) -> str:
    """What was changed, in words."""
    texts = {
        "state": _("Marked as {after} (before: {before})"),
        "start": _("Moved to {after} (before: {before})"),
        "modality": _("Now {after} (before: {before})"),
        "minutes": _("Now {after} minutes (before: {before})"),
    }
    return texts[field].format(before=_value(field, before, where), after=_value(field, after, where))


def changed_by(side: str, name: str, client: str) -> str:
    """Who changed it: a member by name, the client by name, or what did so by itself."""
    sides = {"clock": _("Accord"), "calendar": _("the calendar"), "file": _("an imported file"), "client": client}
    return name or sides.get(side, "")


def _value(field: str, value: str, where: ZoneInfo) -> str:
    if field == "start":
        return moment(datetime.fromisoformat(value), where, "D j M Y, H:i")
    names = {"state": STATES, "modality": MODALITIES}.get(field, {})
    return str(names.get(value, value))
