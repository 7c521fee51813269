"""What every page needs around its content: where one may go, who is signed in, whether this is a demonstration."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accord_clinic.languages import staff_language
from accord_clinic.permissions import can, check_type_in_at_all
from accord_clinic.rules.practice import remembered


def shell(request: HttpRequest) -> dict[str, object]:
    """Context for the page shell; what it holds is written at the top of `base.html`."""
    member = getattr(request, "user", None)
    signed_in = member is not None and member.is_authenticated
    return {
        "nav": _nav(request, member) if signed_in else [],
        "who": _who(request, member) if signed_in else None,
        "demo": _demo(),
        "other_languages": _other_languages(),
    }


def _other_languages() -> list[tuple[str, str]]:
    """The languages of clients' pages that this practice has, but for the one of the page, each by its own name."""
    practice, active = remembered(), get_language()
    offered = practice.languages if practice and practice.languages else [code for code, _name in settings.LANGUAGES]
    return [(code, name) for code, name in settings.LANGUAGES if code in offered and code != active]


def _nav(request: HttpRequest, member) -> list[dict[str, object]]:
    """One link per page that this member's roles open, in the order in which a day uses them."""
    match = getattr(request, "resolver_match", None)
    current = match.url_name if match else ""
    links = [(name, label) for may, name, label in _pages(member) if may]
    entries = ((name, label, _address(name)) for name, label in links)
    return [{"url": url, "label": label, "current": current == name} for name, label, url in entries if url]


def _pages(member) -> list[tuple[bool, str, str]]:
    practice = remembered()
    contact = practice.safety_contact_id if practice else None
    readers = (practice.outside_reader_id, *practice.former_readers) if practice else ()
    return [
        (member.is_a("therapist"), "today", _("Today")),
        (member.is_a("therapist"), "people", _("People")),
        (member.is_a("supervisor"), "supervision", _("Supervision")),
        (member.pk in readers, "outside", _("Comments for you")),
        (contact == member.pk or contact is None and member.is_a("admin"), "safety", _("Safety answers")),
        (member.is_a("manager"), "service", _("Service")),
        (member.is_a("researcher"), "research", _("Research")),
        (member.is_a("admin"), "practice", _("The practice")),
        (member.is_a("therapist") or member.is_a("supervisor"), "learn", _("Learn")),
    ]


def _who(request: HttpRequest, member) -> dict[str, object]:
    roles = {
        "therapist": _("therapist"),
        "supervisor": _("supervisor"),
        "manager": _("manager"),
        "researcher": _("researcher"),
        "admin": _("admin"),
    }
    menu = [
        *([(_("Password"), "account_change_password")] if member.has_usable_password() else []),
        *([(_("Enter a paper form"), "paper")] if can(check_type_in_at_all, member) else []),
        (_("Second factor"), "mfa_index"),
        (_("Where you are signed in"), "usersessions_list"),
    ]
    return {
        "name": member.name,
        "role": ", ".join(roles[role] for role in member.roles if role in roles),
        "links": [{"url": reverse(name), "label": label} for label, name in menu],
        "languages": [(code, name) for code, name in settings.LANGUAGES if code != staff_language(request)],
        "sign_out_url": reverse("account_logout"),
    }


def _demo() -> dict[str, str] | None:
    url = _address("demo") if settings.DEMO else ""
    return {"url": url or "/", "label": _("Switch to somebody else")} if settings.DEMO else None


def _address(name: str) -> str:
    """Where a page lives; nothing for one that this installation does not have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
