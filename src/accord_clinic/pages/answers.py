"""What both sides showed of their answers about one session: what felt off, own words, differences, a row a question.

Talk sheet, prepare sheet and the page of a dyad show the same. A row stands for an answer that is shown, and for
nothing else: a kept answer, a skipped one and one that was not asked leave no trace. A new kind of answer gets its rows
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accord.instruments import Instrument, Item
from accord.records import RATERS, Rater
from accord.signals import CHECK_IN, HELD_BACK, STRAIN
from accord_clinic.charts.strips import APART, LOWEST, strip
from accord_clinic.questionnaires.answer_words import in_words, phrase, question, wording
from accord_clinic.questionnaires.plan import BEGINNINGS, WIDER_LOOK
from accord_clinic.questionnaires.shelf import shelf

if TYPE_CHECKING:
    from accord_clinic.models import Comment
    from accord_clinic.records.talk_sheet import ReadableResponse

MOST_APART = 3
IN_ROWS = (CHECK_IN, WIDER_LOOK)
"""The questionnaires that have rows with marks, in this order; all others are told in words."""
Latest = Mapping[tuple[str, str], "ReadableResponse"]


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What somebody wrote, never edited; `about` is the question in short."""

    side: str
    words: str
    about: str
    topic: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class BothVoices:
    """What each of the two said, in phrases, to one thing that can be ticked as talked about."""

    name: str
    client: tuple[str, ...]
    therapist: tuple[str, ...]
    topic: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One question with its marks. Steps count from 0, and the higher is the better one, whichever way it was asked.

    `note` says whose answer it is, where the two were not asked the same. `item`: its question, for a *Why?*.
    """

    item: str
    name: str
    note: str
    low: str
    high: str
    steps: int
    client: int | None
    therapist: int | None
    client_words: str
    therapist_words: str

    @property
    def is_low(self) -> bool:
        """Whether a mark stands on one of the steps that are set off."""
        return any(step is not None and step < LOWEST for step in (self.client, self.therapist))

    @property
    def is_same(self) -> bool:
        """Whether both gave the same answer."""
        return self.client is not None and self.client == self.therapist

    @property
    def picture(self) -> SafeString:
        return _picture(self.steps, self.client, self.therapist)


@dataclass(frozen=True, slots=True)
class MeasureAnswers:
    """What the client answered to a questionnaire that has no rows with marks: (question, answer)."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SessionAnswers:
    """Everything that both may see of the answers about one session, in words and marks."""

    client: str
    therapist: str
    sides: frozenset[str]
    felt: BothVoices | None
    words: tuple[OwnWords, ...]
    apart: tuple[BothVoices, ...]
    alike: bool
    """Both answered, and no two answers to the same question lie two steps apart."""
    rows: tuple[AnswerRow, ...]
    measures: tuple[MeasureAnswers, ...]

    @property
    def voices(self) -> frozenset[str]:
        """Whose marks or words stand here: the legend names no other."""
        both = [line for line in (self.felt, *self.apart) if line]
        client = self.measures or any(line.client for line in both) or any(row.client is not None for row in self.rows)
        therapist = any(line.therapist for line in both) or any(row.therapist is not None for row in self.rows)
        own = {words.side for words in self.words}
        return frozenset(own | ({"client"} if client else set()) | ({"therapist"} if therapist else set()))

    @property
    def nothing_apart(self) -> str:
        """Said where both answered and nothing lies so far apart that it is told in words."""
        return _("No two answers are more than one step apart.") if self.alike else ""

    @property
    def how_to_read(self) -> str:
        """What is drawn in the rows and is not plain from the legend."""
        if not self.rows:
            return ""
        lowest = _("The two lowest answers are shaded.")
        if not any(row.is_same for row in self.rows):
            return lowest
        return f"{lowest} {_('A mark in two colours means that you both gave the same answer.')}"

    @property
    def empty(self) -> bool:
        return not (self.felt or self.words or self.rows or self.measures)


@lru_cache(maxsize=512)
def _picture(steps: int, client: int | None, therapist: int | None) -> SafeString:
    return render_to_string("parts/strip.svg.html", {"strip": strip(steps, client, therapist)})


def as_answered(row: ReadableResponse) -> Instrument | None:
    """The questionnaire in the version that was answered, if it still has words here."""
    instrument = shelf().answered(row.instrument, row.version)
    return instrument if instrument and instrument.has_wording() else None


