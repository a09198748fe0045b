"""Composition of the portal: settings, addresses, Celery, servers, start pages, commands. Imported by no other part."""

from ivportal.celery import app as celery_app

__all__ = ["celery_app"]
