"""Documents that are wrong or hostile: refused in words, with their place, and nothing stored."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from providers.models import (
    Draft,
)
from tests.api.calling import require_described
from tests.api.conftest import ANKER, Systems
from tests.api.documents import document, figure, save


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("26312480.55", "26312480.55"),
        ("999999999999999.99", "999999999999999.99"),
        ('"123456789012345.67"', "123456789012345.67"),
        ("2.5e3", "2500"),
        ("0.1", "0.1"),
        ("-0.0", "0"),
        ("1e-30", "0"),
    ],
)
def test_no_figure_loses_a_digit(text: str, kept: str, systems: Systems) -> None:
    """A figure is kept as it was written, also where a computer's own numbers have too few digits."""
    sent = json.dumps(document(systems, total_cost="HIER")).replace('"HIER"', text)
    answer = systems["filler"].put(systems.at("/aanlevering/gegevens"), sent, 0)
    assert answer.status_code == 200
    assert figure(systems, "total_cost") == Decimal(kept)
    assert Decimal(answer.json()["data"]["values"]["total_cost"]) == Decimal(kept)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ("", 422, ""),
        ("{", 400, "regel 1"),
        ("[]", 422, ""),
        ("null", 422, ""),
        ('"tekst"', 422, ""),
        ("7", 422, ""),
        ('{"round": 1, "round": 2}', 400, "‘round’ staat twee keer"),
        ('{"values": {"total_cost": 1, "total_cost": 2}}', 400, "‘total_cost’ staat twee keer"),
        ('{"\\ud800": 1, "\\ud800": 2}', 400, "twee keer"),
        ('{"values": {"total_cost": NaN}}', 400, "NaN"),
        ('{"values": {"total_cost": Infinity}}', 400, "Infinity"),
        ('{"values": {"total_cost": -Infinity}}', 400, "Infinity"),
        ('{"values": {"total_cost": ' + "9" * 41 + "}}", 400, "40 tekens"),
        ('{"values": {"total_cost": 1.' + "9" * 5000 + "}}", 400, "40 tekens"),
        ('{"values": {"total_cost": 1e99999999999999999999}}', 400, "macht van tien"),
        ('{"values": {"total_cost": 1e-99999999999999999999}}', 400, "macht van tien"),
        ('{"remarks": "\\ud800"}', 400, "half teken"),
        ('{"\\udfff": 1}', 400, "half teken"),
        ('{"remarks": "a\nb"}', 400, "regel 1"),
        ("[" * 200_000, 400, "te veel lagen"),
        ('{"a":' * 100_000, 400, "te veel lagen"),
        (b"\xff\xfe{\x00}\x00", 400, "UTF-8"),
        (b'{"remarks": "\xe9"}', 400, "UTF-8"),
        ('{"values": [[[[]]]]}', 422, ""),
        ("{}", 422, ""),
    ],
)
def test_a_hostile_document_is_refused_in_words(body: Any, status: int, says: str, systems: Systems) -> None:
    """Whatever is sent, the answer is a problem that says what to do, and nothing is stored."""
    answer = systems["filler"].put(systems.at("/aanlevering/gegevens"), body, 0)
    assert answer.status_code == status
    assert says in answer.json()["detail"]
    assert (status == 422) == bool(answer.json().get("problems"))
    assert not Draft.objects.filter(submission=systems.linde).exists()


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"round": "iv-2024"}, "$.round"),
        ({"key": ANKER}, "$.key"),
        ({"book_year": "2025"}, "$.book_year"),
        ({"extra": 1}, "$"),
        ({"values": []}, "$.values"),
        ({"remarks": ["a"]}, "$.remarks"),
        ({"remarks": "a\x00b"}, "$.remarks"),
        ({"explanations": {"onbekend": "x"}}, "$.explanations"),
        ({"explanations": 3}, "$.explanations"),
        ({"organisation": 3}, "$.organisation"),
        ({"organisation": {"agb_code": "1"}}, "$.organisation.agb_code"),
        ({"locations": {}}, "$.locations"),
        ({"locations": [{"postcode": "0000"}]}, "$.locations[0].postcode"),
        ({"locations": [[]] * 3}, "$.locations[0]"),
    ],
)
def test_every_mistake_is_told_with_its_place(changes: dict[str, Any], path: str, systems: Systems) -> None:
    """Who builds a system finds the mistake without asking."""
    sent = document(systems) | changes
    answer = systems["filler"].put(systems.at("/aanlevering/gegevens"), json.dumps(sent), 0)
    assert answer.status_code == 422
    assert path in {item["path"] for item in answer.json()["problems"]}
    assert all(item["message"] for item in answer.json()["problems"])


