"""Where two people stand, in one reading for every page: a line for a list, the headline of a page, for one reader.

Dyad, Prepare, talk sheet, Today, People and supervision ask `reading`, and differ in how much of it they show.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accord.signals import STARTING_SESSIONS
from accord_clinic.queries.findings import false_alarms
from accord_clinic.records.findings import FalseAlarms, SignalsAndStrains, up_to
from accord_clinic.words.sentences import ASIDE, SAFETY, Finding, Names, findings, how_sure, in_a_list, judged_by


@dataclass(frozen=True, slots=True)
class Headline:
    """The top of a page about two people: a heading, what is behind it, how sure that is, and what judged it.

    Where two marks were inferred, the second follows in `how_sure`, with how often such a mark is nothing.
    """

    title: str
    text: str
    how_sure: str = ""
    judged_by: str = ""
    whys: tuple[tuple[str, str], ...] = ()
    """The kinds of signal behind it, each with its title: a *Why?* stands beside them."""
    marks: tuple[tuple[str, str, bool], ...] = ()
    """The signals behind it that the reader may put aside: each by `which`, its title, and whether it is aside."""


@dataclass(frozen=True, slots=True)
class CaseReading:
    """What is worth a word about two people, first things first; `last` is the latest session that is open to both."""

    findings: tuple[Finding, ...]
    last: int
    names: Names

    @property
    def first(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    @property
    def line(self) -> str:
        """The first finding in a list of people, or where they are."""
        return line(self.findings[0]) if self.findings else calm(self.last)

    @property
    def why(self) -> str:
        """The kind of signal behind the line, for its *Why?*; nothing where the line is no finding."""
        return self.findings[0].kind if self.findings else ""

    @property
    def headline(self) -> Headline:
        """The first two findings at the top of a page."""
        return headline(self.findings, self.last, self.names)

    @property
    def for_both(self) -> str:
        """The first thing that was said, on a page that two people look at together: no mark, no safety notice."""
        return next((f.title for f in self.findings if f.rank != SAFETY and f.inferred is None), "")


def reading(dyad: SignalsAndStrains, last: int | None, names: Names) -> CaseReading:
    """The one reading. `last`: the latest session that is open to both, or the one on which a page looks back."""
    number = last or 0
    up_to_here = up_to(dyad, number) if number else dyad
    worth = findings(up_to_here.signals, up_to_here.strains, number, names, up_to_here.aside)
    return CaseReading(worth, number, names)


def calm(last: int | None) -> str:
    """The line for two people about whom there is no finding."""
    if not last:
        return _("There is no session yet whose answers you can both see.")
    if last <= STARTING_SESSIONS:
        so_far = _("Session {last}. Accord marks nothing in the first {first} sessions.")
        return so_far.format(last=last, first=STARTING_SESSIONS)
    return _("Nothing reported or marked so far.")


def line(finding: Finding) -> str:
    """A finding in a list of people; an inferred one says how often such a mark is nothing."""
    return in_a_list(finding, _alarms(finding))


def _alarms(finding: Finding) -> FalseAlarms | None:
    signal = finding.inferred
    return false_alarms(signal.kind, signal.calibration) if signal else None


def headline(worth: Iterable[Finding], last: int, names: Names) -> Headline:
    """The headline of one dyad, from its findings; `last` is the latest session that is open to both.

    A safety answer that nobody has looked after comes before everything, once, however many there are.
    """
    worth = tuple(worth)
    safety, others = [f for f in worth if f.rank == SAFETY], [f for f in worth if f.rank != SAFETY]
    ranked = [*safety[:1], *others][:2]
    if not ranked:
        return _nothing(last, names)
    top, more = ranked[0], ranked[1:]
    alarms = [_alarms(finding) for finding in ranked]
    whys = tuple({finding.kind: finding.title for finding in ranked}.items())
    marks = tuple((finding.mark, finding.title, finding.rank == ASIDE) for finding in ranked if finding.mark)
    judges = " ".join(map(judged_by, dict.fromkeys(filter(None, alarms))))
    if top.inferred:  # how sure it is stands with it, and what comes second says its own in short
        sure = " ".join((how_sure(alarms[0]), *map(line, more)))
        return Headline(top.title, top.more, sure, judges, whys, marks)
    text = " ".join(filter(None, (top.more, *(finding.line for finding in more))))
    surer = _("What somebody said counts for more than a mark.")
    seconds = [f"{how_sure(alarms[1])} {surer}" for finding in more if finding.inferred]
    return Headline(top.title, text, " ".join(seconds), judges, whys, marks)


def _nothing(last: int, names: Names) -> Headline:
    """That nothing stands out is good to read; in the first three sessions nothing can stand out by inference."""
    if not last:
        return Headline(
            _("There is no check-in yet that you can both see."),
            _("When both of you have answered, you see both answers here, side by side."),
        )
    if last <= STARTING_SESSIONS:
        return Headline(
            _("These are the first check-ins."),
            _("In the first three sessions Accord draws no conclusions from scores. Go by what you both say."),
        )
    return Headline(
        _("Nothing reported or marked so far."),
        _("That does not mean that all is well. Look at where your answers differ."),
    )
