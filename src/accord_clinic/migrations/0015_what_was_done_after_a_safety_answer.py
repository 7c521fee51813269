from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0014_partly_stays_partly'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='safetylook',
            name='safety_look_once',
        ),
        # Until now a look was all that could be noted: it says nothing about what was done, and ends no notice.
        migrations.AddField(
            model_name='safetylook',
            name='done',
            field=models.CharField(choices=[('assessment', 'assessment written in the care record'), ('passed_on', 'passed on'), ('looked', 'looked at, no more was recorded')], default='looked', max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='safetylook',
            name='to',
            field=models.CharField(blank=True, help_text='to whom it was passed on', max_length=120),
        ),
        AddCheck(
            model_name='safetylook',
            constraint=models.CheckConstraint(condition=models.Q(('done__in', ['assessment', 'looked', 'passed_on'])), name='safetylook_done_is_a_code'),
        ),
    ]
