"""Telling workers that there is something to do; what that is stands in the database."""

from __future__ import annotations

import logging
from typing import Any

from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)


def wake(task: Any, *arguments: int) -> bool:
    """Have a worker carry out a task of Celery, and tell whether the broker took it. If it is away the sweeper asks later."""
    try:
        task.delay(*arguments)
    except (KombuError, OSError):
        logger.warning("The broker is away; what waits is done later: %s%s.", task.name, arguments)
        return False
    return True
