"""The process that reads files for this one: kept ready, copied per file, replaced when anything is odd.

Starting Python with a parser costs more than reading a workbook. So each process that reads files keeps one helper
(:mod:`providers.workbook.child.serve`) that has the parser loaded; per file it forks a copy that limits itself. A file
that kills its copy, or takes too long, takes the helper with it, and the next file gets a new one.

Safe in a Celery worker: the helper is a plain subprocess (a daemonic worker may have no ``multiprocessing`` children),
a forked worker never uses the helper of its parent, and threads take turns.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_SCRIPT: Final = Path(__file__).parent / "child" / "serve.py"
_CHUNK: Final = 1 << 16
_LARGEST_ANSWER: Final = 400_000_000
"""Bytes; more than any file within the limits can give."""


class Stopped(Exception):
    """The copy was killed by its limits or took too long: the file is too much to read."""


@dataclass
class _Helper:
    process: subprocess.Popen[bytes]
    control: socket.socket
    owner: int
    """Process id of who started it; a fork of that process must leave it alone."""

    def end(self) -> None:
        """Kill the helper and its copy, which are a group of their own."""
        with contextlib.suppress(OSError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.control.close()
        self.process.wait()


_turn = threading.Lock()
_helper: _Helper | None = None


def ask(question: Mapping[str, Any], content: bytes, *, wall_seconds: float) -> dict[str, Any]:
    """What the child answers about this file; :class:`Stopped` if it had to be stopped.

    ``question`` holds ``kind`` (``xlsx`` or ``csv``), ``limits`` and ``header``. ``RuntimeError`` means that the
    program is wrong, not the file.
    """
    line = json.dumps(question).encode() + b"\n"
    with _turn:
        try:
            found, status = _asked(line, content, wall_seconds)
        except (OSError, EOFError):
            # The helper went away, perhaps killed for the memory of others; that says nothing about this file.
            try:
                found, status = _asked(line, content, wall_seconds)
            except (OSError, EOFError) as error:
                raise RuntimeError("the process that reads files ended by itself, twice") from error
    if status < 0:
        raise Stopped
    if status:
        raise RuntimeError(f"the process that reads files failed with status {status}")
    answer: dict[str, Any] = json.loads(found)
    return answer


def _asked(line: bytes, content: bytes, wall_seconds: float) -> tuple[bytes, int]:
    """The answer and the exit status of the copy; a helper that did not end its answer is not used again."""
    global _helper
    helper = _ready()
    try:
        return _converse(helper, line, content, time.monotonic() + wall_seconds)
    except BaseException as error:
        helper.end()
        _helper = None
        if isinstance(error, TimeoutError):
            raise Stopped from error
        raise


def _ready() -> _Helper:
    """The helper of this very process, started if need be."""
    global _helper
    if _helper is not None and _helper.owner == os.getpid() and _helper.process.poll() is None:
        return _helper
    if _helper is not None and _helper.owner == os.getpid():
        _helper.end()
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-I", str(_SCRIPT), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "OPENPYXL_LXML": "False"},
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    _helper = _Helper(process, ours, os.getpid())
    return _helper


def _converse(helper: _Helper, question: bytes, content: bytes, deadline: float) -> tuple[bytes, int]:
    """Send the question and the file, read the answer to its end, then the exit status."""
    read_theirs, write_ours = os.pipe()
    read_ours, write_theirs = os.pipe()
    with open(write_ours, "wb", 0) as sending, open(read_ours, "rb", 0) as receiving:  # noqa: PTH123 - descriptors
        try:
            socket.send_fds(helper.control, [b"r"], [read_theirs, write_theirs])
        finally:
            os.close(read_theirs)
            os.close(write_theirs)
        found = _exchange(sending, receiving, (question, content), deadline)
    helper.control.settimeout(max(deadline - time.monotonic(), 0.01))
    status = b""
    while len(status) < 4:
        part = helper.control.recv(4 - len(status))
        if not part:
            raise EOFError
        status += part
    return found, struct.unpack("<i", status)[0]


def _exchange(sending: io.RawIOBase, receiving: io.RawIOBase, parts: tuple[bytes, ...], deadline: float) -> bytes:
    """Write and read at the same time, so that neither side waits for the other to empty its pipe."""
    waiting = [memoryview(part) for part in parts if part]
    received = bytearray()
    os.set_blocking(sending.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(sending, selectors.EVENT_WRITE)
        selector.register(receiving, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in selector.select(left):
                if key.fileobj is receiving:
                    chunk = os.read(receiving.fileno(), _CHUNK)
                    if not chunk:
                        return bytes(received)
                    received += chunk
                    if len(received) > _LARGEST_ANSWER:
                        raise TimeoutError
                    continue
                try:
                    waiting[0] = waiting[0][os.write(sending.fileno(), waiting[0][:_CHUNK]) :]
                    if not waiting[0]:
                        del waiting[0]
                except BrokenPipeError:
                    waiting.clear()  # it stopped reading: its exit status says why
                if not waiting:
                    selector.unregister(sending)
                    sending.close()


def _forget() -> None:
    """In a fork: the helper belongs to the parent. Close our copy of its socket, so that it ends with its owner."""
    global _helper, _turn
    _turn = threading.Lock()
    if _helper is not None:
        _helper.control.close()
        _helper.process.returncode = 0  # not ours to wait for
        _helper = None


def stop() -> None:
    """End the helper of this process, if there is one; the next file starts another."""
    global _helper
    if _helper is not None and _helper.owner == os.getpid():
        _helper.end()
        _helper = None


atexit.register(stop)
os.register_at_fork(after_in_child=_forget)
