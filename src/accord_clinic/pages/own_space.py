"""A client's own space: the courses of care, answers over time, what is kept, who may read what, and who read it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Max, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.course import course
from accord_clinic import links, models
from accord_clinic.charts import SessionMark, StrainSpan
from accord_clinic.models import BreakGlass, Client, Dyad, PrivateLine, ReadLog, Session, Share, Strain, StrainMove
from accord_clinic.pages.key_holders import keepers, names_of, said_of
from accord_clinic.pages.pictures import Picture, picture
from accord_clinic.pages.terms import cover_days, standing_covers
from accord_clinic.queries.checkin import practice
from accord_clinic.queries.courses import calibrations, said
from accord_clinic.questionnaires.answer_words import given, in_words, question
from accord_clinic.questionnaires.shelf import shelf
from accord_clinic.words.phrases import at, day, pages_read
from accord_clinic.words.sentences import Names, strain_state

MOST_READS = 100


@dataclass(frozen=True)
class OwnCourse:
    """The client's own course: a sentence first, then the picture, then the sheets that two people can look at."""

    sentence: str
    picture: Picture | None
    strains: tuple[str, ...]
    sheets: tuple[tuple[str, str], ...]
    moved: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptLine:
    """Something that only the client sees, or that goes to somebody else. `with_it`: what hangs on it."""

    uid: str
    about: str
    question: str
    answer: str
    words: bool
    reader: str
    acknowledged: str
    with_it: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Read:
    """Who read what, and when."""

    who: str
    what: str
    when: str


def dyads(client: Client) -> list[Dyad]:
    """The client's courses of care, running ones first."""
    return sorted(client.dyads.select_related("therapist").order_by("-started"), key=lambda d: d.ended is not None)


def by_email(address: str) -> Client | None:
    """The client with this address; `None` when there is none, or more than one."""
    found = list(Client.objects.filter(email__iexact=address.strip())[:2]) if address.strip() else []
    return found[0] if len(found) == 1 else None


def by_uid(uid: str) -> Client | None:
    """The client with this uid."""
    return Client.objects.filter(uid=uid).first()


def of_links(tokens: Sequence[str]) -> Client | None:
    """Whose check-in links these tokens open, when they are all one person's."""
    hashes = [links.digest(token) for token in tokens]
    rows = models.Invitation.objects.filter(token_hash__in=hashes) if hashes else ()
    found = set(rows.values_list("session__dyad__client", flat=True)) if hashes else set()
    return Client.objects.get(pk=found.pop()) if len(found) == 1 else None


def own_course(dyad: Dyad) -> OwnCourse:
    """All that the client said, and of the therapist only what is open to both."""
    sessions = list(dyad.sessions.filter(Q(state="held") | Q(revealed_at__isnull=False)).order_by("number"))
    rows = list(
        models.Response.objects.filter(session__in=sessions)
        .filter(Q(side="client") | Q(session__revealed_at__isnull=False))
        .order_by("id")
    )
    strains = [s for s in dyad.strains.select_related("session").order_by("session__number") if s.session.revealed_at]
    names = Names(dyad.client.called, dyad.therapist.name, you=False)
    known = shelf()
    followed = course(said(sessions, rows), known.instruments, calibrations(), detectors=(), versions=known.versions)
    drawn = picture(
        followed, known.instruments, [_mark(s) for s in sessions], _spans(strains, dyad.therapist.name), {}, names
    )
    return OwnCourse(
        sentence=_sentence(sessions, rows, dyad),
        picture=_yours(drawn) if drawn and rows else None,
        strains=tuple(
            _("Session on {day}: something felt off · {state}").format(
                day=day(s.session.start), state=strain_state(s.state)
            )
            for s in strains
        ),
        sheets=tuple(
            (s.uid, _("Session {number}, {day}").format(number=s.number, day=day(s.start)))
            for s in reversed(sessions)
            if s.revealed_at
        ),
        moved=tuple(_moved(dyad)),
    )


