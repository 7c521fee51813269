"""The admin's pages: the practice's settings, members, failed messages, emergencies."""

from allauth.account.decorators import reauthentication_required
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.actions import absence as absence_actions
from accord_clinic.actions import corrections, cover_and_emergency, erasure, planning, read_log
from accord_clinic.actions import members as member_actions
from accord_clinic.forms.planning import Closing
from accord_clinic.forms.practice import Absence, Emergency, NewMember, PracticeSettings, Roles
from accord_clinic.pages import due as due_pages
from accord_clinic.pages import erasure as erasure_pages
from accord_clinic.pages import schedule
from accord_clinic.posted import whole_number
from accord_clinic.queries import erasure as erasure_queries
from accord_clinic.queries import members as member_queries
from accord_clinic.queries import planning as planning_queries
from accord_clinic.upkeep import health
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import carry_out, do, or_404, redirect_with, sent_or_printed

PEOPLE = ("safety_contact", "outside_reader")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def settings(request: MemberRequest) -> HttpResponse:
    """The settings of the practice."""
    practice, people = member_queries.practice(request.user), member_queries.active()
    if request.method != "POST":
        now = {name: getattr(practice, name) for name in PracticeSettings.base_fields if name not in PEOPLE}
        now |= {name: getattr(getattr(practice, name), "uid", "") for name in PEOPLE}
        now["duty_texts"] = practice.duty_texts
        context = {"form": PracticeSettings(people, initial=now), "practice": practice}
        return admins_page(request, "practice/settings.html", context)
    form, by_uid = PracticeSettings(people, request.POST), {m.uid: m for m in people}

    def set_up(facts) -> None:
        chosen = {name: by_uid.get(facts[name]) for name in PEOPLE}
        member_actions.set_up(practice, by=request.user, **(facts | chosen))

    if not carry_out(form, set_up):
        return admins_page(request, "practice/settings.html", {"form": form, "practice": practice}, status=422)
    return redirect_with(request, _("Saved."), "practice")


