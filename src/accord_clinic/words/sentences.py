"""Signals and strains come in as codes and numbers; plain sentences for one reader come out. Nothing here is stored.

Today, People, the dyad page and the prepare sheet take their words from here: a new signal gets a line in `WORDS`.
What somebody said comes before what was inferred, a person is called by name, and an inferred mark says how sure it is.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.records import Signal
from accord_clinic.records.findings import ANSWER, FalseAlarms, which
from accord_clinic.records.strains import OpenStrain

RECENT = 2
"""A signal is worth a line while it lies in one of the last two revealed sessions; an open strain always is."""
FELT = ("strain_reported", "seen_by_one", "line_crossed")
"""What is told with the strain that it opened, as long as that is not settled."""
FEW_COURSES = 20
"""With fewer in the calibration, a mark says that what is usual here is still being worked out."""
SAFETY, CROSSED, TO_TALK, REPORTED, WAITS, INFERRED, ASIDE = range(7)
"""The order of findings; from `ASIDE` on nothing asks for a conversation."""


@dataclass(frozen=True, slots=True)
class Names:
    """Whom a sentence is about. `you`: the reader is the therapist."""

    client: str
    therapist: str
    you: bool = True

    def say(self, to_therapist: str, to_others: str, **more: object) -> str:
        """One sentence in two forms, because *you* and a name take different verbs in many languages."""
        return (to_therapist if self.you else to_others).format(client=self.client, therapist=self.therapist, **more)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line about a signal or an open strain. `line` is for a list; `more` follows `title` at the top of a page.

    `inferred`: the signal behind it, where it was inferred and not said. `answer`: the session whose safety answer is
    to be read. `strain`: what the therapist may tick as talked about. `kind`: the kind of signal that its *Why?*
    explains; an open strain was reported by somebody. `mark`: the signal that the reader may put aside, by `which`.
    """

    rank: int
    session: int
    title: str
    line: str
    more: str
    inferred: Signal | None = None
    answer: str = ""
    kind: str = "strain_reported"
    strain: str = ""
    mark: str = ""


def findings(
    signals: Sequence[Signal],
    strains: Iterable[OpenStrain],
    last: int,
    names: Names,
    aside: Collection[str] = (),
) -> tuple[Finding, ...]:
    """What is worth a word, first things first: safety, open strains, what was said, what was inferred.

    `strains` are those that are not settled; `last` is the latest revealed session. A signal about a strain that is
    settled by now is left out. `aside`: what the reader has put aside comes last, and says so.
    """
    worth = [_strain(group, signals, names) for group in _strains_by_session(strains).values()]
    for signal in signals:
        if signal.kind == "safety" or (
            signal.session > last - RECENT and signal.kind not in (*FELT, "not_talked_about")
        ):
            finding = _signal(signal, names)
            worth.append(_aside(finding, names) if finding.mark in aside else finding)
    return tuple(sorted(worth, key=lambda f: (f.rank, -f.inferred.strength if f.inferred else -f.session)))


def _strains_by_session(strains: Iterable[OpenStrain]) -> dict[int, list[OpenStrain]]:
    """Both voices may have opened a strain about the same session: that is one finding."""
    groups: dict[int, list[OpenStrain]] = {}
    for strain in strains:
        groups.setdefault(strain.session, []).append(strain)
    return groups


def _strain(group: Sequence[OpenStrain], signals: Iterable[Signal], names: Names) -> Finding:
    """The words for the open strain, or strains, about one session; the client's says where it stands."""
    strain = next((s for s in group if s.opened_by == "client"), group[0])
    number, gaps = strain.session, {"client": names.client, "number": strain.session}
    if strain.state == "open_at_ending":
        title = _("What felt off in session {number} was not resolved when treatment ended.").format(**gaps)
        return Finding(WAITS, number, title, title, "")
    if strain.talked == "ticked":
        return _ticked(strain, names)
    stands = _where_it_stands(strain, names)
    if strain.talked != "yes" and any(s.kind == "line_crossed" and s.session == number for s in signals):
        return _crossed(strain, stands, names)
    if stands:
        return Finding(TO_TALK, number, stands, stands, "", strain=strain.uid)
    if strain.state in ("talked_about", "repair_tried"):
        return _waiting(strain, names)
    if strain.talked == "no":
        line = names.say(
            _("{client} says something felt off in session {number} and you have not talked about it."),
            _("{client} says something felt off in session {number} and they have not talked about it."),
            number=number,
        )
        return Finding(TO_TALK, number, line, line, "", strain=strain.uid)
    alone = any(s.kind == "seen_by_one" and s.session == number for s in signals)
    title, line = _felt({s.opened_by for s in group}, alone, number, names)
    unsaid = _("As far as Accord knows, it has not been talked about yet.")
    return Finding(TO_TALK, number, title, line, f"{line} {unsaid}" if alone else unsaid, strain=strain.uid)


