from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0016_what_must_be_acted_on'),
    ]

    operations = [
        migrations.AddField(
            model_name='practice',
            name='country',
            field=models.CharField(blank=True, help_text='two letters; its law and its crisis numbers hold', max_length=2),
        ),
    ]
