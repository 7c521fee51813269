from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0017_sessions'),
    ]

    operations = [ValidateCheck('accord_clinic_session', 'session_source_is_a_code')]
