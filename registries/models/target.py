"""Allowed targets: the admin's list of what may be connected to. `outbound.blocked_addresses` applies besides."""

import ipaddress

from django.core.exceptions import ValidationError
from django.db import models


class AllowedTarget(models.Model):
    """Permits connections of one scheme to an exact host name, or to addresses of a network, on some ports.

    Those of kind `rancher` are the only way to a Rancher; a registry at a public address needs none, one in a private
    network or over plain http does.
    """

    class Scheme(models.TextChoices):
        HTTPS = "https", "https"
        HTTP = "http", "http"

    class Kind(models.TextChoices):
        RANCHER = "rancher", "Rancher"
        REGISTRY = "registry", "Registry"

    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.RANCHER)
    scheme = models.CharField(max_length=5, choices=Scheme.choices, default=Scheme.HTTPS)
    host = models.CharField(
        max_length=253, help_text="An exact host name, an address, or a network such as 10.2.0.0/16"
    )
    ports = models.CharField(max_length=100, blank=True, help_text="Such as 443, 8080-8090; empty for every port")
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["host", "scheme"]
        constraints = [models.UniqueConstraint("kind", "scheme", "host", "ports", name="allowed_target_once")]

    def __str__(self) -> str:
        registry = "registry " if self.kind == self.Kind.REGISTRY else ""
        return f"{registry}{self.scheme}://{self.host}:{self.ports or '*'}"

    def clean(self) -> None:
        self.host = self.host.strip().lower()
        try:
            self.port_ranges()
        except ValueError:
            raise ValidationError({"ports": "Write ports as 443, 8080-8090."}) from None
        if "/" in self.host:
            try:
                ipaddress.ip_network(self.host)
            except ValueError:
                raise ValidationError({"host": "That is not a network: write it as 10.2.0.0/16."}) from None

    def port_ranges(self) -> list[range]:
        """The ports as ranges; empty means every port. Raises ValueError for what is no port."""
        ranges = []
        for part in self.ports.replace(",", " ").split():
            first, _, last = part.partition("-")
            ports = range(int(first), int(last or first) + 1)
            if not ports or ports[0] < 1 or ports[-1] > 65535:
                raise ValueError(part)
            ranges.append(ports)
        return ranges

    def names(self, scheme: str, host: str, port: int) -> bool:
        """Whether this row names the host itself, on that port."""
        ranges = self.port_ranges()
        fits = not ranges or any(port in ports for ports in ranges)
        return scheme == self.scheme and host.lower() == self.host and fits

    def permits(
        self, scheme: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int
    ) -> bool:
        """Whether this row opens `scheme://host:port` when the name leads to `address`."""
        if scheme != self.scheme:
            return False
        if (ranges := self.port_ranges()) and not any(port in ports for ports in ranges):
            return False
        if "/" in self.host:
            return address in ipaddress.ip_network(self.host)
        return self.host in (host.lower(), str(address))
