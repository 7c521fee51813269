"""What is due, for the admin: what waits for a decision or an answer, what failed, and when the last backup was made.

A new thing that can be due is a line in `due`; the page that can do something about it is named with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.queries import erasure, members, schedule
from accord_clinic.queries.courses import calibrations
from accord_clinic.service import work

if TYPE_CHECKING:
    from datetime import datetime

    from accord_clinic.models import Member

OLD_BACKUP_DAYS = 2
"""Backups run each night; with less, a page that is read in the morning would complain of the one that is to come."""


@dataclass(frozen=True, slots=True)
class DueLine:
    """One thing: how many, what it is, who or what it is about, and the page on which to do something."""

    count: int
    text: str
    about: tuple[str, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class DuePage:
    """What is due, and what is in order."""

    due: tuple[DueLine, ...]
    in_order: tuple[str, ...]


def due(member: Member, newest_backup: datetime | None) -> DuePage:
    """Everything that waits for an admin; `newest_backup` is read from the folder of the backups."""
    named, waits = work.named(member), members.waits(member)
    erasures, failed = erasure.waiting(member), schedule.failed(member)
    old = newest_backup is None or (timezone.now() - newest_backup).days >= OLD_BACKUP_DAYS
    lines = (
        DueLine(int(old), _backup(newest_backup)),
        DueLine(
            len(erasures),
            ngettext("request for erasure to decide", "requests for erasure to decide", len(erasures)),
            tuple(waiting.name for waiting in erasures),
            "erasures",
        ),
        DueLine(
            len(waits.mine),
            ngettext("correction to answer", "corrections to answer", len(waits.mine)),
            tuple(row.dyad.client.called for row in waits.mine),
            "failed_messages",
        ),
        DueLine(
            len(failed),
            ngettext("message did not arrive", "messages did not arrive", len(failed)),
            tuple(dict.fromkeys(notice.to for notice in failed)),
            "failed_messages",
        ),
        DueLine(
            len(named.without_consent),
            ngettext(
                "client has no consent on record", "clients have no consent on record", len(named.without_consent)
            ),
            tuple(_("{client}, with {therapist}").format(client=c, therapist=t) for c, t in named.without_consent),
        ),
        DueLine(
            len(named.calendars),
            ngettext("calendar could not be read", "calendars could not be read", len(named.calendars)),
            tuple(f"{name}, {date_format(timezone.localtime(since), 'j F')}" for name, since in named.calendars),
        ),
    )
    learnt = [calibration.n for calibration in calibrations().values()]
    in_order = [] if old else [_backup(newest_backup)]
    if learnt:
        in_order.append(_("What is usual here is worked out from the ratings of {n} clients.").format(n=max(learnt)))
    if waits.corrections:
        in_order.append(_("Corrections that wait for therapists are listed under Messages."))
    return DuePage(tuple(line for line in lines if line.count), tuple(in_order))


def _backup(newest: datetime | None) -> str:
    if newest is None:
        return _("there is no backup in the folder named in the settings")
    return _("The newest backup is from {at}.").format(at=date_format(timezone.localtime(newest), "j F, H:i"))
