"""Goals, tasks and the shared view: either side proposes, both seal the wording, and the history stays."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accord.errors import BadInput
from accord_clinic.actions.audit import Actor, record
from accord_clinic.models import Agreement, Dyad, Member, Pick, Progress, Seal, Session, Undone, Wording, codes
from accord_clinic.permissions import check_be_client, check_treat
from accord_clinic.records.attainment import LEVELS
from accord_clinic.records.picks import PICKED, current_picks

MOST_WORDS = 2_000
MOST_OF_A_LEVEL = 200
MOST_PICKS = 3


class ChangedMeanwhile(BadInput):
    """Somebody else changed the words since this page was opened."""


def check_side(dyad: Dyad, side: str, by: Actor) -> None:
    """Refuse a member who does not treat this dyad now, and a client who is not this dyad's client."""
    if isinstance(by, Member):
        check_treat(by, dyad)
    elif by is not None:
        check_be_client(by, dyad.client)


@transaction.atomic
def propose(dyad: Dyad, kind: str, words: str, side: str, *, by: Actor, goal: Agreement | None = None) -> Agreement:
    """Add a goal, a task of a goal, or a shared view, in one side's words. Proposing is not sealing."""
    check_side(dyad, side, by)
    words = _checked(words)
    codes.check(Agreement, kind=kind, proposed_by=side)
    if goal is not None and (goal.dyad_id != dyad.pk or goal.kind != "goal" or kind != "task"):
        raise BadInput("A task belongs to a goal of the same two people.")
    now = timezone.now()
    agreement = Agreement.objects.create(dyad=dyad, kind=kind, goal=goal, proposed_by=side, made_at=now)
    Wording.objects.create(agreement=agreement, words=words, side=side, at=now)
    record(by, "propose", f"agreement:{agreement.pk}", ["kind", "words"])
    return agreement


@transaction.atomic
def reword(
    agreement: Agreement, words: str, side: str, *, seen: int, by: Actor, levels: Sequence[str] | None = None
) -> Wording:
    """Add new words, which nobody has sealed yet. `seen` is the wording that the writer's page showed.

    `levels`: what would count as each level of a goal, from the lowest on; left out, they stay as they are.
    """
    check_side(agreement.dyad, side, by)
    words = _checked(words)
    last = _last_wording(agreement)
    new_levels = last.levels if levels is None or agreement.kind != "goal" else _checked_levels(levels)
    if last.pk != seen:
        raise ChangedMeanwhile(
            "These words were changed meanwhile. Read them, then change them again if you still want to."
        )
    if (words, new_levels) == (last.words, last.levels):
        return last
    wording = Wording.objects.create(agreement=agreement, words=words, levels=new_levels, side=side, at=timezone.now())
    changed = [name for name in ("words", "levels") if getattr(wording, name) != getattr(last, name)]
    record(by, "reword", f"agreement:{agreement.pk}", changed)
    return wording


@transaction.atomic
def seal(agreement: Agreement, side: str, *, seen: int, by: Actor) -> None:
    """Seal the words that this side saw. Sealing twice is the same as once."""
    check_side(agreement.dyad, side, by)
    last = _last_wording(agreement)
    if last.pk != seen:
        raise ChangedMeanwhile("These words were changed meanwhile. Read them before you seal them.")
    if agreement.ended_at:
        raise BadInput(_("This has ended and can no longer be confirmed."))
    Seal.objects.get_or_create(wording=last, side=side, defaults={"at": timezone.now()})
    record(by, "seal", f"agreement:{agreement.pk}", ["seal"])


@transaction.atomic
def end(agreement: Agreement, how: str, side: str, *, by: Actor) -> None:
    """End an agreement as reached, dropped or replaced. Its words and seals stay."""
    check_side(agreement.dyad, side, by)
    if how not in dict(Agreement.ENDS):
        raise BadInput("Say whether it was reached, dropped or replaced.")
    Agreement.objects.filter(pk=agreement.pk, ended_at=None).update(end=how, ended_at=timezone.now())
    record(by, "end_agreement", f"agreement:{agreement.pk}", ["end"])


