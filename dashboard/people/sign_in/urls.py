"""URLs of sign-in and of one's own account.

Only the pages of allauth that are in use are listed, each with its policy: there is no sign-up and no password reset by
mail. Changes of second factors require a recent sign-in.
"""

from collections.abc import Callable

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as keys
from django.http import HttpResponse, HttpResponseBase
from django.urls import path

from dashboard.people.sign_in import views
from dashboard.people.sign_in.second_factor import changes_second_factors
from dashboard.policy import PUBLIC, signed_in, stamp
from dashboard.reauthentication import require_recent_sign_in

public = stamp(PUBLIC)


def careful(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    return signed_in(require_recent_sign_in(changes_second_factors(view)))


urlpatterns = [
    path("account/", views.account_home, name="account_home"),
    path("account/sessions/<int:pk>/end/", views.session_end, name="session_end"),
    path("accounts/login/", public(account.login), name="account_login"),
    path("accounts/logout/", public(account.logout), name="account_logout"),
    path("accounts/inactive/", public(account.account_inactive), name="account_inactive"),
    path("accounts/confirm/", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("accounts/password/change/", views.password_change, name="account_change_password"),
    path("accounts/second-factor/", signed_in(mfa.index), name="mfa_index"),
    path("accounts/second-factor/code/", public(mfa.authenticate), name="mfa_authenticate"),
    path("accounts/second-factor/confirm/", signed_in(mfa.reauthenticate), name="mfa_reauthenticate"),
    path("accounts/second-factor/app/add/", careful(totp.activate_totp), name="mfa_activate_totp"),
    path("accounts/second-factor/app/remove/", careful(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("accounts/second-factor/codes/", careful(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "accounts/second-factor/codes/new/", careful(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
    path("accounts/passkeys/", signed_in(mfa.index), name="mfa_list_webauthn"),
    path("accounts/passkeys/add/", careful(keys.add_webauthn), name="mfa_add_webauthn"),
    path("accounts/passkeys/<int:pk>/remove/", careful(keys.remove_webauthn), name="mfa_remove_webauthn"),
    path("accounts/passkeys/confirm/", signed_in(keys.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"),
    path("accounts/passkeys/login/", public(keys.login_webauthn), name="mfa_login_webauthn"),
    path("accounts/sso/login/", views.sso_login, name="sso_login"),
    path("accounts/sso/callback/", views.sso_callback, name="sso_callback"),
    path("accounts/sso/unlink/", views.sso_unlink, name="sso_unlink"),
]
