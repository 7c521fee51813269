"""The one vocabulary of columns: what each table of a study holds, what its columns say, and which values are possible.

Study files of the clinic, `accord study check`, registries and labels for SPSS and Stata all read `TABLES`. A new table
or column is added to it, and the clinic then says how its rows are found (`accord_clinic.exports.study`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["integer", "number", "string", "boolean"]
NO_CODES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type (as Frictionless Table Schema calls it) and what it says.

    `codes`: what it may hold, each with a label; none where any value may come. `least`, `most`: of a number.
    `needed`: never empty. `approved`: only in files of an approved study.
    """

    name: str
    type: Kind
    says: str
    codes: Mapping[str, str] = field(default_factory=lambda: NO_CODES)
    least: float | None = None
    most: float | None = None
    needed: bool = False
    approved: bool = False

    def cell(self, value: Any) -> Any:
        """The value; nothing for one that this column does not know, so that no words can come by way of a code.

        >>> rater = Column("rater", "string", "who", {"client": "client"})
        >>> rater.cell("client"), rater.cell("somebody")
        ('client', '')
        """
        return value if not self.codes or value in self.codes else ""


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """One table: what a row is, its columns, and which columns together name a row (none: rows may be alike)."""

    name: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The column of this name, if it has one.

        >>> TABLE["scores"].column("score").type
        'number'
        """
        return next((column for column in self.columns if column.name == name), None)


def _labels(*codes: str, **more: str) -> dict[str, str]:
    return {**{code: code.replace("_", " ") for code in codes}, **more}


SIDES = _labels("client", "therapist")
APPROACHES = ("any", "cbt", "psychodynamic", "person-centred", "systemic", "integrative", "medical", "dbt", "act")
MODALITIES = _labels(room="in the room", video="by video", phone="by phone", text="by text")
ENDINGS = _labels(
    "planned", "ongoing", agreement="by agreement", by_client="ended by the client",
    by_therapist="ended by the therapist", moved_on="moved on to someone else",
)  # fmt: skip
MOVES = _labels(
    "open", "talk", "talk_in_part", "not_talked", "take_back", "not_noticed", "try_repair", "think_settled", "settle",
    "partly", "still_there", "let_rest", "end_course", "reopen",
)  # fmt: skip

DYAD = Column(
    "dyad", "integer", "which course of care; drawn by chance for this file, without meaning", least=1, needed=True
)
SESSION = Column("session", "integer", "its number among the sessions of the course that took place, from 1", least=1)
CODE = Column("session_code", "integer", "which session; drawn by chance for this file, without meaning", least=1)
RATER = Column("rater", "string", "client or therapist", SIDES, needed=True)
AGREEMENT = Column("agreement", "integer", "number of the goal, task or shared view in its course", least=1)
INSTRUMENT = Column("instrument", "string", "id of the questionnaire; `accord instruments ID` says what its items ask")
KEPT_BACK = "empty where fewer than ten clients or three therapists share it together with what stands before it"
SINCE = (
    "in which four weeks from the first session that is open to both, from 1; 0: before it; empty from where fewer "
    "than ten clients or three therapists have so many sessions in each four weeks until then, and the same facts"
)
BLOCK = Column("block", "integer", f"when it was: {SINCE}", least=0)

TABLES = (
    ColumnTable(
        "dyads",
        "One row a course of care: one client with one therapist.",
        (
            DYAD,
            Column(
                "client", "integer", "which client; drawn by chance for this file; in files of approved studies",
                least=1, approved=True,
            ),
            Column(
                "course", "integer", "which of this client's courses it is, from 1, in their order; likewise",
                least=1, approved=True,
            ),
            Column("therapist", "integer", "which therapist; drawn by chance; likewise", least=1, approved=True),
            Column("ending", "string", f"ongoing, or how it ended; {KEPT_BACK}", ENDINGS),
            Column(
                "modality", "string", "room, video, phone or text, as is usual in this course; likewise", MODALITIES
            ),
            Column(
                "approach", "string", "how the therapist works; likewise", _labels(*APPROACHES, "motivational")
            ),
            Column("age", "string", "the client's at the start, in bands, by year of birth; likewise"),
        ),
        ("dyad",),
    ),
    ColumnTable(
        "sessions",
        "One row a session that is open to both, was cancelled or missed, in order. Only what took place has a number.",
        (
            DYAD,
            SESSION,
            CODE,
            BLOCK,
            Column(
                "state", "string", "held, cancelled, missed_by_client or missed_by_therapist",
                _labels("held", "cancelled", "missed_by_client", "missed_by_therapist", "planned"), needed=True,
            ),
            Column(
                "revealed_by", "string", "both, time, waived or import; empty where answers are not open to both",
                _labels("both", "time", "waived", "import"),
            ),
            Column("asked", "boolean", "there was a check-in for the client; empty where answers are not open to both"),
        ),
        ("dyad", "session_code"),
    ),
    ColumnTable(
        "responses",
        "One row for each questionnaire that somebody sent; the last where it was sent again.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            INSTRUMENT,
            Column("version", "string", "of the questionnaire"),
            Column("form", "string", "which set of items was asked: full, minimum ..."),
            Column(
                "order", "string",
                "where it was drawn for the course: strain_first (as usual) or scored_first; else empty",
                _labels("strain_first", "scored_first"),
            ),
            Column("late", "boolean", "sent when it was open to both already, not blind; empty for what was taken in"),
            Column("hours_after", "integer", "hours from the session to sending; empty for what was taken in"),
            Column("seconds", "integer", "from beginning to sending; empty where it is not known", least=0),
        ),
        ("dyad", "session_code", "rater", "instrument"),
    ),
    ColumnTable(
        "answers",
        "One row an answer that is shown. An item without a row was skipped, kept or not asked: nobody can tell which.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            INSTRUMENT,
            Column("item", "string", "id of the item", needed=True),
            Column("answer", "string", "its value or code; several codes with spaces between"),
        ),
        ("dyad", "session_code", "rater", "instrument", "item"),
    ),
    ColumnTable(
        "scores",
        "One row a scale of a response, by a key that somebody has checked.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            Column("scale", "string", "questionnaire and scale", needed=True),
            Column("score", "number", "empty where too few items were answered"),
            Column("answered", "integer", "how many items were answered", least=0),
            Column("asked", "integer", "how many were asked", least=0),
        ),
        ("dyad", "session_code", "rater", "scale"),
    ),
    ColumnTable(
        "signals",
        "One row a signal that Accord raised; without the safety notice, which is for two people.",
        (
            DYAD,
            SESSION,
            CODE,
            Column("kind", "string", "drop, slide, gap, strain_reported ...", needed=True),
            Column("reported", "boolean", "somebody said so; otherwise it was inferred"),
            Column("scale", "string", "the scale, where one is meant"),
            Column("strength", "number", "larger is stronger, within a kind"),
            Column("rule", "string", "the rule and its version"),
            Column("calibration", "string", "the calibration that judged it"),
            Column("withheld", "boolean", "not shown, since the budget of inferred signals was used up"),
        ),
        ("dyad", "session_code", "kind", "scale"),
    ),
    ColumnTable(
        "strains",
        "One row a move in the life of a possible strain, in their order.",
        (
            DYAD,
            SESSION,
            CODE,
            Column("strain", "integer", "number of the strain in its course", least=1, needed=True),
            Column(
                "kind", "string", "withdrawal, confrontation or unclear",
                _labels("withdrawal", "confrontation", "unclear"),
            ),
            Column("opened_by", "string", "client, therapist or signal", _labels("client", "therapist", "signal")),
            Column(
                "move", "string",
                "open, talk, talk_in_part, not_talked, take_back, not_noticed, try_repair, think_settled, settle, "
                "partly, still_there, let_rest, end_course, reopen",
                MOVES, needed=True,
            ),
            Column("side", "string", "whose move it was", _labels("client", "therapist", "signal")),
            Column("at_session", "integer", "in which session it was said, where in one", least=1),
            replace(BLOCK, says="when it was said, likewise"),
        ),
    ),
    ColumnTable(
        "agreements",
        "One row a goal, a task or a shared view of the problem, without its words.",
        (
            DYAD,
            replace(AGREEMENT, needed=True),
            Column(
                "kind", "string", "goal, task or problem (the shared view)", _labels("goal", "task", "problem"),
                needed=True,
            ),
            Column("of_goal", "integer", "the goal that a task belongs to", least=1),
            Column("proposed_by", "string", "client or therapist", SIDES),
            replace(BLOCK, says="when it was proposed, likewise"),
            Column("wordings", "integer", "how often it was worded", least=1),
            Column("client_sealed", "boolean", "whether the client has sealed the last wording"),
            Column("therapist_sealed", "boolean", "whether the therapist has"),
            Column(
                "end", "string", "reached, dropped or replaced; empty while it stands",
                _labels("reached", "dropped", "replaced"),
            ),
            Column("end_block", "integer", "when it ended, likewise", least=0),
        ),
        ("dyad", "agreement"),
    ),
    ColumnTable(
        "progress",
        "One row for how far somebody saw a goal (0 to 10) or a task (0 not, 1 partly, 2 done) in a session.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            AGREEMENT,
            Column("value", "integer", "0 to 10 for a goal, 0 to 2 for a task", least=0, most=10, needed=True),
        ),
        ("dyad", "session_code", "rater", "agreement"),
    ),
    ColumnTable(
        "picks",
        "One row for each thing that somebody picked as mattering most in a session.",
        (
            DYAD,
            SESSION,
            CODE,
            RATER,
            replace(AGREEMENT, says="the goal that was picked; empty where it was said in new words"),
        ),
    ),
)  # fmt: skip
"""Every table of a study file, in the order in which they are written."""

TABLE = {table.name: table for table in TABLES}
ALWAYS = frozenset({"dyad", "session", "session_code", "rater", "instrument", "agreement", "item", "scale", "strain"})
"""Columns that tie tables together or name a row: a table that is in a study has them."""


def variables() -> dict[str, list[str]]:
    """By table, the columns that a study can do without, as its list of variables names them: `table.column`.

    >>> variables()["progress"], "dyads.therapist" in variables()["dyads"]
    (['progress.value'], True)
    """
    return {t.name: [f"{t.name}.{c.name}" for c in t.columns if c.name not in _ties(t)] for t in TABLES}


def _ties(table: ColumnTable) -> list[str]:
    """Of a table that holds nothing else, the last column is what it says."""
    ties = [column.name for column in table.columns if column.name in ALWAYS]
    return ties if len(ties) < len(table.columns) else ties[:-1]


def chosen(names: frozenset[str] | None) -> tuple[ColumnTable, ...]:
    """The tables with the columns that a list of variables names, and what ties them together.

    `names`: of an approved study. Without them, every table as each researcher may have it.

    >>> [(table.name, [c.name for c in table.columns]) for table in chosen(frozenset({"scores.score"}))]
    [('dyads', ['dyad']), ('scores', ['dyad', 'session', 'session_code', 'rater', 'scale', 'score'])]
    """
    if names is None:
        return tuple(replace(t, columns=tuple(c for c in t.columns if not c.approved)) for t in TABLES)
    tables = []
    for table in TABLES:
        ties = _ties(table)
        wanted = tuple(c for c in table.columns if c.name in ties or f"{table.name}.{c.name}" in names)
        if table.name == "dyads" or len(wanted) > len(ties):
            tables.append(replace(table, columns=wanted))
    return tuple(tables)
