"""Seals second factors for their person: before, one person's row could be copied over another's.

What can't be opened stays as it is and is counted: its key is not in the ring. Once that is restored,
`manage.py reseal --from-before` takes it.
"""

import logging

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dashboard.people.sign_in.sealed_factors import LABEL_WITHOUT_PERSON, factor_label, reseal_factor
from dashboard.resealing import Tally, in_batches

logger = logging.getLogger("corral.secrets")


def bind(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    tally = Tally()
    in_batches(
        apps.get_model("mfa", "Authenticator").objects.all(),
        lambda row: reseal_factor(row, tally, label=factor_label(row.user_id), older_label=LABEL_WITHOUT_PERSON),
    )
    _report(tally)


def unbind(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    tally = Tally()
    in_batches(
        apps.get_model("mfa", "Authenticator").objects.all(),
        lambda row: reseal_factor(row, tally, label=LABEL_WITHOUT_PERSON, older_label=factor_label(row.user_id)),
    )
    _report(tally)


def _report(tally: Tally) -> None:
    if tally.unreadable:
        logger.warning(
            "%d secrets of second factors can't be opened and stay as they are: their key is not in "
            "CORRAL_ENCRYPTION_KEYS. Once it is, run `manage.py reseal --from-before`.",
            tally.unreadable,
        )


class Migration(migrations.Migration):
    dependencies = [("people", "0005_session_version"), ("mfa", "0003_authenticator_type_uniq")]

    operations = [migrations.RunPython(bind, unbind)]
