"""Every setting of Corral, read from the environment; README.md lists them in one table.

A setting that is missing or too weak stops the start with its name (`env.py`, `checks.py`): there is no insecure
default but inside the demo, which sets CORRAL_DEMO itself.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from dashboard import env

BASE_DIR = Path(__file__).resolve().parent.parent

DEMO = env.flag("CORRAL_DEMO")
DEBUG = env.flag("CORRAL_DEBUG")
env.require(  # all that have no default, so that one refusal names each one that is missing
    "CORRAL_SECRET_KEY", "CORRAL_ENCRYPTION_KEYS", "CORRAL_AUDIT_KEYS", *([] if DEMO else ["CORRAL_HOSTS"])
)
SECRET_KEY = env.text("CORRAL_SECRET_KEY")
# kid:base64 of 32 bytes, the current key first; apart from SECRET_KEY, so that either can be changed alone
ENCRYPTION_KEYS = env.text("CORRAL_ENCRYPTION_KEYS")
# the same form, for keys that prove the audit record; apart from both, so that who holds the database can't forge it
AUDIT_KEYS = env.text("CORRAL_AUDIT_KEYS")
ALLOWED_HOSTS = env.words("CORRAL_HOSTS", "127.0.0.1 localhost" if DEMO else None)
CSRF_TRUSTED_ORIGINS = env.words("CORRAL_ORIGINS")
BEHIND_PROXY = env.flag("CORRAL_BEHIND_PROXY")
WORKERS = env.number("CORRAL_WORKERS", 2)
THREADS = env.number("CORRAL_THREADS", 8)
CHECK_EVERY = timedelta(hours=env.number("CORRAL_CHECK_HOURS", 6))  # of credentials that Corral keeps a copy of
# How many days rows are kept that nothing needs any more; the audit log keeps everything
KEEP_HISTORY_DAYS = env.number("CORRAL_KEEP_HISTORY_DAYS", 400)
KEEP_VERIFICATIONS_DAYS = env.number("CORRAL_KEEP_VERIFICATIONS_DAYS", 90)
KEEP_ALERTS_DAYS = env.number("CORRAL_KEEP_ALERTS_DAYS", 90)
KEEP_INVITATIONS_DAYS = env.number("CORRAL_KEEP_INVITATIONS_DAYS", 30)
KEEP_TASKS_DAYS = env.number("CORRAL_KEEP_TASKS_DAYS", 7)
WEBHOOK_URL = env.text("CORRAL_WEBHOOK_URL", "")  # is told what stopped working, and what works again
WEBHOOK_SECRET = env.text("CORRAL_WEBHOOK_SECRET", "")
METRICS_TOKEN = env.text("CORRAL_METRICS_TOKEN", "")
ADMIN_MFA = env.flag("CORRAL_ADMIN_MFA", default=not DEMO)  # admins have a second factor
OIDC_ISSUER = env.text("CORRAL_OIDC_ISSUER", "")  # single sign-on; without it there is none
OIDC_CLIENT_ID = env.text("CORRAL_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = env.text("CORRAL_OIDC_CLIENT_SECRET", "")
OIDC_NAME = env.text("CORRAL_OIDC_NAME", "single sign-on")  # on the button
OIDC_GROUPS_CLAIM = env.text("CORRAL_OIDC_GROUPS_CLAIM", "groups")
OIDC_TEAMS = env.pairs("CORRAL_OIDC_TEAMS")  # of the provider's groups, which is which team here

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_htmx",
    "template_partials",
    "heroicons",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_tasks",
    "django_tasks_db",
    "dashboard",
    "dashboard.people",
    "registries",
]

MIDDLEWARE = [
    "dashboard.middleware.request_id",
    "dashboard.metrics.count_requests",
    "django.middleware.security.SecurityMiddleware",
    "dashboard.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.middleware.sign_in_outside_fragments",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.people.sign_in.sessions.session_lifetime",
    "dashboard.people.sign_in.second_factor.second_factor_for_admins",
    "dashboard.middleware.RetryWhenBusy",
]

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.shell",
                "registries.context.profiles",
            ],
            "builtins": ["template_partials.templatetags.partials", "dashboard.templatetags.shell"],
        },
    }
]
FORM_RENDERER = "dashboard.forms.FormRenderer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # a cookie would carry what was done

DATABASES = {"default": env.database(env.text("DATABASE_URL", f"sqlite:///{BASE_DIR / 'var' / 'corral.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["dashboard.people.hashing.BoundedArgon2Hasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_ADAPTER = "dashboard.people.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_FORMS = {"change_password": "dashboard.people.sign_in.forms.PasswordForm"}
ACCOUNT_RATE_LIMITS = False  # ours count exactly, whatever the number of workers (dashboard.rate_limits)
ACCOUNT_SESSION_REMEMBER = False
MFA_ADAPTER = "dashboard.people.sign_in.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "dashboard.people.sign_in.forms.CodeForm",
    "reauthenticate": "dashboard.people.sign_in.forms.CodeAgainForm",
    "authenticate_webauthn": "dashboard.people.sign_in.forms.KeyForm",
    "login_webauthn": "dashboard.people.sign_in.forms.KeyAloneForm",
    "activate_totp": "dashboard.people.sign_in.forms.ActivateAppForm",
    "add_webauthn": "dashboard.people.sign_in.forms.AddKeyForm",
    "reauthenticate_webauthn": "dashboard.people.sign_in.forms.KeyAgainForm",
}
MFA_RATE_LIMITS = False
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # one step of 30 s either side; a code works once all the same
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO or DEBUG  # http://localhost
SOCIALACCOUNT_ADAPTER = "dashboard.people.sign_in.oidc.SocialAdapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # from a page of ours only (sign_in.views.sso_login)
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "provider_class": "dashboard.people.sign_in.oidc.OIDCProvider",
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": OIDC_CLIENT_ID,
                "secret": OIDC_CLIENT_SECRET,
                "settings": {"server_url": OIDC_ISSUER},
            }
        ],
    }
}

SECURE = not (DEMO or DEBUG)
SESSION_COOKIE_NAME = "__Host-corral" if SECURE else "corral"
SESSION_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "__Host-corral-csrf" if SECURE else "corral-csrf"
CSRF_COOKIE_SECURE = SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "dashboard.errors.csrf_failure"
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0  # sign-in limits count clients, not the proxy
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 512 * 1024
# no page takes files: large ones are read and dropped, where Django would write them to the disk
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

STATIC_URL = "/static/"
STATIC_ROOT = env.text("CORRAL_STATIC_ROOT", str(BASE_DIR / "var" / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MAX_AGE = 3600
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no other site reads our files

LANGUAGE_CODE = "en"
USE_I18N = False
TIME_ZONE = "UTC"
USE_TZ = True

LOG_LEVEL = env.choice("CORRAL_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "dashboard.logs.RequestId"}},
    "formatters": {"json": {"()": "dashboard.logs.JSONLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
