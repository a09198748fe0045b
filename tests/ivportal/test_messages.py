"""Messages over files: what a reader sees is whole, however it comes between."""

import threading
import time
from pathlib import Path

import celery.worker.state
import pytest
from kombu import Connection, Queue

import ivportal.celery  # noqa: F401 - puts the transport in place

MESSAGES = 600


def waited(folder: Path, seconds: float) -> float:
    """Wait ``seconds`` for a message that does not come; return how long that took."""
    options = {name: str(folder) for name in ("data_folder_in", "data_folder_out", "control_folder")}
    with (
        Connection("filesystem://", transport_options={**options, "polling_interval": 0.05}) as connection,
        connection.Consumer(Queue("work"), callbacks=[print]),
    ):
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            connection.drain_events(timeout=seconds)
        return time.monotonic() - began


def test_who_waits_for_a_message_waits_as_long_as_it_said(tmp_path: Path) -> None:
    assert waited(tmp_path, 0.7) >= 0.7


def test_a_worker_that_was_told_to_stop_does_not_wait_for_another_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(celery.worker.state, "should_stop", 0)  # as its signal handler does
    assert waited(tmp_path, 30) < 10


def test_a_reader_that_comes_between_never_sees_half_a_message(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(tmp_path / "control"),
    }
    (tmp_path / "control").mkdir()
    done = threading.Event()

    def write() -> None:
        with (
            Connection("filesystem://", transport_options=options) as connection,
            connection.SimpleQueue("work") as queue,
        ):
            for number in range(MESSAGES):
                queue.put({"number": number, "text": "x" * 500})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    found = []
    with Connection("filesystem://", transport_options=options) as connection:
        channel = connection.channel()
        Queue("work", channel=channel).declare()
        while len(found) < MESSAGES:
            ended = done.is_set()
            message = channel.basic_get("work", no_ack=True)
            if message is not None:
                found.append(message.payload["number"])
            elif ended:
                break
    writer.join()
    assert sorted(found) == list(range(MESSAGES))
