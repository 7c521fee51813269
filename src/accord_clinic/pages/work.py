"""What there is to do this week, in lines, each with the role that can act.

A new kind of work is a count in `service/work` and a line here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.records.work import Work
from accord_clinic.rules.practice import practice
from accord_clinic.service import work

if TYPE_CHECKING:
    from accord_clinic.models import Member


@dataclass(frozen=True, slots=True)
class Task:
    """So many of something, and who can do what about it."""

    count: int
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class WorkPage:
    """The manager's work: a line about the practice, the week that was, and what is to be done."""

    kicker: str
    title: str
    week: str
    tasks: tuple[Task, ...]


def work_page(member: Member) -> WorkPage:
    """For the manager, from the first week on."""
    counts = work.work(member)
    tasks = tuple(task for task in _tasks(counts) if task.count)
    title = ngettext("One thing needs doing this week", "{n} things need doing this week", len(tasks))
    return WorkPage(
        kicker=_kicker(counts),
        title=title.format(n=len(tasks)) if tasks else _("Nothing needs doing this week"),
        week=_week(counts),
        tasks=tasks,
    )


def _kicker(counts: Work) -> str:
    people = (
        ngettext("{n} therapist", "{n} therapists", counts.therapists).format(n=counts.therapists),
        ngettext("{n} client", "{n} clients", counts.clients).format(n=counts.clients),
        date_format(timezone.localdate(), "l, j F"),
    )
    return " · ".join((practice().name, *people))


def _week(counts: Work) -> str:
    held = ngettext(
        "{n} session took place in the last seven days.", "{n} sessions took place in the last seven days.", counts.held
    )
    if not counts.links_sent:
        return held.format(n=counts.held)
    sent = ngettext("{n} check-in link went out", "{n} check-in links went out", counts.links_sent)
    arrived = _("and {n} arrived.").format(n=counts.links_arrived)
    return f"{held.format(n=counts.held)} {sent.format(n=counts.links_sent)} {arrived}"


def _tasks(counts: Work) -> tuple[Task, ...]:
    return (
        Task(
            counts.links_failed,
            ngettext("check-in link did not arrive", "check-in links did not arrive", counts.links_failed),
            _("The therapist can correct the address. An admin can see which."),
        ),
        Task(
            counts.silent,
            ngettext(
                "client has not answered the last two check-ins",
                "clients have not answered their last two check-ins",
                counts.silent,
            ),
            _("Each therapist can see whose."),
        ),
        Task(
            counts.owed or 0,
            ngettext("rating is more than two days late", "ratings are more than two days late", counts.owed or 0),
            _("Each therapist can see which, on Today."),
        ),
        Task(
            counts.without_consent,
            ngettext("client has no consent on record", "clients have no consent on record", counts.without_consent),
            _("An admin can see whose."),
        ),
        Task(
            counts.without_session,
            ngettext(
                "client has had no session for four weeks and none is planned",
                "clients have had no session for four weeks and none is planned",
                counts.without_session,
            ),
            _("The therapist can plan one, end treatment, or note that the client is away."),
        ),
        Task(
            counts.unmatched,
            ngettext("calendar event has no client yet", "calendar events have no client yet", counts.unmatched),
            _("The therapist can match it on Today."),
        ),
        Task(
            counts.calendars_failing,
            _failing(counts.calendars_failing, counts.failing_since),
            _("The owner can read why on Today."),
        ),
    )


def _failing(n: int, since: datetime | None) -> str:
    text = ngettext("calendar could not be read since {day}", "calendars could not be read, the first since {day}", n)
    return text.format(day=date_format(timezone.localtime(since), "j F") if since else "")
