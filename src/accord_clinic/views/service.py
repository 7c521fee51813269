"""The manager's page: what there is to do, and the service in numbers; nothing by therapist, no small numbers."""

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
from accord_clinic.charts.service import bars, lines, lowest
from accord_clinic.pages import service as service_pages
from accord_clinic.pages.work import work_page
from accord_clinic.queries import programs
from accord_clinic.service.release import Endings, Period, Proportion, Released, ServiceRow
from accord_clinic.upkeep import health
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
    """What there is to do, from the first week on; then the last year, and what of it may be printed."""
    context: dict[str, object] = {"work": work_page(request.user), "backup": health.newest_backup_at()}
    context["programs"] = programs.for_numbers(request.user)
    numbers = service_pages.service(request.user)
    if numbers is not None:
        context |= {"numbers": True, **_numbers(numbers)}
    return render(request, "service/service.html", context)


def _numbers(numbers: service_pages.Service) -> dict[str, object]:
    released = numbers.released
    rows = [_line(_span(period.first, period.last), period.row) for period in released.periods]
    places, clients_by_place = _by_place(released)
    counted = [(_span(period.first, period.last), _count(period.counted)) for period in released.periods]
    still_open = _counts(_ages(), released.open.counts) if released.open else []
    return {
        "period": _span(numbers.first, numbers.last),
        "until": _month(numbers.closed),
        "sentence": _sentence(released),
        "concerns": released.total.talked is not None,
        **_pictures(released),
        "rows": rows if _worth_a_table(_texts(rows)) else [],
        "clients_by_place": clients_by_place,
        "places": places if _worth_a_table(_texts(places)) else [],
        "counted": counted if _worth_a_table([n for _name, n in counted]) else [],
        "open": still_open if _worth_a_table([n for _name, n in still_open]) else [],
        "in_part_since": _month(released.in_part_since) if released.in_part_since else "",
        **_ended(released.endings),
        **_repair(released.repair),
    }


def _by_place(released: Released) -> tuple[list[ServiceLine], bool]:
    """How sessions took place, and whether how many clients answered stands beside it.

    That is kept back for the room and remote alike; then the column goes, and sessions and ratings are told without it.
    """
    rows = {_places()[name]: row for name, row in released.places.items()}
    if all(row.client.part is not None for row in rows.values()):
        return [_line(name, row) for name, row in rows.items()], True
    blank = Cell(None, "", "")
    ratings = {name: row.therapist for name, row in rows.items() if row.therapist is not None}
    return [ServiceLine(n, _count(r.whole), blank, _cell(r), blank, blank) for n, r in ratings.items()], False


def _pictures(released: Released) -> dict[str, object]:
    """How many sessions were answered; and how often concerns were talked about, or else how sessions took place."""
    names = [_short_span(period.first, period.last) for period in released.periods]
    client = [period.row.client.percent for period in released.periods]
    therapist = [period.row.therapist.percent if period.row.therapist else None for period in released.periods]
    talked_about = [
        (name, talked.part, talked.whole, _("{part} of {whole}").format(part=talked.part, whole=talked.whole))
        for name, period in zip(names, released.periods, strict=True)
        if (talked := period.row.talked) and talked.part is not None and talked.whole
    ]
    in_the_room = [
        (name, room, held, _("{n} of {whole}").format(n=room, whole=held))
        for name, period in zip(names, released.periods, strict=True)
        if period.coarse and (held := period.row.client.whole) and (room := _in_the_room(period)) is not None
    ]
    return {
        "answered": lines(names, client, therapist),
        "scale_starts": lowest(client, therapist),
        "latest": [
            (voice, f"{shares[-1]} %")
            for voice, shares in (("client", client), ("therapist", therapist))
            if shares[-1] is not None
        ],
        "talked_bars": bars(talked_about) if talked_about else None,
        "place_bars": bars(in_the_room) if in_the_room and not talked_about else None,
    }


def _in_the_room(period: Period) -> int | None:
    row = period.places.get("room")
    return row.client.whole if row else 0


def _texts(lines_of_table: list[ServiceLine]) -> list[str]:
    """What stands in the cells of a table; an empty one is no number that is kept back."""
    return [
        text
        for line in lines_of_table
        for text in (line.held, line.client.text, line.therapist.text, line.talked.text, line.partly.text)
        if text
    ]


def _worth_a_table(texts: list[str]) -> bool:
    """Not where more than a third of it is kept back: a sentence stands there instead."""
    return bool(texts) and 3 * texts.count(KEPT_BACK) <= len(texts)


def _sentence(released: Released) -> str:
    """The page in one sentence: whether concerns get talked about, by the client's word."""
    talked = released.total.talked
    if talked is None:
        return _("How often strains are talked about is shown once there are five therapists.")
    if talked.whole is None:
        return _("How often strains were talked about is not shown, because the numbers are too small.")
    if not talked.whole:
        return _("No client has been asked yet whether an earlier strain was talked about.")
    text = _("Clients were asked {whole} times whether an earlier strain had been talked about.")
    text = text.format(whole=talked.whole)
    if talked.part is None:
        return f"{text} {_('How often the answer was yes is not shown, because the numbers are too small.')}"
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


def _short_span(first: date, last: date) -> str:
    """The same for a picture: "Jan", or "Jan–Mar"."""
    names = dict.fromkeys((date_format(first, "M"), date_format(last, "M")))
    return "–".join(names)


def _month(first: date) -> str:
    return date_format(first, "F Y")


def _places() -> dict[str, str]:
    return {"room": _("in person"), "remote": _("by video, phone or text")}


def _ages() -> dict[str, str]:
    return {"less": _("less than four weeks"), "more": _("four weeks or longer")}


def _endings() -> dict[str, str]:
    return {
        "planned": _("planned"),
        "agreement": _("by agreement"),
        "by_client": _("ended by the client"),
        "by_therapist": _("ended by the therapist"),
        "moved_on": _("moved on to someone else"),
    }
