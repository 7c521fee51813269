"""The manager's page: the service in numbers, each with n and period; nothing by therapist, no small numbers."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accord.stats.repair_time import RepairTime
from accord_clinic.charts.repair import RepairPicture, repair_picture
from accord_clinic.pages import service as service_pages
from accord_clinic.service.release import Endings, Proportion, Released, ServiceRow
from accord_clinic.views.requests import MemberRequest

KEPT_BACK = "–"
SHOWN_WEEKS = (2, 4, 8, 13, 26)


@dataclass(frozen=True, slots=True)
class Cell:
    """A share as a page shows it: `percent` for the bar, or nothing to draw."""

    percent: int | None
    text: str
    of: str


@dataclass(frozen=True, slots=True)
class ServiceLine:
    """One row of a table."""

    name: str
    held: str
    client: Cell
    therapist: Cell
    talked: Cell
    partly: Cell


@require_safe
@login_required
def service(request: MemberRequest) -> HttpResponse:
    """The periods of the last year, and what may be printed of them."""
    numbers = service_pages.service(request.user)
    if numbers is None:
        return render(request, "service/empty.html")
    released = numbers.released
    context = {
        "period": _span(numbers.first, numbers.last),
        "until": _month(numbers.closed),
        "sentence": _sentence(released),
        "total": _line("", released.total),
        "rows": [_line(_span(period.first, period.last), period.row) for period in released.periods],
        "modalities": [_line(_modalities()[name], row) for name, row in released.modalities.items()],
        "counted": [(_span(period.first, period.last), _count(period.counted)) for period in released.periods],
        "open": _counts(_ages(), released.open.counts),
        "open_all": _count(released.open.together),
        "partly": _count(released.open.partly),
        "in_part_since": _month(released.in_part_since) if released.in_part_since else "",
        **_ended(released.endings),
        **_repair(released.repair),
    }
    return render(request, "service/service.html", context)


def _sentence(released: Released) -> str:
    """The page in one sentence: whether concerns get talked about, by the client's word."""
    talked = released.total.talked
    if talked.whole is None:
        return _("How often concerns were talked about is kept back: the numbers are too small to show.")
    if not talked.whole:
        return _("No client has been asked yet whether an earlier concern was talked about.")
    text = _("A client was asked {whole} times whether an earlier concern had been talked about.")
    text = text.format(whole=talked.whole)
    if talked.part is None:
        return f"{text} {_('How often the answer was yes is kept back: a number in it is too small to show.')}"
    text = f"{text} {_('The answer was yes {part} times.').format(part=talked.part)}"
    in_part = released.total.partly
    partly = in_part.part if in_part and released.in_part_since else None
    return f"{text} {_('It was in part {part} times.').format(part=partly)}" if partly else text


def _line(name: str, row: ServiceRow) -> ServiceLine:
    cells = (_cell(share) for share in (row.client, row.therapist, row.talked, row.partly))
    return ServiceLine(name, _count(row.client.whole), *cells)


def _cell(share: Proportion | None) -> Cell:
    if share is None or share.whole == 0:
        return Cell(None, "", "")
    if share.percent is None:
        return Cell(None, KEPT_BACK, _("of {whole}").format(whole=share.whole) if share.whole else "")
    of = _("{part} of {whole}").format(part=share.part, whole=share.whole)
    return Cell(share.percent, f"{share.percent} %", of)


def _count(n: int | None) -> str:
    return KEPT_BACK if n is None else str(n)


def _counts(names: dict[str, str], counts) -> list[tuple[str, str]]:
    """Named counts in their order; a kind that never came up stands as 0."""
    return [(label, _count(counts.get(name, 0))) for name, label in names.items()]


def _repair(curve: RepairTime | None) -> dict[str, object]:
    """The picture and its numbers, or nothing when there are too few strains."""
    if curve is None:
        return {"picture": None}
    picture: RepairPicture = repair_picture(curve, _("weeks since the session"))
    rows = [(week, *_at_week(curve, week)) for week in SHOWN_WEEKS]
    return {"picture": picture, "repair_rows": rows, "repair_n": curve.n}


def _at_week(curve: RepairTime, week: int) -> tuple[str, str, str]:
    """Settled by then, its interval, parted by then."""
    between = f"{_percent(curve.low[week])} – {_percent(curve.high[week])}"
    return _percent(curve.settled[week]), between, _percent(curve.left[week])


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"


def _ended(year: Endings | None) -> dict[str, object]:
    """How courses of care ended in the last whole year, or nothing before the first one is over."""
    if year is None:
        return {"endings": None}
    context: dict[str, object] = {"endings": _counts(_endings(), year.counts), "ended": _count(year.together)}
    return context | {"endings_of": _span(year.first, year.last)}


def _span(first: date, last: date) -> str:
    """A month, or several: "January to March 2026"."""
    if first == last:
        return _month(first)
    begun = date_format(first, "F") if first.year == last.year else _month(first)
    return _("{first} to {last}").format(first=begun, last=_month(last))


def _month(first: date) -> str:
    return date_format(first, "F Y")


def _modalities() -> dict[str, str]:
    return {"room": _("in the room"), "video": _("by video"), "phone": _("by phone"), "text": _("by text")}


def _ages() -> dict[str, str]:
    return {"2": _("up to 2 weeks"), "4": _("2 to 4 weeks"), "8": _("4 to 8 weeks"), "more": _("more than 8 weeks")}


def _endings() -> dict[str, str]:
    return {
        "planned": _("planned"),
        "agreement": _("by agreement"),
        "by_client": _("ended by the client"),
        "by_therapist": _("ended by the therapist"),
        "moved_on": _("moved on to someone else"),
    }
