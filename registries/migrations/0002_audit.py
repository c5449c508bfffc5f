from django.db import migrations, models

from registries.models import audit_guard


def put_up(apps, schema_editor):
    audit_guard.put_up(schema_editor.connection)


def take_down(apps, schema_editor):
    audit_guard.take_down(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('registries', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.BigIntegerField(default=0)),
                ('at', models.DateTimeField(null=True)),
                ('mac', models.CharField(blank=True, max_length=64)),
                ('key_id', models.CharField(blank=True, max_length=32)),
                ('seal', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.AddField(
            model_name='operation',
            name='reason',
            field=models.TextField(blank=True),
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('actor_id', models.BigIntegerField(null=True)),
                ('actor_name', models.CharField(max_length=150)),
                ('role', models.CharField(max_length=16)),
                ('address', models.CharField(max_length=45)),
                ('action', models.CharField(max_length=48)),
                ('profile_id', models.BigIntegerField(null=True)),
                ('profile_name', models.CharField(max_length=100)),
                ('target_type', models.CharField(max_length=32)),
                ('target_id', models.CharField(max_length=64)),
                ('target_name', models.TextField()),
                ('outcome', models.CharField(choices=[('begun', 'Begun'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('unknown', 'Unknown'), ('refused', 'Refused')], max_length=16)),
                ('reason', models.TextField()),
                ('before', models.TextField()),
                ('after', models.TextField()),
                ('request_id', models.CharField(max_length=64)),
                ('operation_id', models.BigIntegerField(null=True)),
                ('key_id', models.CharField(max_length=32)),
                ('previous', models.CharField(max_length=64)),
                ('mac', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['at'], name='audit_at'), models.Index(fields=['actor_id', 'id'], name='audit_actor'), models.Index(fields=['profile_id', 'id'], name='audit_profile'), models.Index(fields=['action', 'id'], name='audit_action'), models.Index(fields=['outcome', 'id'], name='audit_outcome'), models.Index(fields=['operation_id', 'id'], name='audit_operation'), models.Index(fields=['target_id', 'profile_id', 'id'], name='audit_target')],
            },
        ),
        migrations.RunPython(put_up, take_down),
    ]
