"""Second factors at rest: sealed as every secret, and told apart from wrong codes when their key is lost."""

from allauth.mfa.models import Authenticator

from dashboard.crypto import SecretUnreadable, seal, unseal
from dashboard.people.models import User

LABEL = "authenticator|all|secret"  # associated data of every sealed second factor
KEY_LOST = (
    "Your second factor can't be checked: Corral no longer has the encryption key that it was stored under. "
    "Use a passkey if you have one, or ask an admin to restore the key (CORRAL_ENCRYPTION_KEYS) or to reset your "
    "second factor."
)


def seal_factor(text: str) -> str:
    return seal(text, label=LABEL)


def unseal_factor(token: str) -> str:
    """Raises SecretUnreadable."""
    return unseal(token, label=LABEL)


def is_key_lost(user: User) -> bool:
    """Whether the app or the recovery codes of a person can't be decrypted. Passkeys hold no secret."""
    sealed = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    return any(not _opens(str(factor.data.get("secret") or factor.data.get("seed"))) for factor in sealed)


def _opens(token: str) -> bool:
    try:
        unseal_factor(token)
    except SecretUnreadable:
        return False
    return True
