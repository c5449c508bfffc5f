"""URLs of connection profiles and allowed targets."""

from django.urls import path

from registries.views import profile, profile_address, profile_form, target

profile_urls = [
    path("profiles/", profile.profile_list, name="profile_list"),
    path("profiles/new/", profile_form.profile_create, name="profile_create"),
    path("profiles/address/", profile_address.profile_address, name="profile_address"),
    path("profiles/<slug:slug>/", profile.profile_detail, name="profile_detail"),
    path("profiles/<slug:slug>/edit/", profile_form.profile_update, name="profile_update"),
    path("profiles/<slug:slug>/check/", profile.profile_check, name="profile_check"),
    path("profiles/<slug:slug>/remove/", profile.profile_remove, name="profile_remove"),
    path("targets/", target.target_list, name="target_list"),
    path("targets/new/", target.target_create, name="target_create"),
    path("targets/<int:pk>/remove/", target.target_remove, name="target_remove"),
]
