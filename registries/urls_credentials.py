"""URLs of a registry's credentials, below `/profiles/<slug>/registries/`."""

from django.urls import path, re_path

from registries.views import credential_action, credential_form, credential_verify

ONE = r"^(?P<registry_id>[0-9a-z]{1,32})/credentials/(?P<credential_id>[0-9a-z]{1,32})/"

credential_urls = [
    path("<slug:registry_id>/credentials/new/", credential_form.credential_create, name="credential_create"),
    re_path(ONE + r"edit/$", credential_form.credential_update, name="credential_update"),
    re_path(ONE + r"verify/$", credential_verify.credential_verify, name="credential_verify"),
    re_path(ONE + r"verify/run/$", credential_verify.credential_verify_run, name="credential_verify_run"),
    re_path(ONE + r"(?P<verb>activate|deactivate)/$", credential_action.credential_act, name="credential_act"),
    re_path(ONE + r"(?P<verb>remove|purge)/$", credential_action.credential_remove, name="credential_act"),
]
