from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0012_codes_were_checked'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='strain',
            name='strain_state_is_a_code',
        ),
        migrations.RemoveConstraint(
            model_name='strainmove',
            name='strainmove_move_is_a_code',
        ),
        migrations.AlterField(
            model_name='strain',
            name='state',
            field=models.CharField(choices=[('opened', 'opened'), ('talked_about', 'talked_about'), ('repair_tried', 'repair_tried'), ('partly', 'partly'), ('still_there', 'still_there'), ('open_at_ending', 'open_at_ending'), ('at_rest', 'at_rest'), ('settled', 'settled')], default='opened', max_length=20),
        ),
        migrations.AlterField(
            model_name='strainmove',
            name='move',
            field=models.CharField(choices=[('open', 'open'), ('talk', 'talk'), ('not_talked', 'not_talked'), ('try_repair', 'try_repair'), ('think_settled', 'think_settled'), ('settle', 'settle'), ('partly', 'partly'), ('still_there', 'still_there'), ('let_rest', 'let_rest'), ('end_course', 'end_course'), ('reopen', 'reopen')], max_length=20),
        ),
        AddCheck(
            model_name='strain',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['at_rest', 'open_at_ending', 'opened', 'partly', 'repair_tried', 'settled', 'still_there', 'talked_about'])), name='strain_state_is_a_code'),
        ),
        AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['end_course', 'let_rest', 'not_talked', 'open', 'partly', 'reopen', 'settle', 'still_there', 'talk', 'think_settled', 'try_repair'])), name='strainmove_move_is_a_code'),
        ),
    ]
