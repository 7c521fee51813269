"""The findings about a dyad: a line for a list, and the headline of a page, for one reader.

A page shows a `Finding` as one line, or the first two of them as a `Headline`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accord_clinic.queries.findings import SignalsAndStrains, false_alarms
from accord_clinic.words.sentences import SAFETY, FalseAlarms, Finding, Names, findings, how_sure, in_a_list, judged_by


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


def findings_of(dyad: SignalsAndStrains, last: int | None, names: Names) -> tuple[Finding, ...]:
    """The findings, in the order of need; `last` is the latest revealed session."""
    return findings(dyad.signals, dyad.strains, last or 0, names)


def line(finding: Finding) -> str:
    """A finding in a list of people; an inferred one says how often such a mark is nothing."""
    return in_a_list(finding, _alarms(finding))


def _alarms(finding: Finding) -> FalseAlarms | None:
    signal = finding.inferred
    return false_alarms(signal.kind, signal.calibration) if signal else None


def headline(worth: Iterable[Finding], revealed: int, names: Names) -> Headline:
    """The headline of one dyad, from its findings; `revealed` sessions are open to both.

    A safety answer that nobody has looked after comes before everything, once, however many there are.
    """
    worth = tuple(worth)
    safety, others = [f for f in worth if f.rank == SAFETY], [f for f in worth if f.rank != SAFETY]
    ranked = [*safety[:1], *others][:2]
    if not ranked:
        return _nothing(revealed, names)
    top, more = ranked[0], ranked[1:]
    alarms = [_alarms(finding) for finding in ranked]
    whys = tuple({finding.kind: finding.title for finding in ranked}.items())
    judges = " ".join(map(judged_by, dict.fromkeys(filter(None, alarms))))
    if top.inferred:  # how sure it is stands with it, and what comes second says its own in short
        sure = " ".join((how_sure(alarms[0]), *map(line, more)))
        return Headline(top.title, top.more, sure, judges, whys)
    text = " ".join(filter(None, (top.more, *(finding.line for finding in more))))
    surer = _("What somebody said is the surer sign.")
    seconds = [f"{how_sure(alarms[1])} {surer}" for finding in more if finding.inferred]
    return Headline(top.title, text, " ".join(seconds), judges, whys)


def headline_after(dyad: SignalsAndStrains, session: int, names: Names) -> Headline:
    """How it stood after one session, for the dyad's therapist."""
    return headline(findings_of(dyad, session, names), session, names)


def _nothing(revealed: int, names: Names) -> Headline:
    """That nothing stands out is good to read; in the first three sessions nothing can stand out by inference."""
    if not revealed:
        return Headline(
            _("No check-in is open to both yet."),
            _("When both of you have answered, you see both answers here, side by side."),
        )
    if revealed < 4:
        return Headline(
            _("These are the first check-ins."),
            _("In the first three sessions nothing is inferred. What both of you say is what counts."),
        )
    return Headline(
        _("Nothing stands out so far."),
        _("No strain is open, and nothing in the last answers was unusual for {client}.").format(client=names.client),
    )
