"""Sessions as such, for pages of several topics. What one page shows of sessions is in the module of that page."""

from accord_clinic.models import Session, SessionChange


def changes(session: Session) -> list[SessionChange]:
    """What was changed about a session, the latest first."""
    return list(session.changes.select_related("by").order_by("-at", "-id"))
