"""The WSGI entry point that gunicorn serves. It refuses what `checks.py` refuses, whatever server loads it."""

import os
import sys

import django
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.core.wsgi import get_wsgi_application
from django.db import connections

from dashboard import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
try:
    django.setup()
    call_command("check")
    call_command("check", "--tag", "stored_keys", "--database", "default")
    connections.close_all()  # gunicorn forks from here
except (env.SettingError, SystemCheckError) as error:
    sys.exit(str(error))
application = get_wsgi_application()
