from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0018_sessions_were_checked'),
    ]

    operations = [
        migrations.AddField(
            model_name='practice',
            name='country',
            field=models.CharField(blank=True, help_text='two letters; its law and its crisis numbers hold', max_length=2),
        ),
    ]
