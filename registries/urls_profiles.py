"""URLs of connection profiles, their members and allowed targets."""

from django.urls import path

from registries.views import access, member, profile, profile_address, profile_form, target

profile_urls = [
    path("profiles/", profile.profile_list, name="profile_list"),
    path("profiles/new/", profile_form.profile_create, name="profile_create"),
    path("profiles/address/", profile_address.profile_address, name="profile_address"),
    path("profiles/<slug:slug>/", profile.profile_detail, name="profile_detail"),
    path("profiles/<slug:slug>/edit/", profile_form.profile_update, name="profile_update"),
    path("profiles/<slug:slug>/check/", profile.profile_check, name="profile_check"),
    path("profiles/<slug:slug>/remove/", profile.profile_remove, name="profile_remove"),
    path("profiles/<slug:slug>/members/", member.member_list, name="member_list"),
    path("profiles/<slug:slug>/members/add/", member.member_add, name="member_add"),
    path("profiles/<slug:slug>/members/<int:pk>/role/", member.member_role, name="member_role"),
    path("profiles/<slug:slug>/members/<int:pk>/remove/", member.member_remove, name="member_remove"),
    path("people/<int:pk>/access/", access.person_access, name="person_access"),
    path("account/access/", access.my_access, name="my_access"),
    path("targets/", target.target_list, name="target_list"),
    path("targets/new/", target.target_create, name="target_create"),
    path("targets/<int:pk>/remove/", target.target_remove, name="target_remove"),
]
