"""Credential look-up: which credential Rancher uses for an image, by the recorded rules. Pure and total.

The rules are those of rancher.md, "Which credential is used for an image"; a real server's answers are in
`resolver.json`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from registries.images.near_misses import NearMiss, find_near_misses
from registries.images.reference import ImageName, parse_image_name
from registries.images.registry_hosts import DOCKER_HUB
from registries.images.server_addresses import is_same_address, matches_host, never_matches
from registries.rancher.types import Registry, RegistryCredential

NUMBER: Final = re.compile(r"\d+\Z", re.ASCII)


class Effect(StrEnum):
    """The effect of a server's setting on an image."""

    NONE = "none"  # not set, or it concerns other images
    REWRITES = "rewrites"
    ALLOWS = "allows"
    REFUSES = "refuses"
    UNKNOWN = "unknown"  # the setting couldn't be read; if it is set, it counts


@dataclass(frozen=True, slots=True)
class SettingEffect:
    """The effect of `registry.default` or `registry.whitelist`, and a sentence that explains it."""

    effect: Effect
    sentence: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A credential of a registry that matches the image, and the reason why it is used or isn't."""

    registry: Registry
    credential: RegistryCredential
    reason: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The result of a look-up.

    `image` is the name as given, `asked` the one after `registry.default`. `registry` is the one that matches, active
    or not, or None. `winner` is None where Rancher sends no credential; `others` are the further ones of the same
    address. `summary` is the result in one sentence.
    """

    image: ImageName
    asked: ImageName
    default: SettingEffect
    whitelist: SettingEffect
    registry: Registry | None
    winner: Candidate | None
    others: tuple[Candidate, ...]
    near_misses: tuple[NearMiss, ...]
    summary: str

    @property
    def is_refused(self) -> bool:
        """Whether Rancher refuses to create anything with this image (422 `InvalidOption`)."""
        return self.whitelist.effect is Effect.REFUSES

    @property
    def credential(self) -> RegistryCredential | None:
        return self.winner.credential if self.winner else None

    @property
    def is_certain(self) -> bool:
        """Whether no unread setting could change the outcome."""
        return Effect.UNKNOWN not in (self.default.effect, self.whitelist.effect)


def resolve(
    image: str, *, registries: Iterable[Registry], default_registry: str | None, whitelist: Sequence[str] | None
) -> Resolution:
    """Looks up the credential for an image in a project with these registries, which carry their credentials.

    `default_registry` and `whitelist` are the server's settings; "" and () where unset, None where they couldn't be
    read: then the result is that of unset settings, and its sentences say so.
    """
    known = tuple(registries)
    name = parse_image_name(image)
    asked, default = _apply_default(name, default_registry)
    allowed = _apply_whitelist(asked, whitelist)
    host = asked.registry_host
    same = sorted((one for one in known if matches_host(one.server_address, host)), key=_preference)
    candidates = [(registry, credential) for registry in same for credential in registry.credentials or ()]
    usable = [pair for pair in candidates if _is_usable(*pair)] if allowed.effect is not Effect.REFUSES else []
    best = min(usable, key=lambda pair: number_of(pair[1].id), default=None)
    winner = Candidate(*best, reason=_why_it_wins(len(usable))) if best else None
    others = tuple(Candidate(*pair, reason=_why_not(*pair, best)) for pair in candidates if pair is not best)
    registry = best[0] if best else next(iter(same), None)
    return Resolution(
        image=name,
        asked=asked,
        default=default,
        whitelist=allowed,
        registry=registry,
        winner=winner,
        others=others,
        near_misses=find_near_misses(asked, known, has_match=bool(same)),
        summary=_summary(asked, registry, winner, allowed),
    )


def number_of(rancher_id: str) -> int:
    """The number in an id: 12 for `1c12`. Ids are compared by it, as `1c9` is older than `1c12`."""
    number = NUMBER.search(rancher_id)
    return int(number[0]) if number else 0


def split_whitelist(value: str | None) -> tuple[str, ...]:
    """The hosts in the value of `registry.whitelist`, without blanks around them and empty ones."""
    return tuple(host.strip() for host in (value or "").split(",") if host.strip())


def _apply_default(name: ImageName, default: str | None) -> tuple[ImageName, SettingEffect]:
    if name.host is not None:
        return name, SettingEffect(Effect.NONE, "registry.default doesn't count: the name has a host.")
    if default is None:
        sentence = f"registry.default can't be read with this key. If it is set, it takes the place of {DOCKER_HUB}."
        return name, SettingEffect(Effect.UNKNOWN, sentence)
    if not default.strip():
        return name, SettingEffect(Effect.NONE, f"registry.default isn't set: a name without host means {DOCKER_HUB}.")
    asked = parse_image_name(f"{default.strip()}/{name.text}")
    return asked, SettingEffect(Effect.REWRITES, f"registry.default makes it {asked.text}.")


def _apply_whitelist(asked: ImageName, whitelist: Sequence[str] | None) -> SettingEffect:
    """Compares hosts with their letters' case, unlike the look-up of addresses (resolver.json)."""
    host = asked.registry_host
    if whitelist is None:
        sentence = f"registry.whitelist can't be read with this key. If it is set without {host}, this is refused."
        return SettingEffect(Effect.UNKNOWN, sentence)
    if not whitelist:
        return SettingEffect(Effect.NONE, "registry.whitelist isn't set: every host is allowed.")
    if host in whitelist:
        return SettingEffect(Effect.ALLOWS, f"registry.whitelist names {host}.")
    for entry in whitelist:
        if is_same_address(entry, host):
            sentence = f"registry.whitelist names {entry}, not {host}; here letters' case counts. Write {entry}."
            return SettingEffect(Effect.REFUSES, sentence)
    return SettingEffect(Effect.REFUSES, f"registry.whitelist doesn't name {host}, only {', '.join(whitelist)}.")