def _ticked(strain: OpenStrain, names: Names) -> Finding:
    """Put aside by the therapist until a later session opens: then the client's word brings it back, or ends it."""
    line = names.say(
        _("You ticked talked about for session {number}; {client} has not been asked yet."),
        _("{therapist} ticked talked about for session {number}; {client} has not been asked yet."),
        number=strain.session,
    )
    return Finding(WAITS, strain.session, line, line, "")


def _crossed(strain: OpenStrain, stands: str, names: Names) -> Finding:
    """A line that was crossed is no difference of views, and not for the two alone to sort out."""
    says = _("{client} says a line was crossed in session {number}.")
    title = says.format(client=names.client, number=strain.session)
    first = names.say(_("Speak to a supervisor before you speak to {client}."), "")
    line, more = (" ".join(filter(None, words)) for words in ((title, first), (stands, first)))
    return Finding(CROSSED, strain.session, title, line, more, kind="line_crossed", strain=strain.uid)


def _where_it_stands(strain: OpenStrain, names: Names) -> str:
    """What brings it back, as it was said: partly stays partly. Nothing where nothing was said that does."""
    gaps = {"client": names.client, "number": strain.session}
    if strain.state == "still_there" and strain.talked == "no":
        return names.say(
            _("{client} says you have not talked about what felt off in session {number}, and it is not resolved."),
            _("{client} says they have not talked about what felt off in session {number}, and it is not resolved."),
            number=strain.session,
        )
    if strain.state == "still_there":
        return _("{client} says that what felt off in session {number} is not resolved.").format(**gaps)
    if strain.state == "partly":
        return _("{client} says that what felt off in session {number} is partly resolved.").format(**gaps)
    if strain.talked == "in_part":
        return _("{client} says that what felt off in session {number} was talked about in part.").format(**gaps)
    if strain.talked == "unsaid":
        return names.say(
            _("You ticked talked about for session {number}; {client} has not said so."),
            _("{therapist} ticked talked about for session {number}; {client} has not said so."),
            number=strain.session,
        )
    return ""


def _waiting(strain: OpenStrain, names: Names) -> Finding:
    """Talked about by the client's word, or something was tried: where it stands is the client's to say."""
    gaps = {"client": names.client, "number": strain.session}
    if strain.talked == "yes":
        title = _("{client} says that what felt off in session {number} was talked about.").format(**gaps)
    elif strain.state == "repair_tried":
        title = _("Something was tried to resolve what felt off in session {number}.").format(**gaps)
    else:
        title = _("What felt off in session {number} was talked about.").format(**gaps)
    where = _("{client} has not said where it stands now.").format(**gaps)
    return Finding(WAITS, strain.session, title, f"{title} {where}", where)


def _felt(by: set[str], alone: bool, number: int, names: Names) -> tuple[str, str]:
    """Title and line of a moment that felt off, by who felt it."""
    if by >= {"client", "therapist"}:
        return (
            names.say(
                _("Something felt off for both of you in session {number}."),
                _("Something felt off for both in session {number}."),
                number=number,
            ),
            names.say(
                _("You and {client} both say something felt off in session {number}."),
                _("{client} and {therapist} both say something felt off in session {number}."),
                number=number,
            ),
        )
    if "client" in by and alone:
        return (
            names.say(
                _("You and {client} see session {number} differently."),
                _("{client} and {therapist} see session {number} differently."),
                number=number,
            ),
            names.say(
                _("{client} says something felt off in session {number}; you answered that nothing did."),
                _("{client} says something felt off in session {number}; {therapist} answered that nothing did."),
                number=number,
            ),
        )
    if "client" in by:
        return (
            _("Something felt off for {client} in session {number}.").format(client=names.client, number=number),
            _("{client} says something felt off in session {number}.").format(client=names.client, number=number),
        )
    return _felt_by_therapist("therapist" in by, alone, number, names)


