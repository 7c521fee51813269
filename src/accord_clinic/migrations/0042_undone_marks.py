import django.db.models.deletion
from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0041_external_names'),
    ]

    operations = [
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
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('kind__in', ['end', 'tick'])), name='undone_kind_is_a_code'),
                    models.CheckConstraint(condition=models.Q(('side__in', ['client', 'therapist'])), name='undone_side_is_a_code'),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name='strainmove',
            name='strainmove_move_is_a_code',
        ),
        migrations.AlterField(
            model_name='strainmove',
            name='move',
            field=models.CharField(choices=[('open', 'open'), ('talk', 'talk'), ('talk_in_part', 'talk_in_part'), ('not_talked', 'not_talked'), ('take_back', 'take_back'), ('not_noticed', 'not_noticed'), ('try_repair', 'try_repair'), ('think_settled', 'think_settled'), ('settle', 'settle'), ('partly', 'partly'), ('still_there', 'still_there'), ('let_rest', 'let_rest'), ('end_course', 'end_course'), ('reopen', 'reopen')], max_length=20),
        ),
        AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['end_course', 'let_rest', 'not_noticed', 'not_talked', 'open', 'partly', 'reopen', 'settle', 'still_there', 'take_back', 'talk', 'talk_in_part', 'think_settled', 'try_repair'])), name='strainmove_move_is_a_code'),
        ),
    ]
