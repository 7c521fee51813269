"""What has come since 0.1, beside what it had."""

import accord_clinic.database.checks
import accord_clinic.database.tables
import accord_clinic.models.row
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0002_tables_of_0_1'),
    ]

    operations = [
        migrations.RenameField(
            model_name='erasure',
            old_name='kept',
            new_name='remains',
        ),
        migrations.RenameField(
            model_name='erasure',
            old_name='until',
            new_name='dates_until',
        ),
        migrations.RemoveConstraint(
            model_name='agreement',
            name='agreement_kind_is_a_code',
        ),
        migrations.RemoveConstraint(
            model_name='consent',
            name='consent_purpose_is_a_code',
        ),
        migrations.RemoveConstraint(
            model_name='dyad',
            name='dyad_approach_is_a_code',
        ),
        migrations.RemoveConstraint(
            model_name='safetylook',
            name='safety_look_once',
        ),
        migrations.RemoveConstraint(
            model_name='session',
            name='session_number_once',
        ),
        migrations.RemoveConstraint(
            model_name='strain',
            name='strain_state_is_a_code',
        ),
        migrations.RemoveConstraint(
            model_name='strainmove',
            name='strainmove_move_is_a_code',
        ),
        accord_clinic.database.tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name='SessionChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('field', models.CharField(choices=[('state', 'state'), ('start', 'start'), ('modality', 'modality'), ('minutes', 'minutes')], max_length=10)),
                        ('before', models.CharField(help_text='a code, a number, or a moment in UTC', max_length=40)),
                        ('after', models.CharField(max_length=40)),
                        ('side', models.CharField(choices=[('member', 'somebody who works here'), ('client', 'client'), ('clock', 'the time limit'), ('calendar', 'a calendar'), ('file', 'a file')], max_length=10)),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='accord_clinic.session')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('field__in', ['minutes', 'modality', 'start', 'state'])), name='sessionchange_field_is_a_code'), models.CheckConstraint(condition=models.Q(('side__in', ['calendar', 'client', 'clock', 'file', 'member'])), name='sessionchange_side_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='KeptRating',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('item', models.CharField(max_length=40)),
                        ('value', models.JSONField()),
                        ('response', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='kept_ratings', to='accord_clinic.response')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='ClosedDays',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('name', models.CharField(max_length=60)),
                        ('first', models.DateField()),
                        ('last', models.DateField()),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='Pause',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('reason', models.CharField(choices=[('ill', 'ill'), ('hospital', 'in hospital'), ('away', 'away'), ('died', 'has died'), ('other', 'another reason')], max_length=10)),
                        ('since', models.DateTimeField()),
                        ('ask_again_at', models.DateTimeField(blank=True, help_text='when to ask the therapist again', null=True)),
                        ('until', models.DateTimeField(blank=True, null=True)),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pauses', to='accord_clinic.client')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(condition=models.Q(('until', None)), fields=('client',), name='paused_once'), models.CheckConstraint(condition=models.Q(('reason__in', ['away', 'died', 'hospital', 'ill', 'other'])), name='pause_reason_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='Rhythm',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('first', models.DateField()),
                        ('at', models.TimeField()),
                        ('every', models.PositiveSmallIntegerField(default=1, help_text='weeks from one session to the next')),
                        ('minutes', models.PositiveSmallIntegerField(default=50)),
                        ('modality', models.CharField(choices=[('room', 'in person'), ('video', 'by video'), ('phone', 'by phone'), ('text', 'by text')], max_length=10)),
                        ('until', models.DateField(blank=True, null=True)),
                        ('planned_until', models.DateField(help_text='the last day that was looked at')),
                        ('dyad', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='rhythm', to='accord_clinic.dyad')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('modality__in', ['phone', 'room', 'text', 'video'])), name='rhythm_modality_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='RatingDraft',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('values', models.JSONField(help_text='as the page posts them: the answers and words by the name of the field')),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rating_drafts', to='accord_clinic.session')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('session', 'by'), name='one_rating_draft')],
                    },
                ),
                migrations.CreateModel(
                    name='ExternalName',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('system', models.CharField(help_text='as FHIR names it, for example urn:oid:1.2.3; any short name', max_length=200)),
                        ('value', models.CharField(max_length=100)),
                        ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='external_names', to='accord_clinic.client')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('system', 'value'), name='external_name_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Undone',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('end', 'that a goal or a task has ended'), ('tick', 'that something was talked about')], max_length=10)),
                        ('mark', models.CharField(help_text='how it had ended, or the line that was ticked', max_length=60)),
                        ('marked_at', models.DateTimeField()),
                        ('side', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], help_text='whose taking back it is', max_length=10)),
                        ('at', models.DateTimeField()),
                        ('agreement', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone', to='accord_clinic.agreement')),
                        ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='undone', to='accord_clinic.dyad')),
                        ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='undone', to='accord_clinic.session')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['end', 'tick'])), name='undone_kind_is_a_code'), models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='undone_side_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='PutAside',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('signal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='put_aside', to='accord_clinic.signal')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('signal', 'member'), name='put_aside_once_a_reader')],
                    },
                ),
                migrations.CreateModel(
                    name='Study',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('title', models.CharField(max_length=120)),
                        ('purpose', models.TextField(help_text='in words that clients read')),
                        ('variables', models.JSONField(default=list, help_text='what its files hold, as table.column')),
                        ('until', models.DateField(help_text='the last day on which a file may be made')),
                        ('asked_at', models.DateTimeField()),
                        ('answer', models.CharField(blank=True, choices=[('approved', 'approved'), ('refused', 'refused')], max_length=10)),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('answer__in', ['', 'approved', 'refused'])), name='study_answer_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='TreatmentPlan',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('side', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], help_text='who wrote this version down', max_length=10)),
                        ('made_at', models.DateTimeField()),
                        ('wordings', models.JSONField(default=list, help_text='ids of the wordings of goals, tasks and view, as of then')),
                        ('why', models.TextField(blank=True, help_text='why this option and not another')),
                        ('client_does', models.TextField(blank=True)),
                        ('therapist_does', models.TextField(blank=True)),
                        ('review_on', models.DateField(blank=True, null=True)),
                        ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='plans', to='accord_clinic.dyad')),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='treatmentplan_side_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='AgendaItem',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('at', models.DateTimeField()),
                        ('over_at', models.DateTimeField(blank=True, help_text='talked about, or taken back', null=True)),
                        ('reaction', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='agenda_item', to='accord_clinic.reaction')),
                    ],
                ),
                migrations.CreateModel(
                    name='Recipient',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('name', models.CharField(max_length=80)),
                        ('keeper', models.CharField(help_text='who runs it', max_length=120)),
                        ('purpose', models.CharField(help_text='what it is used for, as clients read it', max_length=200)),
                        ('use', models.CharField(choices=[('app', 'an app that clinicians open'), ('service', 'a service that reads by itself')], max_length=10)),
                        ('asks_answers', models.BooleanField(default=False, help_text='clients are asked for a second yes, to what they show in check-ins')),
                        ('launch_url', models.CharField(blank=True, help_text='where it is opened from a course of care', max_length=300)),
                        ('keys', models.JSONField(blank=True, default=dict, help_text='its public keys, as a JSON Web Key Set')),
                        ('made_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('application', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='recipient', to=settings.OAUTH2_PROVIDER_APPLICATION_MODEL)),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('use__in', ['app', 'service'])), name='recipient_use_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='TokenContext',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('client', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accord_clinic.client')),
                        ('grant', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='context', to=settings.OAUTH2_PROVIDER_GRANT_MODEL)),
                        ('token', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='context', to=settings.OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL)),
                    ],
                ),
                migrations.CreateModel(
                    name='CaseMeeting',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('case', models.CharField(max_length=40)),
                        ('made_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('people', models.PositiveIntegerField(default=0, help_text='how many have added their choices')),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='NotForClient',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('why', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('dyad', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='not_for_client', to='accord_clinic.dyad')),
                    ],
                ),
                migrations.CreateModel(
                    name='CareRecord',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('name', models.CharField(max_length=80)),
                        ('issuer', models.CharField(help_text='the address of its FHIR server, exactly', max_length=300, unique=True)),
                        ('client_id', models.CharField(help_text='what Accord is called there', max_length=255)),
                        ('signs', models.BooleanField(default=False, help_text='Accord proves who it is by its key (private_key_jwt)')),
                        ('made_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(blank=True, null=True)),
                        ('numbers', models.CharField(blank=True, help_text='the system of the numbers that are noted here without one', max_length=200)),
                        ('plans', models.BooleanField(default=False, help_text='its appointments become sessions, as those of a calendar do')),
                    ],
                    options={
                        'abstract': False,
                    },
                ),
                migrations.CreateModel(
                    name='FollowUp',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('due_on', models.DateField()),
                        ('asked_at', models.DateTimeField(blank=True, null=True)),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('now', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'worse than at the end'), (1, 'much the same'), (2, 'better than at the end')], null=True)),
                        ('words', models.TextField(blank=True)),
                        ('wants_contact', models.BooleanField(default=False)),
                        ('dyad', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='follow_ups', to='accord_clinic.dyad')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['asked_at', 'due_on'], name='accord_clin_asked_a_8c30e1_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('now', 0), ('now', 1), ('now', 2), _connector='OR'), name='followup_now_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseloadMove',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('kind', models.CharField(choices=[('cover', 'cover'), ('successor', 'successor')], max_length=10)),
                        ('courses', models.PositiveSmallIntegerField()),
                        ('first', models.DateField()),
                        ('last', models.DateField(blank=True, help_text='of a cover', null=True)),
                        ('why', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('therapist', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='caseload_moves', to=settings.AUTH_USER_MODEL)),
                        ('to', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['cover', 'successor'])), name='caseloadmove_kind_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='ExpectationSheet',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('token_hash', models.CharField(help_text='of the link that the client got', max_length=64, null=True, unique=True)),
                        ('opened_at', models.DateTimeField(blank=True, null=True)),
                        ('opened_by', models.CharField(blank=True, choices=[('both', 'both'), ('time', 'time')], max_length=10)),
                        ('dyad', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='expectation_sheet', to='accord_clinic.dyad')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('opened_by__in', ['', 'both', 'time'])), name='expectationsheet_opened_by_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='ConnectedCalendar',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('address', models.TextField(blank=True, help_text='encrypted; empty where files are read')),
                        ('tag', models.CharField(blank=True, help_text='what the feed called its last state', max_length=200)),
                        ('content_hash', models.CharField(blank=True, max_length=64)),
                        ('read_at', models.DateTimeField(blank=True, null=True)),
                        ('read_until', models.DateTimeField(blank=True, help_text='up to where appointments are known', null=True)),
                        ('tried_at', models.DateTimeField(blank=True, null=True)),
                        ('failed_since', models.DateTimeField(blank=True, null=True)),
                        ('failure', models.CharField(blank=True, help_text='a code of words.calendars', max_length=30)),
                        ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='calendars', to=settings.AUTH_USER_MODEL)),
                        ('record', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accord_clinic.carerecord')),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.UniqueConstraint(condition=models.Q(('record', None)), fields=('member',), name='own_calendar_once'), models.UniqueConstraint(fields=('member', 'record'), name='calendar_of_record_once')],
                    },
                ),
                migrations.CreateModel(
                    name='StudyFile',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('kind', models.CharField(choices=[('rows', 'rows'), ('report', 'report')], max_length=10)),
                        ('title', models.CharField(blank=True, max_length=120)),
                        ('made_at', models.DateTimeField()),
                        ('courses', models.PositiveIntegerField()),
                        ('clients', models.PositiveIntegerField()),
                        ('sha256', models.CharField(help_text='of what was sealed', max_length=64)),
                        ('contents', models.BinaryField(blank=True, null=True)),
                        ('answer', models.CharField(blank=True, choices=[('released', 'released'), ('refused', 'refused')], max_length=10)),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('taken_at', models.DateTimeField(blank=True, null=True)),
                        ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('study', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='accord_clinic.study')),
                    ],
                    options={
                        'indexes': [models.Index(fields=['-made_at'], name='accord_clin_made_at_1e7a85_idx')],
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['report', 'rows'])), name='studyfile_kind_is_a_code'), models.CheckConstraint(condition=models.Q(('answer__in', ['', 'refused', 'released'])), name='studyfile_answer_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanSeal',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('side', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], max_length=10)),
                        ('at', models.DateTimeField()),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='seals', to='accord_clinic.treatmentplan')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('plan', 'side'), name='plan_sealed_once'), models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='planseal_side_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanOption',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('words', models.TextField()),
                        ('pros', models.TextField(blank=True)),
                        ('cons', models.TextField(blank=True)),
                        ('decision', models.CharField(choices=[('yes', 'yes'), ('not_now', 'not now'), ('no', 'no')], max_length=10)),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='options', to='accord_clinic.treatmentplan')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('decision__in', ['no', 'not_now', 'yes'])), name='planoption_decision_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='PlanFit',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('side', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], max_length=10)),
                        ('value', models.PositiveSmallIntegerField(choices=[(0, 'not any more'), (1, 'partly'), (2, 'mostly'), (3, 'fully')])),
                        ('at', models.DateTimeField()),
                        ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fits', to='accord_clinic.treatmentplan')),
                    ],
                    options={
                        'constraints': [models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='planfit_side_is_a_code'), models.CheckConstraint(condition=models.Q(('value', 0), ('value', 1), ('value', 2), ('value', 3), _connector='OR'), name='planfit_value_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='CaseTally',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('choice', models.CharField(max_length=60)),
                        ('count', models.PositiveIntegerField(default=0)),
                        ('meeting', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tallies', to='accord_clinic.casemeeting')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('meeting', 'choice'), name='one_tally_a_choice')],
                    },
                ),
                migrations.CreateModel(
                    name='CareRecordUser',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('user', models.CharField(help_text="hash of the record's name for this user (fhirUser)", max_length=64)),
                        ('made_at', models.DateTimeField()),
                        ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                        ('record', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='users', to='accord_clinic.carerecord')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('record', 'user'), name='record_user_once'), models.UniqueConstraint(fields=('record', 'member'), name='record_member_once')],
                    },
                ),
                migrations.CreateModel(
                    name='Expectation',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('side', models.CharField(choices=[('client', 'client'), ('therapist', 'therapist')], max_length=10)),
                        ('topic', models.CharField(choices=[('hope', 'What we hope for'), ('roles', 'Who does what'), ('ways', 'How we like to work'), ('worry', 'What could be difficult')], max_length=10)),
                        ('words', models.TextField()),
                        ('at', models.DateTimeField()),
                        ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='expectations', to='accord_clinic.expectationsheet')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('sheet', 'side', 'topic'), name='expectation_once'), models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='expectation_side_is_a_code'), models.CheckConstraint(condition=models.Q(('topic__in', ['hope', 'roles', 'ways', 'worry'])), name='expectation_topic_is_a_code')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarSeries',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('name', models.CharField(max_length=64)),
                        ('answered_at', models.DateTimeField(blank=True, null=True)),
                        ('next_start', models.DateTimeField(blank=True, null=True)),
                        ('dyad', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calendar_series', to='accord_clinic.dyad')),
                        ('calendar', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='series', to='accord_clinic.connectedcalendar')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('calendar', 'name'), name='series_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarEvent',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('recurrence', models.CharField(blank=True, help_text='RECURRENCE-ID in UTC; empty: it happens once', max_length=16)),
                        ('start', models.DateTimeField()),
                        ('minutes', models.PositiveSmallIntegerField()),
                        ('gone', models.BooleanField(default=False)),
                        ('session', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_event', to='accord_clinic.session')),
                        ('series', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='events', to='accord_clinic.calendarseries')),
                    ],
                    options={
                        'constraints': [models.UniqueConstraint(fields=('series', 'recurrence'), name='appointment_once')],
                    },
                ),
                migrations.CreateModel(
                    name='CalendarChange',
                    fields=[
                        ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                        ('uid', models.CharField(default=accord_clinic.models.row.new_uid, editable=False, max_length=22, unique=True)),
                        ('kind', models.CharField(choices=[('new', 'new'), ('moved', 'moved'), ('gone', 'gone')], max_length=10)),
                        ('before', models.DateTimeField(blank=True, help_text='when a moved session began before', null=True)),
                        ('minutes_before', models.PositiveSmallIntegerField(blank=True, null=True)),
                        ('at', models.DateTimeField()),
                        ('seen_at', models.DateTimeField(blank=True, null=True)),
                        ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='accord_clinic.calendarevent')),
                    ],
                    options={
                        'abstract': False,
                        'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['gone', 'moved', 'new'])), name='calendarchange_kind_is_a_code')],
                    },
                ),
            ],
        ),
        migrations.RemoveField(
            model_name='practice',
            name='reveal_before_next_hours',
        ),
        migrations.AddField(
            model_name='calibration',
            name='level',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='calibration',
            name='level_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='calibration',
            name='make_anew',
            field=models.BooleanField(default=False, help_text='an upgrade changed what it was learnt from; the sweep makes a new one and unmarks it'),
        ),
        migrations.AddField(
            model_name='client',
            name='locked_at',
            field=models.DateTimeField(blank=True, help_text='has asked for erasure: daily pages know this person no more', null=True),
        ),
        migrations.AddField(
            model_name='client',
            name='recognisable',
            field=models.BooleanField(default=False, help_text='messages name the practice; else they name nobody'),
        ),
        migrations.AddField(
            model_name='dyad',
            name='card_topics',
            field=models.JSONField(blank=True, default=list, help_text='what guidance cards are also chosen for'),
        ),
        migrations.AddField(
            model_name='dyad',
            name='often',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(1, 'after every session'), (2, 'after every second session'), (4, 'after every fourth session'), (6, 'at reviews, after every sixth session'), (1000, 'never: not for this client')], help_text='empty: as the practice', null=True),
        ),
        migrations.AddField(
            model_name='dyad',
            name='order',
            field=models.CharField(blank=True, choices=[('strain_first', 'first whether something felt off'), ('scored_first', 'first what is scored')], help_text='drawn when it began, and the same over the whole course', max_length=12),
        ),
        migrations.AddField(
            model_name='dyad',
            name='shows_earlier',
            field=models.CharField(choices=[('nothing', 'nothing'), ('agreed', 'the goals and tasks that both confirmed'), ('course', 'everything that the therapist before could see')], default='nothing', help_text='what the client lets this therapist see of the course before, while this one goes on', max_length=10),
        ),
        migrations.AddField(
            model_name='dyad',
            name='under_way',
            field=models.BooleanField(default=False, help_text='the two worked together before their first check-in'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='decided_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='erasure',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasure',
            name='receipt',
            field=models.CharField(blank=True, help_text='hash of the code that shows how it stands', max_length=64),
        ),
        migrations.AddField(
            model_name='erasure',
            name='record_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='erasure',
            name='safety_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='erasure',
            name='why',
            field=models.JSONField(default=list, help_text='codes of WHYS: why something is kept'),
        ),
        migrations.AddField(
            model_name='measure',
            name='in_any_language',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='practice',
            name='country',
            field=models.CharField(blank=True, help_text='two letters; its law and its crisis numbers hold', max_length=2),
        ),
        migrations.AddField(
            model_name='practice',
            name='draw_order',
            field=models.BooleanField(default=False, help_text='draw for each new course what is asked first'),
        ),
        migrations.AddField(
            model_name='practice',
            name='duty_texts',
            field=models.JSONField(blank=True, default=dict, help_text='by language: what a therapist must act on by the law of this practice'),
        ),
        migrations.AddField(
            model_name='practice',
            name='held_by_itself_since',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, help_text='since when planned sessions count as held unless somebody says otherwise; empty: they do not', null=True),
        ),
        migrations.AddField(
            model_name='practice',
            name='inferred_at',
            field=models.DateTimeField(blank=True, help_text='since when inferred marks may choose cards', null=True),
        ),
        migrations.AddField(
            model_name='practice',
            name='inferred_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='practice',
            name='message_subject',
            field=models.CharField(blank=True, help_text='of recognisable mails; empty: as shipped', max_length=80),
        ),
        migrations.AddField(
            model_name='practice',
            name='often',
            field=models.PositiveSmallIntegerField(choices=[(1, 'after every session'), (2, 'after every second session'), (4, 'after every fourth session'), (6, 'at reviews, after every sixth session')], default=1),
        ),
        migrations.AddField(
            model_name='practice',
            name='release_before_outside',
            field=models.BooleanField(default=True, help_text="a supervisor from outside sees a course only after the client's release"),
        ),
        migrations.AddField(
            model_name='practice',
            name='retention_record_years',
            field=models.PositiveSmallIntegerField(default=10, help_text='what was answered and agreed'),
        ),
        migrations.AddField(
            model_name='practice',
            name='retention_safety_years',
            field=models.PositiveSmallIntegerField(default=10, help_text='what was done about safety'),
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_evening',
            field=models.PositiveSmallIntegerField(default=18, help_text="o'clock, on the day before the next session"),
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_not_before_hours',
            field=models.PositiveSmallIntegerField(default=6),
        ),
        migrations.AddField(
            model_name='practice',
            name='reveal_notice_hours',
            field=models.PositiveSmallIntegerField(default=24, help_text='a change of plans opens answers no sooner than so long after it'),
        ),
        migrations.AddField(
            model_name='practice',
            name='sender_name',
            field=models.CharField(blank=True, help_text='in recognisable messages; empty: the name', max_length=80),
        ),
        migrations.AddField(
            model_name='safetylook',
            name='done',
            field=models.CharField(choices=[('spoke', 'spoke with the client'), ('assessment', 'assessment written in the care record'), ('passed_on', 'passed on'), ('looked', 'looked at it; nothing more was recorded')], default='looked', max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='safetylook',
            name='to',
            field=models.CharField(blank=True, help_text='to whom it was passed on', max_length=120),
        ),
        migrations.AddField(
            model_name='session',
            name='minutes',
            field=models.PositiveSmallIntegerField(default=50),
        ),
        migrations.AddField(
            model_name='session',
            name='number_in_file',
            field=models.PositiveSmallIntegerField(blank=True, help_text='in the file that it came from, so that importing again adds nothing', null=True),
        ),
        migrations.AddField(
            model_name='session',
            name='passed_over',
            field=models.BooleanField(default=False, help_text='it opened without a check-in for the client: none was due, and nobody made a link'),
        ),
        migrations.AddField(
            model_name='session',
            name='planned_at',
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, help_text='when it was written down; empty: before this was noted', null=True),
        ),
        migrations.AddField(
            model_name='session',
            name='source',
            field=models.CharField(choices=[('hand', 'planned by hand'), ('rhythm', 'from the weekly rhythm'), ('calendar', 'from a calendar'), ('file', 'from a file')], default='hand', max_length=10),
        ),
        migrations.AddField(
            model_name='wording',
            name='levels',
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.AlterField(
            model_name='agreement',
            name='kind',
            field=models.CharField(choices=[('goal', 'goal'), ('task', 'task'), ('medication', 'medication plan'), ('problem', 'shared view of the problem')], max_length=10),
        ),
        migrations.AlterField(
            model_name='consent',
            name='purpose',
            field=models.CharField(choices=[('care', 'care'), ('research', 'research'), ('transcripts', 'transcripts'), ('supervision', 'supervision from outside'), ('studies', 'approved studies'), ('record', 'reading by a program of others'), ('record_answers', 'reading of answers by a program of others')], max_length=20),
        ),
        migrations.AlterField(
            model_name='dyad',
            name='approach',
            field=models.CharField(choices=[('any', 'any'), ('cbt', 'cbt'), ('psychodynamic', 'psychodynamic'), ('person-centred', 'person-centred'), ('systemic', 'systemic'), ('integrative', 'integrative'), ('medical', 'medical'), ('dbt', 'dbt'), ('act', 'act'), ('motivational', 'motivational')], default='integrative', max_length=40),
        ),
        migrations.AlterField(
            model_name='erasure',
            name='at',
            field=models.DateTimeField(help_text='when the client asked'),
        ),
        migrations.AlterField(
            model_name='erasure',
            name='dates_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name='erasure',
            name='remains',
            field=models.JSONField(default=list, help_text='codes of KINDS: what is left at this moment'),
        ),
        migrations.AlterField(
            model_name='practice',
            name='link_after_minutes',
            field=models.PositiveSmallIntegerField(default=120, help_text='after the end of the session'),
        ),
        migrations.AlterField(
            model_name='practice',
            name='retention_law',
            field=models.CharField(blank=True, help_text="what the practice's law says, in its words", max_length=300),
        ),
        migrations.AlterField(
            model_name='practice',
            name='retention_years',
            field=models.PositiveSmallIntegerField(default=10, help_text='with whom, and on which days'),
        ),
        migrations.AlterField(
            model_name='readlog',
            name='sessions',
            field=models.JSONField(default=list, help_text='uids of the sessions whose words were shown'),
        ),
        migrations.AlterField(
            model_name='strain',
            name='state',
            field=models.CharField(choices=[('opened', 'opened'), ('talked_about', 'talked_about'), ('repair_tried', 'repair_tried'), ('partly', 'partly'), ('still_there', 'still_there'), ('open_at_ending', 'open_at_ending'), ('at_rest', 'at_rest'), ('settled', 'settled')], default='opened', max_length=20),
        ),
        migrations.AlterField(
            model_name='strainmove',
            name='move',
            field=models.CharField(choices=[('open', 'open'), ('talk', 'talk'), ('talk_in_part', 'talk_in_part'), ('not_talked', 'not_talked'), ('take_back', 'take_back'), ('not_noticed', 'not_noticed'), ('try_repair', 'try_repair'), ('think_settled', 'think_settled'), ('settle', 'settle'), ('partly', 'partly'), ('still_there', 'still_there'), ('let_rest', 'let_rest'), ('end_course', 'end_course'), ('reopen', 'reopen')], max_length=20),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(fields=['receipt'], name='accord_clin_receipt_e3a1f8_idx'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='agreement',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['goal', 'medication', 'problem', 'task'])), name='agreement_kind_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('approach__in', ['act', 'any', 'cbt', 'dbt', 'integrative', 'medical', 'motivational', 'person-centred', 'psychodynamic', 'systemic'])), name='dyad_approach_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('order__in', ['', 'scored_first', 'strain_first'])), name='dyad_order_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('often', 1), ('often', 2), ('often', 4), ('often', 6), ('often', 1000), _connector='OR'), name='dyad_often_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('shows_earlier__in', ['agreed', 'course', 'nothing'])), name='dyad_shows_earlier_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='practice',
            constraint=models.CheckConstraint(condition=models.Q(('often', 1), ('often', 2), ('often', 4), ('often', 6), _connector='OR'), name='practice_often_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='safetylook',
            constraint=models.CheckConstraint(condition=models.Q(('done__in', ['assessment', 'looked', 'passed_on', 'spoke'])), name='safetylook_done_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='session',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['calendar', 'file', 'hand', 'rhythm'])), name='session_source_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='strain',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['at_rest', 'open_at_ending', 'opened', 'partly', 'repair_tried', 'settled', 'still_there', 'talked_about'])), name='strain_state_is_a_code'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['end_course', 'let_rest', 'not_noticed', 'not_talked', 'open', 'partly', 'reopen', 'settle', 'still_there', 'take_back', 'talk', 'talk_in_part', 'think_settled', 'try_repair'])), name='strainmove_move_is_a_code'),
        ),
        migrations.AddField(
            model_name='consent',
            name='recipient',
            field=models.ForeignKey(blank=True, help_text='which program may read, where that is the purpose', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='consents', to='accord_clinic.recipient'),
        ),
        migrations.AddField(
            model_name='readlog',
            name='recipient',
            field=models.ForeignKey(blank=True, help_text='the program of others that read it, by itself or for the member', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accord_clinic.recipient'),
        ),
        accord_clinic.database.checks.AddCheck(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['care', 'record', 'record_answers', 'research', 'studies', 'supervision', 'transcripts'])), name='consent_purpose_is_a_code'),
        ),
    ]
