"""The Celery application: Redis when ``REDIS_URL`` is set, otherwise a transport on the file system.

The broker only wakes workers up. What has to be done stands in PostgreSQL, and the sweeper re-drives what is left there,
so a lost message costs seconds and never a result.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init
from kombu.entity import Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ivportal.settings")

# Under the same URLs, messages that appear all at once.
TRANSPORT_ALIASES["filesystem"] = "ivportal.messages:Transport"

app = Celery("ivportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, routing_key=name) for name in ("celery", "reading")]  # type: ignore[no-untyped-call]
app.autodiscover_tasks()


def _load_what_computes(**_: Any) -> None:
    """Load the libraries that compute before the worker makes its processes, which then share them.

    Otherwise each of them loads them anew, for seconds, at its first run.
    """
    import benchmarking.pipeline  # noqa: F401


worker_init.connect(_load_what_computes)
