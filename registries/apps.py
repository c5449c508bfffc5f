from django.apps import AppConfig


class RegistriesConfig(AppConfig):
    name = "registries"

    def ready(self) -> None:
        from registries import checks  # noqa: F401, PLC0415 - importing registers them, and not before the apps are there
