from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0019_country'),
    ]

    operations = [
        migrations.AddField(
            model_name='practice',
            name='inferred_at',
            field=models.DateTimeField(blank=True, help_text='since when inferred marks may choose cards', null=True),
        ),
        migrations.AddField(
            model_name='practice',
            name='inferred_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=models.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
    ]
