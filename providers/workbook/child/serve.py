"""A process that has the parsers loaded and makes one copy of itself per file.

Started by :mod:`providers.workbook.reading_process` as a plain script in Python's isolated mode with an empty
environment, so that a file that breaks a parser finds no settings, no passwords and little memory. This process itself
never sees a file: the two ends of the pipes come over its socket, the copy (fork) limits itself, reads, answers and
ends. So nothing of one file is there for the next one.

Per request on the socket: one byte with two file descriptors (what to read from, what to answer to). The copy reads a
line of JSON (``kind``, ``limits``, ``header``) and then the bytes of the file, and writes one JSON object, either
``{"sheets": …}`` or ``{"refused": …}``. The answer on the socket is the exit status of the copy, four bytes; a copy that
was killed says nothing else, and the parent then knows enough.
"""

from __future__ import annotations

import gc
import json
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Any

FAULT = 70
"""Exit status of a copy in which the program itself is wrong (not the file)."""


def limit_this_process(memory_bytes: int, cpu_seconds: int) -> None:
    """Bound memory and processor time; on systems without such limits the parent's time limit remains."""
    import resource

    for name, value in (
        ("RLIMIT_AS", memory_bytes),
        ("RLIMIT_CPU", cpu_seconds),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_CORE", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, ValueError, OSError):
            continue


def answer(question: dict[str, Any], content: bytes) -> bytes:
    """The cells of the file as JSON, or the reason why there are none."""
    from providers.workbook.child import delimited, worksheets
    from providers.workbook.child.refusals import Refused

    try:
        if question["kind"] == "csv":
            found = delimited.read(content, question["limits"], question["header"])
        else:
            found = worksheets.read(content, question["limits"])
        return json.dumps(found, ensure_ascii=True, separators=(",", ":")).encode()
    except Refused as refusal:
        return json.dumps({"refused": refusal.reason}).encode()
    except MemoryError:
        return b'{"refused":"too_large"}'
    except Exception:  # noqa: BLE001 - whatever a parser may raise on a hostile file means the same: it cannot be read
        return b'{"refused":"damaged"}'


def read_one(source: int, target: int) -> None:
    """In the copy: read the question and the file, limit this process, answer."""
    with os.fdopen(source, "rb") as given, os.fdopen(target, "wb") as told:
        question = json.loads(given.readline())
        limit_this_process(question["limits"]["memory_bytes"], question["limits"]["cpu_seconds"])
        told.write(answer(question, given.read()))


def load_parsers() -> None:
    """Import what reading needs; every copy has it from the start."""
    # openpyxl would load numpy only to recognise its number types; there are none here, and it costs time and memory.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    import openpyxl

    if not openpyxl.DEFUSEDXML or openpyxl.LXML:
        raise SystemExit("defusedxml is missing: the parser would read hostile XML")
    # At the end of the path: nothing of the project may stand in for a module of Python.
    sys.path.append(str(Path(__file__).resolve().parents[3]))
    from providers.workbook.child import delimited, worksheets  # noqa: F401


def serve(control: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(control, 1, 2)
        if not request:
            return
        child = os.fork()
        if child == 0:
            status = FAULT
            try:
                control.close()
                read_one(*descriptors)
                status = 0
            except BrokenPipeError:
                status = 0  # the parent no longer waits for the answer
            except MemoryError:
                status = -1
            finally:
                if status == -1:
                    os.abort()
                os._exit(status)
        for descriptor in descriptors:
            os.close(descriptor)
        _, waited = os.waitpid(child, 0)
        control.sendall(struct.pack("<i", os.waitstatus_to_exitcode(waited)))


def main() -> None:
    load_parsers()
    gc.collect()
    gc.freeze()  # the copies share these pages as long as the collector does not touch them
    with socket.socket(fileno=int(sys.argv[1])) as control:
        serve(control)


if __name__ == "__main__":
    main()
