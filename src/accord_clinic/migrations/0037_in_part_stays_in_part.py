from django.db import migrations

from accord_clinic.database.checks import ValidateCheck

CHECK_IN = "accord-check-in"


def in_part_stays_in_part(apps, schema_editor):
    """Asked whether it was talked about, *in part* was kept as *yes*; where the answer is here, it is put right."""
    models = apps.get_app_config("accord_clinic")
    alias = schema_editor.connection.alias
    moves = models.get_model("StrainMove").objects.using(alias)
    responses = models.get_model("Response").objects.using(alias)
    for move in moves.filter(move="talk", side="client").exclude(session=None).select_related("strain"):
        sent = responses.filter(session=move.session_id, side="client", instrument=CHECK_IN).order_by("id").last()
        again = sent.context.get("again", ()) if sent else ()
        answers = {one["strain"]: one.get("answer") for one in again}
        if answers.get(move.strain.uid) == "partly":
            moves.filter(pk=move.pk).update(move="talk_in_part")


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0036_talked_about_in_part'),
    ]

    operations = [
        ValidateCheck('accord_clinic_strainmove', 'strainmove_move_is_a_code'),
        migrations.RunPython(in_part_stays_in_part, migrations.RunPython.noop),
    ]
