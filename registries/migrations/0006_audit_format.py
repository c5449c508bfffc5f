"""Gives each row of the audit log a format version, 1 for those that exist, and its head the installation's id.

The row that names the installation is written after the migrations (`services.audit.installation`).
"""

from django.db import migrations, models

from registries.models import audit_guard


def put_up(apps, schema_editor):
    """Again, for their new wording."""
    audit_guard.put_up(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("registries", "0005_standard_terms")]

    operations = [
        migrations.AddField("auditevent", "format_version", models.SmallIntegerField(null=True, db_default=1)),
        migrations.AddField("audithead", "installation_id", models.CharField(blank=True, max_length=32)),
        migrations.RunPython(put_up, migrations.RunPython.noop),
    ]