def _moved(dyad: Dyad) -> Iterable[str]:
    """A hand-over, told to the client on both sides of it: with whom it goes on, and that what was said stays."""
    after = dyad.followed_by.exclude(therapist=dyad.therapist_id).select_related("therapist").first()
    if after:
        yield _("Since {day} you work with {name}.").format(
            day=date_format(after.started, "DATE_FORMAT"), name=after.therapist.name
        )
    if dyad.follows and dyad.follows.therapist_id != dyad.therapist_id:
        told = _("Before that you worked with {before}. What you said there stays there, and is not shown to {name}.")
        yield told.format(before=dyad.follows.therapist.name, name=dyad.therapist.name)


def _mark(session: Session) -> SessionMark:
    where = dict(Dyad.MODALITIES)[session.modality]
    return SessionMark(
        session.number, str(where), session.state == "held", bool(session.revealed_at), day(session.start)
    )


def _spans(strains: Sequence[Strain], therapist: str) -> list[StrainSpan]:
    """The lives of the strains in session numbers, for the track under the course."""
    rows = StrainMove.objects.filter(strain__in=strains, session__isnull=False).values_list(
        "strain", "move", "session__number"
    )
    talked: dict[int, int] = {}
    settled: dict[int, int] = {}
    for strain, move, number in rows.order_by("id"):
        if move == "talk":
            talked.setdefault(strain, number)
        if move == "settle":
            settled[strain] = number
    spans = []
    for strain in strains:
        ended = settled.get(strain.pk) if strain.state == "settled" else None
        label = _("you felt it") if strain.opened_by == "client" else _("{name} felt it").format(name=therapist)
        spans.append(StrainSpan(strain.session.number, talked.get(strain.pk), ended, strain.opened_by, label))
    return spans


def _yours(drawn: Picture) -> Picture:
    """The same picture, speaking to the client."""
    words = replace(drawn.wide.words, client=_("your voice"), usual=_("where your answers usually fall"))
    narrow = replace(drawn.narrow, words=words) if drawn.narrow else None
    return Picture(replace(drawn.wide, words=words), narrow)


def _sentence(sessions: Sequence[Session], rows, dyad: Dyad) -> str:
    """How often there was an answer, and what is open: a simple sentence before the picture."""
    held = [s for s in sessions if s.state == "held"]
    answered = {r.session_id for r in rows if r.side == "client"}
    if not answered:
        return _("After your first check-in, your answers over time are here.")
    text = ngettext(
        "You have answered after {n} of {held} sessions with {therapist}.",
        "You have answered after {n} of {held} sessions with {therapist}.",
        len(answered),
    )
    return text.format(n=len(answered), held=max(len(held), len(answered)), therapist=dyad.therapist.name)


def kept(client: Client, dyad: Dyad) -> list[KeptLine]:
    """What the client kept with the latest answers on each session of a dyad, newest first."""
    rows = PrivateLine.objects.filter(client=client).select_related("to", "response__session__dyad__therapist")
    rows = rows.filter(response__in=_latest(client), response__session__dyad=dyad).order_by(
        "-response__session__start", "id"
    )
    together: dict[tuple[int, str], list[PrivateLine]] = {}
    for row in rows:
        together.setdefault((row.response_id, _leader(row)), []).append(row)
    watched = not keepers(client)
    return [_kept(lines, watched) for lines in together.values()]


def kept_line(client: Client, uid: str) -> PrivateLine | None:
    """One kept line, if it is this client's and still stands."""
    rows = PrivateLine.objects.filter(uid=uid, client=client, response__in=_latest(client))
    return rows.select_related("response__session__dyad__client", "response__session__dyad__therapist").first()


def _latest(client: Client):
    rows = models.Response.objects.filter(side="client", session__dyad__client=client)
    return rows.values("session", "instrument").annotate(last=Max("id")).values("last")


def _leader(row: PrivateLine) -> str:
    """The item that decides about this one: itself, or the one that it hangs on."""
    asked = shelf().answered(row.response.instrument, row.response.version)
    item = next((i for i in asked.items if i.id == row.item), None) if asked else None
    return item.asked_if[0] if item and item.asked_if else row.item


