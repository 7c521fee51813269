import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0051_case_meetings'),
    ]

    operations = [
        migrations.CreateModel(
            name='NotForClient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dyad', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='not_for_client', to='accord_clinic.dyad')),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='dyad',
            name='dyad_often_is_a_code',
        ),
        migrations.AlterField(
            model_name='dyad',
            name='often',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'after every session'), (2, 'after every second session'), (4, 'after every fourth session'), (6, 'at reviews, after every sixth session'), (1000, 'never: not for this client')], help_text='empty: as the practice', null=True),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('often', 1), ('often', 2), ('often', 4), ('often', 6), ('often', 1000), _connector='OR'), name='dyad_often_is_a_code'),
        ),
    ]
