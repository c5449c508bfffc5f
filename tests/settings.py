"""The settings under test: the product's own, read from an environment that is set here and nowhere else.

What differs from a real installation is only what tests can't wait for or share: hashing, the manifest of static files,
and the cache, which `conftest.py` empties before every test.
"""

import base64
import os

for name in [name for name in os.environ if name.startswith("CORRAL_")]:
    del os.environ[name]  # what the shell of the person who tests has set must not change what is tested
os.environ |= {
    "CORRAL_SECRET_KEY": "only-for-tests-7Jm2vXq9Lr4Wb8Tz1Np6Kc3Hd5Gf0Ys-and-nowhere-else",
    "CORRAL_ENCRYPTION_KEYS": "test:" + base64.b64encode(bytes(range(32))).decode(),
    "CORRAL_AUDIT_KEYS": "test:" + base64.b64encode(bytes(range(32, 64))).decode(),
    "CORRAL_HOSTS": "127.0.0.1 localhost",
    "CORRAL_DEMO": "1",  # plain http: the tests' servers have no certificates
    "CORRAL_LOG_LEVEL": "WARNING",
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", "sqlite:///:memory:"),  # the other one by tests.postgresql
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # playwright keeps an event loop in the thread that tests use the database from
}

from dashboard.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
