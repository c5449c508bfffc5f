"""URLs about images: which credential Rancher uses for one."""

from django.urls import path

from registries.views import resolve

resolve_urls = [
    path("profiles/<slug:slug>/resolve/", resolve.image_resolve, name="image_resolve"),
]
