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
    """What these could do: open what no page shows, and redirect links and codes. Nothing where somebody watches.

    Told where one agrees, and nowhere a second time: before the first question of all, and with the choices and rights.
    """
    if not holders:
        return ()
    key = ngettext(
        "{names} looks after the data of this practice and holds the key to it. No page shows {names} what "
        "you keep for yourself, but nobody else checks that.",
        "{names} look after the data of this practice and hold the key to it. No page shows them what you "
        "keep for yourself, but nobody else checks that.",
        len(holders),
    )
    address = ngettext(
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        "{names} could also change the address to which your links and codes go. The program would then tell the old "
        "address.",
        len(holders),
    )
    return (key.format(names=names_of(holders)), address.format(names=names_of(holders)))


def in_short(holders: tuple[str, ...]) -> str:
    """The same beside their names in the list of who may read."""
    return ngettext(
        "Looks after the data and holds the key. What that means is under “Your choices and rights”.",
        "Look after the data and hold the key. What that means is under “Your choices and rights”.",
        len(holders),
    )
