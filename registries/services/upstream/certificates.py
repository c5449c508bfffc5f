"""CA certificates that people paste: only certificates are kept, and said in words that people know them by."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils import timezone

MAX_CERTIFICATES = 20


@dataclass(frozen=True)
class Certificate:
    """Whom a certificate names, as RFC 4514 writes it, and until when it holds."""

    subject: str
    expires_at: datetime

    @property
    def is_expired(self) -> bool:
        return self.expires_at < timezone.now()


def read_certificates(pem: str) -> list[Certificate]:
    """The certificates of a PEM text, in its order. Raises ValueError when there is none, or one can't be read."""
    return [Certificate(one.subject.rfc4514_string(), one.not_valid_after_utc) for one in _load(pem)]


def clean_pem(pem: str) -> str:
    """The certificates alone: what else stood in the text, a private key even, is not stored. Raises ValueError."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in _load(pem))


def _load(pem: str) -> list[x509.Certificate]:
    found = x509.load_pem_x509_certificates(pem.encode())
    if len(found) > MAX_CERTIFICATES:
        raise ValueError("too many")
    return found
