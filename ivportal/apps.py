"""The composing application: commands, servers, start pages and template tags."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the portal's own commands, checks and template tags."""

    name = "ivportal"
    verbose_name = "IV-portaal"

    def ready(self) -> None:
        from django.conf import settings

        folders = ["static"] if settings.REDIS_URL else ["static", "messages", "message-control"]
        for name in folders:
            (settings.DATA_DIR / name).mkdir(parents=True, exist_ok=True)
