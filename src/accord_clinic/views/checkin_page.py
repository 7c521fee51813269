"""What a check-in link's page asks, who may read it and what was sent so far, ready for the form."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accord_clinic import links, questionnaires
from accord_clinic.queries import checkin as checkin_queries
from accord_clinic.questionnaires import plan
from accord_clinic.questionnaires.submission import HELPERS, MEMBERS, SCORED_FIRST, in_order
from accord_clinic.records.checkin import Link
from accord_clinic.rules.key_holders import key_holders
from accord_clinic.rules.outside_reader import outside_reader_now
from accord_clinic.rules.practice import often, practice, zone
from accord_clinic.words import phrases

SIGNER = signing.TimestampSigner(salt="accord.check-in.page")
PROOF = signing.Signer(salt="accord.check-in.sent")
ARRIVED, AGAIN_HERE, LENT = "arrived", "again", "lent"
AGAIN, REST = ("a1.", "a2."), ("how.", "picked")
BEFORE = {plan.CHECK_IN: "0.1", plan.WIDER_LOOK: "0.1"}
"""What a page asked whose key names no versions: it was made before there was a second one."""


@contextmanager
def speaking(link: Link) -> Iterator[None]:
    """Use the client's language and the practice's time zone."""
    with translation.override(link.client.language), timezone.override(zone()):
        yield


def around(link: Link) -> dict[str, Any]:
    """Context for the shell of a client's page."""
    return {"about": phrases.about(link.session.start, link.therapist), "therapist": link.therapist, **in_need()}


def in_need() -> dict[str, Any]:
    """Whom to call, and where to leave to: for every page a client can see. Nothing personal."""
    return {"away_url": practice().leave_to, "help": {"text": phrases.with_numbers(practice().crisis_text)}}


def page_of(link: Link, versions: Mapping[str, str] | None = None) -> questionnaires.QuestionPage:
    """Everything that this check-in asks, with its words; by other `versions` than the latest where they are given."""
    names = questionnaires.QuestionNames(phrases.session_on(link.session.start), link.client.called, link.therapist)
    concerns = checkin_queries.concerns(link.session)
    return _page(link, names, concerns, checkin_queries.agreements(link.session), versions)


def page_to_read(link: Link, posted: Mapping[str, Sequence[str]]) -> questionnaires.QuestionPage:
    """The same page for reading what was posted: concerns and goals are looked up only where they were answered.

    Any open concern is taken: whose turn it is may have changed since the page was made.
    """
    answered = {name.partition(".")[2] for name in posted if name.startswith(AGAIN)}
    waiting = checkin_queries.open_concerns(link.session) if answered else []
    concerns = [(uid, start) for uid, start, _times in waiting if uid in answered]
    rows = checkin_queries.agreements(link.session) if any(n.startswith(REST) for n in posted) else []
    signed = posted["key"][-1] if "key" in posted else ""
    return _page(link, questionnaires.QuestionNames("", "", ""), concerns, rows, asked_versions(link, signed))


def asked_versions(link: Link, signed: str) -> dict[str, str]:
    """The versions of the questionnaires that a page asked, by its key; none for a key that we did not sign."""
    key, _uid, _named, places = _unsigned(signed)
    if not key:
        return {}
    if not places:
        return BEFORE
    by_place = dict(part.split("v", 1) for part in places.split("-"))
    forms = enumerate(link.invitation.forms)
    return {name: by_place[str(n)].replace("_", ".") for n, (name, _form) in forms if str(n) in by_place}


def _page(
    link: Link, names: questionnaires.QuestionNames, concerns, rows, versions: Mapping[str, str] | None
) -> questionnaires.QuestionPage:
    progress = plan.asks_how_far(link.session.number, often(link.dyad), rows)
    goals = [questionnaires.Agreed(uid, kind, words) for uid, kind, words, *_rest in rows if kind == "goal"]
    return questionnaires.page(
        "client",
        [tuple(pair) for pair in link.invitation.forms],
        names,
        again=[questionnaires.Concern(uid, phrases.session_on(start)) for uid, start in concerns],
        progress=[questionnaires.Agreed(*row) for row in progress],
        picks_from=goals if plan.asks_what_matters(link.session.number, often(link.dyad)) else None,
        versions=versions,
        scored_first=link.dyad.order == SCORED_FIRST,
    )


def sent_values(link: Link, page: questionnaires.QuestionPage, responses) -> dict[str, list[str]]:
    """What was sent so far, as the page would post it."""
    asked_progress = any(q.id.startswith("how.") for q in page.last)
    asked_picks = plan.asks_what_matters(link.session.number, often(link.dyad))
    sent = checkin_queries.sent(link.session, responses, asked_progress=asked_progress, asked_picks=asked_picks)
    return {
        **questionnaires.values_of_blocks(page, sent.answers, sent.lines, sent.sharing),
        "helped": [next((row.context["helped"] for row in responses if "helped" in row.context), "")],
        **questionnaires.values_of_the_rest(sent.again, sent.progress, sent.picked, sent.picked_words, sent.around),
    }


