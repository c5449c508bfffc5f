from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registries", "0005_standard_terms")]

    operations = [
        migrations.AddField("operation", "noted_serial", models.PositiveBigIntegerField(blank=True, null=True)),
    ]
