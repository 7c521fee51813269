"""What a client's link opens, and what was sent with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from accord import signals
from accord_clinic.records.attainment import as_levels
from accord_clinic.records.picks import PICKS

if TYPE_CHECKING:
    from accord_clinic.models import (
        Client,
        Comment,
        Dyad,
        Invitation,
        Member,
        Pick,
        Practice,
        PrivateLine,
        Progress,
        Response,
        Session,
    )


BOTH = 2
"""So many seals has what both agreed to."""


@dataclass(frozen=True)
class Link:
    """What a check-in link opens: one session of one dyad, and the practice's words around it. Nothing of the past.

    `outside_reader`: somebody else here to write to, looked up once it is asked: ask by truth, never by `is None`.
    """

    invitation: Invitation
    session: Session
    dyad: Dyad
    client: Client
    practice: Practice
    outside_reader: Member | None

    @property
    def therapist(self) -> str:
        return self.dyad.therapist.name

    def is_shut(self, now: datetime) -> bool:
        """Expired or revoked: it was a link, and is none any more."""
        return self.invitation.revoked_at is not None or self.invitation.expires_at <= now


@dataclass(frozen=True)
class SentCheckIn:
    """The client's latest answers on a session, as they were sent: kept ones and words for other readers included.

    `lines` holds (words, reader) by instrument and item; `sharing` holds raise or not_yet by them; `around` what was
    kept of the questions around the questionnaires, as it was posted.
    """

    responses: tuple[Response, ...] = ()
    answers: Mapping[tuple[str, str], object] = field(default_factory=dict)
    lines: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    sharing: Mapping[tuple[str, str], str] = field(default_factory=dict)
    progress: Mapping[str, int] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    picked_words: tuple[str, ...] = ()
    around: Mapping[str, str] = field(default_factory=dict)

    @property
    def again(self) -> tuple[dict, ...]:
        """The word on earlier concerns."""
        return tuple(answer for r in self.responses for answer in r.context.get("again", ()))


def sent_check_in(
    responses: Sequence[Response],
    comments: Iterable[Comment],
    private: Iterable[PrivateLine],
    progress: Iterable[Progress],
    picks: Sequence[Pick],
) -> SentCheckIn:
    """Everything that was sent with these responses, to be changed. `progress` in the order it came."""
    of = {r.pk: r.instrument for r in responses}
    answers = {(r.instrument, item): answer for r in responses for item, answer in r.answers.items()}
    lines = {(of[c.response_id], c.item): (c.words, "therapist") for c in comments}
    sharing: dict[tuple[str, str], str] = {}
    around: dict[str, Any] = {}
    for line in private:
        name = (of[line.response_id], line.item)
        if line.words:
            lines[name] = (line.words, line.reader)
        elif "." in line.item or line.item in PICKS:
            around[line.item] = line.value
        else:
            answers[name], sharing[name] = line.value, line.reader
    latest = {row.agreement.uid: row.value for row in progress}
    return SentCheckIn(
        tuple(responses),
        answers,
        lines,
        sharing,
        {uid: value for uid, value in latest.items() if value is not None},
        tuple(p.agreement.uid for p in picks if p.agreement),
        tuple(p.words for p in picks if p.words),
        around,
    )


def says_line_crossed(responses: Iterable[Response]) -> bool:
    """Whether the client shows that a line was crossed."""
    return any(signals.says_line_crossed(row.answers) for row in responses)


def once_a_session(rows: Iterable[tuple[int, str, datetime, int | None]]) -> list[tuple[str, datetime, int]]:
    """Open strains by their sessions: (uid, start of its session, answered check-ins since).

    When both felt one in the same session, it is there once.
    """
    by_session: dict[int, tuple[str, datetime, int]] = {}
    for about, uid, start, answered in rows:
        by_session.setdefault(about, (uid, start, answered or 0))
    return list(by_session.values())


def in_last_words(
    rows: Iterable[tuple[int, str, str, str, int, object]],
) -> list[tuple[str, str, str, bool, tuple[str, ...]]]:
    """What is agreed, in its last words: (uid, kind, words, sealed by both, levels). `rows`: each wording, in order."""
    last = {pk: (uid, kind, words, seals == BOTH, as_levels(levels)) for pk, uid, kind, words, seals, levels in rows}
    return [last[pk] for pk in sorted(last)]
