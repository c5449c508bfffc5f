from django.apps import AppConfig


class RegistriesConfig(AppConfig):
    name = "registries"

    def ready(self) -> None:
        # not before the apps are there; importing the checks registers them
        from dashboard.events import event_emitted  # noqa: PLC0415
        from registries import checks  # noqa: F401, PLC0415
        from registries.services.audit.write import receive_event  # noqa: PLC0415

        event_emitted.connect(receive_event, dispatch_uid="audit")
