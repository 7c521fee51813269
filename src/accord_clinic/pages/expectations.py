"""The sheet for session 1: what each of two people expects, topic by topic. A new topic needs nothing here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from accord_clinic.words.choices import EXPECTED

if TYPE_CHECKING:
    from accord_clinic.records.expectations import ExpectationRows


@dataclass(frozen=True, slots=True)
class ExpectedTopic:
    """One topic in both voices; empty where a side left it out."""

    name: str
    client: str
    therapist: str


def expected(rows: ExpectationRows) -> tuple[ExpectedTopic, ...]:
    """The topics on which somebody wrote something; none before it is open to both."""
    topics = (
        ExpectedTopic(str(name), rows.both.get(("client", topic), ""), rows.both.get(("therapist", topic), ""))
        for topic, name in EXPECTED.items()
    )
    return tuple(topic for topic in topics if topic.client or topic.therapist)
