"""What each side writes before they meet, checked: one question a topic, asked of each side in its own words."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext as _

from accord_clinic.models import Expectation
from accord_clinic.models.expectations import MOST_WORDS


class ExpectationsForm(forms.Form):
    """Four questions that can all be left out. A new topic is a code of `Expectation.TOPICS` and a question here."""

    def __init__(self, data=None, *, side: str, client: str, therapist: str, initial: Mapping[str, str] | None = None):
        super().__init__(data, initial=dict(initial or {}))
        asked = _of_client(therapist) if side == "client" else _of_therapist(client)
        for topic, _label in Expectation.TOPICS:
            self.fields[topic] = forms.CharField(
                label=asked[topic], max_length=MOST_WORDS, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )


def _of_client(therapist: str) -> dict[str, str]:
    return {
        "hope": _("What should be better in three months?"),
        "roles": _("What do you expect from {therapist}? What will you do yourself?").format(therapist=therapist),
        "ways": _("How do you like to work? What has helped you before, and what has not?"),
        "worry": _("Is there something that worries you?"),
    }


def _of_therapist(client: str) -> dict[str, str]:
    return {
        "hope": _("What do you think you can reach together in three months?"),
        "roles": _("What will you do? What do you expect from {client}?").format(client=client),
        "ways": _("How do you work, and what can {client} choose?").format(client=client),
        "worry": _("What could be difficult, and how can {client} tell you?").format(client=client),
    }
