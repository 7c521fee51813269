"""The check-in, without an account: a link opens it, the client answers, looks it over and sends it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from accord_clinic import questionnaires
from accord_clinic.actions import checkin, consent
from accord_clinic.pages.consent import before_first_question
from accord_clinic.pages.readers import someone_else
from accord_clinic.queries import checkin as checkin_queries
from accord_clinic.questionnaires.safety import safety_answers
from accord_clinic.records.checkin import Link, says_line_crossed
from accord_clinic.views import checkin_page
from accord_clinic.views.shortcuts import in_chosen_language
from accord_clinic.words import phrases

NOT_CARRIED = ("csrfmiddlewaretoken", "reviewed", "change", "choose")


# No CSRF check: the token in the address is the secret, and all a forged post could do is what the link's holder may.
# So the page for an unknown link is the same, byte for byte, for everybody.
@csrf_exempt
@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link, with the first question on it. Opening it changes nothing (mail scanners do).

    The first answer swaps the token for a cookie. Where consent is asked, a page with a button comes before.
    """
    link = checkin_queries.by_token(token)
    if link is None:
        return unknown(request)
    in_chosen_language(request, link.client)
    answered = checkin_queries.has_sent(link.session)
    used = link.is_shut(timezone.now()) or (answered and link.session.revealed_at is not None)
    if request.method == "POST" and used:
        return _send_new_link(request, link)
    if used:
        return _shut(request, link, token)
    if request.method == "POST":
        return _begin(request, link, token)
    if answered and checkin_page.comes_back(link, request):
        return _page(request, link, "client/received.html", {"action": request.path})
    with checkin_page.speaking(link):
        page = checkin_page.page_of(link)
        context = _before(request, link, page)
        context["deny"] = reverse("link-not-held", args=[token]) if checkin_page.may_deny(link, request) else ""
        if context["before"].waiting or context["before"].agree:
            return _page(request, link, "client/start.html", context)
        return _questions(request, link, page, None, first=context | {"begin": request.path})


def _before(request: HttpRequest, link: Link, page: questionnaires.QuestionPage) -> dict[str, Any]:
    """What to know before the first question."""
    return {
        "how_long": phrases.how_long(page.seconds),
        "safety": page.safety,
        "came_from": checkin_queries.came_from(link),
        "shows_earlier": link.dyad.shows_earlier != "nothing",
        "contact": checkin_page.has_safety_contact(link),
        "foreign": any(question.foreign for question in page.questions()),
        "session": page.names.session,
        "before": before_first_question(link.client, link.dyad),
        "outside": link.outside_reader.name if link.outside_reader else "",
        "beside": checkin_page.lent(link, request),
    }


# Compressed for slow phones. Form tokens are masked anew on each page and Django pads each answer, against BREACH.
@gzip_page
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, uid: str) -> HttpResponse:
    """Show the questions; once posted, show the answers to look over; once confirmed, store them."""
    link = _opened(request, uid)
    if link is None:
        return carry(request) if request.method == "POST" else unknown(request)
    if request.method == "POST":
        return _posted(request, link)
    revealed = link.session.revealed_at is not None
    responses = checkin_queries.sent_responses(link) if revealed or checkin_page.comes_back(link, request) else ()
    if responses and revealed:
        return redirect("received", uid)
    if link.is_shut(timezone.now()):
        return _shut(request, link, request.COOKIES[checkin_page.cookie_name(uid)])
    with checkin_page.speaking(link):
        page = checkin_page.page_of(link, {row.instrument: row.version for row in responses})
        if not responses and checkin_page.lent(link, request):
            return _questions(request, link, page, None, first=_before(request, link, page))
        return _questions(request, link, page, checkin_page.sent_values(link, page, responses) if responses else None)


