"""What is kept after an erasure is named by what it is."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("accord_clinic", "0038_recognisable_messages")]

    operations = [migrations.RenameField("erasure", "kept", "remains")]