def _felt_by_therapist(therapist: bool, alone: bool, number: int, names: Names) -> tuple[str, str]:
    """Opened by the therapist, or from a signal that the therapist took up."""
    if not therapist:
        title = _("There may have been a strain since session {number}.").format(number=number)
        return title, _("A possible strain was noted about session {number}.").format(number=number)
    title = names.say(
        _("Something felt off for you in session {number}."),
        _("Something felt off for {therapist} in session {number}."),
        number=number,
    )
    if alone:
        return title, names.say(
            _("You say something felt off in session {number}; {client} answered that nothing did."),
            _("{therapist} says something felt off in session {number}; {client} answered that nothing did."),
            number=number,
        )
    return title, names.say(
        _("You say something felt off in session {number}."),
        _("{therapist} says something felt off in session {number}."),
        number=number,
    )


def _signal(signal: Signal, names: Names) -> Finding:
    """The words for any signal that is not about a strain."""
    title, line = WORDS[signal.kind](signal, names) if signal.kind in WORDS else _unknown(signal, names)
    rank = SAFETY if signal.kind == "safety" else REPORTED if signal.reported else INFERRED
    inferred = None if signal.reported else signal
    answer = str(signal.evidence.get(ANSWER, "")) if signal.kind == "safety" else ""
    mark = "" if signal.kind == "safety" else which(signal.kind, signal.session, signal.scale)
    more = "" if line == title else line
    return Finding(rank, signal.session, title, line, more, inferred, answer, signal.kind, mark=mark)


def _aside(finding: Finding, names: Names) -> Finding:
    """Put aside by its reader until a later session opens."""
    title = _("You put this aside: {mark}").format(mark=finding.title)
    more = _("{client} has not been asked. It returns when the next session opens.").format(client=names.client)
    return replace(finding, rank=ASIDE, title=title, line=title, more=more, inferred=None)


def _safety(signal: Signal, names: Names) -> tuple[str, str]:
    line = safety_line(names.client)
    return line, line


def safety_line(client: str) -> str:
    """What comes first wherever a safety answer may be read, until somebody has recorded what was done."""
    return _("Read {client}'s safety answer now and follow your procedure.").format(client=client)


def _not_said(signal: Signal, names: Names) -> tuple[str, str]:
    line = _("{client} held back something that matters in session {number}.")
    return _("Something has not been said yet."), line.format(client=names.client, number=signal.session)


def _goals_apart(signal: Signal, names: Names) -> tuple[str, str]:
    title = names.say(
        _("You and {client} named different things as most important."),
        _("{client} and {therapist} named different things as most important."),
    )
    line = _("In session {number} both were asked what matters most now. The two lists had nothing in common.")
    return title, line.format(number=signal.session)


def _drop(signal: Signal, names: Names) -> tuple[str, str]:
    gaps = {"scale": scale_name(signal.scale), "number": signal.session}
    if signal.evidence.get("raised_by") == "both":
        title = names.say(
            _("Session {number}: your ratings and {client}'s together were lower than usual."),
            _("Session {number}: {client}'s and {therapist}'s ratings together were lower than usual."),
            **gaps,
        )
        return title, names.say(
            _(
                "{scale} in session {number}: this mark is due to your rating. {client}'s rating alone would not "
                "have caused it."
            ),
            _(
                "{scale} in session {number}: this mark is due to {therapist}'s rating. {client}'s rating alone "
                "would not have caused it."
            ),
            **gaps,
        )
    gaps["client"] = names.client
    title = _("Session {number} was rated lower than is usual for {client}.").format(**gaps)
    return title, _("{scale} was lower than is usual for {client} in session {number}.").format(**gaps)


def _slide(signal: Signal, names: Names) -> tuple[str, str]:
    gaps = {"scale": scale_name(signal.scale), "number": signal.session}
    title = _("{scale} has gone down slowly.").format(**gaps)
    if signal.evidence.get("raised_by") == "both":
        return title, names.say(
            _(
                "{scale} has gone down up to session {number}. This mark is due to your ratings together with "
                "{client}'s."
            ),
            _(
                "{scale} has gone down up to session {number}. {therapist}'s ratings are part of the reason for "
                "this mark."
            ),
            **gaps,
        )
    gaps["client"] = names.client
    return title, _("{scale} has gone down slowly for {client} up to session {number}.").format(**gaps)


def _gap(signal: Signal, names: Names) -> tuple[str, str]:
    gaps = {"scale": scale_name(signal.scale), "number": signal.session}
    title = names.say(
        _("You and {client} rated session {number} further apart than usual."),
        _("{client} and {therapist} rated session {number} further apart than usual."),
        **gaps,
    )
    return title, names.say(
        _("{scale}: in session {number} you and {client} rated further apart than is usual for you both."),
        _("{scale}: in session {number} {client} and {therapist} rated further apart than is usual for them."),
        **gaps,
    )


