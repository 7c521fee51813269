"""What a client lets a successor see of the course before."""

from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0058_purposes_were_checked")]

    operations = [
        migrations.AddField(
            model_name="dyad",
            name="shows_earlier",
            field=models.CharField(
                choices=[
                    ("nothing", "nothing"),
                    ("agreed", "the goals and tasks that both confirmed"),
                    ("course", "everything that the therapist before could see"),
                ],
                default="nothing",
                help_text="what the client lets this therapist see of the course before, while this one goes on",
                max_length=10,
            ),
        ),
        AddCheck(
            model_name="dyad",
            constraint=models.CheckConstraint(
                condition=models.Q(("shows_earlier__in", ["agreed", "course", "nothing"])),
                name="dyad_shows_earlier_is_a_code",
            ),
        ),
    ]
