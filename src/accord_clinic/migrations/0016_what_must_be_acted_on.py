from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0015_what_was_done_after_a_safety_answer'),
    ]

    operations = [
        migrations.AddField(
            model_name='practice',
            name='duty_texts',
            field=models.JSONField(blank=True, default=dict, help_text='by language: what a therapist must act on by the law of this practice'),
        ),
    ]
