"""Encryption keys that stored secrets need and that the ring lacks."""

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.db.models import F, Value
from django.db.models.functions import Cast, StrIndex, Substr

from dashboard.crypto import KEY_ID, key_ring
from registries.fields import SecretField

PREFIX = "v1:"


def find_lost_key_ids() -> list[str]:
    """Ids of keys that sealed a stored secret and are not in the ring; empty where the tables can't be read."""
    try:
        with transaction.atomic():
            used = _key_ids_of_fields() | _key_ids_of_second_factors()
    except DatabaseError:  # no migration has run yet, or the database is away: whoever needs it says so
        return []
    return sorted(used - key_ring().keys())


def _key_ids_of_fields() -> set[str]:
    """Read by the database: a table may hold tens of thousands of secrets under a handful of keys."""
    found: set[str] = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SecretField):
                rest = Substr(Cast(F(field.name), models.TextField()), len(PREFIX) + 1)
                key_id = Substr(rest, 1, StrIndex(rest, Value(":")) - 1, output_field=models.TextField())
                rows = model._default_manager.filter(**{f"{field.name}__startswith": PREFIX}).order_by()
                found |= set(rows.annotate(key_id=key_id).values_list("key_id", flat=True).distinct())
    return found


def _key_ids_of_second_factors() -> set[str]:
    tokens = [
        value
        for data in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("data", flat=True)
        for value in data.values()
        if isinstance(value, str) and value.startswith(PREFIX)
    ]
    return {key_id for token in tokens if KEY_ID.fullmatch(key_id := token.split(":")[1])}
