"""The form of an allowed target."""

import re
import unicodedata
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from registries.models import AllowedTarget
from registries.outbound.base_url import clean_host
from registries.outbound.blocked_addresses import BLOCKED_V4, BLOCKED_V6, is_blocked, unwrap
from registries.outbound.errors import BadAddress

# A last label that makes the system read the whole as an address (URL standard, "ends in a number"): 0xa9fea9fe
NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
NO_HOST = "That is no host name: write it as rancher.example.com, without * or blanks."
BLOCKED = "Nothing opens this: it is a link-local, metadata, multicast or unspecified address."
ALREADY_ALLOWED = "This target is on the list already, with the same scheme and ports."
IN_IPV4 = "Addresses of this network stand for IPv4 ones and are compared as such: write the IPv4 network."
PORTS = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?")


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Takes a host name, an address or a network, and keeps it as it will be compared."""

    class Meta:
        model = AllowedTarget
        fields = ("kind", "scheme", "host", "ports", "note")
        labels = {"kind": "For", "host": "Host or network", "ports": "Ports"}
        error_messages = {
            "host": {"required": "Enter a host name, an address or a network."},
            NON_FIELD_ERRORS: {None: ALREADY_ALLOWED},  # errors of the one constraint carry no code
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].required = False
        for name in ("host", "ports"):
            self.fields[name].widget.attrs |= {"class": "mono", "autocapitalize": "none", "spellcheck": "false"}

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or AllowedTarget.Kind.RANCHER

    def clean_host(self) -> str:
        host = unicodedata.normalize("NFKC", str(self.cleaned_data["host"])).strip().rstrip(".").lower()
        if "://" in host or "@" in host:
            raise ValidationError("Write the host alone; the scheme and the ports have fields of their own.")
        if "/" in host:
            return _network(host)
        if host.startswith("[") or ":" in host:
            return _address(host.removeprefix("[").removesuffix("]"))
        try:
            host = clean_host(host)
        except BadAddress:
            raise ValidationError(NO_HOST) from None
        return _address(host) if NUMBER.fullmatch(host.rpartition(".")[2]) else host

    def clean_ports(self) -> str:
        """As they are compared, each once and in order, so that one target can't be listed in two spellings."""
        parts = str(self.cleaned_data["ports"]).replace(",", " ").split()
        if wrong := next((part for part in parts if not PORTS.fullmatch(part)), ""):
            raise ValidationError(f"“{wrong}” is no port: write them as 443, 8080-8090.")
        return ", ".join(sorted(set(parts), key=lambda part: [int(end) for end in part.split("-")]))


def _network(text: str) -> str:
    try:
        network = ip_network(text)
    except ValueError:
        raise ValidationError(
            "That is no network: write it as 10.2.0.0/16, its first address before the slash."
        ) from None
    if _is_wholly_blocked(network):
        raise ValidationError(BLOCKED)
    if isinstance(network, IPv6Network) and isinstance(unwrap(network.network_address), IPv4Address):
        raise ValidationError(IN_IPV4)
    return str(network)


def _is_wholly_blocked(network: IPv4Network | IPv6Network) -> bool:
    if isinstance(network, IPv4Network):
        return any(network.subnet_of(blocked) for blocked in BLOCKED_V4)
    return any(network.subnet_of(blocked) for blocked in BLOCKED_V6)


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise ValidationError("That is no address; a port belongs into the field below.") from None
    if is_blocked(address):
        raise ValidationError(BLOCKED)
    return str(unwrap(address))  # as an IPv4 address inside IPv6 is compared
