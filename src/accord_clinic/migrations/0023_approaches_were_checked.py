from django.db import migrations

from accord_clinic.database.checks import ValidateCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0022_approaches_and_card_topics'),
    ]

    operations = [ValidateCheck('accord_clinic_dyad', 'dyad_approach_is_a_code')]
