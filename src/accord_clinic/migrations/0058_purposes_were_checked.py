from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [("accord_clinic", "0057_caseload_moves")]
    operations = [ValidateCheck("accord_clinic_consent", "consent_purpose_is_a_code")]
