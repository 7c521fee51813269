"""A program can be there for the practice's published numbers alone, once a manager lets it read them."""

from django.db import migrations, models
from django.db.models.functions import Coalesce
from django.utils import timezone


def close_those_for_numbers(apps, schema_editor):
    """On the way back: as a service like others they would have clients asked for their records."""
    rows = apps.get_model("accord_clinic", "Recipient").objects.using(schema_editor.connection.alias)
    # Both at once: PostgreSQL alters no table in which this transaction has changed a row twice.
    rows.filter(use="numbers").update(use="service", closed_at=Coalesce("closed_at", timezone.now()))


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0005_numbers_are_computed'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='recipient',
            name='recipient_use_is_a_code',
        ),
        migrations.AddField(
            model_name='recipient',
            name='numbers_since',
            field=models.DateTimeField(blank=True, help_text='since when a manager lets it read the numbers, where they are its use', null=True),
        ),
        migrations.AlterField(
            model_name='recipient',
            name='use',
            field=models.CharField(choices=[('app', 'an app that clinicians open'), ('service', 'a service that reads by itself'), ('numbers', 'a service that reads only the practice’s published numbers')], max_length=10),
        ),
        migrations.RunPython(migrations.RunPython.noop, close_those_for_numbers),
        migrations.AddConstraint(
            model_name='recipient',
            constraint=models.CheckConstraint(condition=models.Q(('use__in', ['app', 'numbers', 'service'])), name='recipient_use_is_a_code'),
        ),
    ]
