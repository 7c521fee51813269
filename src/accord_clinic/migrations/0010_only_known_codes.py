from django.db import migrations
from django.db.models import CharField, F
from django.db.models.functions import Length, Substr

FALLBACK = {
    ("strain", "kind"): ("unclear", ("withdrawal", "confrontation", "unclear")),
    ("dyad", "approach"): (
        "integrative", ("any", "cbt", "psychodynamic", "person-centred", "systemic", "integrative", "medical"),
    ),
    ("dyad", "modality"): ("room", ("room", "video", "phone", "text")),
    ("dyad", "form"): ("full", ("full", "minimum")),
    ("session", "modality"): ("room", ("room", "video", "phone", "text")),
}
"""What a forged form may have left until now, and what stands there from now on."""


def known_codes(apps, schema_editor):
    for (table, column), (fallback, codes) in FALLBACK.items():
        rows = apps.get_model("accord_clinic", table).objects.using(schema_editor.connection.alias).exclude(**{f"{column}__in": codes})
        rows.update(**{column: fallback})
    strange = apps.get_model("accord_clinic", "Agreement").objects.using(schema_editor.connection.alias).exclude(kind__in=("goal", "task", "problem"))
    strange.filter(goal=None).update(kind="goal")
    strange.update(kind="task")


def lengths(apps, schema_editor):
    """The embedded database has not looked at lengths until now."""
    if schema_editor.connection.vendor == "postgresql":
        return
    for model in apps.get_app_config("accord_clinic").get_models():
        for field in model._meta.local_fields:
            if isinstance(field, CharField) and field.max_length:
                longer = model.objects.using(schema_editor.connection.alias).annotate(letters=Length(field.name)).filter(letters__gt=field.max_length)
                longer.update(**{field.name: Substr(F(field.name), 1, field.max_length)})


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0009_steps_into_the_own_space'),
    ]

    operations = [
        migrations.RunPython(known_codes, migrations.RunPython.noop),
        migrations.RunPython(lengths, migrations.RunPython.noop),
    ]
