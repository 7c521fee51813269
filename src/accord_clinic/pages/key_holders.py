"""What a client reads about those who hold the key to the data while nobody else watches.

Where there is no such watcher, the pages promise only what they themselves show, and say who holds the key.
"""

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def names_of(holders: tuple[str, ...]) -> str:
    """Their names in one line."""
    return get_text_list(list(holders), _("and"))


def what_it_means(holders: tuple[str, ...]) -> tuple[str, ...]:
    """What it means that these hold the key, for what is kept and for the address. Nothing where somebody watches."""
    return (*of_the_key(holders), *of_the_address(holders))


def of_the_key(holders: tuple[str, ...]) -> tuple[str, ...]:
    """That these could open what pages do not show."""
    text = ngettext(
        "{names} looks after the data of this practice and holds the key to it. What you keep for yourself is on no "
        "page that {names} sees, but nobody else watches over that.",
        "{names} look after the data of this practice and hold the key to it. What you keep for yourself is on no "
        "page that they see, but nobody else watches over that.",
        len(holders),
    )
    return (text.format(names=names_of(holders)),) if holders else ()


def of_the_address(holders: tuple[str, ...]) -> tuple[str, ...]:
    """That these could redirect links and codes."""
    text = ngettext(
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        len(holders),
    )
    return (text.format(names=names_of(holders)),) if holders else ()
