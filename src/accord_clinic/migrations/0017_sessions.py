import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0016_what_must_be_acted_on'),
    ]

    operations = [
        migrations.CreateModel(
            name='SessionChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', models.CharField(choices=[('state', 'state'), ('start', 'start'), ('modality', 'modality'), ('minutes', 'minutes')], max_length=10)),
                ('before', models.CharField(help_text='a code, a number, or a moment in UTC', max_length=40)),
                ('after', models.CharField(max_length=40)),
                ('side', models.CharField(choices=[('member', 'somebody who works here'), ('client', 'client'), ('clock', 'the clock'), ('calendar', 'a calendar'), ('file', 'a file')], max_length=10)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='session',
            name='session_number_once',
        ),
        migrations.RemoveField(
            model_name='practice',
            name='reveal_before_next_hours',
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_evening',
            field=models.PositiveSmallIntegerField(default=18, help_text="o'clock, on the day before the next session"),
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_not_before_hours',
            field=models.PositiveSmallIntegerField(default=6),
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_notice_hours',
            field=models.PositiveSmallIntegerField(default=24, help_text='a change of plans opens answers no sooner than so long after it'),
        ),
        migrations.AddField(
            model_name='session',
            name='minutes',
            field=models.PositiveSmallIntegerField(default=50),
        ),
        migrations.AddField(
            model_name='session',
            name='source',
            field=models.CharField(choices=[('hand', 'planned by hand'), ('rhythm', 'from the weekly rhythm'), ('calendar', 'from a calendar'), ('file', 'from a file')], default='hand', max_length=10),
        ),
        AddCheck(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['calendar', 'file', 'hand', 'rhythm'])), name='session_source_is_a_code'),
        ),
        migrations.AddField(
            model_name='sessionchange',
            name='by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sessionchange',
            name='session',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='accord_clinic.session'),
        ),
        migrations.AddConstraint(
            model_name='sessionchange',
            constraint=models.CheckConstraint(condition=models.Q(('field__in', ['minutes', 'modality', 'start', 'state'])), name='sessionchange_field_is_a_code'),
        ),
        migrations.AddConstraint(
            model_name='sessionchange',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['calendar', 'client', 'clock', 'file', 'member'])), name='sessionchange_side_is_a_code'),
        ),
    ]