def _preference(registry: Registry) -> tuple[bool, int]:
    return registry.state != "active", number_of(registry.id)


def _is_usable(registry: Registry, credential: RegistryCredential) -> bool:
    return registry.state == "active" and credential.state == "active"


def _why_it_wins(usable: int) -> str:
    return "It has the lowest id of the active ones." if usable > 1 else "It is the only one that can be used."


def _why_not(
    registry: Registry, credential: RegistryCredential, best: tuple[Registry, RegistryCredential] | None
) -> str:
    if registry.state != "active":
        return (
            f"Its registry is {registry.state or 'in no known state'}; Rancher takes credentials of active ones only."
        )
    if credential.state != "active":
        return f"It is {credential.state or 'in no known state'}."
    if best is None:
        return "Rancher refuses the image before it looks for a credential."
    if best[0].id != registry.id:
        return f"{best[1].id} of {best[0].id}, which has the same address, has the lower id."
    return f"{best[1].id} has the lower id."


def _summary(asked: ImageName, registry: Registry | None, winner: Candidate | None, whitelist: SettingEffect) -> str:
    if whitelist.effect is Effect.REFUSES:
        return "Rancher refuses this image: its host isn't whitelisted."
    if winner:
        user = winner.credential.public_value or winner.credential.id
        return f"Rancher uses {user} of {winner.registry.server_address}."
    if registry is None and never_matches(asked.registry_host):
        return f"Rancher sends no credential: no registry can match the host {asked.registry_host}."
    if registry is None:
        return f"Rancher sends no credential: no registry has the address {asked.registry_host}."
    if registry.state != "active":
        return f"Rancher sends no credential: the registry {registry.server_address} is {registry.state}."
    if not registry.credentials:
        return f"Rancher sends no credential: the registry {registry.server_address} has none."
    return f"Rancher sends no credential: the registry {registry.server_address} has no active one."
