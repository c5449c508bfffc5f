"""Second factors at rest: sealed for their person, and told apart from wrong codes when their key is lost.

allauth's adapter encrypts and decrypts the text alone, without the row that it belongs to. So an authenticator's
secrets become `SealedFactor` as soon as the row is in memory: strings that know whose row they came from, and open for
nobody else.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_init
from django.dispatch import receiver

from dashboard.crypto import SecretUnreadable, seal, unseal
from dashboard.people.models import User
from dashboard.resealing import Tally

FIELDS = ("secret", "seed")  # of an authenticator's data: an app's key, the seed of recovery codes
LABEL_WITHOUT_PERSON = "authenticator|all|secret"  # of every second factor until migration 0006 of people
KEY_LOST = (
    "Your second factor can't be checked: Corral no longer has the encryption key that it was stored under. "
    "Use a passkey if you have one, or ask an admin to restore the key (CORRAL_ENCRYPTION_KEYS) or to reset your "
    "second factor."
)


class SealedFactor(str):
    """A sealed secret of a second factor, and the id of the person whose row holds it."""

    user_id: int


def factor_label(user_id: int) -> str:
    """What a person's second factors are sealed for."""
    return f"authenticator|{user_id}|secret"


def seal_factor(text: str, *, user_id: int) -> str:
    return seal(text, label=factor_label(user_id))


def unseal_factor(token: str) -> str:
    """Decrypts a secret of a row that was loaded. Raises SecretUnreadable, also for another person's."""
    if not isinstance(token, SealedFactor):
        raise SecretUnreadable("The second factor comes from no row.")
    return unseal(token, label=factor_label(token.user_id))


def reseal_factor(factor: Any, tally: Tally, *, label: str, older_label: str) -> None:
    """Seals an authenticator's secrets anew and saves them; the caller holds the row locked."""
    sealed = {
        name: tally.take(token, label=label, older_label=older_label)
        for name in FIELDS
        if isinstance(token := factor.data.get(name), str)
    }
    if any(factor.data[name] != token for name, token in sealed.items()):
        factor.data |= sealed
        factor.save(update_fields=["data"])


def is_key_lost(user: User) -> bool:
    """Whether the app or the recovery codes of a person can't be decrypted. Passkeys hold no secret."""
    sealed = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    return any(not _opens(factor) for factor in sealed)


@receiver(post_init, sender=Authenticator, dispatch_uid="bind_second_factor")
def bind_to_person(instance: Authenticator, **_: Any) -> None:
    data = instance.__dict__.get("data")  # not there while it is deferred
    if not isinstance(data, dict):
        return
    for name in FIELDS:
        if isinstance(data.get(name), str):
            data[name] = SealedFactor(data[name])
            data[name].user_id = instance.user_id


def _opens(factor: Authenticator) -> bool:
    tokens = [factor.data[name] for name in FIELDS if name in factor.data]
    try:
        for token in tokens:
            unseal_factor(token)
    except SecretUnreadable:
        return False
    return bool(tokens)
