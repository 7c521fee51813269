"""A telephone number and a few words in; a text message out, through whichever function the settings name."""

from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string


class NotSent(OSError):
    """The provider did not take the message. An `OSError`, like all that may pass by itself."""


def send(number: str, text: str) -> None:
    """Send one text message. `settings.SMS` is the dotted path of a function (number, text) that raises `OSError`."""
    provider: Callable[[str, str], None] = import_string(settings.SMS)
    provider(number, text)


def console(number: str, text: str) -> None:
    """Print it: for trying things out. Nothing leaves the machine."""
    print(f"Text message to {number}: {text}")  # noqa: T201
