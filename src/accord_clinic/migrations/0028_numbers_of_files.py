from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0027_who_is_asked'),
    ]

    operations = [
        migrations.AddField(
            model_name='session',
            name='number_in_file',
            field=models.PositiveSmallIntegerField(blank=True, help_text='in the file that it came from, so that importing again adds nothing', null=True),
        ),
        migrations.AddField(
            model_name='calibration',
            name='make_anew',
            field=models.BooleanField(default=False, help_text='an upgrade changed what it was learnt from; the sweep makes a new one and unmarks it'),
        ),
        migrations.AlterField(
            model_name='readlog',
            name='sessions',
            field=models.JSONField(default=list, help_text='uids of the sessions whose words were shown'),
        ),
    ]
