from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0062_medication_plans")]
    operations = [ValidateCheck("accord_clinic_agreement", "agreement_kind_is_a_code")]