@transaction.atomic
def take_back_end(agreement: Agreement, side: str, *, by: Actor) -> None:
    """It had not ended after all: it goes on with its words and seals, and its history says what was marked."""
    check_side(agreement.dyad, side, by)
    if agreement.dyad.ended:
        raise BadInput(_("Treatment has ended. Its goals stay as they are."))
    row = Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    if row.ended_at is None:
        return
    if row.goal_id and Agreement.objects.filter(pk=row.goal_id).exclude(ended_at=None).exists():
        raise BadInput(_("The goal of this task has ended. Reopen the goal first."))
    Undone.objects.create(
        dyad=row.dyad, kind="end", agreement=row, mark=row.end, marked_at=row.ended_at, side=side, at=timezone.now()
    )
    Agreement.objects.filter(pk=row.pk).update(end="", ended_at=None)
    record(by, "take_back_end", f"agreement:{row.pk}", ["end"])


def note_progress(
    session: Session, side: str, progress: Mapping[str, int], *, by: Actor, asked_again: Iterable[str] = ()
) -> None:
    """Note how far each goal (0 to 10, or one of its levels) or task (0 to 2) is. Names of other dyads are ignored.

    `asked_again`: what a correction asked about. What it leaves out there is taken back, by a row without a value.
    """
    again = set(asked_again)
    if not (progress or again):
        return
    before = Progress.objects.filter(session=session, side=side).order_by("id") if again else ()
    last = {row.agreement_id: row for row in before}
    for agreement in Agreement.objects.filter(dyad=session.dyad, uid__in={*progress, *again}):
        value, corrects = progress.get(agreement.uid), last.get(agreement.pk)
        if value is None and (corrects is None or corrects.value is None):
            continue
        is_level = agreement.kind == "goal" and value in LEVELS
        if value is None or is_level or 0 <= value <= (10 if agreement.kind == "goal" else 2):
            row = Progress(agreement=agreement, session=session, side=side, value=value, corrects=corrects)
            row.at = timezone.now()
            row.save()


def pick(
    session: Session, side: str, picked: Sequence[str], words: Sequence[str], *, by: Actor, again: bool = False
) -> None:
    """What matters most now: up to three, shared goals first, then new words. The picks with the latest time count.

    `again`: this corrects what was picked before. With nothing picked, an empty row takes that back.
    """
    corrects = Pick.objects.filter(session=session, side=side).order_by("at", "id").last() if again else None
    picked_goals = Agreement.objects.filter(dyad=session.dyad, kind="goal", uid__in=picked) if picked else ()
    goals = {g.uid: g for g in picked_goals}
    chosen = [(goals[uid], "") for uid in picked if uid in goals] + [(None, w.strip()) for w in words if w.strip()]
    if not chosen:
        if corrects is None or corrects.empty:
            return
        chosen = [(None, "")]
    now = timezone.now()
    for goal, new in chosen[:MOST_PICKS]:
        facts = {"agreement": goal, "words": new[:MOST_WORDS], "corrects": corrects}
        Pick.objects.create(session=session, side=side, at=now, **facts)


def show_picks(session: Session, side: str, item: str, value: str, *, by: Actor) -> None:
    """Add picks that were kept, and are shown now, to those that were shown. `item`, `value`: as they were kept."""
    rows = Pick.objects.filter(session=session, side=side).select_related("agreement").order_by("at", "id")
    shown = current_picks(rows).get((session.pk, side), [])
    picked, words = [p.agreement.uid for p in shown if p.agreement], [p.words for p in shown if p.words]
    if item == PICKED:
        picked += value.split()
    else:
        words += value.split("\n")
    pick(session, side, picked, words, by=by, again=True)


def _last_wording(agreement: Agreement) -> Wording:
    return agreement.wordings.latest("id")


def _checked_levels(levels: Sequence[str]) -> list[str]:
    """All of them or none: a level without words means nothing to whoever rates later."""
    texts = [text.strip() for text in levels]
    if not any(texts):
        return []
    if len(texts) != len(LEVELS) or not all(texts):
        raise BadInput(_("Write all five levels, or leave all of them empty."))
    if any(len(text) > MOST_OF_A_LEVEL for text in texts):
        raise BadInput(_("Please use at most {most} characters for each level.").format(most=MOST_OF_A_LEVEL))
    return texts


def _checked(words: str) -> str:
    words = words.strip()
    if not words:
        raise BadInput(_("Write at least one word."))
    if len(words) > MOST_WORDS:
        raise BadInput(
            _("Please use at most {most} characters. You have used {n}.").format(most=MOST_WORDS, n=len(words))
        )
    return words
