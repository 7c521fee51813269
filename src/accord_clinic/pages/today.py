"""A therapist's day: the sessions of today and what each needs, and what is still to be done about the last two weeks.

Nothing here depends on what a client said, or on whether a client answered, before the reveal: a row asks only for
the therapist's own rating, for whether a link was ever made, and for whether both sides are open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord_clinic.models import Dyad, Invitation, Member, Response, Session, TalkTick
from accord_clinic.pages.caseload import calm
from accord_clinic.pages.findings import NOTHING, Told, safety_notices, told
from accord_clinic.permissions import check_work_as_therapist, treated_by
from accord_clinic.queries.practice import zone
from accord_clinic.questionnaires.plan import CHECK_IN
from accord_clinic.words.phrases import moment
from accord_clinic.words.sentences import SAFETY, Matter, Names

LOOKS_BACK = timedelta(days=14)
COLUMNS = (
    "uid", "number", "start", "modality", "state", "revealed_at", "revealed_by", "dyad", "dyad__uid", "dyad__ended",
    "dyad__client__name", "dyad__client__address_as", "rated", "linked", "ticked", "last_revealed", "last_sheet",
)  # fmt: skip
MODALITIES, STATES = dict(Dyad.MODALITIES), dict(Session.STATES)


@dataclass(frozen=True, slots=True)
class Entry:
    """One session on the page. `sheet` is the latest talk sheet of these two people, if there is one."""

    uid: str
    dyad: str
    name: str
    when: str
    where: str
    line: str = ""
    sheet: str = ""
    rate: bool = False
    settle: bool = False
    link: bool = False


@dataclass(frozen=True, slots=True)
class Today:
    """The page: one sentence, then the day, then what is still to be done."""

    greeting: str
    sentence: str
    day: str
    safety: tuple[tuple[str, str], ...]
    sessions: tuple[Entry, ...]
    to_settle: tuple[Entry, ...]
    to_do: tuple[Entry, ...]
    to_talk: tuple[Entry, ...]

    @property
    def nothing(self) -> bool:
        return not (self.sessions or self.to_settle or self.to_do or self.to_talk)


def today(member: Member, now: datetime | None = None) -> Today:
    """Everything that the day asks of this therapist. Six queries, whatever the caseload."""
    check_work_as_therapist(member)
    where, now = zone(), now or timezone.now()
    clock = timezone.localtime(now, where)
    midnight = clock.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = _sessions(member, midnight - LOOKS_BACK, midnight + timedelta(days=1))
    say = _Saying(member, where, now, told({row["dyad"] for row in rows}))
    before = [row for row in rows if row["start"] < midnight]
    held = [row for row in before if row["state"] == "held"]
    parts = {
        "sessions": tuple(say.of_the_day(row) for row in rows if row["start"] >= midnight),
        "to_settle": tuple(say.entry(row, "D j M, H:i") for row in before if row["state"] == "planned"),
        "to_do": tuple(say.to_do(row) for row in held if _owed(row) or _unsent(row)),
        "to_talk": tuple(say.entry(row, "D j M") for row in rows if _ready(row)),
    }
    return Today(
        greeting=_greeting(clock.hour, member.name),
        sentence=_sentence(parts),
        day=moment(now, where, "l, j F"),
        safety=safety_notices(member),
        **parts,
    )


def _sessions(member: Member, since: datetime, until: datetime) -> list[dict]:
    """The sessions of the last two weeks and today with the few facts that the page needs, in one query."""
    revealed = Session.objects.filter(dyad=OuterRef("dyad")).exclude(revealed_at=None).order_by("-number")
    rows = Session.objects.filter(treated_by(member, "dyad__"), start__gte=since, start__lt=until).annotate(
        rated=Exists(Response.objects.filter(session=OuterRef("pk"), side="therapist", instrument=CHECK_IN)),
        linked=Exists(Invitation.objects.filter(session=OuterRef("pk"))),
        ticked=Exists(TalkTick.objects.filter(session=OuterRef("pk"))),
        last_revealed=Subquery(revealed.values("number")[:1]),
        last_sheet=Subquery(revealed.values("uid")[:1]),
    )
    return list(rows.order_by("start").values(*COLUMNS))


def _owed(row: dict) -> bool:
    """Held, and the therapist has neither rated nor openly waived. Past ratings from a file are nobody's debt."""
    return not row["rated"] and row["revealed_by"] not in ("waived", "import")


def _unsent(row: dict) -> bool:
    """No link was ever made, and the session is not open yet. Whether a link was used says nothing here."""
    return not row["linked"] and not row["revealed_at"]


def _ready(row: dict) -> bool:
    """The latest sheet of these two people, on which nothing is ticked yet."""
    newest = row["revealed_at"] and row["number"] == row["last_revealed"]
    return bool(newest and not row["ticked"] and not row["dyad__ended"] and row["revealed_by"] != "import")


class _Saying:
    """Rows of sessions put into words."""

    def __init__(self, member: Member, where: ZoneInfo, now: datetime, known: Mapping[int, Told]) -> None:
        self.member, self.where, self.now, self.known = member, where, now, known

    def matters(self, row: dict) -> tuple[Matter, ...]:
        told_of = self.known.get(row["dyad"], NOTHING)
        return told_of.matters(row["last_revealed"], Names(_name(row), self.member.name))

    def entry(self, row: dict, form: str, **more) -> Entry:
        """A session by name and moment."""
        return Entry(
            row["uid"], row["dyad__uid"], _name(row), moment(row["start"], self.where, form),
            str(MODALITIES[row["modality"]]), sheet=row["last_sheet"] or "", **more,
        )  # fmt: skip

    def to_do(self, row: dict) -> Entry:
        """What is still open about a session that took place."""
        return self.entry(row, "D j M", rate=_owed(row), link=_unsent(row))

    def of_the_day(self, row: dict) -> Entry:
        """A session of today: what stands out between these two, and the one thing to do now."""
        begun = row["start"] <= self.now
        held = row["state"] == "held"
        if row["state"] not in ("planned", "held"):
            return self.entry(row, "H:i", line=str(STATES[row["state"]]).capitalize())
        found = [m for m in self.matters(row) if m.rank != SAFETY]
        return self.entry(
            row, "H:i",
            line=found[0].whole if found else calm(row["last_revealed"]),
            rate=held and _owed(row),
            settle=begun and not held,
            link=held and _unsent(row),
        )  # fmt: skip


def _name(row: dict) -> str:
    return row["dyad__client__address_as"] or row["dyad__client__name"]


def _greeting(hour: int, name: str) -> str:
    if hour < 12:
        return _("Good morning, {name}.").format(name=name)
    if hour < 18:
        return _("Good afternoon, {name}.").format(name=name)
    return _("Good evening, {name}.").format(name=name)


def _sentence(parts: Mapping[str, tuple[Entry, ...]]) -> str:
    """What the day holds, in one or two sentences."""
    count = len(parts["sessions"])
    if count:
        said = [ngettext("One session today.", "{count} sessions today.", count).format(count=count)]
    else:
        said = [_("No session today.")]
    to_do = (*parts["sessions"], *parts["to_do"])
    rate, link = sum(e.rate for e in to_do), sum(e.link for e in to_do)
    if rate:
        owed = ngettext("One rating is still yours to give.", "{count} ratings are still yours to give.", rate)
        said.append(owed.format(count=rate))
    if link:
        said.append(ngettext("One link waits to be sent.", "{count} links wait to be sent.", link).format(count=link))
    if not rate and not link:
        said.append(_("Nothing else waits for you."))
    return " ".join(said)
