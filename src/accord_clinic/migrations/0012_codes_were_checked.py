from django.db import migrations

from accord_clinic.database.checks import ValidateCheck

CHECKS = [
    ('accord_clinic_agreement', 'agreement_kind_is_a_code'),
    ('accord_clinic_agreement', 'agreement_proposed_by_is_a_code'),
    ('accord_clinic_agreement', 'agreement_end_is_a_code'),
    ('accord_clinic_client', 'client_channel_is_a_code'),
    ('accord_clinic_comment', 'comment_side_is_a_code'),
    ('accord_clinic_consent', 'consent_purpose_is_a_code'),
    ('accord_clinic_consent', 'consent_by_is_a_code'),
    ('accord_clinic_dyad', 'dyad_ending_is_a_code'),
    ('accord_clinic_dyad', 'dyad_approach_is_a_code'),
    ('accord_clinic_dyad', 'dyad_modality_is_a_code'),
    ('accord_clinic_dyad', 'dyad_form_is_a_code'),
    ('accord_clinic_pick', 'pick_side_is_a_code'),
    ('accord_clinic_privateline', 'privateline_reader_is_a_code'),
    ('accord_clinic_progress', 'progress_side_is_a_code'),
    ('accord_clinic_response', 'response_side_is_a_code'),
    ('accord_clinic_seal', 'seal_side_is_a_code'),
    ('accord_clinic_session', 'session_modality_is_a_code'),
    ('accord_clinic_session', 'session_state_is_a_code'),
    ('accord_clinic_session', 'session_revealed_by_is_a_code'),
    ('accord_clinic_strain', 'strain_kind_is_a_code'),
    ('accord_clinic_strain', 'strain_opened_by_is_a_code'),
    ('accord_clinic_strain', 'strain_state_is_a_code'),
    ('accord_clinic_strainmove', 'strainmove_move_is_a_code'),
    ('accord_clinic_strainmove', 'strainmove_side_is_a_code'),
    ('accord_clinic_terms', 'terms_consents_is_a_code'),
    ('accord_clinic_terms', 'terms_guardian_learns_is_a_code'),
    ('accord_clinic_terms', 'terms_order_learns_is_a_code'),
    ('accord_clinic_wording', 'wording_side_is_a_code'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0011_codes_are_checked'),
    ]

    operations = [ValidateCheck(table, name) for table, name in CHECKS]
