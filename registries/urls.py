"""URLs of the domain; names are `noun_verb`, as the views and templates."""

from django.urls import include, path, re_path

from registries.urls_audit import audit_urls
from registries.urls_credentials import credential_urls
from registries.urls_profiles import profile_urls
from registries.urls_resolve import resolve_urls
from registries.views import (
    alert,
    operation,
    overview,
    registry_action,
    registry_as_of,
    registry_detail,
    registry_form,
    registry_history,
    registry_list,
)

ONE = r"^(?P<registry_id>[0-9a-z]{1,32})/"

registry_urls = [
    path("", registry_list.registry_list, name="registry_list"),
    path("new/", registry_form.registry_create, name="registry_create"),
    path("address-check/", registry_form.address_check, name="address_check"),
    path("as-of/", registry_as_of.registry_as_of, name="registry_as_of"),
    path("export/", registry_list.registry_export, name="registry_export"),
    path("<slug:registry_id>/", registry_detail.registry_detail, name="registry_detail"),
    path("<slug:registry_id>/history/", registry_history.registry_history, name="registry_history"),
    path("<slug:registry_id>/row/", registry_list.registry_row, name="registry_row"),
    path("<slug:registry_id>/edit/", registry_form.registry_update, name="registry_update"),
    *credential_urls,
    re_path(ONE + r"(?P<verb>activate|deactivate|restore)/$", registry_action.registry_act, name="registry_act"),
    re_path(ONE + r"(?P<verb>remove|purge)/$", registry_action.registry_remove, name="registry_act"),
]

urlpatterns = [
    path("", overview.overview_page, name="overview"),
    path("switcher/", overview.profile_switcher, name="profile_switcher"),
    path("profiles/<slug:slug>/card/", overview.profile_card, name="profile_card"),
    path("profiles/<slug:slug>/registries/", include(registry_urls)),
    path("operations/", operation.operation_list, name="operation_list"),
    path("operations/<int:operation_id>/", operation.operation_detail, name="operation_detail"),
    path("alerts/", alert.alert_list, name="alert_list"),
    path("alerts/test/", alert.webhook_test, name="webhook_test"),
    *profile_urls,
    *audit_urls,
    *resolve_urls,
]
