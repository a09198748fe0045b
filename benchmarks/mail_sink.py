"""A mail server on loopback that keeps what it is given: who got which message, and how often."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Sink(socketserver.ThreadingTCPServer):
    """A mail server that takes every mail. ``messages`` counts by Message-ID, ``recipients`` by address and subject."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.lock = threading.Lock()
        self.forget()

    @property
    def url(self) -> str:
        """Return where it takes mail, as ``EMAIL_URL`` says it."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def taken(self) -> int:
        """Return how many mails it took, copies included."""
        return sum(self.messages.values())

    def forget(self) -> None:
        """Begin to count anew."""
        self.messages: Counter[str] = Counter()
        self.recipients: Counter[tuple[str, str]] = Counter()
        self.last = time.monotonic()
        """When the last mail came in."""

    def take(self, recipient: str, content: bytes) -> None:
        """Count one mail."""
        head = content.partition(b"\n\n")[0].decode(errors="replace").splitlines()
        named = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        with self.lock:
            self.messages[named["message-id"]] += 1
            self.recipients[recipient, named["subject"]] += 1
            self.last = time.monotonic()


class _Conversation(socketserver.StreamRequestHandler):
    """One connection (RFC 5321, as far as Python's ``smtplib`` goes)."""

    server: Sink

    def handle(self) -> None:
        with suppress(ConnectionError):  # who is killed says no goodbye
            self._converse()

    def _converse(self) -> None:
        self._say("220 sink")
        recipient = ""
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            if verb == b"DATA":
                self._say("354 go on")
                lines = []
                while (said := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(said.rstrip(b"\r\n"))
                self.server.take(recipient, b"\n".join(lines))
            self._say("221 bye" if verb == b"QUIT" else "250 ok")
            if verb == b"QUIT":
                return

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_sink() -> Iterator[Sink]:
    """Have a mail server inside the block, in a thread."""
    with Sink() as sink:
        threading.Thread(target=sink.serve_forever, daemon=True).start()
        try:
            yield sink
        finally:
            sink.shutdown()
