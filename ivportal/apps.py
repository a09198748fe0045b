"""The composing application: commands, servers, start pages and template tags."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Registers the portal's own commands, checks and template tags."""

    name = "ivportal"
    verbose_name = "IV-portaal"
