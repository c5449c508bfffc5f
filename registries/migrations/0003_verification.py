import django.db.models.deletion
import django.utils.timezone
import registries.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registries', '0002_audit'),
    ]

    operations = [
        migrations.CreateModel(
            name='Announcement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('credential.failing', 'Stopped working'), ('credential.recovered', 'Works again'), ('credential.expiring', 'About to expire'), ('webhook.test', 'Test')], max_length=32)),
                ('registry_id', models.CharField(blank=True, max_length=32)),
                ('credential_id', models.CharField(blank=True, max_length=32)),
                ('title', models.TextField()),
                ('detail', models.TextField(blank=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('last_problem', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('registry_id', models.CharField(blank=True, max_length=32)),
                ('credential_id', models.CharField(blank=True, max_length=32)),
                ('server_address', models.TextField()),
                ('public_value', models.TextField(blank=True)),
                ('source', models.CharField(choices=[('form', 'Before saving'), ('person', 'By hand'), ('schedule', 'On schedule')], max_length=16)),
                ('actor', models.CharField(blank=True, max_length=150)),
                ('image', models.TextField(blank=True)),
                ('reason', models.CharField(max_length=32)),
                ('milliseconds', models.PositiveIntegerField(default=0)),
                ('steps', models.JSONField(default=list)),
                ('facts', models.JSONField(default=dict)),
                ('retry_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='WatchedCredential',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('registry_id', models.CharField(max_length=32)),
                ('credential_id', models.CharField(max_length=32)),
                ('server_address', models.TextField()),
                ('public_value', models.TextField(blank=True)),
                ('secret', registries.fields.SecretField(blank=True)),
                ('secret_saved_at', models.DateTimeField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, max_length=32)),
                ('checked_at', models.DateTimeField(blank=True, null=True)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('refusals', models.PositiveSmallIntegerField(default=0)),
                ('next_check_at', models.DateTimeField(blank=True, null=True)),
                ('certificate_expires_at', models.DateTimeField(blank=True, null=True)),
                ('announced', models.CharField(blank=True, max_length=32)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='allowedtarget',
            name='allowed_target_once',
        ),
        migrations.AddField(
            model_name='allowedtarget',
            name='kind',
            field=models.CharField(choices=[('rancher', 'Rancher'), ('registry', 'Registry')], default='rancher', max_length=16),
        ),
        migrations.AddField(
            model_name='connectionprofile',
            name='keeps_copies',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='operation',
            name='registry_id',
            field=models.CharField(blank=True, max_length=32),
        ),
        migrations.AlterField(
            model_name='operation',
            name='verb',
            field=models.CharField(choices=[('create', 'create'), ('update', 'update'), ('activate', 'activate'), ('deactivate', 'deactivate'), ('remove', 'remove'), ('purge', 'purge'), ('restore', 'restore'), ('pull', 'pull')], max_length=16),
        ),
        migrations.AddConstraint(
            model_name='allowedtarget',
            constraint=models.UniqueConstraint(models.F('kind'), models.F('scheme'), models.F('host'), models.F('ports'), name='allowed_target_once'),
        ),
        migrations.AddField(
            model_name='announcement',
            name='profile',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='announcements', to='registries.connectionprofile'),
        ),
        migrations.AddField(
            model_name='verification',
            name='profile',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='verifications', to='registries.connectionprofile'),
        ),
        migrations.AddField(
            model_name='watchedcredential',
            name='profile',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watched_credentials', to='registries.connectionprofile'),
        ),
        migrations.AddIndex(
            model_name='announcement',
            index=models.Index(fields=['next_try_at'], name='announcement_due'),
        ),
        migrations.AddIndex(
            model_name='verification',
            index=models.Index(fields=['profile', 'credential_id', '-id'], name='verification_of_credential'),
        ),
        migrations.AddIndex(
            model_name='watchedcredential',
            index=models.Index(fields=['next_check_at'], name='watched_credential_due'),
        ),
        migrations.AddConstraint(
            model_name='watchedcredential',
            constraint=models.UniqueConstraint(models.F('profile'), models.F('credential_id'), name='watched_credential_once'),
        ),
    ]
