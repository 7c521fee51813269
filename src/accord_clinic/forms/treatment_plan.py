"""What is typed into a treatment plan, checked: rows of options, why, who does what, when it is reviewed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django import forms
from django.utils.translation import gettext_lazy as _

from accord_clinic.forms.care import DateInput
from accord_clinic.models import PlanOption, TreatmentPlan

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ROWS = 3
"""Rows for options. Three fit on the page that both confirm, beside goals and tasks."""
LONG, SHORT = 600, 200


class PlanForm(forms.Form):
    """One version. A row without an option is left out."""

    why = forms.CharField(
        label=_("Why this one"), max_length=LONG, required=False,
        widget=forms.Textarea({"rows": 2}),
    )  # fmt: skip
    client_does = forms.CharField(max_length=LONG, required=False, widget=forms.Textarea({"rows": 2}))
    therapist_does = forms.CharField(max_length=LONG, required=False, widget=forms.Textarea({"rows": 2}))
    review_on = forms.DateField(
        label=_("We look at the plan again on"), required=False, widget=DateInput,
        help_text=_("It comes back on the talk sheet by itself."),
    )  # fmt: skip

    def __init__(self, *args, client: str, therapist: str, **more):
        super().__init__(*args, **more)
        self.fields["client_does"].label = _("What %(name)s does") % {"name": client}
        self.fields["therapist_does"].label = _("What %(name)s does") % {"name": therapist}
        for row in range(ROWS):
            for name, label in self.columns():
                self.fields[f"{name}_{row}"] = forms.CharField(label=label, max_length=SHORT, required=False)
            self.fields[f"decision_{row}"] = forms.ChoiceField(
                label=_("We decided"), choices=PlanOption.DECISIONS, required=False
            )

    @staticmethod
    def columns() -> list[tuple[str, "StrOrPromise"]]:
        """The fields of an option that are words, with their labels."""
        return [("words", _("Option")), ("pros", _("For")), ("cons", _("Against"))]

    def rows(self) -> Iterator[list[forms.BoundField]]:
        """The fields of each option."""
        names = [*(name for name, _label in self.columns()), "decision"]
        for row in range(ROWS):
            yield [self[f"{name}_{row}"] for name in names]

    def others(self) -> list[forms.BoundField]:
        """The fields below the options."""
        return [self[name] for name in ("why", "client_does", "therapist_does", "review_on")]

    def options(self) -> list[dict[str, str]]:
        """What was typed, row by row."""
        data = self.cleaned_data
        return [
            {name: data[f"{name}_{row}"] for name in ("words", "pros", "cons")}
            | {"decision": data[f"decision_{row}"] or PlanOption.DECISIONS[0][0]}
            for row in range(ROWS)
            if data[f"words_{row}"]
        ]


def as_typed(plan: TreatmentPlan | None, options) -> dict[str, object]:
    """A version as the form shows it for a change."""
    if plan is None:
        return {}
    names = ("words", "pros", "cons", "decision")
    rows = {f"{name}_{n}": getattr(option, name) for n, option in enumerate(options) for name in names}
    return rows | {name: getattr(plan, name) for name in ("why", "client_does", "therapist_does", "review_on")}
