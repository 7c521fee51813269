from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0024_how_often'),
    ]

    operations = [
        ValidateCheck('accord_clinic_dyad', 'dyad_often_is_a_code'),
        ValidateCheck('accord_clinic_practice', 'practice_often_is_a_code'),
    ]
