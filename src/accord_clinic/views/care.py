"""Clients and courses of care: a new client, a new course, sharing with a supervisor, ending, handing over."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.actions import care, consent, follow_up
from accord_clinic.forms.care import CourseForm, EndCourse, HandOver, PersonForm, SetUp, as_set_up
from accord_clinic.pages import sharing as sharing_pages
from accord_clinic.queries import sharing as sharing_queries
from accord_clinic.rules.care import was_never_reached
from accord_clinic.rules.consent import guardian_below
from accord_clinic.rules.practice import practice
from accord_clinic.rules.visible import own_dyad
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import carry_out, do, or_404, redirect_with


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_person(request: MemberRequest) -> HttpResponse:
    """Add a client with a first course of care."""
    permissions.check_work_as_therapist(request.user)
    below, posted = guardian_below(), request.POST if request.method == "POST" else None
    form = PersonForm(posted, guardian_below=below, usual=practice().often)
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "therapist/new_person.html", {"form": form}, status=status)
    facts = dict(form.cleaned_data)
    about, consents = {name: facts.pop(name) for name in PersonForm.ABOUT}, facts.pop("consents")
    try:
        with transaction.atomic():
            client = care.register_client(about.pop("name"), by=request.user, **about)
            dyad = care.start_course(client, request.user, facts.pop("started"), by=request.user, **facts)
            if consents:
                consent.set_terms(dyad, by=request.user, consents=consents)
    except AccordError as error:
        form.add_error(None, str(error))
        return render(request, "therapist/new_person.html", {"form": form}, status=422)
    messages.success(request, _("{name} is on your list now. Next: plan the first session.").format(name=client.called))
    _tell_not_asked(request, dyad)
    return redirect("dyad", dyad.uid)


@require_POST
@login_required
def delete(request: MemberRequest, uid: str) -> HttpResponse:
    """Delete somebody who was written down by mistake."""
    dyad = or_404(own_dyad(request.user, uid))
    if request.POST.get("sure") != "yes":
        messages.error(request, _("Tick that you want to delete {name}.").format(name=dyad.client.called))
        return redirect("arrange", uid)
    try:
        care.delete_client(dyad, by=request.user)
    except AccordError as error:
        messages.error(request, str(error))
        return redirect("arrange", uid)
    return redirect_with(request, _("The client is deleted."), "people")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def set_up(request: MemberRequest, uid: str) -> HttpResponse:
    """Change the approach, the modality, and what is asked."""
    dyad = or_404(own_dyad(request.user, uid))
    if request.method == "POST":
        form = SetUp(request.POST, usual=practice().often)
    else:
        so_far = as_set_up(dyad, dyad.measures.all(), sharing_queries.why_never(dyad))
        form = SetUp(initial=so_far, usual=practice().often)

    def change(facts) -> None:
        with transaction.atomic():
            care.set_up(dyad, by=request.user, **{name: facts[name] for name in facts if name != "why_never"})
            care.note_not_for(dyad, facts["why_never"], by=request.user)

    if not carry_out(form, change):
        context = {"form": form, "dyad": dyad, "not_asked": sharing_pages.not_asked(dyad)}
        return render(request, "therapist/set_up.html", context, status=422 if form.is_bound else 200)
    answer = redirect_with(request, _("Saved. Changes apply from the next check-in."), "dyad", uid)
    _tell_not_asked(request, dyad)
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_course(request: MemberRequest, uid: str) -> HttpResponse:
    """Start another course of care with a client whose last one has ended."""
    before = or_404(own_dyad(request.user, uid))
    form = CourseForm(request.POST if request.method == "POST" else None, usual=practice().often)
    if not before.ended:
        return redirect("dyad", uid)
    if not form.is_valid():
        context = {"form": form, "dyad": before}
        return render(request, "therapist/new_course.html", context, status=422 if form.is_bound else 200)
    facts = dict(form.cleaned_data)
    started = facts.pop("started")
    try:
        dyad = care.start_course(before.client, request.user, started, by=request.user, follows=before, **facts)
    except AccordError as error:
        messages.error(request, str(error))
        return redirect("dyad", uid)
    _tell_not_asked(request, dyad)
    return redirect("dyad", dyad.uid)


@require_safe
@login_required
def arrange(request: MemberRequest, uid: str) -> HttpResponse:
    """Who can see this dyad, and how to end it."""
    return _arrange(request, or_404(own_dyad(request.user, uid)))


@require_POST
@login_required
def share(request: MemberRequest, uid: str) -> HttpResponse:
    """Share the dyad with a supervisor from now on."""
    dyad, supervisor = _with(request, uid, "supervisor")
    done = _("{name} can see this from now on. {client} can see that it is shared.")
    done = done.format(name=supervisor.name, client=dyad.client.called)
    return do(request, _back(uid), care.share, dyad, supervisor, by=request.user, done=done)


@require_POST
@login_required
def unshare(request: MemberRequest, uid: str) -> HttpResponse:
    """End a share."""
    dyad, supervisor = _with(request, uid, "supervisor")
    done = _("{name} can no longer see this.").format(name=supervisor.name)
    return do(request, _back(uid), care.unshare, dyad, supervisor, by=request.user, done=done)


@require_POST
@login_required
def end(request: MemberRequest, uid: str) -> HttpResponse:
    """End a course of care: planned, by agreement, or by one side; with date and reason."""
    dyad = or_404(own_dyad(request.user, uid))
    form = EndCourse(request.POST, prefix="end")

    def end_it(facts) -> None:
        with transaction.atomic():
            care.end_course(dyad, facts["how"], facts["on"], facts["reason"], by=request.user)
            months = [int(count) for count in facts["follow_up"].split()]
            follow_up.plan_follow_ups(dyad, months, facts["on"], by=request.user)

    if not carry_out(form, end_it):
        return _arrange(request, dyad, end=form, status=422)
    return redirect_with(request, _("Treatment has ended. All answers and notes are kept."), "dyad", uid)


@require_POST
@login_required
def hand_over(request: MemberRequest, uid: str) -> HttpResponse:
    """Hand a course over: end it and open another with a colleague, which starts its own baseline."""
    dyad = or_404(own_dyad(request.user, uid))
    form = HandOver(sharing_queries.sharing(dyad).therapists, request.POST, prefix="over")

    def hand_it_over(facts) -> None:
        care.hand_over(dyad, or_404(sharing_queries.colleague(facts["to"])), facts["on"], by=request.user)

    if not carry_out(form, hand_it_over):
        return _arrange(request, dyad, over=form, status=422)
    to = or_404(sharing_queries.colleague(form.cleaned_data["to"]))
    done = _("{client} continues with {name}.").format(client=dyad.client.called, name=to.name)
    return redirect_with(request, done, "people")


def _arrange(request: MemberRequest, dyad, *, end=None, over=None, status: int = 200) -> HttpResponse:
    standing = sharing_queries.sharing(dyad)
    today = {"on": timezone.localdate()}
    context = {
        "dyad": dyad,
        "arrangements": standing,
        "may_delete": was_never_reached(dyad.client),
        "end": end or EndCourse(prefix="end", initial=today),
        "over": over or HandOver(standing.therapists, prefix="over", initial=today),
    }
    return render(request, "therapist/arrange.html", context, status=status)


def _tell_not_asked(request: MemberRequest, dyad) -> None:
    """Say it at once where something that was set up is not asked, or in another language than the client's."""
    warning = sharing_pages.not_asked(dyad)
    if warning:
        messages.warning(request, warning)


def _with(request: MemberRequest, uid: str, field: str):
    """The own dyad and the colleague that a form names."""
    dyad = or_404(own_dyad(request.user, uid))
    return dyad, or_404(sharing_queries.colleague(request.POST.get(field, "")))


def _back(uid: str) -> str:
    return reverse("arrange", args=[uid])