def readers(link: Link) -> list[questionnaires.Reader]:
    """Who may read an open line. Somebody else only if the practice has named a person who is not the therapist.

    The therapist's name is put in later, as in questions: so the same few choices serve everybody.
    """
    watched = not key_holders(link.client)
    later = _("Nobody yet: I’ll bring it up myself") if watched else _("I’ll bring it up myself")
    counted = _("Nobody: only count that I wrote something") if watched else _("Only count that I wrote something")
    offered = [
        questionnaires.Reader("therapist", _("Same as your answers")),
        questionnaires.Reader("raise", later, _("It is kept for you in your own space.")),
    ]
    if link.outside_reader:
        name = _("Someone else here: {name}, {role}").format(
            name=link.outside_reader.name, role=link.practice.outside_reader_role
        )
        hint = _("Not {therapist}. Usually answers {reply}. {duty}").format(
            therapist="{therapist}", reply=link.practice.outside_reader_reply, duty=link.practice.outside_reader_duty
        )
        offered.append(questionnaires.Reader("outside", name, hint))
    how_many = _("The practice sees how many people did so, once there are ten or more.")
    return [*offered, questionnaires.Reader("statistics", counted, how_many)]


def has_safety_contact(link: Link) -> bool:
    """Whether somebody else than this therapist is asked to look after a safety answer."""
    return link.practice.safety_contact_id not in (None, link.dyad.therapist_id)


def readers_to_read(link: Link, posted: Mapping[str, Sequence[str]]) -> list[questionnaires.Reader]:
    """The same for reading what was posted; the practice is looked up only when somebody else was chosen.

    And only the one whom the page named: when the practice has named somebody else since, the client chooses anew.
    """
    values = ["therapist", "raise", "statistics"]
    signed = posted["key"][-1] if any("outside" in texts for texts in posted.values()) and "key" in posted else ""
    if _unsigned(signed)[2] and named_still(link, signed):
        values.append("outside")
    return [questionnaires.Reader(value, "") for value in values]


def new_key(link: Link, page: questionnaires.QuestionPage) -> str:
    """A signed idempotency key for a page made now: which check-in, begun when, naming whom, asking which versions."""
    named = link.outside_reader.uid if link.outside_reader else ""
    versions = "-".join(f"{part.place}v{part.version.replace('.', '_')}" for part in page.blocks)
    return SIGNER.sign(f"{links.new_token()}.{link.invitation.uid}.{named}.{versions}")


def named_still(link: Link, signed: str) -> bool:
    """Whether the practice still names the person whom this page named as somebody else, if any."""
    named = _unsigned(signed)[2]
    return not named or named == outside_reader_now(link.dyad)


def read_key(link: Link, signed: str) -> tuple[str, datetime] | None:
    """The key, and when its page was begun; `None` for one that is not from this check-in's own page."""
    key, uid, _named, _versions = _unsigned(signed)
    if uid != link.invitation.uid:
        return None
    seconds = signing.b62_decode(signed.rsplit(":", 2)[1])
    return key, datetime.fromtimestamp(seconds, tz=timezone.get_default_timezone())


def _unsigned(signed: str) -> tuple[str, str, str, str]:
    """Key, check-in, named reader and versions; nothing of what we did not sign."""
    try:
        key, uid, named, versions = f"{SIGNER.unsign(signed)}...".split(".")[:4]
    except signing.BadSignature:
        return "", "", "", ""
    return key, uid, named, versions


def cookie_name(uid: str) -> str:
    """The cookie that holds a check-in's token after its link was opened."""
    return settings.CLIENT_COOKIE_PREFIX + uid[:8]


def sent_cookie(link: Link) -> str:
    """The cookie of a browser that sent this check-in."""
    return f"{cookie_name(link.invitation.uid)}-sent"


def lent_cookie(uid: str) -> str:
    """The cookie of a device that was handed over for a check-in: it stays when the member's session has ended."""
    return f"{cookie_name(uid)}-lent"


def lent(link: Link, request: HttpRequest) -> bool:
    """Whether this device goes back to somebody who works here, so that nothing may be stored or come back on it."""
    return member_here(request) or request.COOKIES.get(lent_cookie(link.invitation.uid)) == LENT


def proof(link: Link, request: HttpRequest) -> str:
    """The value of `sent_cookie`. On a device of a member, it proves only that something was sent."""
    return PROOF.sign(f"{link.invitation.uid}.{ARRIVED if lent(link, request) else AGAIN_HERE}")


def arrived(link: Link, request: HttpRequest) -> bool:
    """Whether this browser may see that something was sent with this link."""
    return link.invitation.mailed or bool(_proven(link, request))


def comes_back(link: Link, request: HttpRequest) -> bool:
    """Whether this browser may show the sent answers, to change them.

    A link that a member made is known to that member: opened anywhere else it looks as if nobody had answered yet. And
    nothing comes back where a member is signed in, since the client hands that device back.
    """
    if lent(link, request):
        return False
    return link.invitation.mailed or _proven(link, request) == AGAIN_HERE


def may_deny(link: Link, request: HttpRequest) -> bool:
    """Whether this browser may say that the session did not take place: only with a link that nobody here has seen.

    Whether there is an answer must change nothing of this.
    """
    return link.invitation.mailed and not lent(link, request) and link.session.start <= timezone.now()


def member_here(request: HttpRequest) -> bool:
    """Whether a member is signed in in this browser. In the demo everybody shares one browser."""
    return request.user.is_authenticated and not settings.DEMO


def seen_in(request: HttpRequest, link: Link) -> dict[str, str]:
    """How a page was sent, to store with its answers: with script or without, beside a member, in a drawn order."""
    page = {"page": "script" if request.POST.get("reviewed") == "script" else "plain"}
    helped = request.POST.get("helped", "")
    page |= {"helped": helped} if helped in HELPERS else {}
    return page | in_order(link.dyad.order) | ({"browser": MEMBERS} if member_here(request) else {})


def _proven(link: Link, request: HttpRequest) -> str:
    try:
        uid, _dot, what = PROOF.unsign(request.COOKIES.get(sent_cookie(link), "")).partition(".")
    except signing.BadSignature:
        return ""
    return what if uid == link.invitation.uid else ""
