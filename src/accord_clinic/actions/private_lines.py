"""Lines that a client kept: the client shows one to the therapist after all, or deletes it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction

from accord.signals import CHECK_IN
from accord_clinic.actions import agreements, reveal
from accord_clinic.actions.audit import record
from accord_clinic.actions.shown_later import respond_again
from accord_clinic.models import Client, Comment, PrivateLine, Response, Session
from accord_clinic.permissions import check_be_client
from accord_clinic.questionnaires.page import ASKING_AGAIN
from accord_clinic.questionnaires.reading import TALKED
from accord_clinic.questionnaires.shelf import instrument, shelf
from accord_clinic.questionnaires.submission import AskedAgain
from accord_clinic.records.picks import PICKS


@transaction.atomic
def show(line: PrivateLine, *, by: Client) -> None:
    """Show a kept line to the therapist. Words become a comment; an answer becomes a correction that contains it."""
    check_be_client(by, line.client)
    session = (
        Session.objects.select_for_update(of=("self",), no_key=True)
        .select_related("dyad")
        .get(pk=line.response.session_id)
    )
    kind, _dot, uid = line.item.partition(".")
    if line.words:
        Comment.objects.create(session=session, response=line.response, side="client", item=line.item, words=line.words)
        line.delete()
    elif kind in PICKS:
        agreements.show_picks(session, "client", kind, str(line.value), by=by)
        line.delete()
    elif kind == "how":
        assert line.value is not None
        agreements.note_progress(session, "client", {uid: int(line.value)}, by=by)
        line.delete()
    else:
        _correct(line)
    record(by, "show_kept", f"session:{session.pk}", ["private_lines"])
    sides = set(session.responses.filter(instrument=CHECK_IN).values_list("side", flat=True))
    reveal.when_both_answered(session, sides)


@transaction.atomic
def delete(line: PrivateLine, *, by: Client) -> None:
    """Delete a kept line and what depends on it. The log notes that it was deleted, never what it said."""
    check_be_client(by, line.client)
    session = line.response.session_id
    if line.words:
        line.delete()
    else:
        _with_what_hangs_on(line).delete()
    record(by, "delete_kept", f"session:{session}", ["private_lines"])


def _with_what_hangs_on(line: PrivateLine):
    instrument = shelf().answered(line.response.instrument, line.response.version)
    items = instrument.items if instrument else ()
    names = {line.item} | {item.id for item in items if item.asked_if and item.asked_if[0] == line.item}
    return PrivateLine.objects.filter(response=line.response, item__in=names, words="")


def _correct(line: PrivateLine) -> None:
    """A later response with the answer in it, and with what hangs on it."""
    old, shown = line.response, _with_what_hangs_on(line)
    answers = dict(shown.values_list("item", "value"))
    shown.delete()
    of_items = {item: value for item, value in answers.items() if "." not in item}
    respond_again(old, of_items, PrivateLine.objects.filter(response=old), _again(old, answers))


def _again(old: Response, answers: Mapping[str, Any]) -> dict[str, list[dict]]:
    """The word on an earlier concern, with what is shown now put into it."""
    words = {entry["strain"]: dict(entry) for entry in old.context.get("again", ())}
    for name, value in answers.items():
        item, _dot, strain = name.partition(".")
        if strain:
            code = instrument(ASKING_AGAIN).answer_set(item).code(int(value))
            word = words.setdefault(strain, asdict(AskedAgain(strain, None, None)))
            word |= {"talked": TALKED.get(code), "answer": code} if item == "a1" else {"stands": code}
    return {"again": list(words.values())} if words else {}
