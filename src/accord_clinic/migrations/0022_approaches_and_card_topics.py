from django.db import migrations, models

from accord_clinic.database.checks import AddCheck

APPROACHES = ['act', 'any', 'cbt', 'dbt', 'integrative', 'medical', 'motivational', 'person-centred', 'psychodynamic', 'systemic']


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0021_kept_ratings'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='dyad',
            name='dyad_approach_is_a_code',
        ),
        migrations.AddField(
            model_name='dyad',
            name='card_topics',
            field=models.JSONField(blank=True, default=list, help_text='what guidance cards are also chosen for'),
        ),
        migrations.AlterField(
            model_name='dyad',
            name='approach',
            field=models.CharField(choices=[('any', 'any'), ('cbt', 'cbt'), ('psychodynamic', 'psychodynamic'), ('person-centred', 'person-centred'), ('systemic', 'systemic'), ('integrative', 'integrative'), ('medical', 'medical'), ('dbt', 'dbt'), ('act', 'act'), ('motivational', 'motivational')], default='integrative', max_length=40),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('approach__in', APPROACHES)), name='dyad_approach_is_a_code'),
        ),
    ]
