"""What an admin hands in to bring in many rows at once, checked. A new kind of file is one more of `KINDS`."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from accord_clinic.models import Member

KINDS = [
    ("clients", _("clients: a CSV, or FHIR Patient")),
    ("appointments", _("appointments: a CSV")),
    ("ratings", _("past ratings: a CSV with a mapping")),
]


class HandIn(forms.Form):
    """A file and what it holds."""

    kind = forms.ChoiceField(label=_("What the file holds"), choices=KINDS, widget=forms.RadioSelect, initial="clients")
    file = forms.FileField(label=_("File"), help_text=_("Up to 1 MB. A CSV is saved in UTF-8."))
    therapist = forms.ChoiceField(
        label=_("Their therapist"), required=False,
        help_text=_("Only for a file of clients that does not name their therapist."),
    )  # fmt: skip
    mapping = forms.FileField(
        label=_("Mapping"), required=False,
        help_text=_("Only for past ratings: a TOML file that says what each column is."),
    )  # fmt: skip

    def __init__(self, therapists: Sequence[Member], *args, **more) -> None:
        super().__init__(*args, **more)
        field = self.fields["therapist"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("as the file says")), *((member.uid, member.name) for member in therapists)]
