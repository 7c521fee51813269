from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0042_undone_marks'),
    ]

    operations = [ValidateCheck('accord_clinic_strainmove', 'strainmove_move_is_a_code')]
