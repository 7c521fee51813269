import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0039_what_remains_after_an_erasure'),
    ]

    operations = [
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
    ]