def _kept(lines: list[PrivateLine], watched: bool) -> KeptLine:
    lines = sorted(lines, key=lambda line: line.item != _leader(line))
    first = lines[0]
    session = first.response.session
    names = {
        "therapist": session.dyad.therapist.name,
        "session": _("the session on {day}").format(day=day(session.start)),
    }
    return KeptLine(
        uid=first.uid,
        about=_("About the session on {day} with {therapist}").format(
            day=day(session.start), therapist=names["therapist"]
        ),
        question=question(first.response, first.item, names),
        answer=first.words or _label(first),
        words=bool(first.words),
        reader=_reader(first, names["therapist"], watched),
        acknowledged=at(first.acknowledged_at) if first.acknowledged_at else "",
        with_it=tuple((question(line.response, line.item, names), _label(line)) for line in lines[1:]),
    )


def _reader(line: PrivateLine, therapist: str, watched: bool) -> str:
    """Who sees a kept line. Where nobody watches over the key, only what pages show is promised."""
    if line.reader == "outside" and line.to and line.to.is_active:
        told = (
            _("{name} sees this, and {therapist} does not.")
            if watched
            else _("{name} sees this. No page shows it to {therapist}.")
        )
        return told.format(name=line.to.name, therapist=therapist)
    if line.reader == "outside" and line.to:
        told = (
            _("You wrote this to {name}, who does not work here any more. Nobody else sees it.")
            if watched
            else _("You wrote this to {name}, who does not work here any more. No page shows it to anybody else.")
        )
        return told.format(name=line.to.name)
    why = {
        "raise": _("You wanted to bring it up yourself."),
        "not_yet": _("You said: not yet."),
        "statistics": _(
            "It is only counted that you wrote something; from ten people on, the practice sees how many did."
        ),
    }.get(line.reader, "")
    nobody = _("Nobody sees this.") if watched else _("No page shows this to anybody else.")
    return f"{nobody} {why}".strip()


def _label(line: PrivateLine) -> str:
    """The answer as the client read it; as it was kept where this practice has no words for it any more."""
    return in_words(line.response, line.item, line.value) or ", ".join(map(str, given(line.value)))


def may_read(dyad: Dyad) -> list[tuple[str, str]]:
    """Who may read what, by name: the therapist, those with whom it is shared now, and the practice's named people."""
    here = practice()
    therapist = dyad.therapist.name
    people = [(therapist, _("What you show, once both of you have answered or the time has come."))]
    for share in Share.objects.filter(dyad=dyad, until=None).select_related("member").order_by("since"):
        people.append(
            (
                share.member.name,
                _("The same as {therapist}, as supervisor, since {day}.").format(
                    therapist=therapist, day=day(share.since)
                ),
            )
        )
    for _uid, name, first, last in map(cover_days, standing_covers(dyad)):
        told = _("In place of {therapist}, from {first} to {last}.")
        begins, ends = date_format(first, "MONTH_DAY_FORMAT"), date_format(last, "MONTH_DAY_FORMAT")
        people.append((name, told.format(therapist=therapist, first=begins, last=ends)))
    for glass in BreakGlass.objects.filter(dyad=dyad).select_related("member").order_by("at"):
        why = _("Could read this for an hour in an emergency, from {at}: “{why}”")
        people.append((glass.member.name, why.format(at=at(glass.at), why=glass.why)))
    if here.outside_reader and here.outside_reader_id != dyad.therapist_id:
        people.append(
            (
                here.outside_reader.name,
                _("Only lines that you address to {name}.").format(name=here.outside_reader.name),
            )
        )
    # Nothing can be promised about those who hold the key while nobody else watches.
    holders = keepers(dyad.client)
    if holders:
        return [*people, (names_of(holders), " ".join(said_of(holders)))]
    return [*people, (_("The practice"), _("Counts over many people, never your words."))]


def reads(dyad: Dyad) -> list[Read]:
    """Who read the client's words, newest first."""
    rows = ReadLog.objects.filter(dyad=dyad).select_related("member").order_by("-at")[:MOST_READS]
    return [Read(row.member.name if row.member else _("somebody"), _what(row), at(row.at)) for row in rows]


def _what(row: ReadLog) -> str:
    what = pages_read().get(row.what, _("your answers"))
    if not row.sessions:
        return what
    numbers = ", ".join(map(str, row.sessions))
    return ngettext("{what}, session {numbers}", "{what}, sessions {numbers}", len(row.sessions)).format(
        what=what, numbers=numbers
    )
