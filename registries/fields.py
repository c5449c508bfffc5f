"""A model field that takes plain text, stores it sealed, and gives it back only on an explicit `reveal()`."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from dashboard.crypto import seal, unseal


class Secret:
    """A sealed value and where it belongs. Printing, formatting or comparing it shows nothing of it."""

    __slots__ = ("label", "token")

    def __init__(self, token: str, label: str = "") -> None:
        self.token, self.label = token, label

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return "<Secret: stored>" if self.token else "<Secret: none>"

    def reveal(self) -> str:
        """The plain text. Raises `dashboard.crypto.SecretUnreadable`."""
        return unseal(self.token, label=self.label)


def label_of(instance: models.Model, field_name: str) -> str:
    """What a row's secret is sealed for: ``model|uuid|field``, and the model's `sealed_for` where it has one.

    A model that was renamed keeps its first name as `SEALED_AS`: what was sealed under it goes on opening. `sealed_for`
    is a value of the row that the secret must never be used without, such as the origin that a key is sent to.
    """
    name = getattr(instance, "SEALED_AS", instance._meta.model_name)
    label = f"{name}|{instance.uuid}|{field_name}"  # type: ignore[attr-defined]
    return f"{label}|{bound}" if (bound := getattr(instance, "sealed_for", "")) else label


class _SecretAttribute:
    """Seals what is assigned as text; the model sets what `label_of` reads before (declare those fields first).

    The label is made anew at each access: a secret doesn't open on a row whose `sealed_for` was changed since.
    """

    def __init__(self, field: "SecretField") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        token = instance.__dict__.get(self.field.attname, "")
        return Secret(token, label_of(instance, self.field.name)) if token else Secret("")

    def __set__(self, instance: models.Model, value: "str | Secret") -> None:
        if value and not isinstance(value, Secret):
            value = Secret(seal(value, label=label_of(instance, self.field.name)))
        instance.__dict__[self.field.attname] = value.token if isinstance(value, Secret) else ""


class SecretField(models.TextField[Any, Any]):
    """Text sealed by `dashboard.crypto`, bound to the model, the row's `uuid` and the field's name."""

    def contribute_to_class(self, cls: type[models.Model], name: str, *args: Any, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, *args, **kwargs)
        setattr(cls, name, _SecretAttribute(self))

    def from_db_value(self, value: str | None, *_: Any) -> Secret:
        return Secret(value or "")

    def get_prep_value(self, value: Any) -> str:
        return value.token if isinstance(value, Secret) else str(value or "")

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> str:
        if not isinstance(value, Secret):
            raise TypeError("Only a sealed secret is ever written.")
        return value.token

    def value_to_string(self, obj: models.Model) -> str:
        """For Django's serializers: a dump carries no secret, not even sealed."""
        return ""
