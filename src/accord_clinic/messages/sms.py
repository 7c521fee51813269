"""Send text messages through the function that the settings name. Another provider gets a module of its own."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string


class NotSent(OSError):
    """The provider did not accept the message. An `OSError`, since trying again may help."""


def send(number: str, text: str) -> None:
    """Send one text message. `settings.SMS` is the dotted path of a function (number, text) that raises `OSError`."""
    provider: Callable[[str, str], None] = import_string(settings.SMS)
    provider(number, text)


def console(number: str, text: str) -> None:
    """Print a text message, to try things out. Nothing leaves the machine."""
    print(f"Text message to {number}: {text}")  # noqa: T201
