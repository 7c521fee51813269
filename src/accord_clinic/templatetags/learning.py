"""What opens beside a mark, a question or a scale: why it is there, how sure that is, and the lesson it leads to."""

from django import template
from django.utils.translation import get_language

from accord.lessons import lesson_of, lessons, whys

register = template.Library()


@register.inclusion_tag("parts/why.html")
def why(part: str, key: str, name: str = "") -> dict[str, object]:
    """A *Why?* for those who work here: `{% why "signals" "drop" name %}`. Nothing where there is no such text."""
    language = get_language() or "en"
    text = whys(language).get((part, key))
    return {"why": text, "name": name, "title": _title(text.lesson, language) if text else ""}


@register.inclusion_tag("parts/why_client.html")
def why_client(key: str, name: str = "") -> dict[str, object]:
    """A *Why?* beside a question, for a client."""
    text = whys(get_language() or "en").get(("questions", key))
    return {"text": text.client if text else "", "name": name}


@register.inclusion_tag("parts/lesson_link.html")
def lesson_link(kind: str) -> dict[str, object]:
    """The link to the lesson about a signal or an occasion."""
    slug = lesson_of(kind)
    return {"slug": slug, "title": _title(slug, get_language() or "en")}


def _title(slug: str, language: str) -> str:
    return next(lesson.title for lesson in lessons(language) if lesson.slug == slug)
