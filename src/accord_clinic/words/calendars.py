"""Sentences about calendars: why one cannot be read, which events were left out, what one changed.

A new code of `imports.calendar` gets its sentence here; a test holds that each has one.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def failure(code: str) -> str:
    """Why a calendar could not be read, and what to do; nothing where it could."""
    texts = {
        "": "",
        "not_https": _("The address has to begin with https:// or webcal://, without a user name in it."),
        "private": _(
            "This address is inside your practice's own network. Your administrator can allow it in the "
            "server settings (ACCORD_CALENDAR_HOSTS)."
        ),
        "gone": _("There is no calendar at this address. Please copy the address again."),
        "not_answered": _("The calendar did not answer. Accord tries again every hour."),
        "address_lost": _("The key of this server has changed, so the address can no longer be read. Enter it again."),
        "not_a_calendar": _("This is not a calendar. Copy the address that ends in .ics, or export a .ics file."),
        "too_large": _("The calendar is larger than 5 MB. Share a calendar that holds your sessions alone."),
        "too_many_events": _("The calendar has more than 20,000 events. Share one that holds your sessions alone."),
        "too_many_appointments": _("The calendar has more than 2,000 appointments in the next eight weeks."),
        "takes_too_long": _("Reading the calendar takes too long. An event in it may repeat in an impossible way."),
        "mostly_gone": _(
            "Most of your sessions have gone from the calendar at once. Accord has changed nothing. If they are "
            "cancelled, say so below."
        ),
    }
    return texts[code]


def refusals(rows: Iterable[tuple[str, int]]) -> list[str]:
    """Which events were left out and why, a sentence each. Whole days are no sessions, and need no sentence."""
    texts = {
        "no_uid": lambda n: ngettext(
            "{count} event has no identifier, so changes to it cannot be followed.",
            "{count} events have no identifier, so changes to them cannot be followed.", n,
        ),
        "too_often": lambda n: ngettext(
            "{count} event repeats several times a day.", "{count} events repeat several times a day.", n
        ),
        "too_old": lambda n: ngettext(
            "{count} event has repeated for over 20 years.", "{count} events have repeated for over 20 years.", n
        ),
        "too_many_dates": lambda n: ngettext(
            "{count} event lists more than 1,000 dates.", "{count} events list more than 1,000 dates.", n
        ),
        "too_long": lambda n: ngettext(
            "{count} event lasts longer than 12 hours.", "{count} events last longer than 12 hours.", n
        ),
        "unreadable": lambda n: ngettext("{count} event cannot be read.", "{count} events cannot be read.", n),
    }  # fmt: skip
    return [texts[why](count).format(count=count) for why, count in rows if why in texts]


def record_problem(code: str, record: str) -> str:
    """Why sessions were not changed by a care record's appointments."""
    texts = {
        "appointments": _("{record} did not provide its appointments. No session was changed."),
        "mostly_gone": _(
            "Most of the next sessions have gone from {record} at once. Accord has changed nothing. If they are "
            "cancelled, cancel them here."
        ),
    }
    return texts[code].format(record=record)


def changed(records: Iterable[str]) -> str:
    """Who changed sessions: care records by name, an empty name for the member's own calendar."""
    names = [name or _("Your calendar") for name in records]
    return _("{names} changed:").format(names=_(" and ").join(names)) if names else ""


def change(kind: str, client: str, before: str, after: str) -> str:
    """What the calendar changed."""
    texts = {
        "new": _("{client}: new session on {after}."),
        "moved": _("{client} moved from {before} to {after}."),
        "gone": _("{client}’s session on {after} was removed."),
    }
    return texts[kind].format(client=client, before=before, after=after)


def undo(client: str) -> str:
    """The button beside it."""
    return _("Undo this for {client}").format(client=client)
