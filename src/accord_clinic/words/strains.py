"""The state and the kind of a strain in two or three words. A new state or kind gets its words here."""

from django.utils.translation import gettext as _


def strain_state(state: str) -> str:
    """The state of a strain, in two or three words."""
    return {
        "opened": _("open"),
        "talked_about": _("talked about"),
        "repair_tried": _("something was tried"),
        "partly": _("partly resolved"),
        "still_there": _("not resolved"),
        "settled": _("resolved"),
        "at_rest": _("left as it is"),
        "open_at_ending": _("open when treatment ended"),
    }[state]


def strain_kind(kind: str) -> str:
    """What it was like, without the field's jargon."""
    return {
        "withdrawal": _("went quiet or went along"),
        "confrontation": _("disagreed or complained"),
        "unclear": _("unclear which kind"),
    }[kind]