class WordedAnswers:
    """Both sides' latest answers on one session, by side and questionnaire, and how to say them."""

    def __init__(self, names: Mapping[str, str], latest: Latest) -> None:
        self.names, self.latest = names, latest

    def answers(
        self,
        comments: Sequence[Comment] = (),
        ticks: frozenset[str] = frozenset(),
        strain: str = "",
        missed: bool = False,
    ) -> SessionAnswers:
        """All of it. `strain`: the topic of this session's strain; `missed`: the therapist did not notice it."""
        pairs = [*self._pairs()]
        return SessionAnswers(
            client=self.names["client"],
            therapist=self.names["therapist"],
            sides=frozenset(side for side, name in self.latest if name == CHECK_IN),
            felt=self._felt(strain, ticks, missed),
            words=self._words(comments, ticks),
            apart=self._apart(pairs, ticks),
            alike=bool(pairs) and not any(abs(ours - theirs) >= APART for *_asked, ours, theirs in pairs),
            rows=tuple(self._rows()),
            measures=tuple(self._measures()),
        )

    def _rows(self) -> Iterator[AnswerRow]:
        for name in IN_ROWS:
            answered = {side: row for side in RATERS if (row := self.latest.get((side, name)))}
            instruments = {side: as_answered(row) for side, row in answered.items()}
            versions = {instrument.version: instrument for instrument in instruments.values() if instrument}
            for instrument in versions.values():
                given = {s: row.answers for s, row in answered.items() if instruments[s] is instrument}
                for item in instrument.items:
                    if item.kind == "choice" and not item.asked_if:
                        yield from self._of_item(instrument, item, given)

    def _of_item(
        self, instrument: Instrument, item: Item, given: Mapping[Rater, Mapping[str, Any]]
    ) -> Iterator[AnswerRow]:
        """One row where both were asked the same, else one for each."""
        values = instrument.answer_set(item.id).values
        marks = {s: values.index(answers[item.id]) for s, answers in given.items() if answers.get(item.id) in values}
        if item.commensurate and marks:
            yield self._row(instrument, item, marks, "")
            return
        for side, position in marks.items():
            note = _("only {name} is asked this") if len(item.raters) == 1 else self._whose(side)
            yield self._row(instrument, item, {side: position}, note.format(name=self.names[side]))

    def _whose(self, side: Rater) -> str:
        """The therapist was asked about the client: an answer of the therapist's own would say something else."""
        return _("{name}’s answer") if side == "client" else _("as {name} saw it")

    def _row(self, instrument: Instrument, item: Item, marks: Mapping[Rater, int], note: str) -> AnswerRow:
        labels = {side: self._labels(instrument, item, side) for side in marks}
        ends = next(iter(labels.values()))
        steps, turned = len(ends), _is_turned(instrument.id, instrument.version, item.id)
        placed = {side: steps - 1 - position if turned else position for side, position in marks.items()}
        return AnswerRow(
            item=item.id,
            name=self.named(wording(instrument).shared_item(item.id)),
            note=note,
            low=ends[-1] if turned else ends[0],
            high=ends[0] if turned else ends[-1],
            steps=steps,
            client=placed.get("client"),
            therapist=placed.get("therapist"),
            client_words=labels["client"][marks["client"]] if "client" in marks else "",
            therapist_words=labels["therapist"][marks["therapist"]] if "therapist" in marks else "",
        )

    def _label(self, instrument: Instrument, item: Item, side: Rater, answer: int) -> tuple[str, ...]:
        return (self._labels(instrument, item, side)[instrument.answer_set(item.id).values.index(answer)],)

    def _labels(self, instrument: Instrument, item: Item, side: Rater) -> list[str]:
        return [self.named(label) for label in wording(instrument).labels(item.id, side)]

    def _pairs(self) -> Iterator[tuple[Instrument, Item, int, int]]:
        """The same question that both answered in one version; whether something felt off is told by itself."""
        for name in IN_ROWS:
            ours, theirs = self.latest.get(("client", name)), self.latest.get(("therapist", name))
            instrument = as_answered(ours) if ours else None
            if ours is None or theirs is None or instrument is None or as_answered(theirs) is not instrument:
                continue
            for item in instrument.items:
                answer, other = ours.answers.get(item.id), theirs.answers.get(item.id)
                if item.commensurate and item.id != STRAIN and isinstance(answer, int) and isinstance(other, int):
                    yield instrument, item, answer, other

    def _apart(
        self, pairs: Iterable[tuple[Instrument, Item, int, int]], ticks: frozenset[str]
    ) -> tuple[BothVoices, ...]:
        """The widest differences in words; of two that are as wide, that with the client's lower answer first."""
        wide = [pair for pair in pairs if abs(pair[2] - pair[3]) >= APART]
        wide.sort(key=lambda pair: (-abs(pair[2] - pair[3]), pair[2]))
        return tuple(self._difference(*pair, ticks) for pair in wide[:MOST_APART])

    def _difference(
        self, instrument: Instrument, item: Item, ours: int, theirs: int, ticks: frozenset[str]
    ) -> BothVoices:
        topic = f"apart:{instrument.id}:{item.id}"
        return BothVoices(
            self.named(wording(instrument).shared_item(item.id)),
            self._label(instrument, item, "client", ours),
            self._label(instrument, item, "therapist", theirs),
            topic,
            topic in ticks,
        )

    def _felt(self, strain: str, ticks: frozenset[str], missed: bool) -> BothVoices | None:
        """The moment that felt off, in both voices; of a side that felt nothing it says so without blame."""
        responses = {side: self.latest.get((side, CHECK_IN)) for side in RATERS}
        levels = {side: row.answers.get(STRAIN) if row else None for side, row in responses.items()}
        if not any(levels.values()):
            return None
        phrases = {side: self._felt_by(side, responses[side], levels[side]) for side in RATERS}
        if missed and not phrases["therapist"]:
            phrases["therapist"] = (_did_not_notice(self.names["therapist"]),)
        return BothVoices(
            _("What felt off"), phrases["client"], phrases["therapist"], strain, bool(strain) and strain in ticks
        )

    def _felt_by(self, side: Rater, row: ReadableResponse | None, level: int | None) -> tuple[str, ...]:
        check_in = as_answered(row) if row else None
        if row is None or check_in is None or level is None:
            return ()  # not sent, skipped, kept or not asked: nobody else can tell the last three apart
        if not level:
            return (_("{name} answered that nothing felt off").format(name=self.names[side]),)
        phrases = [self.say(check_in, check_in.item(STRAIN), side, level)]
        for item in ("t2", "t3"):
            answer = row.answers.get(item)
            if answer is not None:
                phrases += self.chosen(check_in, check_in.item(item), side, answer)
        return tuple(phrases)

    def _words(self, comments: Sequence[Comment], ticks: frozenset[str]) -> tuple[OwnWords, ...]:
        """What each wrote under the open questions of the check-in, the client first."""
        rows = {row.pk: row for (_side, name), row in self.latest.items() if name == CHECK_IN}
        lines = []
        for comment in sorted(comments, key=lambda comment: comment.side != "client"):
            row = rows.get(comment.response_id)
            if row is not None:
                topic = f"words:{comment.item}"
                about = self.named(phrase(row, comment.item))
                lines.append(OwnWords(comment.side, comment.words, about, topic, topic in ticks))
        return tuple(lines)

    def _measures(self) -> Iterator[MeasureAnswers]:
        """Every answer to the client's other questionnaires, in the client's own order and words."""
        for (side, name), row in sorted(self.latest.items()):
            instrument = as_answered(row)
            if side != "client" or name in (*IN_ROWS, *BEGINNINGS) or instrument is None:
                continue
            asked = [item for item in instrument.items if item.kind != "text" and row.answers.get(item.id) is not None]
            rows = [
                (
                    question(row, i.id, self.names),
                    self.named(in_words(row, i.id, row.answers[i.id])) or str(row.answers[i.id]),
                )
                for i in asked
            ]
            if rows:
                yield MeasureAnswers(wording(instrument).title, tuple(rows))

    def chosen(self, instrument: Instrument, item: Item, side: Rater, answer: Any) -> tuple[str, ...]:
        """The phrases for one choice, or for each of several."""
        if item.kind == "many":
            codes = instrument.answer_set(item.id).codes
            labels = wording(instrument).labels(item.id, side)
            return tuple(self.named(labels[codes.index(code)]) for code in answer if code in codes)
        return (self.say(instrument, item, side, answer),)

    def say(self, instrument: Instrument, item: Item, side: Rater, answer: int) -> str:
        """The talk sheet's phrase for an answer, with the names filled in."""
        position = instrument.answer_set(item.id).values.index(answer)
        return self.named(wording(instrument).statement(item.id, side, position))

    def named(self, text: str) -> str:
        """With the names in it. No format string is used: a name may hold braces."""
        for name, value in {"session": _("the session"), **self.names}.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def _did_not_notice(name: str) -> str:
    return _("{name} did not notice this").format(name=name)


@lru_cache(maxsize=512)
def _is_turned(name: str, version: str, item: str) -> bool:
    """Whether the first answer is the better one, so that a row turns it round: what felt off, what was held back."""
    if item == HELD_BACK:
        return True
    instrument = shelf().versions[name, version]
    answers = instrument.item(item).answers
    alike = {other.id for other in instrument.items if other.answers == answers}
    return any(
        (scale.direction == "high is bad") != (other in scale.reversed)
        for scale in instrument.scales
        for other in alike.intersection(scale.items)
    )
