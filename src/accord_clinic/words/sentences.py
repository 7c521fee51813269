"""Signals and strains come in as codes and numbers; plain sentences for one reader come out. Nothing here is stored.

Today, People, the dyad page and the prepare sheet take their words from here. What somebody said comes before what
was inferred, a person is called by name, and an inferred mark says how sure it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

RECENT = 2
"""A signal is worth a line while it lies in one of the last two revealed sessions; an open strain always is."""
FELT = ("strain_reported", "seen_by_one")
SAFETY, TO_TALK, REPORTED, WAITS, INFERRED = range(5)


@dataclass(frozen=True, slots=True)
class Names:
    """Who is spoken about. `you`: the reader is the therapist."""

    client: str
    therapist: str
    you: bool = True

    def say(self, to_therapist: str, to_others: str, **more: object) -> str:
        """One sentence in two forms, because *you* and a name take different verbs in many languages."""
        return (to_therapist if self.you else to_others).format(client=self.client, therapist=self.therapist, **more)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the calibration that judged an inferred mark says of marks of its kind.

    `share` of uneventful courses get one, learnt from so many `courses`; `nothing`: the share of marks that are
    nothing where one course in ten, one in five, and more than one in three has a strain (none for a gap).
    """

    name: str
    share: float
    courses: int
    nothing: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A signal as it was kept, and how far to trust it where a calibration judged it."""

    kind: str
    session: int
    reported: bool
    strength: float = 0.0
    scale: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    judged: Judged | None = None


@dataclass(frozen=True, slots=True)
class OpenStrain:
    """A strain that is not settled."""

    session: int
    opened_by: str
    state: str


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing worth a word. `line` stands alone in a list; `more` follows `title` at the top of a page."""

    rank: int
    session: int
    title: str
    line: str
    more: str
    inferred: Heard | None = None

    @property
    def whole(self) -> str:
        """The line; a mark that was inferred says in a few words how often such a mark is nothing."""
        return f"{self.line} {self.in_short}" if self.in_short else self.line

    @property
    def in_short(self) -> str:
        return how_often(self.inferred.judged) if self.inferred and self.inferred.judged else ""


def matters(heard: Iterable[Heard], strains: Iterable[OpenStrain], last: int, names: Names) -> tuple[Matter, ...]:
    """What is worth a word, first things first: safety, open strains, what was said, what was inferred.

    `last` is the latest revealed session. A signal about a strain that is settled by now is left out.
    """
    kept = list(heard)
    by_session = _strains_by_session(strains)
    found = [_strain(group, kept, names) for group in by_session.values()]
    for one in kept:
        if one.kind == "safety" or (one.session > last - RECENT and one.kind not in (*FELT, "not_talked_about")):
            found.append(_signal(one, names))
    return tuple(sorted(found, key=lambda m: (m.rank, -m.session if not m.inferred else -m.inferred.strength)))


def _strains_by_session(strains: Iterable[OpenStrain]) -> dict[int, list[OpenStrain]]:
    """Both voices may have opened a strain about the same session: that is one matter."""
    groups: dict[int, list[OpenStrain]] = {}
    for strain in strains:
        groups.setdefault(strain.session, []).append(strain)
    return groups


def _strain(group: Sequence[OpenStrain], heard: Sequence[Heard], names: Names) -> Matter:
    """The words for the open strain, or strains, about one session."""
    number = group[0].session
    by = {s.opened_by for s in group}
    state = next((s.state for s in group if s.opened_by == "client"), group[0].state)
    here = {"client": names.client, "number": number}
    if state == "still_there":
        title = _("The moment in session {number} is still there for {client}.").format(**here)
        line = _("{client} says the moment in session {number} is still there.").format(**here)
        return Matter(TO_TALK, number, title, line, "")
    if state in ("talked_about", "repair_tried"):
        return _waiting(state, number, names)
    alone = any(h.kind == "seen_by_one" and h.session == number for h in heard)
    again = any(h.kind == "not_talked_about" and h.evidence.get("about_session") == number for h in heard)
    title, line = _felt(by, alone, number, names)
    if again:
        stands = _("{client} says that it has not been talked about yet.").format(**here)
    else:
        stands = _("Nobody has said yet that it was talked about.")
    more = f"{line} {stands}" if alone else stands
    return Matter(TO_TALK, number, title, f"{line} {stands}" if again else line, more)


