"""Sessions as such: whether the client was asked, whether one may still be changed, which ones are to be opened.

What a page shows of sessions is in the module of that page.
"""

from accord_clinic.models import Session, SessionChange


def changes(session: Session) -> list[SessionChange]:
    """What was changed about a session, the latest first."""
    return list(session.changes.select_related("by").order_by("-at", "-id"))
