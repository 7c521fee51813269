from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0023_approaches_were_checked'),
    ]

    operations = [
        migrations.AddField(
            model_name='dyad',
            name='often',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'after every session'), (2, 'after every second session'), (4, 'after every fourth session'), (6, 'at reviews, after every sixth session')], help_text='empty: as the practice', null=True),
        ),
        migrations.AddField(
            model_name='practice',
            name='often',
            field=models.PositiveSmallIntegerField(choices=[(1, 'after every session'), (2, 'after every second session'), (4, 'after every fourth session'), (6, 'at reviews, after every sixth session')], default=1),
        ),
        migrations.AddField(
            model_name='session',
            name='passed_over',
            field=models.BooleanField(default=False, help_text='it opened without a check-in for the client: none was due, and nobody made a link'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('often', 1), ('often', 2), ('often', 4), ('often', 6), _connector='OR'), name='dyad_often_is_a_code'),
        ),
        AddCheck(
            model_name='practice',
            constraint=models.CheckConstraint(condition=models.Q(('often', 1), ('often', 2), ('often', 4), ('often', 6), _connector='OR'), name='practice_often_is_a_code'),
        ),
    ]