def _waiting(state: str, number: int, names: Names) -> Matter:
    """Talked about, or something was tried: the next word is the client's."""
    here = {"client": names.client, "number": number}
    if state == "repair_tried":
        title = _("Something was tried about the moment in session {number}.").format(**here)
    else:
        title = _("The moment in session {number} was talked about.").format(**here)
    asks = _("The next check-in asks {client} where it stands now.").format(**here)
    return Matter(WAITS, number, title, f"{title} {asks}", asks)


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
                _("{client} and you both say a moment felt off in session {number}."),
                _("{client} and {therapist} both say a moment felt off in session {number}."),
                number=number,
            ),
        )
    if "client" in by and alone:
        return (
            names.say(
                _("{client} and you see session {number} differently."),
                _("{client} and {therapist} see session {number} differently."),
                number=number,
            ),
            names.say(
                _("{client} says a moment felt off in session {number}; you did not notice this."),
                _("{client} says a moment felt off in session {number}; {therapist} did not notice this."),
                number=number,
            ),
        )
    if "client" in by:
        return (
            _("Something felt off for {client} in session {number}.").format(client=names.client, number=number),
            _("{client} says a moment felt off in session {number}.").format(client=names.client, number=number),
        )
    return _felt_by_therapist("therapist" in by, alone, number, names)


def _felt_by_therapist(therapist: bool, alone: bool, number: int, names: Names) -> tuple[str, str]:
    """Opened by the therapist, or from a signal that the therapist took up."""
    if not therapist:
        title = _("A possible strain stands since session {number}.").format(number=number)
        return title, _("A possible strain was noted about session {number}.").format(number=number)
    title = names.say(
        _("Something felt off for you in session {number}."),
        _("Something felt off for {therapist} in session {number}."),
        number=number,
    )
    if alone:
        return title, names.say(
            _("You say a moment felt off in session {number}; {client} did not notice this."),
            _("{therapist} says a moment felt off in session {number}; {client} did not notice this."),
            number=number,
        )
    return title, names.say(
        _("You say a moment felt off in session {number}."),
        _("{therapist} says a moment felt off in session {number}."),
        number=number,
    )


def _signal(one: Heard, names: Names) -> Matter:
    """The words for any signal that is not about a strain."""
    title, line = WORDS[one.kind](one, names) if one.kind in WORDS else _unknown(one, names)
    rank = SAFETY if one.kind == "safety" else REPORTED if one.reported else INFERRED
    return Matter(rank, one.session, title, line, "" if line == title else line, None if one.reported else one)


def _safety(one: Heard, names: Names) -> tuple[str, str]:
    return _("Please look."), safety_line(names.client, one.session)


def safety_line(client: str, number: int) -> str:
    """Neutral on purpose: this line may be seen over somebody's shoulder."""
    return _("Please look: a notice about {client}, session {number}.").format(client=client, number=number)


def _not_said(one: Heard, names: Names) -> tuple[str, str]:
    line = _("Something is not said yet: {client} held back something that matters in session {number}.")
    return _("Something is not said yet."), line.format(client=names.client, number=one.session)


def _goals_apart(one: Heard, names: Names) -> tuple[str, str]:
    title = names.say(
        _("{client} and you name different things as mattering most."),
        _("{client} and {therapist} name different things as mattering most."),
    )
    return title, _("What matters most now: nothing in common in session {number}.").format(number=one.session)


def _drop(one: Heard, names: Names) -> tuple[str, str]:
    here = {"scale": scale_name(one.scale), "client": names.client, "number": one.session}
    title = _("Session {number} was lower than is usual for {client}.").format(**here)
    return title, _("{scale} was lower than is usual for {client} in session {number}.").format(**here)


def _slide(one: Heard, names: Names) -> tuple[str, str]:
    here = {"scale": scale_name(one.scale), "client": names.client, "number": one.session}
    title = _("{scale} has been going down slowly.").format(**here)
    return title, _("{scale} has been going down slowly for {client} up to session {number}.").format(**here)