@require_safe
def received(request: HttpRequest, uid: str) -> HttpResponse:
    """Thanks, what happens next, and help where an answer asks for it."""
    link = _opened(request, uid)
    if link is None:
        return unknown(request)
    revealed = link.session.revealed_at is not None
    responses = checkin_queries.sent_responses(link) if revealed or checkin_page.arrived(link, request) else ()
    if not responses:
        return redirect("check-in", uid)
    with checkin_page.speaking(link):
        context = {
            "safety": bool(safety_answers(responses)),
            "contact": checkin_page.has_safety_contact(link),
            "instead": someone_else(link.outside_reader) if says_line_crossed(responses) else "",
            "revealed": revealed,
            "again": checkin_page.comes_back(link, request),
            "lent": checkin_page.lent(link, request),
            "keeps": checkin_queries.keeps(responses) and reverse("my-lines", args=[link.dyad.uid]),
            "latest": phrases.weekday_and_date(link.session.reveal_due) if link.session.reveal_due else "",
            "late": bool(link.session.reveal_due and link.session.reveal_due < timezone.now()),
        }
        return _page(request, link, "client/thanks.html", context)


@require_GET
def away(request: HttpRequest) -> HttpResponse:
    """A harmless page for leaving quickly."""
    return render(request, "client/away.html")


@require_GET
def new_link_sent(request: HttpRequest) -> HttpResponse:
    """The page after asking for a new link, the same for everybody."""
    return render(request, "client/new_link_sent.html", checkin_page.in_need())


def unknown(request: HttpRequest) -> HttpResponse:
    """One page for whatever does not exist or is not for this browser."""
    return render(request, "client/unknown.html", checkin_page.in_need(), status=404)


def carry(request: HttpRequest) -> HttpResponse:
    """Show answers again that came without their link's cookie or a valid form token, to be sent again.

    It says the same for every address, and holds nothing but what was posted.
    """
    posted = {name: texts for name, texts in request.POST.lists() if name not in NOT_CARRIED}
    words = [text for texts in posted.values() for text in texts if len(text.split()) > 1]
    context = {"kept": posted, "words": words, "action": request.path, **checkin_page.in_need()}
    return _shown(render(request, "client/carry.html", context, status=404))


def forged(request: HttpRequest, uid: str) -> HttpResponse:
    """Handle a missing or old form token: with the link's cookie, the page comes back with every answer on it."""
    link = _opened(request, uid)
    if link is None:
        return carry(request)
    return _posted(request, link, trusted=False)


def _opened(request: HttpRequest, uid: str) -> Link | None:
    link = checkin_queries.by_uid(uid, request.COOKIES.get(checkin_page.cookie_name(uid), ""))
    if link:
        in_chosen_language(request, link.client)
    return link


def _begin(request: HttpRequest, link: Link, token: str) -> HttpResponse:
    """Swap the token for a cookie. Starting is the yes to what the page said; it waits for a guardian who has to agree.

    The script asks with the first answer and stays on its page; without it, the whole page goes on to the check-in.
    """
    before = before_first_question(link.client, link.dyad)
    by_script, answers = request.POST.get("begin") == "script", "key" in request.POST
    if before.waiting or (before.gives and (by_script or answers)):
        return HttpResponse(status=409) if by_script else redirect(request.path)
    if before.agree and before.gives:
        consent.give(link.client, before.agree.purpose, by=link.client)
    there = redirect("check-in", link.invitation.uid, preserve_request=answers)
    response = HttpResponse(status=204) if by_script else there
    _set(response, checkin_page.cookie_name(link.invitation.uid), token)
    return response


def lend(link: Link, token: str) -> HttpResponse:
    """Open a check-in on a device of somebody who works here: nothing is stored or comes back on it.

    No address holds the token, but the first time, when something has to be agreed before.
    """
    before = before_first_question(link.client, link.dyad)
    first = before.waiting or before.agree
    response = redirect("link", token) if first else redirect("check-in", link.invitation.uid)
    _set(response, checkin_page.cookie_name(link.invitation.uid), token)
    _set(response, checkin_page.lent_cookie(link.invitation.uid), checkin_page.LENT)
    return response


def _set(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, secure=settings.TLS, httponly=True, samesite="Lax")


