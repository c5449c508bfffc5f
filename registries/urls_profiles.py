"""URLs of connection profiles and allowed targets."""

from django.http import HttpResponse
from django.urls import path


def _later(request: object, **_: object) -> HttpResponse:
    return HttpResponse("later")


_later.policy = "x"  # type: ignore[attr-defined]
profile_urls = [
    path("profiles/", _later, name="profile_list"),
    path("profiles/new/", _later, name="profile_create"),
    path("profiles/<slug:slug>/", _later, name="profile_detail"),
    path("profiles/<slug:slug>/edit/", _later, name="profile_update"),
    path("profiles/<slug:slug>/remove/", _later, name="profile_remove"),
    path("profiles/<slug:slug>/check/", _later, name="profile_check"),
    path("targets/", _later, name="target_list"),
]
