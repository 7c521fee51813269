"""Until now an erasure was done at once: it is noted as decided on its day, with the days of treatment left at most."""

from django.db import migrations
from django.db.models import F


def note_as_decided(apps, schema_editor):
    models, alias = apps.get_app_config("accord_clinic"), schema_editor.connection.alias
    erasures = models.get_model("Erasure").objects.using(alias).filter(decided_at=None)
    for row in erasures:
        remains = ["dates"] if row.dates_until else []
        erasures.filter(pk=row.pk).update(decided_at=row.at, remains=remains)
    clients = models.get_model("Client").objects.using(alias)
    clients.exclude(erased_at=None).update(locked_at=F("erased_at"))


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0048_erasure_is_decided")]

    operations = [migrations.RunPython(note_as_decided, migrations.RunPython.noop)]