def _send_new_link(request: HttpRequest, link: Link) -> HttpResponse:
    checkin.send_new_link(link.invitation, lambda token: f"{settings.PUBLIC_URL}{reverse('link', args=[token])}")
    return redirect("new-link-sent")


def _shut(request: HttpRequest, link: Link, token: str) -> HttpResponse:
    """It was a link once. It offers a new one to the known contact, in the client's language, and says nothing else."""
    with translation.override(link.client.language):
        context = {"action": reverse("link", args=[token]), **checkin_page.in_need()}
        return render(request, "client/shut.html", context, status=410)


def _posted(request: HttpRequest, link: Link, *, trusted: bool = True) -> HttpResponse:
    posted = dict(request.POST.lists())
    key = checkin_page.read_key(link, request.POST.get("key", ""))
    # In the client's language, so that the response keeps the hash of the words that were seen.
    with translation.override(link.client.language):
        reading = questionnaires.read(
            checkin_page.page_to_read(link, posted),
            posted,
            key=key[0] if key else "",
            begun_at=key[1] if key else None,
            language=link.client.language,
            readers=checkin_page.readers_to_read(link, posted),
            context=checkin_page.seen_in(request, link),
            was_cleaned=getattr(request, "was_cleaned", False),
        )
    problems = dict(reading.problems)
    if problems or reading.submission is None or "change" in posted or not (trusted and key):
        return _again(request, link, reading, problems, key, stale=not (trusted and key))
    if "reviewed" not in posted:
        return _last_look(request, link, reading)
    if link.invitation.revoked_at or (link.is_shut(timezone.now()) and key[1] > link.invitation.expires_at):
        return _too_late(request, link, reading.values)
    try:
        checkin.send(link.session, "client", reading.submission, by=link.client)
    except checkin.AlreadyRevealed:
        return _too_late(request, link, reading.values)
    response = redirect("received", link.invitation.uid)
    _set(response, checkin_page.sent_cookie(link), checkin_page.proof(link, request))
    return response


def _again(
    request: HttpRequest, link: Link, reading: questionnaires.Reading, problems: dict[str, str], key, *, stale: bool
) -> HttpResponse:
    """The questions once more, with everything that was answered and a sentence where something is wrong."""
    with checkin_page.speaking(link):
        if stale:
            problems[""] = _(
                "This page was open for too long. Your answers are all still here. Please check them and "
                "send them again."
            )
        signed = request.POST["key"] if key and checkin_page.named_still(link, request.POST["key"]) else None
        page = checkin_page.page_of(link, checkin_page.asked_versions(link, signed or ""))
        return _shown(_questions(request, link, page, reading.values, problems, notes=reading.notes, key=signed))


