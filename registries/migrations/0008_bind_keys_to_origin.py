"""Seals the keys of profiles for their origin: before, an address written into the database received them.

What can't be opened stays as it is and is counted: its key is not in the ring. Once that is restored,
`manage.py reseal --from-before` takes it.
"""

import logging
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dashboard.resealing import Tally, in_batches
from registries.fields import Secret
from registries.outbound.base_url import parse_base_url
from registries.outbound.errors import BadAddress

logger = logging.getLogger("corral.secrets")
FIELDS = ("access_key", "secret_key")


def bind(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _reseal(apps, is_bound=True)


def unbind(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    _reseal(apps, is_bound=False)


def _reseal(apps: Apps, *, is_bound: bool) -> None:
    rows, tally = apps.get_model("registries", "ConnectionProfile").objects, Tally()

    def work(row: Any) -> None:
        changes = {}
        for name in FIELDS:
            if token := getattr(row, name).token:
                alone = f"connectionprofile|{row.uuid}|{name}"
                bound = f"{alone}|{_origin(row.base_url)}"
                label, older_label = (bound, alone) if is_bound else (alone, bound)
                changes[name] = Secret(tally.take(token, label=label, older_label=older_label))
        if changes:
            rows.filter(pk=row.pk).update(**changes)

    in_batches(rows.all(), work)
    if tally.unreadable:
        logger.warning(
            "%d keys of connection profiles can't be opened and stay as they are: the key that sealed them is not in "
            "CORRAL_ENCRYPTION_KEYS. Once it is, run `manage.py reseal --from-before`.",
            tally.unreadable,
        )


def _origin(base_url: str) -> str:
    try:
        return parse_base_url(base_url).origin
    except BadAddress:
        return base_url


class Migration(migrations.Migration):
    dependencies = [("registries", "0007_operation_noted_serial")]

    operations = [migrations.RunPython(bind, unbind)]
