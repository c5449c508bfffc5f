from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registries", "0006_audit_format")]

    operations = [
        migrations.AddField("operation", "noted_serial", models.PositiveBigIntegerField(blank=True, null=True)),
    ]
