import django.db.models.deletion
from django.db import migrations, models


def begin_with_what_is_known(apps, schema_editor):
    """So that a moment after the upgrade shows registries that have not changed since."""
    change = apps.get_model("registries", "InventoryChange")
    items = apps.get_model("registries", "InventoryItem").objects.filter(gone_at=None)
    change.objects.bulk_create(
        (
            change(profile_id=item.profile_id, rancher_id=item.rancher_id, document=item.document, at=item.seen_at)
            for item in items.iterator()
        ),
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('registries', '0003_verification'),
    ]

    operations = [
        migrations.CreateModel(
            name='InventoryChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rancher_id', models.CharField(max_length=32)),
                ('document', models.JSONField(null=True)),
                ('at', models.DateTimeField()),
                ('profile', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='inventory_changes', to='registries.connectionprofile')),
            ],
            options={
                'indexes': [models.Index(fields=['profile', 'at'], name='inventory_change_at')],
            },
        ),
        migrations.RunPython(begin_with_what_is_known, migrations.RunPython.noop),
    ]
