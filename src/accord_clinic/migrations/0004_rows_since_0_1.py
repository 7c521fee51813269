"""Rows of 0.1 say what they mean now: strains, sessions by name, files, calibrations and erasures."""

from datetime import UTC, datetime, time

from django.db import migrations
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

CHECK_IN, PARTLY = "accord-check-in", 1
"""Item t2 of the check-in: its second answer is that it is partly settled."""


def rows(apps, schema_editor, name):
    """The rows of a table in the database that is upgraded, which is not always the one that serves."""
    return apps.get_model("accord_clinic", name).objects.using(schema_editor.connection.alias)


def partly_stays_partly(apps, schema_editor):
    """What a client answered with *partly* was kept as *still there*; where the answer is here, it is put right."""
    moves, strains = rows(apps, schema_editor, "StrainMove"), rows(apps, schema_editor, "Strain")
    for move in moves.filter(move="still_there", side="client").exclude(session=None).select_related("strain"):
        if _answered_partly(_check_in(apps, schema_editor, move), move):
            moves.filter(pk=move.pk).update(move="partly")
    for strain in strains.filter(state="still_there", moves__move="partly").distinct():
        words = strain.moves.filter(move__in=("partly", "still_there")).order_by("id")
        if words.last().move == "partly":
            strains.filter(pk=strain.pk).update(state="partly")


def in_part_stays_in_part(apps, schema_editor):
    """Asked whether it was talked about, *in part* was kept as *yes*; where the answer is here, it is put right."""
    moves = rows(apps, schema_editor, "StrainMove")
    for move in moves.filter(move="talk", side="client").exclude(session=None).select_related("strain"):
        sent = _check_in(apps, schema_editor, move)
        answers = {one["strain"]: one.get("answer") for one in (sent.context.get("again", ()) if sent else ())}
        if answers.get(move.strain.uid) == "partly":
            moves.filter(pk=move.pk).update(move="talk_in_part")


def open_at_ending(apps, schema_editor):
    """A strain of a course that has ended is asked about no more: from now on its state says so."""
    strains = rows(apps, schema_editor, "Strain")
    running = ("opened", "talked_about", "repair_tried", "partly", "still_there")
    for strain in strains.filter(state__in=running).exclude(dyad__ended=None).select_related("dyad"):
        at = datetime.combine(strain.dyad.ended, time(12), UTC)
        rows(apps, schema_editor, "StrainMove").create(strain=strain, move="end_course", side="therapist", at=at)
        strains.filter(pk=strain.pk).update(state="open_at_ending")


def _check_in(apps, schema_editor, move):
    """What the client last sent in the session of a move."""
    sent = rows(apps, schema_editor, "Response").filter(session=move.session_id, side="client", instrument=CHECK_IN)
    return sent.order_by("id").last()


def _answered_partly(check_in, move) -> bool:
    if check_in is None:
        return False
    if move.session_id == move.strain.session_id:
        return check_in.answers.get("t2") == PARTLY
    again = {one["strain"]: one["stands"] for one in check_in.context.get("again", ())}
    return again.get(move.strain.uid) == "partly"


def name_by_uid(apps, schema_editor):
    """What named a session by its number names it by its uid, as the number is computed from now on."""
    sessions = rows(apps, schema_editor, "Session").order_by("pk").values_list("dyad", "number", "uid")
    uids = {(dyad, number): uid for dyad, number, uid in sessions.iterator()}
    for row in rows(apps, schema_editor, "ReadLog").exclude(sessions=[]).iterator():
        row.sessions = [uids[row.dyad_id, number] for number in row.sessions if (row.dyad_id, number) in uids]
        row.save(update_fields=["sessions"])
    for row in rows(apps, schema_editor, "Signal").filter(kind="not_talked_about").iterator():
        about = row.evidence.get("about_session")
        if (row.dyad_id, about) in uids:
            row.evidence["about_session"] = uids[row.dyad_id, about]
            row.save(update_fields=["evidence"])
    ticks = rows(apps, schema_editor, "TalkTick").filter(topic__startswith="felt:")
    for row in ticks.select_related("session").iterator():
        row.topic = f"felt:{row.session.uid}"
        row.save(update_fields=["topic"])


def what_was_answered_took_place(apps, schema_editor):
    """Only sessions that took place have a number. One with an answer did; one that opened empty is closed again."""
    session, change = (rows(apps, schema_editor, name) for name in ("Session", "SessionChange"))
    answers = rows(apps, schema_editor, "Response").filter(session=OuterRef("pk"))
    other = session.exclude(state="held")
    other.filter(~Exists(answers)).exclude(revealed_at=None).update(revealed_at=None, revealed_by="")
    now = timezone.now()
    for row in other.filter(Exists(answers)):
        change.create(session=row, field="state", before=row.state, after="held", side="clock", at=now)
        session.filter(pk=row.pk).update(state="held")


def imports(apps, schema_editor):
    """Sessions from a file keep its number, so that importing again adds nothing."""
    imported = rows(apps, schema_editor, "Session").filter(revealed_by="import")
    imported.update(number_in_file=F("number"), source="file")


def calibrations(apps, schema_editor):
    """What is usual was learnt by numbers that counted missed weeks too, so the sweep learns it anew."""
    rows(apps, schema_editor, "Calibration").update(make_anew=True)


def erasures_were_decided(apps, schema_editor):
    """An erasure was done at once: it is noted as decided on its day, with the days of treatment left at most."""
    erasures = rows(apps, schema_editor, "Erasure").filter(decided_at=None)
    for row in erasures:
        remains = ["dates"] if row.dates_until else []
        erasures.filter(pk=row.pk).update(decided_at=row.at, remains=remains)
    rows(apps, schema_editor, "Client").exclude(erased_at=None).update(locked_at=F("erased_at"))


STEPS = (
    partly_stays_partly, open_at_ending, name_by_uid, what_was_answered_took_place, imports, calibrations,
    in_part_stays_in_part, erasures_were_decided,
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0003_since_0_1")]

    operations = [migrations.RunPython(step) for step in STEPS]
