"""What every page needs around its content: who is signed in, what the practice is called, whether this is a demo."""

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    """Context for the page shell."""
    return {"demo": settings.DEMO}
