from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RegistriesConfig(AppConfig):
    name = "registries"

    def ready(self) -> None:
        # imported here: models can't be imported before all apps are ready; importing the checks registers them
        from dashboard.events import event_emitted  # noqa: PLC0415 - as above
        from registries import checks  # noqa: F401, PLC0415 - as above
        from registries.services.audit.installation import prepare_after_migrate  # noqa: PLC0415 - as above
        from registries.services.audit.write import receive_event  # noqa: PLC0415 - as above

        event_emitted.connect(receive_event, dispatch_uid="audit")
        post_migrate.connect(prepare_after_migrate, sender=self, dispatch_uid="audit")
