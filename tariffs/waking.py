"""Telling workers that there is something to do."""

from __future__ import annotations

import logging

from kombu.exceptions import KombuError

logger = logging.getLogger(__name__)


def wake(name: str, *arguments: int) -> None:
    """Tell a worker that there is something to do. If the broker is away the sweeper does it later."""
    from tariffs import tasks

    try:
        getattr(tasks, name).delay(*arguments)
    except (KombuError, OSError):
        logger.warning("The broker is away; the sweeper will do what waits: %s.", name)
