from django.db import migrations


def said_to_whom_is_named(apps, schema_editor):
    """Until now the one whom the practice names could read every such line; from now on each line keeps its person."""
    practice = apps.get_model("accord_clinic", "Practice").objects.using(schema_editor.connection.alias).first()
    if practice and practice.outside_reader_id:
        lines = apps.get_model("accord_clinic", "PrivateLine").objects.using(schema_editor.connection.alias).filter(reader="outside")
        lines.update(to=practice.outside_reader_id)


class Migration(migrations.Migration):

    dependencies = [
        ('accord_clinic', '0007_lines_to_a_person'),
    ]

    operations = [
        migrations.RunPython(said_to_whom_is_named, migrations.RunPython.noop),
    ]
