"""What is typed into a treatment plan, checked: rows of options, why, who does what, when it is reviewed."""

from collections.abc import Iterator

from django import forms
from django.utils.translation import gettext_lazy as _

from accord_clinic.forms.care import DateInput
from accord_clinic.models import PlanOption, TreatmentPlan

ROWS = 3
"""Rows for options. Three fit on the page that both confirm, beside goals and tasks."""
COLUMNS = ("words", "pros", "cons", "decision")
LONG, SHORT = 600, 200


class PlanForm(forms.Form):
    """One version. A row in which nothing is typed is left out."""

    why = forms.CharField(
        label=_("Why this one"), max_length=LONG, required=False,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip
    client_does = forms.CharField(max_length=LONG, required=False, widget=forms.Textarea({"rows": 2}))
    therapist_does = forms.CharField(max_length=LONG, required=False, widget=forms.Textarea({"rows": 2}))
    review_on = forms.DateField(
        label=_("We review the plan on"), required=False, widget=DateInput,
        help_text=_("The talk sheet will remind you."),
    )  # fmt: skip

    def __init__(self, *args, client: str, therapist: str, **more):
        super().__init__(*args, **more)
        self.fields["client_does"].label = _("What %(name)s does") % {"name": client}
        self.fields["therapist_does"].label = _("What %(name)s does") % {"name": therapist}
        for row in range(ROWS):
            for name, label in (("words", _("Option")), ("pros", _("For")), ("cons", _("Against"))):
                self.fields[f"{name}_{row}"] = forms.CharField(label=label, max_length=SHORT, required=False)
            self.fields[f"decision_{row}"] = forms.ChoiceField(
                label=_("We decided"), choices=[("", _("Choose")), *PlanOption.DECISIONS], required=False
            )

    def clean(self):
        """What was decided is nobody's default, and nothing that was typed is dropped."""
        super().clean()
        for row in range(ROWS):
            words, pros, cons, decision = (self._given(f"{name}_{row}") for name in COLUMNS)
            if words and not decision:
                self.add_error(f"decision_{row}", _("Choose what you decided about this option."))
            if (pros or cons) and not words:
                self.add_error(f"words_{row}", _("Write the option, or empty this row."))
        return self.cleaned_data

    def _given(self, name: str) -> bool:
        """Whether something was given; what is wrong has its own error already."""
        return bool(self.cleaned_data.get(name, True))

    def rows(self) -> Iterator[list[forms.BoundField]]:
        """The fields of each option."""
        for row in range(ROWS):
            yield [self[f"{name}_{row}"] for name in COLUMNS]

    def others(self) -> list[forms.BoundField]:
        """The fields below the options."""
        return [self[name] for name in ("why", "client_does", "therapist_does", "review_on")]

    def options(self) -> list[dict[str, str]]:
        """What was typed, row by row."""
        data = self.cleaned_data
        return [
            {name: data[f"{name}_{row}"] for name in COLUMNS}
            for row in range(ROWS)
            if data[f"words_{row}"]
        ]


def as_typed(plan: TreatmentPlan | None, options) -> dict[str, object]:
    """A version as the form shows it for a change."""
    if plan is None:
        return {}
    rows = {f"{name}_{n}": getattr(option, name) for n, option in enumerate(options) for name in COLUMNS}
    return rows | {name: getattr(plan, name) for name in ("why", "client_does", "therapist_does", "review_on")}
