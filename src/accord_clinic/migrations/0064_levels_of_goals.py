"""What would count as each level of a goal stands with its wording."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0063_medication_plans_were_checked")]

    operations = [
        migrations.AddField(model_name="wording", name="levels", field=models.JSONField(blank=True, default=list)),
    ]
