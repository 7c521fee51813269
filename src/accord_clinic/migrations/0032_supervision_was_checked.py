from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0031_supervision_from_outside'),
    ]

    operations = [ValidateCheck('accord_clinic_consent', 'consent_purpose_is_a_code')]
