"""Renames tables and columns to the field's terms: alerts, and the status of a credential."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registries", "0004_inventory_change")]

    operations = [
        migrations.RenameModel("Announcement", "Alert"),
        migrations.AlterField(
            "alert",
            "profile",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="alerts",
                to="registries.connectionprofile",
            ),
        ),
        migrations.RenameIndex("alert", new_name="alert_due", old_name="announcement_due"),
        migrations.RenameModel("WatchedCredential", "CredentialStatus"),
        migrations.RenameField("credentialstatus", "announced", "notified_reason"),
        migrations.AlterField(
            "credentialstatus",
            "profile",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="credential_statuses",
                to="registries.connectionprofile",
            ),
        ),
        migrations.RemoveConstraint("credentialstatus", "watched_credential_once"),
        migrations.AddConstraint(
            "credentialstatus",
            models.UniqueConstraint(
                models.F("profile"), models.F("credential_id"), name="credential_status_once"
            ),
        ),
        migrations.RenameIndex("credentialstatus", new_name="credential_status_due", old_name="watched_credential_due"),
    ]
