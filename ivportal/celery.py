"""The Celery application: Redis when ``REDIS_URL`` is set, otherwise a transport on the file system.

The broker only wakes workers up. What has to be done stands in PostgreSQL, and the sweeper re-drives what is left there,
so a lost message costs seconds and never a result.
"""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivportal.settings")

# Under the same URLs, messages that appear all at once.
TRANSPORT_ALIASES["filesystem"] = "ivportal.messages:Transport"

app = Celery("ivportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