def _quiet(signal: Signal, names: Names) -> tuple[str, str]:
    gaps = {"client": names.client, "count": signal.evidence.get("check_ins", 3)}
    title = _(
        "{client} gave the best answer to everything, or the same answer throughout. This may mean nothing."
    ).format(**gaps)
    line = _("{client}'s last {count} check-ins were all at the top, or all alike. This may mean nothing.")
    return title, line.format(**gaps)


def _silence(signal: Signal, names: Names) -> tuple[str, str]:
    title = _("{client} has not answered the last two check-ins.").format(client=names.client)
    if signal.evidence.get("after_strain"):
        return title, title + " " + _("Before that, something had felt off.")
    return title, title


def _off_track(signal: Signal, names: Names) -> tuple[str, str]:
    gaps = {"scale": scale_name(signal.scale), "client": names.client, "number": signal.session}
    title = _("{scale} is reliably worse than at the start.").format(**gaps)
    return title, _("{scale} is reliably worse for {client} in session {number} than at the start.").format(**gaps)


def _unknown(signal: Signal, names: Names) -> tuple[str, str]:
    """A signal added by a site: its kind, made readable, is better than silence."""
    title = _("There may be something to talk about.")
    kind = signal.kind.replace("_", " ")
    return title, _("There may be something to talk about in session {number}: {kind}.").format(
        number=signal.session, kind=kind
    )


WORDS = {
    "safety": _safety,
    "not_said_yet": _not_said,
    "goals_apart": _goals_apart,
    "drop": _drop,
    "slide": _slide,
    "gap": _gap,
    "quiet": _quiet,
    "silence": _silence,
    "off_track": _off_track,
}


def scale_name(key: str | None) -> str:
    """What a scale is called on a page; `key` is `instrument/scale` or the scale alone."""
    scale = (key or "").rpartition("/")[2]
    names = {
        "collaboration": _("Collaboration"),
        "connection": _("Connection"),
        "together": _("The check-in as a whole"),
        "strain": _("Strain"),
        "voice": _("Voice"),
    }
    return names.get(scale) or scale.replace("_", " ").capitalize()


def in_a_list(finding: Finding, alarms: FalseAlarms | None) -> str:
    """The line of a finding; a mark that was inferred says in a few words how often such a mark is false."""
    return f"{finding.line} {how_often(alarms)}" if alarms else finding.line


def how_often(alarms: FalseAlarms) -> str:
    """How often a mark is a false alarm, in one short sentence for a list."""
    if alarms.false_discovery:
        return _("About {count} in 100 marks like this are false alarms here.").format(
            count=round(100 * alarms.false_discovery[0])
        )
    count, courses = _in_courses(alarms.by_chance)
    return _("By chance alone, about {count} in {courses} courses of 15 sessions get one.").format(
        count=count, courses=courses
    )


def how_sure(alarms: FalseAlarms | None) -> str:
    """How far to trust an inferred mark, as the calibration that judged it knows."""
    if alarms is None:
        return _("What it means is not known.")
    if alarms.false_discovery:
        share, low, high = (round(100 * part) for part in alarms.false_discovery)
        sentence = _(
            "About {share} in 100 marks like this are false alarms here (likely between {low} and {high}). "
            "The others may not be strains either, so ask."
        ).format(share=share, low=low, high=high)
    else:
        count, courses = _in_courses(alarms.by_chance)
        sentence = _(
            "By chance alone, about {count} in {courses} courses of 15 sessions get a mark like this. How many "
            "marks here are false alarms is not known yet, so ask."
        ).format(count=count, courses=courses)
    if alarms.courses < FEW_COURSES:
        learning = _("Accord is still working out what is usual here: ratings of {courses} of {needed} clients so far.")
        sentence += " " + learning.format(courses=alarms.courses, needed=FEW_COURSES)
    return sentence


def _in_courses(share: float) -> tuple[int, int]:
    """A share as so many in a round number of courses: half of a budget of 3 in 100 is 3 in 200, not 2 in 100."""
    for courses in (100, 200, 300, 400, 500):
        if abs(share * courses - round(share * courses)) < 0.02 and round(share * courses):
            return round(share * courses), courses
    return max(1, round(1000 * share)), 1000


def judged_by(alarms: FalseAlarms) -> str:
    """The name of the calibration behind a mark, by which its numbers can be found again."""
    if not alarms.courses:
        return _("Based on calibration {name}, from starting values.").format(name=alarms.calibration)
    return ngettext(
        "Based on calibration {name}, from {courses} client here.",
        "Based on calibration {name}, from {courses} clients here.",
        alarms.courses,
    ).format(name=alarms.calibration, courses=alarms.courses)
