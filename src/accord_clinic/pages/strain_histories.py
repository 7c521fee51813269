"""The lives of a dyad's strains, from their moves: as strokes on the course and as lines in a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accord_clinic.charts import StrainSpan
from accord_clinic.database.prepared import Prepared
from accord_clinic.models import Dyad, Session, StrainMove
from accord_clinic.pages.dyad_types import StrainLine
from accord_clinic.pages.pictures import span
from accord_clinic.words.sentences import Names, strain_state

COLUMNS = (
    "strain__uid", "strain__session__number", "strain__opened_by", "strain__state", "move", "session__number", "at",
)  # fmt: skip
MOVES = Prepared(
    lambda dyad: (
        StrainMove.objects.filter(strain__dyad_id=dyad)
        .order_by("strain__session__number", "strain", "id")
        .values_list(*COLUMNS)
    )
)


@dataclass(frozen=True, slots=True)
class Life:
    """One strain with its moves: (move, session number or None, when)."""

    uid: str
    session: int
    by: str
    state: str
    moves: tuple[tuple[str, int | None, datetime], ...]

    def span(self, sessions: Sequence[Session]) -> StrainSpan:
        """The life in session numbers; a move made between sessions counts for the session before it."""
        at = [(move, number or self._before(when, sessions)) for move, number, when in self.moves]
        talked = next((number for move, number in at if move in ("talk", "try_repair")), None)
        settled = at[-1][1] if self.state == "settled" else None
        return span(self.session, talked, settled, self.by)

    def _before(self, when: datetime, sessions: Sequence[Session]) -> int:
        return max((s.number for s in sessions if s.start <= when), default=self.session)


def lives(dyad: Dyad) -> list[Life]:
    """All strains of a dyad with their moves, oldest first, in one query: every strain has at least its opening."""
    found: dict[str, tuple] = {}
    for uid, session, by, state, *move in MOVES.rows(dyad.pk):
        found.setdefault(uid, (session, by, state, []))[3].append(tuple(move))
    return [Life(uid, session, by, state, tuple(moves)) for uid, (session, by, state, moves) in found.items()]


def strain_line(life: Life, names: Names) -> StrainLine:
    who = {
        "client": names.client,
        "therapist": _("you") if names.you else names.therapist,
        "signal": _("a signal"),
    }[life.by]
    title = _("The moment in session {number}, opened by {who}").format(number=life.session, who=who)
    return StrainLine(life.uid, title, strain_state(life.state), life.state != "settled")
