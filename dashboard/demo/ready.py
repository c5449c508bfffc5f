"""Whether something on loopback answers yet."""

import http.client
import re
import time
from collections.abc import Callable

STYLESHEET = re.compile(r'<link\b[^>]*\bhref="(?P<path>/static/[^"]+\.css)"')


def fetch(port: int, path: str) -> tuple[int, str]:
    """Status and text of a GET; (0, "") while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()


def sandbox_answers(port: int) -> bool:
    """Whether the stand-in Rancher takes calls."""
    status, body = fetch(port, "/ping")
    return status == http.HTTPStatus.OK and body.strip() == "pong"


def page_answers(port: int) -> bool:
    """Whether somebody could sign in: the page and the style sheet that it names are both served."""
    status, page = fetch(port, "/accounts/login/")
    sheet = STYLESHEET.search(page)
    return status == http.HTTPStatus.OK and sheet is not None and fetch(port, sheet["path"])[0] == http.HTTPStatus.OK


def wait_until(answers: Callable[[], bool], *, within: float, meanwhile: Callable[[], None]) -> bool:
    """Asks until the answer is yes, at most `within` seconds; `meanwhile` runs between and may raise."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        meanwhile()
        if answers():
            return True
        time.sleep(0.05)
    return False
