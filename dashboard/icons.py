"""The icons of Corral: our names for heroicons' outline drawings, and the few shapes that heroicons has none for.

A page carries all of them once, as a sprite; a row then names one by ``<use href="#active"/>``.
"""

import re
from functools import cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from heroicons.templatetags.heroicons import heroicon_outline

HEROICONS = {
    # states and outcomes
    "active": "check-circle",
    "inactive": "pause-circle",
    "removed": "minus-circle",
    "warning": "exclamation-triangle",
    "unknown": "question-mark-circle",
    "missing": "minus",
    "unreachable": "signal-slash",
    # places
    "home": "home",
    "registry": "cube",
    "settings": "adjustments-horizontal",
    "profiles": "server-stack",
    "targets": "viewfinder-circle",
    "operations": "queue-list",
    "audit": "document-check",
    # deeds
    "check": "check",
    "close": "x-mark",
    "copy": "square-2-stack",
    "download": "arrow-down-tray",
    "edit": "pencil",
    "external": "arrow-top-right-on-square",
    "out": "arrow-right-start-on-rectangle",
    "pause": "pause",
    "play": "play",
    "plus": "plus",
    "refresh": "arrow-path",
    "remove": "trash",
    "restore": "arrow-uturn-left",
    "search": "magnifying-glass",
    "verify": "shield-check",
    # shapes of controls
    "down": "arrow-down",
    "left": "chevron-left",
    "menu": "bars-3",
    "more": "ellipsis-horizontal",
    "right": "chevron-right",
    "up": "arrow-up",
    "up-down": "chevron-up-down",
    # things
    "clock": "clock",
    "info": "information-circle",
    "key": "key",
    "lock": "lock-closed",
    "moon": "moon",
    "people": "users",
    "screen": "computer-desktop",
    "sun": "sun",
    "terminal": "command-line",
    "user": "user",
    # providers of registries
    "azure": "square-3-stack-3d",
    "cloud": "cloud",
    "github": "code-bracket",
    "gitlab": "fire",
    "google": "circle-stack",
    "hub": "globe-alt",
    "quay": "squares-2x2",
}

OWN = {
    "corral": "M5 5v15M12 4v16M19 5v15M2.5 9h19M2.5 15h19",  # a fence: the mark
    "differs": "M5 9.5h14M5 14.5h14M15.5 5l-7 14",
    "error": "M8.5 3.5h7l5 5v7l-5 5h-7l-5-5v-7zM12 8v4.8M12 16v.1",  # an octagon, as a stop sign
    "moving": "M12 3.5a8.5 8.5 0 1 1-8.2 6.3M3.5 4.8v5h5",  # an arrow that is still open: it turns
    "shield": "M12 3.2 4.8 6v5.5c0 4.5 3 7.8 7.2 9.3 4.2-1.5 7.2-4.8 7.2-9.3V6z",  # heroicons' own carry a sign inside
    "waiting": "M12 3.5h.1M16.3 4.6h.1M19.4 7.7h.1M20.5 12h.1M19.4 16.3h.1M16.3 19.4h.1M12 20.5h.1M7.7 19.4h.1"
    "M4.6 16.3h.1M3.5 12h.1M4.6 7.7h.1M7.7 4.6h.1",
}


class UnknownIcon(KeyError):
    """A template asks for an icon that is not in the tables."""


@cache
def use_icon(name: str, classes: str = "") -> SafeString:
    """An icon for decoration; the word beside it says the same. Raises UnknownIcon."""
    if name not in OWN and name not in HEROICONS:
        raise UnknownIcon(name)
    return format_html(
        '<svg class="icon{}" aria-hidden="true"><use href="#{}"/></svg>', f" {classes}" if classes else "", name
    )


@cache
def sprite() -> SafeString:
    """All icons as symbols, for the end of the page; colours and strokes come from the style sheet.

    Raises heroicons.IconDoesNotExist when the table names one that heroicons has not.
    """
    drawings = {name: _paths_of(heroicon) for name, heroicon in HEROICONS.items()}
    drawings |= {name: [path] for name, path in OWN.items()}
    symbols = [
        (name, format_html_join("", '<path d="{}"/>', ((path,) for path in paths)))
        for name, paths in sorted(drawings.items())
    ]
    return format_html(
        '<svg class="sprite" aria-hidden="true">{}</svg>',
        format_html_join("", '<symbol id="{}" viewBox="0 0 24 24">{}</symbol>', symbols),
    )


def _paths_of(heroicon: str) -> list[str]:
    return re.findall(r'\bd="([^"]+)"', heroicon_outline(heroicon))
