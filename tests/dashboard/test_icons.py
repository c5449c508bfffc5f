"""Icons: every one that a template or a table names is drawn, once a page."""

import re
from pathlib import Path

import pytest

from dashboard import icons
from registries import display, providers

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def named_in_templates() -> set[str]:
    return {name for page in TEMPLATES.rglob("*.html") for name in re.findall(r'{% icon "([^"]+)"', page.read_text())}


def test_draws_every_icon_that_is_named() -> None:
    named = named_in_templates() | {provider.icon for provider in providers.PROVIDERS}
    named |= {icon for _, icon, _, _ in display.VERBS.values()}
    named |= {*display.STATE_ICONS.values(), *display.OPERATION_ICONS.values()}
    drawn = re.findall(r'<symbol id="([^"]+)" viewBox="0 0 24 24"><path d="[Mm][^"]+"/>', icons.sprite())
    assert named <= set(drawn)
    assert len(drawn) == len(set(drawn)) == len({*icons.OWN, *icons.HEROICONS})


def test_refuses_an_icon_that_is_in_no_table() -> None:
    with pytest.raises(icons.UnknownIcon):
        icons.use_icon("whale")
