from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [("accord_clinic", "0064_levels_of_goals")]

    operations = [ValidateCheck("accord_clinic_dyad", "dyad_shows_earlier_is_a_code")]
