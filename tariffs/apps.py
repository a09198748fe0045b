"""The application of what follows from the results."""

from django.apps import AppConfig


class TariffsConfig(AppConfig):
    """Maximum tariffs, bandwidth, release."""

    name = "tariffs"
    verbose_name = "Tarieven"
