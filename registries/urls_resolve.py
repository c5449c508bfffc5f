"""URLs about images: which credential Rancher uses for one, and whether hosts can pull it."""

from django.urls import path

from registries.views import pull, resolve

resolve_urls = [
    path("profiles/<slug:slug>/resolve/", resolve.image_resolve, name="image_resolve"),
    path("profiles/<slug:slug>/pulls/new/", pull.pull_start, name="pull_start"),
    path("profiles/<slug:slug>/pulls/<int:operation_id>/", pull.pull_detail, name="pull_detail"),
]
