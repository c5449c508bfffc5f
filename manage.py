#!/usr/bin/env python
"""Django's command line for Corral."""

import os
import sys

from dashboard import env

# They serve nobody and open no secret: the stand-in has keys of its own, and `check` says which settings are missing.
NEED_NO_SETTINGS = {"check", "help", "--help", "-h", "sandbox"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - the settings have to be named first

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command in NEED_NO_SETTINGS:
        env.allow_missing()
    try:
        execute_from_command_line(sys.argv)
    except env.SettingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
