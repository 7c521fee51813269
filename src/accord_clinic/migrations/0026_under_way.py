from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0025_how_often_was_checked'),
    ]

    operations = [
        migrations.AddField(
            model_name='dyad',
            name='under_way',
            field=models.BooleanField(default=False, help_text='the two worked together before their first check-in'),
        ),
    ]
