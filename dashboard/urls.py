"""URLs: the service's own, sign-in, and the domain's."""

from django.urls import include, path

from dashboard import health, metrics, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("", include("dashboard.people.sign_in.urls")),
    path("", include("dashboard.people.urls")),
    path("theme/", views.theme, name="theme"),
    path("", include("registries.urls")),
]

handler400 = "dashboard.errors.bad_request"
handler403 = "dashboard.errors.permission_denied"
handler404 = "dashboard.errors.page_not_found"
handler500 = "dashboard.errors.server_error"
