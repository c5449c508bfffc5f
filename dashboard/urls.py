"""URLs: the service's own, sign-in, and the domain's.

Of allauth only the pages that exist here are named; nobody signs up, and there is no mail to reset a password by.
"""

from allauth.account import views as account
from django.urls import include, path

from dashboard import health, metrics, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/inactive/", account.account_inactive, name="account_inactive"),
    path("accounts/password/change/", account.password_change, name="account_change_password"),
    path("theme/", views.theme, name="theme"),
    path("", include("registries.urls")),
]

handler400 = "dashboard.errors.bad_request"
handler403 = "dashboard.errors.permission_denied"
handler404 = "dashboard.errors.page_not_found"
handler429 = "dashboard.errors.too_many_requests"  # asked for by allauth
handler500 = "dashboard.errors.server_error"
