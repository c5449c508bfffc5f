"""The comparator of (a): Django's own admin over the same rows, on the same machine and server."""

from dashboard.settings import *  # noqa: F403
from dashboard.settings import INSTALLED_APPS, MIDDLEWARE, TEMPLATES  # allauth stays: our people need its models

INSTALLED_APPS = ["django.contrib.admin", *INSTALLED_APPS]
# Django's own middleware, and allauth's which its app insists on: the comparator does as little as an admin site can
MIDDLEWARE = [name for name in MIDDLEWARE if name.startswith(("django.", "allauth."))]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                name for name in TEMPLATES[0]["OPTIONS"]["context_processors"] if name.startswith("django.")
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ROOT_URLCONF = "tests.bench.admin_urls"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
