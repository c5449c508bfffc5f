from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "dashboard.people"
    label = "people"

    def ready(self) -> None:
        # importing connects the receivers, which need loaded apps
        from dashboard.people.sign_in import audit_events  # noqa: F401, PLC0415 - importing connects it, with the models