@require_POST
@login_required
def marks(request: MemberRequest) -> HttpResponse:
    """Let inferred marks choose cards, or go back to conversation only."""
    practice, posted = member_queries.practice(request.user), request.POST
    on, read, act = posted.get("on") == "yes", "read" in posted, member_actions.let_marks_choose_cards
    return do(request, reverse("practice"), act, practice, on, read, by=request.user, done=_("Saved."))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def members(request: MemberRequest) -> HttpResponse:
    """List the members and add one."""
    permissions.check_keep_practice(request.user)
    form = NewMember(request.POST if request.method == "POST" else None)

    def invite(facts) -> None:
        member_actions.invite_member(facts["name"], facts["email"], facts["roles"], by=request.user)

    if not carry_out(form, invite):
        context = {"form": form, "people": member_queries.colleagues(request.user)}
        return admins_page(request, "practice/members.html", context, status=422 if form.is_bound else 200)
    facts = form.cleaned_data
    on_its_way = _("A link to choose a password is on its way to {name}.").format(name=facts["name"])
    return redirect_with(request, sent_or_printed(facts["email"], on_its_way), "members")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def member(request: MemberRequest, uid: str) -> HttpResponse:
    """One person: roles, a new password link, sessions, leaving."""
    person = or_404(member_queries.colleague(request.user, uid))
    back, what = reverse("member", args=[uid]), request.POST.get("what")
    if what == "link":
        done = sent_or_printed(person.email, _("A new link is on its way."))
        return do(request, back, member_actions.send_password_link, person, by=request.user, done=done)
    if what == "sessions":
        done = _("{name} is signed out everywhere.").format(name=person.name)
        return do(request, back, member_actions.end_sessions, person, by=request.user, done=done)
    if what == "unlink":
        return do(request, back, member_actions.unlink, person, by=request.user, done=_("The link is removed."))
    if what == "leave":
        done = _("{name} has left. Everything recorded is kept.").format(name=person.name)
        return do(request, back, cover_and_emergency.leave, person, by=request.user, done=done)
    form = Roles(request.POST if what == "roles" else None, initial={"roles": person.roles})
    if form.is_bound and form.is_valid():
        act = member_actions.set_roles
        return do(request, back, act, person, form.cleaned_data["roles"], by=request.user, done=_("Saved."))
    context = {"form": form, "person": person, "linked": member_queries.is_linked(request.user, person)}
    context["may_give_away"] = member_queries.absent(request.user, uid) is not None
    if permissions.can(permissions.check_reset_second_factor, request.user, person):
        context["has_factor"] = member_queries.has_second_factor(request.user, person)
    if permissions.can(permissions.check_end_sessions, request.user, person):
        context["user_sessions"], context["since"] = member_queries.sessions(request.user, person)
    return admins_page(request, "practice/member.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def absence(request: MemberRequest, uid: str) -> HttpResponse:
    """Give the running courses of a therapist who is ill or leaves to a cover or a successor."""
    person = or_404(member_queries.absent(request.user, uid))
    others = [m for m in member_queries.active() if m.is_a("therapist") and m.pk != person.pk]
    form = Absence(others, request.POST if request.method == "POST" else None)

    def give(facts) -> None:
        to = next(member for member in others if member.uid == facts["to"])
        days = (facts["first"], facts["last"])
        absence_actions.give_caseload(person, to, facts["kind"], days, facts["why"], by=request.user)

    if not carry_out(form, give):
        context = {"form": form, "person": person, "moves": member_queries.caseload_moves(request.user, person)}
        return admins_page(request, "practice/absence.html", context, status=422 if form.is_bound else 200)
    done = _("Done. {name} can see that it was done, but not why.").format(name=person.name)
    return redirect_with(request, done, "absence", uid)


@require_POST
@login_required
@reauthentication_required
def reset_second_factor(request: MemberRequest, uid: str) -> HttpResponse:
    """Remove a lost second factor. Asks the admin for a password or code, since an open screen would be enough."""
    person = or_404(member_queries.colleague(request.user, uid))
    done = _("{name} sets up a new one at the next sign-in.").format(name=person.name)
    act, back = member_actions.reset_second_factor, reverse("member", args=[uid])
    return do(request, back, act, person, by=request.user, done=done)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def messages(request: MemberRequest) -> HttpResponse:
    """Failed messages, to try again or drop, and what else is waiting."""
    if request.POST.get("what") == "answer":
        row = or_404(member_queries.waiting_correction(request.user, request.POST.get("correction", "")))
        words, back = request.POST.get("words", ""), reverse("failed_messages")
        return do(request, back, corrections.answer, row, words, by=request.user, done=_("The client can read it."))
    if request.method == "POST":
        act = member_actions.try_again if request.POST.get("what") == "again" else member_actions.drop
        notice = member_queries.failed_notice(request.user, whole_number(request.POST.get("notice", "")))
        if notice is None:
            return redirect("failed_messages")
        return do(request, reverse("failed_messages"), act, notice, by=request.user, done=_("Done."))
    waits = member_queries.waits(request.user)
    context = {"failed": schedule.failed(request.user), "waits": waits}
    for row in waits.mine:
        read_log.log_read(request.user, row.dyad, "correction", [])
    return admins_page(request, "practice/messages.html", context)


@require_safe
@login_required
def due(request: MemberRequest) -> HttpResponse:
    """What waits for the admin, by name, and what is in order."""
    return admins_page(request, "practice/due.html", {"page": due_pages.due(request.user, health.newest_backup_at())})


@require_safe
@login_required
def erasures(request: MemberRequest) -> HttpResponse:
    """Who asked for erasure and waits for a decision, and what is kept of others until when."""
    return _erasures(request)


def _erasures(request: MemberRequest, problem: str = "") -> HttpResponse:
    context = {
        "problem": problem,
        "waiting": erasure_pages.waiting(request.user),
        "decided": erasure_pages.decided(request.user),
        "whys": erasure_pages.whys(),
    }
    return admins_page(request, "practice/erasures.html", context, status=422 if problem else 200)


@require_POST
@login_required
def decide_erasure(request: MemberRequest, uid: str) -> HttpResponse:
    """Decide what is kept of one client, by kind of record, and why."""
    row = or_404(erasure_queries.request_for(request.user, uid))
    if request.POST.get("sure") != "yes":
        return _erasures(request, _("Nothing was decided. Please tick that the rest is to be erased for good."))
    keep, why = request.POST.getlist("keep"), request.POST.getlist("why")
    done = _("Your decision is saved. The client can read it with the receipt.")
    return do(request, reverse("erasures"), erasure.decide, row, keep, why, by=request.user, done=done)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def emergency(request: MemberRequest) -> HttpResponse:
    """Open a colleague's course of care for an hour. The admin has to say why, and both people can read it."""
    permissions.check_keep_practice(request.user)
    therapists = [m for m in member_queries.active() if m.is_a("therapist") and m.pk != request.user.pk]
    form = Emergency(therapists, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        context = {"form": form, "therapists": therapists}
        return admins_page(request, "practice/emergency.html", context, status=422 if form.is_bound else 200)
    facts = form.cleaned_data
    therapist = next(member for member in therapists if member.uid == facts["therapist"])
    try:
        glass = cover_and_emergency.look_in_emergency(therapist, facts["name"], facts["why"], by=request.user)
        if glass is not None:
            return redirect("dyad", glass.dyad.uid)
        form.add_error("name", _("There is no client of that name there, or more than one."))
    except AccordError as error:
        form.add_error("why", str(error))
    return admins_page(request, "practice/emergency.html", {"form": form, "therapists": therapists}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def closed_days(request: MemberRequest) -> HttpResponse:
    """The days on which the practice is closed; add some."""
    permissions.check_keep_practice(request.user)
    form = Closing(request.POST or None)
    if not carry_out(form, lambda facts: planning.close(facts["name"], facts["first"], facts["last"], by=request.user)):
        context = {"form": form, "days": planning_queries.closed_days_ahead()}
        return admins_page(request, "practice/closed.html", context, status=422 if form.is_bound else 200)
    return redirect_with(
        request,
        _("The practice is closed on these days. Weekly sessions on those days have been removed."),
        "closed_days",
    )


@require_POST
@login_required
def open_again(request: MemberRequest, uid: str) -> HttpResponse:
    """The practice is open on these days after all."""
    permissions.check_keep_practice(request.user)
    row = or_404(planning_queries.closed_row(uid))
    done = _("The practice is open on these days.")
    return do(request, reverse("closed_days"), planning.open_again, row, by=request.user, done=done)


def admins_page(request: MemberRequest, template: str, context: dict, status: int = 200) -> HttpResponse:
    """A page of the admin's, with the way to the others."""
    pages = [
        ("practice", _("Settings")),
        ("due", _("Due")),
        ("members", _("Who works here")),
        ("closed_days", _("Closed days")),
        ("hand_in", _("Import a file")),
        ("find_records", _("Two records")),
        ("studies", _("Studies")),
        ("failed_messages", _("Messages")),
        ("erasures", _("Erasures")),
        ("programs", _("Other programs")),
        ("care_records", _("Care records")),
        ("emergency", _("Emergency")),
    ]
    current = request.resolver_match.url_name if request.resolver_match else None
    items = [{"url": reverse(name), "label": label, "current": name == current} for name, label in pages]
    return render(request, template, {**context, "subnav": items}, status=status)