def _gap(one: Heard, names: Names) -> tuple[str, str]:
    here = {"scale": scale_name(one.scale), "number": one.session}
    title = names.say(
        _("{client} and you see session {number} further apart than is usual."),
        _("{client} and {therapist} see session {number} further apart than is usual."),
        **here,
    )
    return title, names.say(
        _("{scale}: {client} and you lie further apart in session {number} than is usual for you both."),
        _("{scale}: {client} and {therapist} lie further apart in session {number} than is usual for them."),
        **here,
    )


def _quiet(one: Heard, names: Names) -> tuple[str, str]:
    here = {"client": names.client, "count": one.evidence.get("check_ins", 3)}
    title = _("The last check-ins of {client} say little.").format(**here)
    return title, _("{count} check-ins of {client} in a row say little: all at the top, or all alike.").format(**here)


def _silence(one: Heard, names: Names) -> tuple[str, str]:
    title = _("No word from {client} for two sessions.").format(client=names.client)
    if one.evidence.get("after_strain"):
        return title, title + " " + _("Before that, something had felt off.")
    return title, title


def _off_track(one: Heard, names: Names) -> tuple[str, str]:
    here = {"scale": scale_name(one.scale), "client": names.client, "number": one.session}
    title = _("{scale} is reliably worse than at the start.").format(**here)
    return title, _("{scale} is reliably worse for {client} in session {number} than at the start.").format(**here)


def _unknown(one: Heard, names: Names) -> tuple[str, str]:
    """A signal added by a site: its kind, made readable, is better than silence."""
    title = _("Something may be worth a word.")
    kind = one.kind.replace("_", " ")
    return title, _("Something may be worth a word about session {number}: {kind}.").format(
        number=one.session, kind=kind
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


def scale_name(key: str) -> str:
    """What a scale is called on a page; `key` is `instrument/scale` or the scale alone."""
    scale = key.rpartition("/")[2]
    known = {
        "collaboration": _("Collaboration"),
        "connection": _("Connection"),
        "strain": _("Strain"),
        "voice": _("Voice"),
    }
    return known.get(scale) or scale.replace("_", " ").capitalize()


def how_often(judged: Judged) -> str:
    """How often a mark is nothing, in one short sentence for a list."""
    if judged.nothing:
        few, many = round(100 * min(judged.nothing)), round(100 * max(judged.nothing))
        return _("Of 100 marks like this, about {few} to {many} are nothing.").format(few=few, many=many)
    count = max(1, round(100 * judged.share))
    return _("By chance alone, about {count} in 100 courses get one.").format(count=count)


def how_sure(judged: Judged | None) -> str:
    """How far to trust an inferred mark, as the calibration that judged it knows."""
    if judged is None:
        return _("This is a hint, not a finding.")
    if judged.nothing:
        rare, usual, common = (round(100 * one) for one in judged.nothing)
        said = _(
            "Of 100 marks like this, about {usual} are nothing where one course in five has a strain; {rare} where one "
            "in ten has one, {common} where more than one in three."
        ).format(rare=rare, usual=usual, common=common)
    else:
        said = _(
            "By chance alone, about {count} in 100 courses in which nothing happened get such a mark on this scale."
        ).format(count=max(1, round(100 * judged.share)))
    if judged.courses < FEW_COURSES:
        learning = _("Accord is still learning what is usual here: {courses} of {needed} courses so far.")
        said += " " + learning.format(courses=judged.courses, needed=FEW_COURSES)
    return said


def judged_by(judged: Judged) -> str:
    """The name of the calibration behind a mark, by which its numbers can be found again."""
    if not judged.courses:
        return _("Judged by calibration {name}, from starting values.").format(name=judged.name)
    return ngettext(
        "Judged by calibration {name}, from {courses} course here.",
        "Judged by calibration {name}, from {courses} courses here.",
        judged.courses,
    ).format(name=judged.name, courses=judged.courses)


FEW_COURSES = 20


def strain_state(state: str) -> str:
    """Where a strain stands, in two or three words."""
    return {
        "opened": _("not talked about yet"),
        "talked_about": _("talked about"),
        "repair_tried": _("something was tried"),
        "still_there": _("still there"),
        "settled": _("settled"),
    }[state]


def strain_kind(kind: str) -> str:
    """What it was like, without the field's jargon."""
    return {
        "withdrawal": _("moving away"),
        "confrontation": _("moving against"),
        "unclear": _("not clear which kind"),
    }[kind]
