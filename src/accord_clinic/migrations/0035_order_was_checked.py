from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0034_order_of_questions'),
    ]

    operations = [ValidateCheck('accord_clinic_dyad', 'dyad_order_is_a_code')]
