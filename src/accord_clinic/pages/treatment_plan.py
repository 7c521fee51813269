"""The treatment plan as a page shows it and as paper prints it, for either of the two."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from accord_clinic.records.agreements import Shown
from accord_clinic.records.treatment_plan import PlanRows


@dataclass(frozen=True)
class ShownOption:
    """One option with what was decided, in words."""

    words: str
    pros: str
    cons: str
    decision: str
    is_chosen: bool


@dataclass(frozen=True)
class PlanSide:
    """One of the two: whether this side has confirmed, and says that the view fits (once both have, or it is yours)."""

    side: str
    name: str
    does: str
    confirmed: datetime | None
    fit: str


@dataclass(frozen=True)
class PlanPage:
    """A plan in its latest version. `seen` names it; `changed`: goals or tasks were changed since it was written."""

    seen: str
    version: int
    made_at: datetime | None
    views: tuple[Shown, ...]
    goals: tuple[Shown, ...]
    medication: tuple[Shown, ...]
    options: tuple[ShownOption, ...]
    why: str
    sides: tuple[PlanSide, ...]
    review_on: date | None
    changed: bool
    own_fit: int | None
    fits: tuple[tuple[int, str], ...]

    @property
    def own(self) -> PlanSide:
        """Nobody's own for a reader who is neither of the two."""
        return self.sides[0]

    @property
    def not_agreed(self) -> str:
        """Said beside each part of the plan that the two have not both confirmed."""
        return _("not agreed yet")

    @property
    def says_who_does_what(self) -> bool:
        """Whether it says of somebody what they do."""
        return any(side.does for side in self.sides)


def plan_page(rows: PlanRows, client: str, therapist: str, own: str) -> PlanPage:
    """`own` is the side of the reader, or empty; that side comes first."""
    plan = rows.plan
    both = {"client", "therapist"} <= rows.fits.keys()
    sides = [
        PlanSide(
            side,
            name,
            getattr(plan, f"{side}_does") if plan else "",
            rows.sealed.get(side),
            fits()[rows.fits[side]] if side in rows.fits and (both or side == own) else "",
        )
        for side, name in (("client", client), ("therapist", therapist))
    ]
    return PlanPage(
        seen=plan.uid if plan else "",
        version=rows.versions,
        made_at=plan.made_at if plan else None,
        views=tuple(rows.views),
        goals=tuple(rows.goals),
        medication=tuple(rows.medication),
        options=tuple(_option(option) for option in rows.options),
        why=plan.why if plan else "",
        sides=tuple(sorted(sides, key=lambda side: side.side != own)),
        review_on=plan.review_on if plan else None,
        changed=plan is not None and not rows.is_current,
        own_fit=rows.fits.get(own),
        fits=tuple(fits().items()),
    )


def fits() -> dict[int, str]:
    """How well the shared view still fits, in words."""
    return {0: _("Not any more"), 1: _("Partly"), 2: _("Mostly"), 3: _("Fully")}


def _option(option) -> ShownOption:
    decided = {"yes": _("Yes"), "not_now": _("Not now"), "no": _("No")}
    return ShownOption(option.words, option.pros, option.cons, decided[option.decision], option.decision == "yes")
