"""The application of who takes part and what they sent."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """People, organisations, access, audit; rounds, submissions; reading and checking what comes in."""

    name = "providers"
    verbose_name = "Zorgaanbieders en aanleveringen"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in, user_login_failed
        from django.db.models.signals import post_migrate

        from providers.audit import record_failed_login, record_login
        from providers.regions import load_regions

        user_logged_in.connect(record_login, dispatch_uid="providers.audit.record_login")
        user_login_failed.connect(record_failed_login, dispatch_uid="providers.audit.record_failed_login")
        post_migrate.connect(load_regions, sender=self, dispatch_uid="providers.regions.load_regions")
