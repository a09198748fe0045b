"""The application of who takes part and what they sent."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """People, organisations, access, audit; rounds, submissions; reading and checking what comes in."""

    name = "providers"
    verbose_name = "Zorgaanbieders en aanleveringen"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from providers.regions import load_regions

        post_migrate.connect(load_regions, sender=self, dispatch_uid="providers.regions.load_regions")
