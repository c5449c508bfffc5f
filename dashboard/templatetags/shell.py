"""Tags of the shell, built into every template."""

import json
from functools import cache, lru_cache

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django_htmx.jinja import htmx_script

from dashboard import icons

register = template.Library()

STYLES = ("tokens", "base", "layout", "components", "lists", "forms", "pages", "utilities")


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """``{% icon "active" %}``, ``{% icon row.icon "spinner" %}``; raises `icons.UnknownIcon`."""
    return icons.use_icon(name, classes)


@register.simple_tag(takes_context=True)
def side_nav(context: Context) -> SafeString:
    """The navigation as this person sees it from here; the same for all who see the same (`components/_nav.html`)."""
    profile, user = context.get("profile"), context["request"].user
    names = (profile.slug, profile.name) if profile else ("", "")
    draw = _nav.__wrapped__ if settings.DEBUG else _nav
    return draw(context.get("section", ""), getattr(user, "site_role", ""), *names)


@lru_cache(maxsize=1024)
def _nav(section: str, site_role: str, slug: str, name: str) -> SafeString:
    profile = {"slug": slug, "name": name} if slug else None
    return render_to_string("components/_nav.html", {"section": section, "site_role": site_role, "profile": profile})


@register.simple_tag
def place(name: str) -> str:
    """The URL of a page without parameters, for what stands on every page: looked up once a process."""
    return _url_of(name)


@cache
def _url_of(name: str) -> str:
    return reverse(name)


@register.simple_tag
def icon_sprite() -> SafeString:
    return icons.sprite()


@register.simple_tag
def head_assets() -> SafeString:
    """The style sheets in the order of their layers, htmx (version 2) and our own script."""
    return _assets() if not settings.DEBUG else _assets.__wrapped__()


@register.filter
def as_json(value: object) -> str:
    """For an attribute that our script reads; `json_script` would not outlive htmx, which drops every script."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def browser(user_agent: str) -> str:
    """ "Firefox on Linux", from what a browser calls itself; its own words where it is none of the usual ones."""
    names = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    name = next((name for mark, name in names if mark in user_agent), "")
    system = next((system for mark, system in systems if mark in user_agent), "")
    return f"{name} on {system}" if name and system else name or user_agent[:60] or "–"


@cache
def _assets() -> SafeString:
    styles = [(static(f"css/{name}.css"),) for name in STYLES]
    return format_html(
        '<link rel="icon" href="{}" type="image/svg+xml">{}{}'
        '<script src="{}" defer></script><script src="{}" defer></script>',
        static("favicon.svg"),
        format_html_join("", '<link rel="stylesheet" href="{}">', styles),
        htmx_script(version=2),
        static("js/app.js"),
        static("js/passkeys.js"),
    )
