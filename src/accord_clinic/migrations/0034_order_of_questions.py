from django.db import migrations, models

from accord_clinic.database.checks import AddCheck


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0033_planning'),
    ]

    operations = [
        migrations.AddField(
            model_name='dyad',
            name='order',
            field=models.CharField(blank=True, choices=[('strain_first', 'first whether something felt off'), ('scored_first', 'first what is scored')], help_text='drawn when it began, and the same over the whole course', max_length=12),
        ),
        migrations.AddField(
            model_name='practice',
            name='draw_order',
            field=models.BooleanField(default=False, help_text='draw for each new course what is asked first'),
        ),
        AddCheck(
            model_name='dyad',
            constraint=models.CheckConstraint(condition=models.Q(('order__in', ['', 'scored_first', 'strain_first'])), name='dyad_order_is_a_code'),
        ),
    ]
