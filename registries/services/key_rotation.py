"""Seals every stored secret under the first key of the ring, so that older keys can leave it."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models

from dashboard.events import Event
from dashboard.people.sign_in.sealed_factors import LABEL_WITHOUT_PERSON, factor_label, reseal_factor
from dashboard.resealing import Tally, in_batches
from registries.fields import Secret, SecretField, label_of
from registries.services.audit.write import write_audit_event

ACTION, BY_COMMAND = "secrets.reseal", "(reseal)"


def reseal_everything(*, from_before: bool = False) -> Tally:
    """Seals each secret anew that an older key sealed, in batches; a run that was broken off is simply repeated.

    `from_before` also takes secrets that are sealed as before the origin and the person belonged to them. Two audit
    events: one before anything is changed, one with what came of it. Raises ChainBroken.
    """
    write_audit_event(Event(action=ACTION, actor_name=BY_COMMAND, outcome="begun"))
    tally = Tally()
    for model in models_with_secrets():
        in_batches(model._default_manager.all(), lambda row: _reseal_row(row, tally, from_before=from_before))
    in_batches(Authenticator.objects.all(), lambda row: _reseal_factor(row, tally, from_before=from_before))
    write_audit_event(
        Event(
            action=ACTION,
            actor_name=BY_COMMAND,
            outcome="failed" if tally.unreadable else "succeeded",
            reason=f"{tally.unreadable} can't be opened." if tally.unreadable else "",
            after={"resealed": tally.resealed, "unreadable": tally.unreadable, "sealed_by": dict(tally.key_ids)},
        )
    )
    return tally


def models_with_secrets() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if secret_fields(model)]


def secret_fields(model: type[models.Model]) -> list[SecretField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, SecretField)]


def _reseal_row(row: Any, tally: Tally, *, from_before: bool) -> None:
    changes = {}
    for field in secret_fields(type(row)):
        if token := getattr(row, field.name).token:
            label = label_of(row, field.name)
            older = label.removesuffix(f"|{row.sealed_for}") if from_before and hasattr(row, "sealed_for") else ""
            if (sealed := tally.take(token, label=label, older_label=older)) != token:
                changes[field.name] = Secret(sealed)
    if changes:
        type(row)._default_manager.filter(pk=row.pk).update(**changes)


def _reseal_factor(row: Authenticator, tally: Tally, *, from_before: bool) -> None:
    older = LABEL_WITHOUT_PERSON if from_before else ""
    reseal_factor(row, tally, label=factor_label(row.user_id), older_label=older)
