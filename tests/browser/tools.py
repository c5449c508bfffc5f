"""What browser tests share: who is signed in, what the browser complained about, accessibility."""

from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import ConsoleMessage, Page, Request, Response

from dashboard.people.models import User

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SIZES = {"1280": WIDE, "390": NARROW}
THEMES = ("light", "dark")
ASSETS = {"script", "stylesheet", "image", "font"}
# what the browser and htmx note of every status from 400 on; the answers themselves are what tests look at
STATUS_NOTES = ("Failed to load resource: the server responded with a status of", "Response Status Error Code")
# a colour half-way through its change has a contrast of its own; what turns for ever is not waited for, and the promise
# `finished` is no help: it never comes true in a closed menu
SETTLED = """async () => {
  const isUnderWay = (one) => one.playState === "running" && one.effect.getTiming().iterations !== Infinity;
  while (document.getAnimations().some(isUnderWay)) await new Promise(requestAnimationFrame);
}"""


@dataclass
class Seen:
    """What a page did while a test drove it. `loads` counts whole documents: one is the page that was opened."""

    loads: int = 0
    faults: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))

    def _request(self, request: Request) -> None:
        self.loads += request.is_navigation_request() and request.frame.parent_frame is None

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in ASSETS:
            self.faults.append(f"{response.status} for {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(STATUS_NOTES):
            self.faults.append(f"console {message.type}: {message.text}")


def sign_in(page: Page, user: User, base_url: str) -> None:
    """Signs somebody in without the form, for tests of what comes after it."""
    client = Client()
    client.force_login(user)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": base_url}])


def complaints(page: Page) -> list[str]:
    """What axe finds on the page as it is now: rule, help, and the elements."""
    page.evaluate(SETTLED)
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {rule['help']}: {[node['html'][:160] for node in rule['nodes']]}" for rule in found]


def complaints_in_all_looks(page: Page) -> list[str]:
    """`complaints` in both themes, wide and narrow."""
    found = []
    for name, size in SIZES.items():
        for theme in THEMES:
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found += [f"{name} {theme}: {one}" for one in complaints(page)]
    return found