@pytest.mark.parametrize("value", [[], {}])
def test_a_list_in_the_place_of_a_figure_is_refused(value: Any, systems: Systems) -> None:
    """A document of another shape is not what it should be."""
    answer = save(systems, 0, total_cost=value)
    assert answer.status_code == 422
    assert [item["path"] for item in answer.json()["problems"]] == ["$.values.total_cost"]


@pytest.mark.parametrize("value", [True, "1.234,50", "1e3", " 5", "٣", 10**16, "NaN"])
def test_a_figure_that_is_no_number_is_told_with_its_place_and_the_others_count(value: Any, systems: Systems) -> None:
    """Nothing is guessed, and nothing goes on before it is mended."""
    answer = save(systems, 0, total_cost=value).json()
    assert answer["data"]["values"]["total_cost"] is None
    assert figure(systems, "places") is not None
    (wrong,) = [item for item in answer["findings"] if item["severity"] == "error"]
    assert (wrong["code"], wrong["cell"]) == ("IV-L-010", "$.values.total_cost")
    assert wrong["stands_in_the_way"]
    assert not answer["is_ready"]
    again = save(systems, answer["number"], total_cost=value).json()
    assert again["number"] == answer["number"]
    assert "IV-L-010" in {item["code"] for item in again["findings"]}
    mended = save(systems, again["number"]).json()
    assert "IV-L-010" not in {item["code"] for item in mended["findings"]}


def _passes_eleven_test(number: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(weight * int(digit) for weight, digit in zip(weights, number, strict=True)) % 11 == 0


def test_data_of_clients_are_refused_and_not_repeated(systems: Systems) -> None:
    """Numbers of clients do not come in, and do not come back in the answer."""
    passing = (number for number in range(100_000_000, 200_000_000, 7_919) if _passes_eleven_test(str(number)))
    numbers = [str(next(passing)) for _ in range(10)]
    for sent in (
        {"remarks": " ".join(numbers)},
        {"explanations": {"IV-L-009": " ".join(numbers)}},
    ):
        answer = systems["filler"].put(systems.at("/aanlevering/gegevens"), json.dumps(document(systems) | sent), 0)
        assert answer.status_code == 422
        assert "BSN" in answer.json()["problems"][0]["message"]
        assert not any(number in answer.content.decode() for number in numbers)


def test_a_document_may_be_two_megabytes_and_no_more(systems: Systems) -> None:
    """Too large is told before it is read; the form of the message has to be right too."""
    address, caller = systems.at("/aanlevering/gegevens"), systems["filler"]
    padded = json.dumps(document(systems))
    assert caller.put(address, padded + " " * (2_000_000 - len(padded)), 0).status_code == 200
    assert caller.put(address, padded + " " * (2_000_001 - len(padded)), 1).status_code == 413
    assert caller.put(address, padded, 2, content_type="text/csv").status_code == 415
    assert caller.put(address, padded, 2, content_type="application/x-www-form-urlencoded").status_code == 415
    assert caller.put(address, padded, 2, Content_Encoding="gzip").status_code == 415


def test_a_message_in_pieces_is_not_taken_for_an_empty_one(systems: Systems) -> None:
    """A system that names no length reads that, and not that everything is missing."""
    address, headers = systems.at("/aanlevering/gegevens"), systems["filler"].headers
    answer = systems["filler"].client.put(
        address, headers={**headers, "If-Match": '"0"', "Transfer-Encoding": "chunked"}, CONTENT_LENGTH=""
    )
    assert answer.status_code == 411
    require_described("put", address, answer)


def test_many_names_in_one_object_do_not_keep_the_server_busy(systems: Systems) -> None:
    """Looking for a name that stands twice takes no longer than reading."""
    body = "{" + ",".join(f'"{number}":0' for number in range(150_000)) + ',"0":0}'
    began = timezone.now()
    assert systems["filler"].put(systems.at("/aanlevering/gegevens"), body, 0).status_code == 400
    assert (timezone.now() - began).total_seconds() < 3