def _questions(
    request: HttpRequest,
    link: Link,
    page: questionnaires.QuestionPage,
    values: Mapping[str, Sequence[str]] | None,
    problems: Mapping[str, str] | None = None,
    *,
    notes: tuple[str, ...] = (),
    key: str | None = None,
    first: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The page of questions. `first`: what it says before the first question; with `begin`, the link's own address."""
    shown = [(q.id, q.text, problems[q.id]) for q in page.questions() if q.id in problems] if problems else []
    elsewhere = "" if link.outside_reader else link.practice.elsewhere_text
    context = {
        "questions": questionnaires.questions_html(
            page,
            values,
            problems,
            readers=checkin_page.readers(link),
            elsewhere=elsewhere,
            help_text=phrases.with_numbers(link.practice.crisis_text),
            instead=_keep_or_tell(link),
        ),
        "last_screen": questionnaires.last_screen_html(
            page,
            _last_screen_texts(page),
            choosing=_keeps(values or {}),
            helped="".join((values or {}).get("helped", ())[-1:]),
        ),
        "problem": problems.get("") if problems else "",
        "problems": shown,
        "notes": notes,
        "draft": any(block.draft for block in page.blocks),
        "key": key or checkin_page.new_key(link, page),
        "session": page.names.session,
        "here": reverse("check-in", args=[link.invitation.uid]),
        "done": reverse("received", args=[link.invitation.uid]),
        "forget": checkin_page.lent(link, request),
        "deny": reverse("not-held", args=[link.invitation.uid]) if checkin_page.may_deny(link, request) else "",
        **(first or {}),
    }
    return _page(request, link, "client/check_in.html", context)


def _last_look(request: HttpRequest, link: Link, reading: questionnaires.Reading) -> HttpResponse:
    """Without script: this is exactly what will be seen. Nothing is kept yet; the answers travel in hidden fields."""
    with checkin_page.speaking(link):
        page = checkin_page.page_of(link, checkin_page.asked_versions(link, request.POST.get("key", "")))
        choosing = "choose" in request.POST or _keeps(reading.values)
        texts = {name: text.format(therapist=link.therapist) for name, text in _last_screen_texts(page).items()}
        carried = {
            name: texts
            for name, texts in reading.values.items()
            if not name.startswith("share.") and name not in NOT_CARRIED
        }
        context = {
            "carried": carried,
            "rows": questionnaires.review_html(page, reading.values, choosing=choosing),
            "choosing": choosing,
            "notes": reading.notes,
            "safety": bool(reading.submission and safety_answers(reading.submission.parts)),
            "send": {"name": "reviewed", "value": "page", "text": _("Send") if choosing else texts["send"]},
            "title": texts["title"],
            "keep": texts["keep"],
        }
        return _shown(_page(request, link, "client/last_look.html", context))


def _too_late(request: HttpRequest, link: Link, values: Mapping[str, Sequence[str]]) -> HttpResponse:
    """A change after the other side has seen the answers, or on a link that was taken back: refused, nothing lost."""
    with checkin_page.speaking(link):
        context = {
            "written": questionnaires.answers_in_words(
                checkin_page.page_of(link, checkin_page.asked_versions(link, request.POST.get("key", ""))), values
            ),
            "revealed": link.session.revealed_at is not None,
            "revoked": link.invitation.revoked_at is not None,
        }
        return _shown(_page(request, link, "client/too_late.html", context, status=409))


def _shown(response: HttpResponse) -> HttpResponse:
    """Tells the page's script that this answer holds all that was posted, so that it may give up its own copy."""
    response["X-Answers"] = "shown"
    return response


def _page(request: HttpRequest, link: Link, template: str, context: dict, status: int = 200) -> HttpResponse:
    with checkin_page.speaking(link):
        response = render(
            request, template, {**checkin_page.around(link), "uid": link.invitation.uid, **context}, status=status
        )
        response["Content-Language"] = get_language()
        return response


def _keeps(values: Mapping[str, Sequence[str]]) -> bool:
    """Whether some answer is kept already, so that the choice stands open."""
    return any(name.startswith("share.") and texts[-1:] not in ([], [""], ["show"]) for name, texts in values.items())


def _keep_or_tell(link: Link) -> str:
    """What a client can do who says that a line was crossed, before it is sent."""
    keep = _("You need not tell {therapist} that a line was crossed: you can keep it before you send.")
    sentences = [keep.format(therapist=link.therapist), someone_else(link.outside_reader)]
    if link.outside_reader:
        write = _("Or write to {name} at the end, under “Who reads this”.")
        sentences.append(write.format(name=link.outside_reader.name))
    return " ".join(sentences)


def _last_screen_texts(page: questionnaires.QuestionPage) -> dict[str, str]:
    """What the last screen says, with the therapist's name left out. An answer about safety cannot be kept."""
    keep = _("You can keep any answer to yourself. It then looks like a skipped one, and you can show it later.")
    if page.safety:
        keep = _(
            "You can keep any answer to yourself, except the one about hurting yourself. A kept answer looks like a "
            "skipped one, and you can show it later."
        )
    return {
        "keep": keep,
        "title": _("{therapist} will see exactly these answers"),
        "send": _("Send, and show {therapist} all of this"),
        "helped": _("{therapist} is told this with your answers."),
        "kept": _("This is not shown to {therapist}."),
    }
