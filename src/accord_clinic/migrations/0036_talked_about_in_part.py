from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0035_order_was_checked'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='strainmove',
            name='strainmove_move_is_a_code',
        ),
        migrations.AlterField(
            model_name='strainmove',
            name='move',
            field=models.CharField(choices=[('open', 'open'), ('talk', 'talk'), ('talk_in_part', 'talk_in_part'), ('not_talked', 'not_talked'), ('not_noticed', 'not_noticed'), ('try_repair', 'try_repair'), ('think_settled', 'think_settled'), ('settle', 'settle'), ('partly', 'partly'), ('still_there', 'still_there'), ('let_rest', 'let_rest'), ('end_course', 'end_course'), ('reopen', 'reopen')], max_length=20),
        ),
        AddCheck(
            model_name='strainmove',
            constraint=models.CheckConstraint(condition=models.Q(('move__in', ['end_course', 'let_rest', 'not_noticed', 'not_talked', 'open', 'partly', 'reopen', 'settle', 'still_there', 'talk', 'talk_in_part', 'think_settled', 'try_repair'])), name='strainmove_move_is_a_code'),
        ),
    ]
