"""The composing application: commands, servers, start pages and template tags."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the portal's own commands, checks and template tags."""

    name = "ivportal"
    verbose_name = "IV-portaal"

    def ready(self) -> None:
        from django.conf import settings

        if not settings.REDIS_URL:
            for name in ("messages", "message-control"):
                (settings.DATA_DIR / name).mkdir(parents=True, exist_ok=True)
