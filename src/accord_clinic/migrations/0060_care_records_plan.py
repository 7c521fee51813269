"""A care record may plan sessions, as a calendar does, and name the system of the numbers that are typed here."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0059_shows_earlier'),
    ]

    operations = [
        migrations.AddField(
            model_name='carerecord',
            name='numbers',
            field=models.CharField(blank=True, help_text='the system of the numbers that are noted here without one', max_length=200),
        ),
        migrations.AddField(
            model_name='carerecord',
            name='plans',
            field=models.BooleanField(default=False, help_text='its appointments become sessions, as those of a calendar do'),
        ),
        migrations.AddField(
            model_name='connectedcalendar',
            name='record',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accord_clinic.carerecord'),
        ),
        migrations.AlterField(
            model_name='connectedcalendar',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendars', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='connectedcalendar',
            constraint=models.UniqueConstraint(condition=models.Q(('record', None)), fields=('member',), name='own_calendar_once'),
        ),
        migrations.AddConstraint(
            model_name='connectedcalendar',
            constraint=models.UniqueConstraint(fields=('member', 'record'), name='calendar_of_record_once'),
        ),
    ]
