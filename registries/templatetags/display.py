"""Ages and moments in templates, as `registries.display` writes them."""

from datetime import datetime, timedelta

from django import template

from registries import display
from registries.forms.address import without_userinfo as without

register = template.Library()


@register.filter
def ago(age: timedelta | None) -> str:
    """ "4 s ago"; "never" for None."""
    return display.ago(age)


@register.filter
def age(age: timedelta | None) -> str:
    """ "3 h"."""
    return display.short_age(age.total_seconds()) if age else "–"


@register.filter
def when(at: datetime | None) -> str:
    """ "11 Feb 2026, 09:14 UTC"."""
    return display.format_datetime(at)


@register.filter
def without_userinfo(address: str | None) -> str:
    """An address as a field shows it again: without a user or password that was pasted with it."""
    return without(address or "")
