from django.db import migrations, models

from accord_clinic.database.checks import AddCheck

PURPOSES = ['care', 'research', 'supervision', 'transcripts']


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0030_number_is_computed'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='consent',
            name='consent_purpose_is_a_code',
        ),
        migrations.AlterField(
            model_name='consent',
            name='purpose',
            field=models.CharField(choices=[('care', 'care'), ('research', 'research'), ('transcripts', 'transcripts'), ('supervision', 'supervision from outside')], max_length=20),
        ),
        migrations.AddField(
            model_name='practice',
            name='release_before_outside',
            field=models.BooleanField(default=True, help_text="a supervisor from outside sees a course only after the client's release"),
        ),
        AddCheck(
            model_name='consent',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', PURPOSES)), name='consent_purpose_is_a_code'),
        ),
    ]
