"""A medication plan is an agreement of its own kind."""

from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0061_expectations")]

    operations = [
        migrations.RemoveConstraint(model_name="agreement", name="agreement_kind_is_a_code"),
        migrations.AlterField(
            model_name="agreement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("goal", "goal"),
                    ("task", "task"),
                    ("medication", "medication plan"),
                    ("problem", "shared view of the problem"),
                ],
                max_length=10,
            ),
        ),
        AddCheck(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["goal", "medication", "problem", "task"])),
                name="agreement_kind_is_a_code",
            ),
        ),
    ]
