"""Messages over files that are whole or not there.

kombu's transport over files opens a file under its final name and writes afterwards, and its reader takes what is there
without asking for the lock: a reader in between gets nothing, cannot decode it, and its worker ends.
"""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """The channel of kombu, whose messages appear all at once."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as kombu itself
        """Write the message under a name that no reader looks for; it gets its own name when it is whole."""
        folder = Path(self.data_folder_out)
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        part = folder / f"{uuid.uuid4()}.part"
        part.write_bytes(dumps(payload).encode())  # type: ignore[no-untyped-call]  # kombu has no types
        part.rename(folder / name)


class Transport(filesystem.Transport):
    """kombu's transport over files with this channel; ``ivportal.celery`` puts it in the place of the original."""

    Channel = Channel
