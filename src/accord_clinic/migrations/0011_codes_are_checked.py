from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


def lengths(apps, schema_editor):
    """Made anew, the tables of the embedded database check how long a text is."""
    if schema_editor.connection.vendor == 'sqlite':
        for model in apps.get_app_config('accord_clinic').get_models():
            schema_editor._remake_table(model)


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0010_only_known_codes'),
    ]

    operations = [
        migrations.RunPython(lengths, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='consent',
            name='purpose',
            field=models.CharField(choices=[('care', 'care'), ('research', 'research'), ('transcripts', 'transcripts')], max_length=20),
        ),
        migrations.AlterField(
            model_name='dyad',
            name='approach',
            field=models.CharField(choices=[('any', 'any'), ('cbt', 'cbt'), ('psychodynamic', 'psychodynamic'), ('person-centred', 'person-centred'), ('systemic', 'systemic'), ('integrative', 'integrative'), ('medical', 'medical')], default='integrative', max_length=40),
        ),
        migrations.AlterField(
            model_name='dyad',
            name='form',
            field=models.CharField(choices=[('full', 'the full check-in'), ('minimum', 'the short one')], default='full', max_length=20),
        ),
        migrations.AlterField(
            model_name='session',
            name='revealed_by',
            field=models.CharField(blank=True, choices=[('both', 'both'), ('waived', 'waived'), ('time', 'time'), ('import', 'import')], max_length=10),
        ),
        migrations.AlterField(
            model_name='strain',
            name='state',
            field=models.CharField(choices=[('opened', 'opened'), ('talked_about', 'talked_about'), ('repair_tried', 'repair_tried'), ('still_there', 'still_there'), ('settled', 'settled')], default='opened', max_length=20),
        ),
        migrations.AlterField(
            model_name='strainmove',
            name='move',
            field=models.CharField(choices=[('open', 'open'), ('talk', 'talk'), ('not_talked', 'not_talked'), ('try_repair', 'try_repair'), ('think_settled', 'think_settled'), ('settle', 'settle'), ('still_there', 'still_there'), ('reopen', 'reopen')], max_length=20),
        ),
        AddCheck(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['goal', 'problem', 'task'])), name='agreement_kind_is_a_code'),
        ),
        AddCheck(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('proposed_by__in', ['client', 'therapist'])), name='agreement_proposed_by_is_a_code'),
        ),
        AddCheck(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('end__in', ['', 'dropped', 'reached', 'replaced'])), name='agreement_end_is_a_code'),
        ),
        AddCheck(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms'])), name='client_channel_is_a_code'),
        ),
        AddCheck(
            model_name='comment',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='comment_side_is_a_code'),
        ),
        AddCheck(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['care', 'research', 'transcripts'])), name='consent_purpose_is_a_code'),
        ),
        AddCheck(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('by__in', ['client', 'guardian'])), name='consent_by_is_a_code'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('ending__in', ['', 'agreement', 'by_client', 'by_therapist', 'moved_on', 'planned'])), name='dyad_ending_is_a_code'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('approach__in', ['any', 'cbt', 'integrative', 'medical', 'person-centred', 'psychodynamic', 'systemic'])), name='dyad_approach_is_a_code'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('modality__in', ['phone', 'room', 'text', 'video'])), name='dyad_modality_is_a_code'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('form__in', ['full', 'minimum'])), name='dyad_form_is_a_code'),
        ),
        AddCheck(
            model_name='pick',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='pick_side_is_a_code'),
        ),
        AddCheck(
            model_name='privateline',
            constraint=models.CheckConstraint(condition=models.Q(('reader__in', ['not_yet', 'outside', 'raise', 'statistics'])), name='privateline_reader_is_a_code'),
        ),
        AddCheck(
            model_name='progress',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='progress_side_is_a_code'),
        ),
        AddCheck(
            model_name='response',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='response_side_is_a_code'),
        ),
        AddCheck(
            model_name='seal',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='seal_side_is_a_code'),
        ),
        AddCheck(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('modality__in', ['phone', 'room', 'text', 'video'])), name='session_modality_is_a_code'),
        ),
        AddCheck(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['cancelled', 'held', 'missed_by_client', 'missed_by_therapist', 'planned'])), name='session_state_is_a_code'),
        ),
        AddCheck(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('revealed_by__in', ['', 'both', 'import', 'time', 'waived'])), name='session_revealed_by_is_a_code'),
        ),
        AddCheck(
            model_name='strain',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['confrontation', 'unclear', 'withdrawal'])), name='strain_kind_is_a_code'),
        ),
        AddCheck(
            model_name='strain',
            constraint=models.CheckConstraint(condition=models.Q(('opened_by__in', ['client', 'signal', 'therapist'])), name='strain_opened_by_is_a_code'),
        ),
        AddCheck(
            model_name='strain',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['opened', 'repair_tried', 'settled', 'still_there', 'talked_about'])), name='strain_state_is_a_code'),
        ),
        AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['not_talked', 'open', 'reopen', 'settle', 'still_there', 'talk', 'think_settled', 'try_repair'])), name='strainmove_move_is_a_code'),
        ),
        AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'signal', 'therapist'])), name='strainmove_side_is_a_code'),
        ),
        AddCheck(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('consents__in', ['both', 'client', 'guardian'])), name='terms_consents_is_a_code'),
        ),
        AddCheck(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('guardian_learns__in', ['dates', 'nothing', 'together'])), name='terms_guardian_learns_is_a_code'),
        ),
        AddCheck(
            model_name='terms',
            constraint=models.CheckConstraint(condition=models.Q(('order_learns__in', ['dates', 'nothing', 'together'])), name='terms_order_learns_is_a_code'),
        ),
        AddCheck(
            model_name='wording',
            constraint=models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='wording_side_is_a_code'),
        ),
    ]
