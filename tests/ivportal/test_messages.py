"""Messages over files: what a reader sees is whole, however it comes between."""

import threading
from pathlib import Path

from kombu import Connection, Queue

import ivportal.celery  # noqa: F401 - puts the transport in place

MESSAGES = 600


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
