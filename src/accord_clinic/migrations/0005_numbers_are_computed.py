"""What is not needed any more goes, and old rows are read by the new checks."""

import accord_clinic.database.checks
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0004_rows_since_0_1'),
    ]

    operations = [
        # A default, so that the way back has a value for rows that were made since.
        migrations.AlterField(
            model_name='session',
            name='number',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RemoveField(
            model_name='session',
            name='number',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_agreement',
            name='agreement_kind_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_dyad',
            name='dyad_approach_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_dyad',
            name='dyad_order_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_dyad',
            name='dyad_often_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_dyad',
            name='dyad_shows_earlier_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_practice',
            name='practice_often_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_safetylook',
            name='safetylook_done_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_session',
            name='session_source_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_strain',
            name='strain_state_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_strainmove',
            name='strainmove_move_is_a_code',
        ),
        accord_clinic.database.checks.ValidateCheck(
            table='accord_clinic_consent',
            name='consent_purpose_is_a_code',
        ),
    ]
