"""`/metrics`: what is counted, and for whom."""

import pytest
from django.test import Client
from pytest_django import Settings

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-the-scraper-of-these-tests"


def scrape(client: Client) -> dict[str, float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_there_is_no_such_page_while_no_token_is_set(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("given", ["", TOKEN, "Bearer wrong", f"Basic {TOKEN}"])
def test_another_token_finds_nothing(client: Client, settings: Settings, given: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert client.get("/metrics", headers={"Authorization": given}).status_code == 404


def test_requests_are_counted_by_view_and_status(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    name = 'corral_requests_total{method="GET",status="200",view="healthz"}'
    before = scrape(client).get(name, 0)
    client.get("/healthz")
    client.get("/healthz")
    assert scrape(client)[name] == before + 2


def test_made_up_paths_and_methods_make_no_series_of_their_own(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    for path in ("/static/one", "/static/two"):
        client.get(path)
    client.generic("BREW", "/healthz")
    names = " ".join(scrape(client))
    assert "one" not in names.replace("none", "")
    assert "BREW" not in names
    assert 'method="other",status="405",view="healthz"' in names
