"""Seals stored secrets anew: under the ring's first key, or for a label that says more than their old one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from dashboard.crypto import SecretUnreadable, key_id_of, reseal, seal, unseal

BATCH = 200  # rows that one transaction holds locked


@dataclass
class Tally:
    """How many secrets were sealed anew, how many can't be opened, and how many each key id seals afterwards."""

    resealed: int = 0
    unreadable: int = 0
    key_ids: Counter[str] = field(default_factory=Counter)

    def take(self, token: str, *, label: str, older_label: str = "") -> str:
        """The token to store in place of this one: sealed for `label` by the current key; itself if it can't be opened.

        `older_label` is what it may be sealed for still; "" where that must not be taken.
        """
        try:
            sealed = _reseal(token, label, older_label)
        except SecretUnreadable:
            self.unreadable += 1
            sealed = token
        self.resealed += sealed != token
        self.key_ids[key_id_of(sealed) or "unknown"] += 1
        return sealed


def in_batches(rows: "models.QuerySet[Any]", work: Callable[[Any], None]) -> None:
    """Does `work` on each row, locked, BATCH rows a transaction; what is done stays if a later one fails."""
    last = 0
    while True:
        with transaction.atomic():
            batch = list(rows.filter(pk__gt=last).order_by("pk").select_for_update()[:BATCH])
            for row in batch:
                work(row)
        if len(batch) < BATCH:
            return
        last = batch[-1].pk


def _reseal(token: str, label: str, older_label: str) -> str:
    try:
        return reseal(token, label=label)
    except SecretUnreadable:
        if not older_label:
            raise
    return seal(unseal(token, label=older_label), label=label)
