from django.db import migrations
from django.db.models import Exists, F, OuterRef
from django.utils import timezone


def rows(apps, schema_editor, name):
    """The rows of a table in the database that is upgraded, which is not always the one that serves."""
    return apps.get_model('accord_clinic', name).objects.using(schema_editor.connection.alias)


def name_by_uid(apps, schema_editor):
    """What named a session by its number names it by its uid, as the number is computed from now on."""
    sessions = rows(apps, schema_editor, 'Session').order_by('pk').values_list('dyad', 'number', 'uid')
    uids = {(dyad, number): uid for dyad, number, uid in sessions.iterator()}
    for row in rows(apps, schema_editor, 'ReadLog').exclude(sessions=[]).iterator():
        row.sessions = [uids[row.dyad_id, number] for number in row.sessions if (row.dyad_id, number) in uids]
        row.save(update_fields=['sessions'])
    for row in rows(apps, schema_editor, 'Signal').filter(kind='not_talked_about').iterator():
        about = row.evidence.get('about_session')
        if (row.dyad_id, about) in uids:
            row.evidence['about_session'] = uids[row.dyad_id, about]
            row.save(update_fields=['evidence'])
    for row in rows(apps, schema_editor, 'TalkTick').filter(topic__startswith='felt:').select_related('session').iterator():
        row.topic = f'felt:{row.session.uid}'
        row.save(update_fields=['topic'])


def what_was_answered_took_place(apps, schema_editor):
    """Only sessions that took place have a number. One with an answer did; one that opened empty is closed again."""
    session, change = (rows(apps, schema_editor, name) for name in ('Session', 'SessionChange'))
    answers = rows(apps, schema_editor, 'Response').filter(session=OuterRef('pk'))
    other = session.exclude(state='held')
    other.filter(~Exists(answers)).exclude(revealed_at=None).update(revealed_at=None, revealed_by='')
    now = timezone.now()
    for row in other.filter(Exists(answers)):
        change.create(session=row, field='state', before=row.state, after='held', side='clock', at=now)
        session.filter(pk=row.pk).update(state='held')


def imports(apps, schema_editor):
    """Sessions from a file keep its number, so that importing again adds nothing."""
    imported = rows(apps, schema_editor, 'Session').filter(revealed_by='import')
    imported.update(number_in_file=F('number'), source='file')


def calibrations(apps, schema_editor):
    """What is usual was learnt by numbers that counted missed weeks too, so the sweep learns it anew."""
    rows(apps, schema_editor, 'Calibration').update(make_anew=True)


def numbers_again(apps, schema_editor):
    """The way back, for tests: every session of a course gets another number."""
    session = rows(apps, schema_editor, 'Session')
    last = {}
    for pk, dyad in session.order_by('start', 'pk').values_list('pk', 'dyad'):
        last[dyad] = last.get(dyad, 0) + 1
        session.filter(pk=pk).update(number=last[dyad])


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0028_numbers_of_files'),
    ]

    operations = [
        migrations.RunPython(name_by_uid, migrations.RunPython.noop),
        migrations.RunPython(what_was_answered_took_place, migrations.RunPython.noop),
        migrations.RunPython(imports, numbers_again),
        migrations.RunPython(calibrations, migrations.RunPython.noop),
    ]
