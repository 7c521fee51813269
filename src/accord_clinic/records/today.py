"""One session of a therapist's day, and what it asks of the therapist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accord_clinic.records.often import has_check_in

GOES_OUT_WITHIN = timedelta(days=1)
"""Two hours after the end and the quiet hours, with room to spare. After that something holds the link back."""


@dataclass(frozen=True, slots=True)
class TodaySession:
    """One session. `last_revealed` and `last_sheet`: number and uid of the latest one of this dyad that is open,
    of those with a check-in. `often` and `usual`: after every how many sessions there is one in this course, and in the
    practice."""

    usual: int
    uid: str
    number: int
    start: datetime
    modality: str
    state: str
    revealed_at: datetime | None
    revealed_by: str
    passed_over: bool
    dyad: int
    dyad_uid: str
    dyad_ended: date | None
    often: int | None
    client: str
    address_as: str
    email: str
    phone: str
    by_itself: bool | None
    denied: bool
    rated: bool
    linked: bool
    ticked: bool
    last_revealed: int | None
    last_sheet: str | None
    assumed: bool
    held_back: bool

    @property
    def called(self) -> str:
        """The client as people here call them."""
        return self.address_as or self.client

    @property
    def reachable(self) -> bool:
        """There is an address to send a link to."""
        return bool(self.email or self.phone)

    @property
    def due(self) -> bool:
        """There is a check-in after this session: by what is set, or because somebody made a link for it."""
        if self.revealed_at:
            return not self.passed_over
        return self.linked or has_check_in(self.number, self.often or self.usual)

    @property
    def owed(self) -> bool:
        """The therapist has neither rated nor openly waived. Past ratings from a file are nobody's debt."""
        return self.due and not self.rated and self.revealed_by not in ("waived", "import")

    @property
    def unlinked(self) -> bool:
        """No link was made yet. Whether one was used says nothing here."""
        return self.due and not self.linked and not self.revealed_at

    def unsent(self, now: datetime) -> bool:
        """A link waits for somebody to make it: none goes out by itself, or none did within a day of the session."""
        waits = self.reachable and self.by_itself is not False and now - self.start < GOES_OUT_WITHIN
        return self.unlinked and not waits

    def goes_out(self, now: datetime) -> bool:
        """The link will be sent by itself: neither a pause nor the client's wish for no messages holds it back."""
        return self.state == "held" and self.unlinked and not self.unsent(now) and not self.held_back

    @property
    def ready(self) -> bool:
        """The latest sheet of these two people, on which nothing is ticked yet."""
        newest = self.revealed_at and self.uid == self.last_sheet
        return bool(newest and not self.ticked and not self.dyad_ended and self.revealed_by != "import")


def first_owed(sessions: Iterable[TodaySession], after: str) -> str:
    """The uid of the first of these that the therapist still has to rate, besides one; empty where none is left."""
    return next((s.uid for s in sessions if s.state == "held" and s.owed and s.uid != after), "")
