from datetime import UTC, datetime, time

from django.db import migrations

from accord_clinic.database.checks import ValidateCheck

CHECK_IN, PARTLY = "accord-check-in", 1
"""Item t2 of the check-in: its second answer is that it is partly settled."""


def partly_stays_partly(apps, schema_editor):
    """What a client answered with *partly* was kept as *still there*; where the answer is here, it is put right."""
    models = apps.get_app_config("accord_clinic")
    alias = schema_editor.connection.alias
    moves = models.get_model("StrainMove").objects.using(alias)
    for move in moves.filter(move="still_there", side="client").exclude(session=None).select_related("strain"):
        sent = models.get_model("Response").objects.using(alias).filter(session=move.session_id, side="client", instrument=CHECK_IN)
        if _answered_partly(sent.order_by("id").last(), move):
            moves.filter(pk=move.pk).update(move="partly")
    for strain in models.get_model("Strain").objects.using(alias).filter(state="still_there", moves__move="partly").distinct():
        words = strain.moves.filter(move__in=("partly", "still_there")).order_by("id")
        if words.last().move == "partly":
            models.get_model("Strain").objects.using(alias).filter(pk=strain.pk).update(state="partly")


def open_at_ending(apps, schema_editor):
    """A strain of a course that has ended is asked about no more: from now on its state says so."""
    models = apps.get_app_config("accord_clinic")
    alias = schema_editor.connection.alias
    running = ("opened", "talked_about", "repair_tried", "partly", "still_there")
    for strain in models.get_model("Strain").objects.using(alias).filter(state__in=running).exclude(dyad__ended=None):
        at = datetime.combine(strain.dyad.ended, time(12), UTC)
        models.get_model("StrainMove").objects.using(alias).create(strain=strain, move="end_course", side="therapist", at=at)
        models.get_model("Strain").objects.using(alias).filter(pk=strain.pk).update(state="open_at_ending")


def _answered_partly(check_in, move) -> bool:
    if check_in is None:
        return False
    if move.session_id == move.strain.session_id:
        return check_in.answers.get("t2") == PARTLY
    again = {one["strain"]: one["stands"] for one in check_in.context.get("again", ())}
    return again.get(move.strain.uid) == "partly"


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0013_partly_and_at_rest'),
    ]

    operations = [
        ValidateCheck('accord_clinic_strain', 'strain_state_is_a_code'),
        ValidateCheck('accord_clinic_strainmove', 'strainmove_move_is_a_code'),
        migrations.RunPython(partly_stays_partly, migrations.RunPython.noop),
        migrations.RunPython(open_at_ending, migrations.RunPython.noop),
    ]
