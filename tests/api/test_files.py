"""Files over the API: read by a worker, sent twice, overtaken, refused."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from providers import uploads
from providers.models import (
    Upload,
)
from tests.api.conftest import Systems
from tests.api.documents import figure, send, workbook
from tests.delivering import (
    figures_of,
    prepared,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(("kind", "media"), [("csv", "text/csv"), ("xlsx", XLSX)])
def test_a_file_is_read_by_a_worker_and_becomes_the_saved_state(kind: str, media: str, systems: Systems) -> None:
    """Sent, read, saved; the system follows it at one address."""
    received = send(systems, workbook(systems, kind), content_type=media)
    assert received.status_code == 202
    place = received["Location"]
    assert systems["filler"].get(place).json()["status"] == "waiting"
    uploads.read_waiting(Upload.objects.get(uuid=received.json()["uuid"]).pk)
    done = systems["filler"].get(place).json()
    assert (done["status"], done["problems"]) == ("saved", [])
    assert systems["filler"].get(systems.at("/aanlevering")).json()["number"] == done["number"]
    assert figure(systems, "total_cost") == figures_of(systems.linde.provider, 2025)["total_cost"]


def test_a_file_that_is_wrong_is_refused_with_its_reasons(systems: Systems) -> None:
    """The reasons stand at the address of the file."""
    received = send(systems, b"dit is geen werkmap")
    uploads.read_waiting(Upload.objects.get(uuid=received.json()["uuid"]).pk)
    told = systems["filler"].get(received["Location"]).json()
    assert told["status"] == "refused"
    assert told["problems"]


def test_a_file_in_a_form_is_the_same_as_a_file_as_the_body(systems: Systems) -> None:
    """Both ways of sending lead to the same upload, also with the same key."""
    content = workbook(systems)
    first = send(systems, {"bestand": SimpleUploadedFile("C:\\map\\mijn.csv", content)}, content_type="multipart")
    assert first.status_code == 202
    assert first.json()["name"] == "mijn.csv"
    second = send(systems, content)
    assert second.json()["uuid"] == first.json()["uuid"]


def test_the_same_key_is_the_same_upload_and_never_another_file(systems: Systems) -> None:
    """A system that tries again gets the same answer, before and after the file was read, and after others saved."""
    content = workbook(systems)
    first, second = send(systems, content), send(systems, content)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first["Location"] == second["Location"]
    other = send(systems, workbook(systems, places=190))
    assert other.status_code == 422
    assert "Idempotency-Key" in other.json()["detail"]
    uploads.read_waiting(Upload.objects.get().pk)
    third = send(systems, content)
    assert (third.status_code, third["Location"]) == (200, first["Location"])
    assert third.json()["status"] == "saved"
    assert Upload.objects.count() == 1


def test_a_file_that_others_overtook_is_kept_and_not_saved(systems: Systems) -> None:
    """Somebody saved between sending and reading: nothing is overwritten, and the address says so."""
    received = send(systems, workbook(systems, places=190))
    prepared(systems.linde)
    uploads.read_waiting(Upload.objects.get().pk)
    told = systems["filler"].get(received["Location"]).json()
    assert (told["status"], told["number"]) == ("not_saved", None)
    assert figure(systems, "places") != 190


def test_a_file_is_not_sent_without_saying_what_it_is_based_on(systems: Systems) -> None:
    """The same rules as for saving, and a name for the act of sending."""
    content, address, caller = workbook(systems), systems.at("/aanlevering/bestanden"), systems["filler"]
    assert caller.post(address, content, content_type="text/csv", Idempotency_Key="abcdefgh").status_code == 428
    assert send(systems, content, number=4).status_code == 412
    for key in ("", "kort", "x" * 81, "met spatie", "é" * 9):
        assert send(systems, content, key=key).status_code == 400, key
    assert caller.post(address, content, 0, content_type="text/csv").status_code == 400
    assert not Upload.objects.exists()


def test_what_is_no_file_or_too_large_is_told(systems: Systems) -> None:
    """Nothing of it is kept."""
    assert send(systems, b"").status_code == 400
    assert send(systems, b"x", content_type="image/png").status_code == 415
    assert send(systems, b"x", content_type="application/json").status_code == 415
    assert send(systems, b"x", Content_Encoding="gzip").status_code == 415
    assert send(systems, {"ander": "x"}, content_type="multipart").status_code == 400
    assert send(systems, {"bestand": "geen bestand"}, content_type="multipart").status_code == 400
    assert send(systems, b"--grens\r\nrommel", content_type="multipart/form-data; boundary=grens").status_code == 400
    assert send(systems, b"x", content_type="multipart/form-data").status_code == 400
    assert send(systems, b"x" * 10_000_001).status_code == 413
    large = SimpleUploadedFile("groot.csv", b"x" * 10_000_001)
    assert send(systems, {"bestand": large}, content_type="multipart").status_code == 413
    assert not Upload.objects.exists()


def test_who_sends_many_files_waits_until_they_are_read(systems: Systems) -> None:
    """Five at a time; the answer says when to try again."""
    for number in range(5):
        assert send(systems, workbook(systems), key=f"verzending-{number}").status_code == 202
    answer = send(systems, workbook(systems), key="verzending-5")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
