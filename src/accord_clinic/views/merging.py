"""Two records of one person become one, for the admin: find both, see what would happen, then merge."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accord.errors import AccordError
from accord_clinic import permissions
from accord_clinic.actions import merging
from accord_clinic.queries import merging as merging_queries
from accord_clinic.records.merging import facts_after
from accord_clinic.views.practice import admins_page
from accord_clinic.views.requests import MemberRequest
from accord_clinic.views.shortcuts import or_404, searched_for


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def find(request: MemberRequest) -> HttpResponse:
    """Find the records by a name, initials or a number. The search is posted."""
    permissions.check_keep_practice(request.user)
    words = searched_for(request)
    context = {"words": words, "records": merging_queries.find(request.user, words) if words else []}
    return admins_page(request, "practice/merge.html", context)


@require_POST
@login_required
def look(request: MemberRequest) -> HttpResponse:
    """What a merge would do, and what stands against it. Nothing is changed."""
    main, other = (or_404(merging_queries.client_of(request.user, request.POST.get(n, ""))) for n in ("keep", "other"))
    why = merging.obstacles(main, other)
    if not permissions.can(permissions.check_merge, request.user, main, other):
        why.append(_("You treat this client. Another admin has to do this."))
    context = {
        "main": main, "other": other, "why": why, "after": facts_after(main, other),
        "of_main": merging_queries.counts(main), "of_other": merging_queries.counts(other),
        "ends": merging.stand_in_one_alone(main, other),
    }  # fmt: skip
    return admins_page(request, "practice/merge_preview.html", context)


@require_POST
@login_required
def merge(request: MemberRequest) -> HttpResponse:
    """Merge the two that were shown."""
    main, other = (or_404(merging_queries.client_of(request.user, request.POST.get(n, ""))) for n in ("keep", "other"))
    if request.POST.get("sure") != "yes":
        messages.error(request, _("Tick that this is one person."))
        return redirect("find_records")
    try:
        merging.merge(main, other, by=request.user)
    except PermissionDenied:
        messages.error(request, _("You treat this client. Another admin has to do this."))
    except AccordError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("{name} has one record now.").format(name=main.called))
    return redirect("find_records")
