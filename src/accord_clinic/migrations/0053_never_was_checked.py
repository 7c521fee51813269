from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0052_not_for_this_client'),
    ]

    operations = [ValidateCheck('accord_clinic_dyad', 'dyad_often_is_a_code')]
