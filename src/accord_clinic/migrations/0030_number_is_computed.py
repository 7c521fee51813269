from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0029_sessions_by_name'),
    ]

    operations = [
        # A default, so that the way back has a value for rows that were made since.
        migrations.AlterField(
            model_name='session',
            name='number',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RemoveField(
            model_name='session',
            name='number',
        ),
    ]
