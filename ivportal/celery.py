"""The Celery application: Redis when ``REDIS_URL`` is set, otherwise a transport on the file system.

The broker only wakes workers up. What has to be done stands in PostgreSQL, and the sweeper re-drives what is left there,
so a lost message costs seconds and never a result.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivportal.settings")

app = Celery("ivportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
