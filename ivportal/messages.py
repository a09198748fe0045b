"""Messages over files that are whole or not there.

kombu's transport over files opens a file under its final name and writes afterwards, and its reader takes what is there
without asking for the lock: a reader in between gets nothing, cannot decode it, and its worker ends.
"""

from __future__ import annotations

import sys
import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

#: Seconds after which who waits for a message looks whether it was told to stop.
LONGEST_WAIT = 0.2


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

    def drain_events(self, connection: Any, timeout: float | None = None, **kwargs: Any) -> None:
        """Wait for a message; raise TimeoutError after ``timeout`` seconds, and soon after a worker was told to stop.

        Celery asks for two seconds, looks whether it was told to stop, and then asks once more: nearly four seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = LONGEST_WAIT if deadline is None else deadline - time.monotonic()
            try:
                wait = min(max(left, 0.001), LONGEST_WAIT)
                super().drain_events(connection, timeout=wait, **kwargs)  # type: ignore[no-untyped-call]  # untyped there
            except TimeoutError:
                if deadline is not None and (_is_stopping() or time.monotonic() >= deadline):
                    raise
            else:
                return


def _is_stopping() -> bool:
    """Tell whether this process is a worker that was told to stop; the word for it is an exit code, and 0 is one."""
    state = sys.modules.get("celery.worker.state")  # who is no worker has not imported it, and need not
    told = (getattr(state, name, None) for name in ("should_stop", "should_terminate"))
    return any(word is not None and word is not False for word in told)
