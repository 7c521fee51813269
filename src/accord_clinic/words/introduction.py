"""What a therapist may say when Accord is new to a client: forty seconds read aloud, in the client's language.

It promises what the pages do, and no more: a change of those changes this.
"""

from django.utils.translation import gettext as _
from django.utils.translation import override


def introduction(language: str) -> tuple[str, ...]:
    """The sentences, in the language of the client, about a hundred words."""
    with override(language):
        return (
            _(
                "After our sessions you get a short page on your phone. It takes one to two minutes. It asks how the "
                "session was for you, and whether anything felt off between us."
            ),
            _(
                "I answer the same questions, usually before I see yours. You choose what I read, and the page names "
                "any exception first. You can skip any question."
            ),
            _(
                "I ask because I do not always notice when something is off, and I would like to know. Next time we "
                "look at it together for a few minutes."
            ),
            _("You can say no, and you can stop at any time. Would you like to try it?"),
        )
