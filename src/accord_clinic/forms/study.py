"""What a researcher types about a study, checked. A new form about research goes here."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accord.tables import vocabulary
from accord_clinic.forms.care import DateInput


class AskForStudy(forms.Form):
    """A study: what it is for, until when, and which variables its files hold, table by table."""

    title = forms.CharField(label=_("Title of the study"), max_length=120)
    purpose = forms.CharField(
        label=_("What it is for"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One to three plain sentences. Clients read them before they agree."),
    )  # fmt: skip
    until = forms.DateField(
        label=_("Last day of the study"),
        widget=DateInput,
        help_text=_("No files are made for this study after that day."),
    )

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        for name, choices in vocabulary.variables().items():
            table = vocabulary.TABLE[name]
            self.fields[f"in_{name}"] = forms.MultipleChoiceField(
                label=f"{name}: {table.says}", required=False, widget=forms.CheckboxSelectMultiple,
                choices=[(choice, _label(choice)) for choice in choices],
            )  # fmt: skip

    def variables(self) -> list[str]:
        """All that were ticked, as `table.column`."""
        return [choice for name in vocabulary.variables() for choice in self.cleaned_data[f"in_{name}"]]


def _label(choice: str) -> str:
    table, name = choice.split(".")
    column = vocabulary.TABLE[table].column(name)
    return f"{name}: {column.says}" if column else name
