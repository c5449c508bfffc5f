from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "dashboard.people"
    label = "people"

    def ready(self) -> None:
        # not before the apps are there; importing them connects their receivers
        from dashboard.people.sign_in import audit_events  # noqa: F401, PLC0415
