import accord_clinic.models.row
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0020_conversation_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptRating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                ('item', models.CharField(max_length=40)),
                ('value', models.JSONField()),
                ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='kept_ratings', to='accord_clinic.response')),
            ],
            options={
                'abstract': False,
            },
        ),
    ]
